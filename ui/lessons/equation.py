"""An equation with a number beneath each symbol that has one; those whose number has just changed are lit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.lessons import here

LIT = "#0E948855"
"""The accent, translucent: it lies beneath the symbol on light and on dark pages alike."""


@dataclass(frozen=True)
class Term:
    """A part of an equation.

    Attributes
    ----------
    symbol : str
        LaTeX.
    value : float, sequence of float, or None
        The number, or the vector's; None: no number is known.
    digits : int
        Behind the point.
    unit : str
        Behind the number, in words.
    """

    symbol: str
    value: float | Sequence[float] | None = None
    digits: int = 2
    unit: str = ""

    @property
    def number(self) -> str:
        """The number as LaTeX; "" where there is none."""
        if self.value is None:
            return ""
        values = np.atleast_1d(np.asarray(self.value, np.float64))
        # Adding 0 takes the sign off a zero.
        parts = [f"{np.round(value, self.digits) + 0.0:.{self.digits}f}" for value in values]
        listed = r",\;".join(parts)
        text = listed if len(parts) == 1 else f"({listed})"
        return rf"{text}\text{{ {self.unit}}}" if self.unit else text


def equation(name: str, template: str, terms: Mapping[str, Term]) -> None:
    r"""Draw an equation.

    Parameters
    ----------
    name : str
        Its identity within the step; by it the numbers of before are remembered.
    template : str
        LaTeX with a part `[[term]]` for each term: ``r"[[z]] = [[mu]] + [[sigma]] \odot [[epsilon]]"``.
    terms : mapping
        By the names in the template.
    """
    key = here.key(f"equation {name}")
    numbers = {part: term.number for part, term in terms.items()}
    before, lit = st.session_state.get(key, (numbers, set()))
    if before != numbers:
        lit = {part for part in numbers if before.get(part) != numbers[part]}
    st.session_state[key] = (numbers, lit)
    with st.container(key=f"equation-{name}"):
        # Inline, as it then breaks where a phone is too narrow for it.
        st.markdown(rf"$\displaystyle {latex(template, terms, lit)}$", text_alignment="center")


def latex(template: str, terms: Mapping[str, Term], lit: set[str]) -> str:
    """The equation as KaTeX reads it; the terms in `lit` on the accent's colour."""

    def drawn(match: re.Match[str]) -> str:
        term = terms[match[1]]
        symbol = rf"\mathstrut {term.symbol}"  # all as deep, so that the numbers stand on one line
        symbol = rf"\colorbox{{{LIT}}}{{\(\displaystyle {symbol}\)}}" if match[1] in lit else symbol
        return rf"\underset{{{term.number}}}{{{symbol}}}" if term.number else symbol

    return re.sub(r"\[\[(\w+)\]\]", drawn, template)
