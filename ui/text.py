"""Small texts: what may come from a stranger made harmless, and subscripts."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text of a card for a place that reads Markdown: a link, picture or colour in it stays letters."""
    return re.sub(r"([\\`*_{}\[\]()#!|<>~:$&])", r"\\\1", " ".join(text.split()))


def subscript(number: int) -> str:
    """The number in subscript digits, as in z₁₂."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
