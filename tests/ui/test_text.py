"""Texts of strangers stay letters."""

from __future__ import annotations

import pytest

from ui.text import plain


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("![x](http://evil.example/n.png)", ["\\!\\[x\\]\\(", "http\\:\u2060//evil"]),
        ("see www.evil.example", ["www\u2060.evil"]),
        ("WWW.evil.example", ["WWW\u2060.evil"]),
        ("me@evil.example", ["me@\u2060evil"]),
        ("<b> & :red[x]", ["\\<b\\>", "\\&", "\\:red\\[x\\]"]),
    ],
)
def test_nothing_becomes_a_link_a_picture_or_a_colour(text: str, pieces: list[str]) -> None:
    """Markup is escaped, and bare addresses are broken where no eye sees it."""
    for piece in pieces:
        assert piece in plain(text)


def test_ordinary_names_stay_as_they_are() -> None:
    """A class name with a slash and a space, and a title, are shown unchanged."""
    assert ["T-shirt/top", "Digits 8×8"] == [plain("T-shirt/top"), plain("Digits 8×8")]
