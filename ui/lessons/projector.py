"""Projector mode: large type, high contrast, nothing but the lesson."""

from __future__ import annotations

import streamlit as st

# A style alone would be put where a rerun of the fragment does not take it away.
STYLE = """<i hidden></i><style>
:root { font-size: 23px !important; --type-scale: 1.5; }
[data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"], [data-testid="stExpandSidebarButton"],
[data-testid="stLogoLink"], [data-testid="stHeaderLogo"] { display: none !important; }
[data-testid="stApp"] { background: PAPER !important; color: INK !important; }
[data-testid="stMain"] :is(p, li, label, h1, h2, h3, h4, h5, td, th, code, .katex) { color: INK !important; }
[data-testid="stMain"] [data-testid="stCaptionContainer"] { opacity: 1 !important; }
[data-testid="stMain"] button[kind="primary"]:not(:disabled) :is(p, span) { color: #fff !important; }
[data-testid="stMain"] [data-testid^="stBidiComponent"] {
  --st-text-color: INK !important; --st-background-color: PAPER !important;
}
[data-testid="stRadio"] [role="radiogroup"] label > div > div:first-child {
  outline: 2px solid INK; border-radius: 50%;
}
[data-testid="stMain"] button[aria-checked="true"] { outline: 3px solid INK; }
[data-testid="stMain"] button { border-color: INK !important; }
[data-testid="stMain"] [data-testid="stVerticalBlock"][class*="st-key-"] { border-color: INK; }
</style>"""


def is_on() -> bool:
    """Whether the address asks for it."""
    return st.query_params.get("projector") == "1"


def show() -> None:
    """Draw the switch, and where it is on, the page as a projector needs it."""
    key = "lesson projector"
    st.session_state[key] = is_on()
    st.toggle("Projector", key=key, on_change=_turn, help="Large type and high contrast, without the sidebar.")
    if is_on():
        dark = st.context.theme.type == "dark"
        paper, ink = ("#000", "#fff") if dark else ("#fff", "#000")
        st.html(STYLE.replace("PAPER", paper).replace("INK", ink))


def _turn() -> None:
    if st.session_state["lesson projector"]:
        st.query_params["projector"] = "1"
    else:
        st.query_params.pop("projector", None)
