"""The Python side of the latent map: what goes to the browser, and what is believed of what comes back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.latent_map import MapClick, MapPoints
from ui.latent_map.wrapper import FARTHEST_Z, describe, read_click
from ui.routes import POINTS as HELD_POINTS
from vae_core.errors import ShapeError

XY = np.array([[0.5, -1.0], [2.0, 3.0], [-4.0, 0.25]])
POINTS = MapPoints.register(XY, [1, 0, 1], ("cat", "dog"), indices=[70_000, 5, 9])

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["z", "position", "points"]), inner),
    max_leaves=8,
)


def sent(**change: Any) -> dict[str, Any]:
    """Give the state that an honest browser sends for a click near the second point, with some of it changed."""
    return {"click": {"z": [2.0, 2.9], "position": 1, "points": POINTS.key, **change}}


def test_the_bytes_are_the_points() -> None:
    """A header of three uint32, then x, y, indices and labels, little-endian, as the JavaScript reads them."""
    POINTS.offer()
    blob = HELD_POINTS.get(POINTS.key)
    assert blob is not None
    content = blob.content
    assert [3, 1, 1] == np.frombuffer(content, "<u4", 3).tolist()
    xy = np.frombuffer(content, "<f4", 6, offset=12).reshape(2, 3).T
    np.testing.assert_array_equal(XY.astype("f4"), xy)
    assert [70_000, 5, 9] == np.frombuffer(content, "<u4", 3, offset=36).tolist()
    assert [1, 0, 1] == list(content[48:])


def test_the_key_is_the_content() -> None:
    """The same points have the same key, other points, labels or indices another one."""
    again = MapPoints.register(XY.copy(), [1, 0, 1], ("cat", "dog"), indices=[70_000, 5, 9])
    assert POINTS == again
    others = [
        MapPoints.register(XY + 1, [1, 0, 1], ("cat", "dog"), indices=[70_000, 5, 9]),
        MapPoints.register(XY, [1, 1, 1], ("cat", "dog"), indices=[70_000, 5, 9]),
        MapPoints.register(XY, [1, 0, 1], ("cat", "dog")),
        MapPoints.register(XY, None, ("cat", "dog")),
    ]
    assert len({POINTS.key, *(other.key for other in others)}) == 5


def test_no_points_are_points_too() -> None:
    """An empty map can be made, as a run has nothing to show before its first epoch."""
    assert MapPoints.register(np.zeros((0, 2)), [], ("cat",)).n == 0


@pytest.mark.parametrize(
    ("xy", "labels", "indices", "says"),
    [
        (np.zeros((3, 3)), None, None, "(3, 3)"),
        (np.zeros(4), None, None, "(4,)"),
        (np.array([[0.0, math.nan], [1.0, 1.0]]), None, None, "1 of 2 points"),
        (XY, [0, 1], None, "3 whole numbers"),
        (XY, [0.0, 1.0, 1.0], None, "whole numbers"),
        (XY, [0, 1, 2], None, "[0, 2)"),
        (XY, [0, -1, 1], None, "from -1"),
        (XY, None, [1, 2, 2**32], "4294967296"),
    ],
)
def test_points_that_cannot_be_drawn_are_refused(xy: Any, labels: Any, indices: Any, says: str) -> None:
    """A wrong shape, a point that is not finite and a label without a name are a ShapeError that says which."""
    with pytest.raises(ShapeError, match=r"^latent map: .*\.$") as error:
        MapPoints.register(xy, labels, ("cat", "dog"), indices)
    assert says in str(error.value)


def test_a_click_reports_the_registered_index() -> None:
    """The browser counts points from 0; Python is told the index that was registered."""
    assert MapClick((2.0, 2.9), 5) == read_click(sent(), POINTS)
    assert MapClick((2.0, 2.9), 1) == read_click(sent(points=(bare := MapPoints.register(XY, None, ())).key), bare)
    assert MapClick((2.0, 2.9), None) == read_click(sent(position=None), POINTS)


@pytest.mark.parametrize("position", [-1, 3, 10**30, 1.0, "1", True, [1], {"a": 1}, math.nan])
def test_an_impossible_position_is_no_index(position: object) -> None:
    """The place of the click still counts."""
    assert MapClick((2.0, 2.9), None) == read_click(sent(position=position), POINTS)


def test_a_position_in_other_points_is_no_index() -> None:
    """A click that was on its way while the map got other points means none of these."""
    assert MapClick((2.0, 2.9), None) == read_click(sent(points="0" * 32), POINTS)


@pytest.mark.parametrize(
    "z",
    [None, 1.0, "12", [], [1.0], [1.0, 2.0, 3.0], [math.nan, 0.0], [0.0, math.inf], ["1", 2.0], [True, 0.0],
     [None, 0.0], {"0": 1.0, "1": 2.0}, [FARTHEST_Z * 2, 0.0], [0.0, -(10**400)]],
)  # fmt: skip
def test_an_impossible_place_is_no_click(z: object) -> None:
    """What is not two finite numbers within reach is dropped."""
    assert read_click(sent(z=z), POINTS) is None


@given(ANYTHING, st.booleans())
def test_whatever_comes_is_a_sound_click_or_none(message: object, wrapped: bool) -> None:
    """Nothing raises; a click that is believed has a finite z and an index that was registered."""
    click = read_click({"click": message} if wrapped else message, POINTS)
    assert click is None or (all(map(math.isfinite, click.z)) and click.index in {None, 70_000, 5, 9})


def test_the_description_names_what_there_is() -> None:
    """A screen reader hears how many points, which axes, and what the keys do."""
    text = describe(POINTS, ("z₁", "z₃"), pinned=True, clickable=True)
    assert all(part in text for part in ("3 encoded images", "z₁ across", "z₃ up", "2 classes", "move the pin"))
    assert "Enter" not in describe(POINTS, ("z₁", ""), pinned=False, clickable=False)
