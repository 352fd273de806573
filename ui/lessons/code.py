"""The lines of vae_core that do what a step is about, read from the module itself: they cannot drift."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.text import plain
from vae_core.checkpoints import PROJECT_ROOT


@dataclass(frozen=True)
class Excerpt:
    """Lines of a source file.

    Attributes
    ----------
    path : str
        From the project's root.
    first : int
        Number of the first line, counted from 1.
    lines : tuple of str
        As they stand there; docstrings are left out.
    """

    path: str
    first: int
    lines: tuple[str, ...]


def excerpt(function: Callable[..., object], first: str = "", last: str = "") -> Excerpt:
    """The source of a function or method of vae_core, without its docstring.

    Parameters
    ----------
    function : function
    first, last : str
        Of a longer function the lines from the first that holds `first` to the next that holds `last`; "": its ends.

    Raises
    ------
    LookupError
        When no line holds them.
    """
    source, start = inspect.getsourcelines(function)
    (tree,) = ast.parse(textwrap.dedent("".join(source))).body
    assert isinstance(tree, ast.FunctionDef)
    numbered = [(start + i, line.rstrip("\n")) for i, line in enumerate(source)]
    if ast.get_docstring(tree) is not None:
        docstring = tree.body[0]
        told = range(start + docstring.lineno - 1, start + (docstring.end_lineno or docstring.lineno))
        numbered = [(number, line) for number, line in numbered if number not in told]
    begin = _holding(numbered, first, 0) if first else 0
    end = _holding(numbered, last, begin) if last else len(numbered) - 1
    path = Path(inspect.getsourcefile(function) or "").resolve().relative_to(PROJECT_ROOT).as_posix()
    return Excerpt(path, numbered[begin][0], tuple(line for _, line in numbered[begin : end + 1]))


def show_code(*excerpts: Excerpt, title: str = "The lines that do it") -> None:
    """Show excerpts, folded until they are asked for, each beneath where it stands."""
    with st.expander(title, icon=":material/code:"):
        for some in excerpts:
            st.caption(f"{plain(some.path)}, from line {some.first}")
            st.code(textwrap.dedent("\n".join(some.lines)), language="python")


def _holding(numbered: list[tuple[int, str]], text: str, begin: int) -> int:
    for i, (_, line) in enumerate(numbered[begin:], begin):
        if text in line:
            return i
    raise LookupError(f"No line of the function holds {text!r}.")
