"""The typed door to the class chooser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.place import Place, Settled, when_settled

MOST_PILLS, MOST_LETTERS = 12, 50
"""More classes, or longer names, would take more than a line: they get a select box."""

_component = component("class_chooser", Path(__file__).parent / "assets", ["class_chooser"])


def class_chooser(
    place: Place, *, class_names: Sequence[str], key: str, on_settled: Callable[[Settled], None] | None = None
) -> None:
    """Draw a choice of the class that a place's z is decoded as; z stays, and all that shows pictures of it follows.

    Parameters
    ----------
    place : Place
        Of a model that takes a class.
    class_names : sequence of str
        By label; the colours are those of the map.
    key : str
        Identity of the chooser on the page.
    on_settled : callable, optional
        Called with what the hand has settled on, before the script runs again.
    """
    names = list(class_names)
    data = {
        "place": place.data(),
        "names": names,
        "colours": CLASS_COLOURS,
        "pills": len(names) <= MOST_PILLS and sum(map(len, names)) <= MOST_LETTERS,
    }
    _component(key=key, data=data, height="content", on_settled_change=when_settled(key, place.explorer, on_settled))
