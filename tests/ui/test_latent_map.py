"""The Python side of the latent map: what goes to the browser, and what is believed of what comes back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.latent_map import MapClick, MapGroup, MapMarkers, MapPoints, latent_map
from ui.latent_map.messages import FARTHEST_Z, MOST_CORNERS, is_no_group, read_click, read_group
from ui.latent_map.wrapper import describe
from ui.routes import POINTS as HELD_POINTS
from vae_core.errors import ShapeError
from vae_core.latent.plane import axes_plane

XY = np.array([[0.5, -1.0], [2.0, 3.0], [-4.0, 0.25]])
POINTS = MapPoints.register(XY, [1, 0, 1], ("cat", "dog"), indices=[70_000, 5, 9])

FIELDS = ["z", "position", "points", "polygon", "shown"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
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


SQUARE = [[1.5, 2.5], [1.5, 3.5], [2.5, 3.5], [2.5, 2.5]]
WIDE = [[-9.0, -9.0], [-9.0, 9.0], [9.0, 9.0], [9.0, -9.0]]


def drawn(**change: Any) -> dict[str, Any]:
    """Give the state that an honest browser sends for a box around the second point, with some of it changed."""
    return {"group": {"polygon": SQUARE, "shown": None, "points": POINTS.key, **change}}


def test_a_group_is_what_lies_within_the_outline() -> None:
    """Python works out from the outline which points are meant, and gives their registered indices in order."""
    group = read_group(drawn(), POINTS)
    assert group is not None
    assert [5] == group.indices.tolist()
    np.testing.assert_array_equal(SQUARE, group.polygon)
    everything = read_group(drawn(polygon=WIDE), POINTS)
    assert everything is not None
    assert [70_000, 5, 9] == everything.indices.tolist()


def test_points_of_hidden_classes_are_not_in_the_group() -> None:
    """Of the classes that the browser shows alone; for points without labels that says nothing."""
    assert [70_000, 9] == MapGroup.of(WIDE, POINTS, [1]).indices.tolist()
    group = read_group(drawn(polygon=WIDE, shown=[0]), POINTS)
    assert group is not None
    assert ([5], (0,)) == (group.indices.tolist(), group.shown)
    assert [0, 1, 2] == MapGroup.of(WIDE, MapPoints.register(XY, None, ()), [1]).indices.tolist()


def test_a_group_may_hold_every_point_of_a_large_map() -> None:
    """70,000 points travel as an outline, whatever their number."""
    xy = np.random.default_rng(0).normal(size=(70_000, 2))
    points = MapPoints.register(xy, None, ())
    angles = np.linspace(0, 2 * np.pi, MOST_CORNERS, endpoint=False)
    group = MapGroup.of(np.stack([np.cos(angles), np.sin(angles)], axis=1), points)
    near, far = (np.flatnonzero(np.hypot(*xy.T) < radius) for radius in (math.cos(math.pi / MOST_CORNERS), 1.0))
    assert set(near) <= set(group.indices.tolist()) <= set(far)
    assert len(near) > 27_000


@pytest.mark.parametrize(
    "change",
    [
        {"polygon": "abc"},
        {"polygon": SQUARE[:2]},
        {"polygon": SQUARE * 65},
        {"polygon": [*SQUARE, [0.0, math.nan]]},
        {"polygon": [*SQUARE, [0.0, math.inf]]},
        {"polygon": [*SQUARE, [0.0, 2 * FARTHEST_Z]]},
        {"polygon": [*SQUARE, [0.0]]},
        {"polygon": [*SQUARE, [0.0, 1.0, 2.0]]},
        {"polygon": [*SQUARE, [True, 0.0]]},
        {"polygon": [*SQUARE, None]},
        {"polygon": {"0": [0.0, 1.0]}},
        {"shown": [2]},
        {"shown": [-1]},
        {"shown": [0.0]},
        {"shown": [True]},
        {"shown": "01"},
        {"shown": [0, 1, 0]},
        {"points": "0" * 32},
    ],
)
def test_an_impossible_group_is_none(change: dict[str, Any]) -> None:
    """Too few corners or too many, what is no finite place, a class that is not there, another map's points."""
    assert read_group(drawn(), POINTS) is not None
    assert read_group(drawn(**change), POINTS) is None


def test_a_group_that_was_taken_away_is_told_from_one_that_cannot_be() -> None:
    """Only a polygon that is null says that there is no group any more."""
    assert is_no_group(drawn(polygon=None))
    for other in (drawn(), drawn(polygon=[]), {"group": {}}, {"group": None}, {}, None):
        assert not is_no_group(other)


@given(ANYTHING, st.booleans())
def test_whatever_comes_is_a_sound_group_or_none(message: object, wrapped: bool) -> None:
    """Nothing raises, whatever the browser says."""
    state = {"group": message} if wrapped else message
    group = read_group(state, POINTS)
    assert group is None or np.isfinite(group.polygon).all()
    assert not (is_no_group(state) and group is not None)


def test_an_outline_of_too_many_corners_is_refused() -> None:
    """From a page's own hand, as from an address, it is an error that says so."""
    with pytest.raises(ShapeError, match=r"at most 256 corners, but this one 260\."):
        MapGroup.of(SQUARE * 65, POINTS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"group": [[0.0, math.nan]]}, "the outline of the group"),
        ({"group": [0.0, 1.0]}, "the outline of the group"),
        ({"markers": [MapMarkers("Draws", [(0, 0)], [(0, 0), (1, 1)])]}, "the z of Draws"),
        ({"markers": [MapMarkers("Draws", [(0, 0)], [(0, 0, 0)])], "plane": axes_plane((0, 1), 2)}, "(1, 2)"),
        ({"markers": [MapMarkers("Draws", [(0, math.inf)])]}, "Draws"),
    ],
)
def test_what_a_map_cannot_draw_is_refused(arguments: dict[str, Any], says: str) -> None:
    """An outline or marks that are not finite, or of another shape, are a ShapeError that says which."""
    with pytest.raises(ShapeError) as error:
        latent_map(POINTS, height=500, key="map", **arguments)
    assert says in str(error.value)


def test_the_description_names_what_there_is() -> None:
    """A screen reader hears how many points, which axes, what the pointer does, and what the keys do."""
    text = describe(POINTS, ("z₁", "z₃"), hand="pin", decodes=True)
    assert all(
        part in text for part in ("3 encoded images", "z₁ across", "z₃ up", "2 classes", "decoded", "move the pin")
    )
    quiet = describe(POINTS, ("z₁", ""), hand="look", decodes=False)
    assert not any(part in quiet for part in ("Enter", "decoded", "up"))
