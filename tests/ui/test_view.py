"""View, scrubber and wall on Python's side: what they send to the browser, and what they refuse."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ui.place import Place
from ui.readout import readout
from ui.records import nearest_record
from ui.scrubber import Film, scrubber
from ui.sheet import sheet
from ui.view import view
from ui.wall import wall
from vae_core import LatentExplorer
from vae_core.errors import ShapeError

PICTURE = np.zeros((8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def place() -> Place:
    """Give a place in the smallest model."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    return Place("here", explorer, np.array([0.5, -0.25], np.float32), stamp="one")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Catch what a component is mounted with, in place of the page that is not there."""
    caught: dict[str, Any] = {}
    for module in ("view", "readout", "scrubber", "wall"):
        monkeypatch.setattr(f"ui.{module}.wrapper._component", lambda **given: caught.update(given))
    return caught


def walk(place: Place, z: Any, pictures: npt.NDArray[np.uint8], **more: Any) -> None:
    """Mount a scrubber of one path, of as many steps as there are pictures."""
    film = Film(name="way", title="Way", path=z, pictures=pictures)
    scrubber(place, [film], steps=len(pictures), chosen="way", label="way", **more)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]))
def test_a_sheet_holds_each_picture_where_it_says(n: int, height: int, width: int, channels: int) -> None:
    """Cut up by columns, height and width, the PNG gives back every pixel of every picture."""
    pictures = np.random.default_rng(n).integers(0, 256, (n, height, width, channels), dtype=np.uint8)
    made = sheet(pictures)
    png = Image.open(io.BytesIO(base64.b64decode(made["url"].split(",", 1)[1])))
    whole = np.asarray(png).reshape(png.height, png.width, channels)
    for i in range(n):
        top, left = i // made["columns"] * made["height"], i % made["columns"] * made["width"]
        np.testing.assert_array_equal(pictures[i], whole[top : top + height, left : left + width])


def test_the_view_sends_picture_and_record_as_they_are(place: Place, sent: dict[str, Any]) -> None:
    """The bytes are the pixels in the order of an answer of the live channel, reconstruction first."""
    record = nearest_record(place.explorer, "test", place.z)
    picture = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    view(place, picture=picture, record=record, class_names=["0"], key="view")
    data = sent["data"]
    assert bytes(range(64)) == base64.b64decode(data["picture"]["data"])
    assert {"n": 1, "height": 8, "width": 8, "channels": 1} == {k: v for k, v in data["picture"].items() if k != "data"}
    pixels = np.frombuffer(base64.b64decode(data["record"]["data"]), np.uint8).reshape(-1, 8, 8, 1)
    np.testing.assert_array_equal(np.stack(record.images), pixels)
    assert record.facts == data["record"]["facts"]
    assert [0.5, -0.25] == data["place"]["z"]


def test_without_a_record_no_point_is_sent(place: Place, sent: dict[str, Any]) -> None:
    """A model without an encoder has a view and a line at the foot all the same."""
    view(place, picture=PICTURE, record=None, class_names=[], key="view")
    assert sent["data"]["record"] is None
    readout(place, record=None, class_names=[], key="readout")
    assert sent["data"]["facts"] is None
    assert sent["data"]["name"] == "digits-2d"


@pytest.mark.parametrize(
    "picture", [PICTURE[0], PICTURE.transpose(2, 0, 1), PICTURE.astype(float), np.zeros((8, 8, 3), np.uint8)]
)
def test_a_picture_of_another_shape_is_refused(place: Place, sent: dict[str, Any], picture: Any) -> None:
    """A sentence says what was expected and what came."""
    with pytest.raises(ShapeError, match=r"^view: .*uint8 \(8, 8, 1\), but it is .*\.$"):
        view(place, picture=picture, record=None, class_names=[], key="view")
    assert not sent


@pytest.mark.parametrize(
    ("z", "n"),
    [([[0, 0], [1, 1]], 3), ([[0, 0, 0], [1, 1, 1]], 2), ([[0, np.nan], [1, 1]], 2), ([], 0), ([0, 1], 2), ("ab", 2)],
)
def test_a_path_or_wall_that_does_not_fit_is_refused(place: Place, sent: dict[str, Any], z: Any, n: int) -> None:
    """z and pictures must be as many as each other, of the model's dimensions, and finite."""
    with pytest.raises(ShapeError, match=r"^scrubber: .*\.$"):
        walk(place, z, PICTURE[None].repeat(n, axis=0), key="scrubber")
    with pytest.raises(ShapeError, match=r"^wall: .*\.$"):
        wall(place, z=z, pictures=PICTURE[None].repeat(n, axis=0), key="wall")
    assert not sent


def test_a_path_of_one_step_is_none(place: Place, sent: dict[str, Any]) -> None:
    """There is nowhere to go on it."""
    with pytest.raises(ShapeError, match="at least 2"):
        walk(place, [[0, 0]], PICTURE[None], key="scrubber")
    assert not sent


def test_what_was_settled_is_handed_on_only_when_it_is_a_place(
    place: Place, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forged message calls nobody."""
    state: dict[str, Any] = {}
    monkeypatch.setattr("streamlit.session_state", state)
    heard: list[list[float]] = []
    pictures = PICTURE[None].repeat(2, axis=0)
    mounts = {
        "scrubber": lambda **more: walk(place, [[0, 0], [1, 1]], pictures, **more),
        "wall": lambda **more: wall(place, z=[[0, 0], [1, 1]], pictures=pictures, **more),
    }
    for key, mount in mounts.items():
        mount(key=key, on_settled=lambda settled: heard.append(settled.z.tolist()))
        for forged in (None, {}, {"z": [1], "pinned": True}, {"z": ["a", 1], "pinned": True}, {"z": [1, 2]}):
            state[key] = {"settled": forged}
            sent["on_settled_change"]()
        state[key] = {"settled": {"z": [1.5, -2], "pinned": True}}
        sent["on_settled_change"]()
    assert [[1.5, -2.0], [1.5, -2.0]] == heard
