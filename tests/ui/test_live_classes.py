"""A request for each z as every class."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ui.live_client import point_request, request
from ui.live_wire import EVERY_CLASS, MOST_IMAGES, MalformedError, read_head, with_classes

MODEL = "00" * 16


def test_each_z_is_asked_for_as_every_class_in_turn() -> None:
    """The first z as all classes, then the second."""
    head = read_head(request(MODEL, [[1, 2], [3, 4]], label=EVERY_CLASS))
    z, label = with_classes(np.array([[1, 2], [3, 4]], np.float32), head.which, 3)
    assert [[1, 2]] * 3 + [[3, 4]] * 3 == z.tolist()
    assert label is not None
    assert [0, 1, 2, 0, 1, 2] == label.tolist()


def test_one_class_or_none_is_as_it_was() -> None:
    """All z as that class; as no class."""
    z = np.zeros((2, 2), np.float32)
    assert ([5, 5], None) == (with_classes(z, 5, 10)[1].tolist(), with_classes(z, -1, 0)[1])  # type: ignore[union-attr]


@pytest.mark.parametrize(("n", "n_classes"), [(1, 0), (MOST_IMAGES // 10 + 1, 10)])
def test_what_cannot_be_had_is_refused(n: int, n_classes: int) -> None:
    """Of a model without classes; more images than a request may ask for."""
    with pytest.raises(MalformedError, match="classes are not"):
        with_classes(np.zeros((n, 2), np.float32), EVERY_CLASS, n_classes)


def test_a_point_has_no_classes() -> None:
    """Nor is there anything beyond all classes."""
    for message in (point_request(MODEL, EVERY_CLASS), request(MODEL, [[0, 0]], label=-3)):
        with pytest.raises(MalformedError, match="not negative"):
            read_head(message)
