"""The typed door to the readout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ui.javascript import component
from ui.place import Place
from ui.records import PointRecord
from ui.salience import salience

_component = component("readout", Path(__file__).parent / "assets", ["readout"])


def readout(place: Place, *, record: PointRecord | None, class_names: Sequence[str], key: str) -> None:
    """Write the line at the foot of a page: model · z · how far the data is · device · milliseconds.

    All of it follows the hand; of many dimensions it names those that say most of the image. The milliseconds are
    measured, from the move to the picture, the median of the last 30.

    Parameters
    ----------
    place : Place
    record : PointRecord or None
        The data point nearest to `place.z`, shown until the live channel says more; None: the line has no distance.
    class_names : sequence of str
        Names of the classes, by label.
    key : str
        Identity of the line on the page.
    """
    data = {
        "place": place.data(),
        "name": place.explorer.name,
        "facts": None if record is None else dict(record.facts),
        "classNames": list(class_names),
        "order": salience(place.explorer).order,
    }
    _component(key=key, data=data, height="content")
