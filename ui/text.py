"""Small texts: what may come from a stranger made harmless, subscripts, and numbers with a minus."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text of a stranger for a place that reads Markdown: a link, picture or colour in it stays letters."""
    # Bare addresses become links after escapes are read: a word joiner, which has no width, keeps them from being any.
    text = re.sub(r"(?i)(www)(?=\.)|(?<=:)(?=//)|(?<=@)", lambda match: match[0] + "\u2060", text)
    return re.sub(r"([\\`*_{}\[\]()#!|<>~:$&])", r"\\\1", " ".join(text.split()))


def subscript(number: int) -> str:
    """The number in subscript digits, as in z₁₂."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def minus(value: float, digits: int = 1) -> str:
    """The number with so many digits behind the point, and a minus where it is below 0, not a hyphen."""
    return f"{value:.{digits}f}".replace("-", "−")
