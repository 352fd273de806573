"""The three doors of the first page: large links, each with a sign and one line."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

DOORS = [
    ("explore", "Explore", ":material/explore:", "Move through a latent space by hand."),
    ("train", "Train", ":material/model_training:", "Train a model and watch its space form."),
    ("learn", "Learn", ":material/school:", "Lessons that ask before they show."),
]
LOOK = """<style>
.st-key-doors [data-testid="stPageLink"], .st-key-doors [data-testid="stPageLink"] > div { width: 100%; }
.st-key-doors a {
  box-sizing: border-box; padding: 1rem; gap: 0.8rem; align-items: center;
  border: 1px solid #8885; border-radius: 8px; transition: border-color 0.12s, background 0.12s;
}
.st-key-doors a:hover { border-color: light-dark(#0F766E, #5CCFC1); }
.st-key-doors a [data-testid="stIconMaterial"] {
  font-size: 2.1rem; width: auto; height: auto; color: light-dark(#0F766E, #5CCFC1);
}
.st-key-doors a p { white-space: normal; font-size: 0.9rem; line-height: 1.35; }
.st-key-doors a strong { display: block; font-size: 1.35rem; line-height: 1.25; margin-bottom: 0.15rem; }
@media (max-width: 640px) { /* three of them in sight beneath map and picture */
  .st-key-doors [data-testid="stHorizontalBlock"] { gap: 0.5rem; }
  .st-key-doors a { padding: 0.35rem 1rem; }
  .st-key-doors a p { font-size: 0.85rem; }
  .st-key-doors a strong { font-size: 1.15rem; margin: 0; }
}
</style>"""


def doors(pages: Path) -> None:
    """Draw them, as wide as each other."""
    with st.container(key="doors"):
        st.html(LOOK)
        for column, (name, title, icon, line) in zip(st.columns(len(DOORS)), DOORS, strict=True):
            column.page_link(pages / f"{name}.py", label=f"**{title}** {line}", icon=icon, width="stretch")
