"""Components of plain files: HTML, CSS, and JavaScript of which some is shared by all of them.

A component's JavaScript is one module, as a relative import would fail in the browser: the files are joined, those of
this folder first, and each uses the names of those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

SHARED = (
    "protocol",
    "plane",
    "channel",
    "place",
    "work",
    "support",
    "picture",
    "words",
    "pointer",
    "theme",
    "component",
)
"""Files of this folder in the order in which they build on each other."""


def component(name: str, folder: Path, files: Sequence[str]) -> Callable[..., Any]:
    """Declare the component of `folder`: NAME.html, NAME.css, and the shared files with `files` joined as its module.

    Parameters
    ----------
    name : str
        Its name, the same in all sessions.
    folder : Path
        Where its files lie.
    files : sequence of str
        Its own JavaScript files without their `.js`, each using those before it.
    """
    parts = [Path(__file__).parent / f"{part}.js" for part in SHARED] + [folder / f"{part}.js" for part in files]
    return st.components.v2.component(
        name,
        html=(folder / f"{name}.html").read_text(encoding="utf-8"),
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js="\n".join(part.read_text(encoding="utf-8") for part in parts),
    )
