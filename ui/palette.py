"""The colours of classes: the same class has the same colour on every page.

Ten hues, each in a variant for light and one for dark backgrounds, found by a search that maximised the smallest
distance between any two of them in OKLab (Ottosson 2020) for normal vision and under protan-, deuter- and tritanopia
(Machado, Oliveira and Fernandes 2009). The smallest distance is 0.13 for normal vision and 0.084 with any of the three
deficiencies; for comparison, the default of many plotting libraries (Tableau's ten) comes to 0.007 for protanopia.
`tests/ui/test_palette.py` holds the figures. Classes that follow each other are far apart for normal vision.
"""

from __future__ import annotations

CLASS_COLOURS: dict[str, list[str]] = {
    "light": [
        "#2835b5", "#c12978", "#3a732f", "#37d6c4", "#6d2b82", "#d171b1", "#b0b925", "#821929", "#835fce", "#35aa67",
    ],
    "dark": [
        "#4d69ec", "#f45da4", "#66a15b", "#6bfeec", "#9d5ab4", "#fe9bdb", "#d8e259", "#b74d54", "#ae8bff", "#66d58f",
    ],
}  # fmt: skip
"""Colour of class 0, 1, … by theme; beyond the last they begin anew, with another sign (the map's legend.js)."""

MODEL_COLOURS = ["#0E9488", "#D51F1E", "#7D57A9", "#E73DEB"]
"""Colours of models that are compared, on either theme: the accent, and three found with it by the same measure (at
least 0.2 apart for normal vision and 0.11 with any of the deficiencies, contrast 3 or more with both backgrounds)."""
