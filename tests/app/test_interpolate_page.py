"""The Interpolate and Sample pages without a browser."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, pixels, sent
from ui.place import Settled
from vae_core import LatentExplorer
from vae_core.images import to_uint8
from vae_core.latent.paths import METHODS
from vae_core.latent.paths.find import cost_of, find_path
from vae_core.latent.prior import sample_prior


def tiles(sheet: dict[str, object], n: int) -> npt.NDArray[np.uint8]:
    """The first n grey pictures (n, H, W) of a sheet, as the browser cuts it up."""
    _, _, content = str(sheet["url"]).partition(",")
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L"))
    columns, height, width = (int(str(sheet[name])) for name in ("columns", "height", "width"))
    places = [divmod(i, columns) for i in range(n)]
    return np.stack([picture[y * height : (y + 1) * height, x * width : (x + 1) * width] for y, x in places])


def ends(app: AppTest) -> tuple[int, int]:
    """The two test images' numbers."""
    start, end = (int(field.value) for field in app.number_input if field.label == "Test image no.")
    return start, end


def test_the_pair_starts_with_two_classes(open_app: OpenApp) -> None:
    """Without a choice, the two ends are test images of different classes."""
    app = open_app("interpolate")
    assert not app.exception
    classes = [box.value for box in app.selectbox if "class" in box.label]
    assert 2 == len(set(classes))


def test_choosing_a_class_draws_one_of_its_images(open_app: OpenApp) -> None:
    """The image chosen for a class has that class."""
    app = open_app("interpolate")
    (box,) = (box for box in app.selectbox if box.label == "To: class")
    box.set_value(7).run()
    assert 7 == LatentExplorer.load("digits-2d").latents.labels[ends(app)[1]]  # type: ignore[index]


def rows(app: AppTest) -> dict[str, dict[str, Any]]:
    """What the scrubber is sent of each path, by the method's name, once all have been found."""
    for _ in range(40):
        found = sent(app, "scrubber")["rows"]
        if not any(row["pending"] for row in found):
            break
        time.sleep(0.25)
        app.run()
    return {row["name"]: row for row in found}


def test_the_films_are_the_decoded_paths(open_app: OpenApp) -> None:
    """The scrubber is sent each path from one mean to the other, and what the decoder makes of it; a fade has no z."""
    app = open_app("interpolate")
    explorer = LatentExplorer.load("digits-2d")
    start, end = explorer.latents.mu[list(ends(app))]
    found = rows(app)
    assert list(METHODS) == list(found)
    film = tiles(sent(app, "scrubber")["film"], 11 * len(METHODS))
    for method in METHODS:
        path = find_path(explorer, [start, end], 11, method=method)
        row = found[method]
        assert (path.z is None) == (row["path"] is None)
        assert path.z is None or np.allclose(path.z, row["path"], atol=1e-6)
        assert np.array_equal(to_uint8(path.images)[:, 0], film[row["at"] :][:11])
        assert f"{cost_of(explorer, path).length:.1f}" == row["costs"][0]["text"]
    assert np.allclose(start, sent(app, "view")["place"]["z"])
    lines = sent(app, "latent_map")["paths"]
    assert [found[name]["colour"] for name in METHODS[:4]] == [line["colour"] for line in lines]


def test_stops_are_added_ordered_and_removed(open_app: OpenApp) -> None:
    """The path passes them in their order; the address holds them, and so does its command."""
    app = open_app("interpolate", anchors="3,8,5", methods="linear,pixel", steps="21")
    assert not app.exception
    explorer = LatentExplorer.load("digits-2d")
    assert ["linear", "pixel"] == list(rows(app))
    path = find_path(explorer, explorer.latents.mu[[3, 8, 5]], 21, method="linear")
    assert np.allclose(path.z, rows(app)["linear"]["path"], atol=1e-6)
    assert "--from 3 --via 8 --to 5 --method linear --steps 21" in app.code[0].value
    app.button(key="earlier 2").click().run()
    assert "3,5,8" == app.query_params["anchors"]
    app.button(key="remove 0").click().run()
    assert "5,8" == app.query_params["anchors"]
    (add,) = (button for button in app.button if button.label == "Add stop")
    add.click().run()
    assert 3 == len(app.query_params["anchors"].split(","))
    assert ("linear,pixel", "21") == (app.query_params["methods"], app.query_params["steps"])


@pytest.mark.parametrize("asked", [{"anchors": "3"}, {"anchors": "3,x"}, {"anchors": "1,99999"}, {"anchors": "-1,2"},
                                   {"steps": "x"}, {"methods": "magic"}])  # fmt: skip
def test_an_address_that_asks_for_no_path_gives_the_usual_one(asked: dict[str, str], open_app: OpenApp) -> None:
    """Whatever cannot be is as if it had not been asked for."""
    app, usual = open_app("interpolate", **asked), open_app("interpolate")
    assert not app.exception
    assert ends(usual) == ends(app)
    assert list(rows(usual)) == list(rows(app))
    assert sent(usual, "scrubber")["steps"] == sent(app, "scrubber")["steps"]


def test_explore_here_carries_z_over(open_app: OpenApp) -> None:
    """The button opens Explore at the place on the path."""
    app = open_app("interpolate")
    index, _ = ends(app)
    (button,) = (button for button in app.button if button.label == "Explore here")
    button.click().run()
    assert not app.exception
    expected = LatentExplorer.load("digits-2d").latents.mu[index]
    assert np.allclose(expected, sent(app, "sliders")["place"]["z"])


def test_sample_is_repeatable_by_seed(open_app: OpenApp) -> None:
    """The same seed gives the same draws, another one others."""
    app = open_app("sample")
    assert not app.exception
    first = sent(app, "wall")["z"]
    app.number_input(key="sample seed").set_value(5).run()
    assert first != sent(app, "wall")["z"]
    app.number_input(key="sample seed").set_value(0).run()
    assert first == sent(app, "wall")["z"]


def test_temperature_zero_draws_the_mean(open_app: OpenApp) -> None:
    """At temperature 0 all draws are the decoded origin, and the page says how far that is from the data."""
    app = open_app("sample")
    app.number_input(key="sample count").set_value(4).run()
    before = tiles(sent(app, "wall")["sheet"], 4)
    app.slider(key="sample temperature").set_value(0.0).run()
    assert not app.exception
    explorer = LatentExplorer.load("digits-2d")
    wall = tiles(sent(app, "wall")["sheet"], 4)
    assert np.array_equal(to_uint8(explorer.decode(np.zeros((4, 2))))[:, 0], wall)
    assert np.array_equal(wall[0], pixels(sent(app, "view")["picture"])[0, ..., 0])
    assert not np.array_equal(before, wall)
    distance = np.linalg.norm(explorer.latents.mu, axis=1).min()
    assert f"mean {distance:.2f}" in app.main.caption[-1].value


def test_the_marks_on_the_map_are_the_draws(open_app: OpenApp) -> None:
    """Map and wall are sent the same z, and their median distance is that to each draw's own nearest test image."""
    app = open_app("sample")
    app.number_input(key="sample count").set_value(37).run()
    z = sample_prior(37, 2, generator=np.random.default_rng(0))
    assert np.allclose(z, sent(app, "wall")["z"], atol=1e-6)
    assert np.allclose(z, sent(app, "latent_map")["markers"][0]["z"], atol=1e-6)
    mu = LatentExplorer.load("digits-2d").latents.mu
    distances = np.linalg.norm(mu[None] - z[:, None], axis=2).min(axis=1)
    assert "37 draws" in app.main.caption[-1].value
    assert f"mean {np.median(distances):.2f}" in app.main.caption[-1].value


def test_another_model_has_places_of_its_own(open_app: OpenApp) -> None:
    """Where a path of one model was scrubbed to is nothing to another model, whose pair has the same numbers."""
    app = open_app("interpolate", model="mnist-2d")
    stamp = sent(app, "view")["place"]["stamp"]
    app.session_state["scrubbed"] = {stamp: np.array([1.0, 2.0], np.float32)}
    app.run()
    assert [1.0, 2.0] == sent(app, "view")["place"]["z"]
    app.sidebar.selectbox[0].set_value("mnist-16d").run()
    assert not app.exception
    assert 16 == len(sent(app, "view")["place"]["z"])


def test_a_settled_draw_is_shown_after_the_rerun(open_app: OpenApp) -> None:
    """What Python sends along is the picture of the draw that was chosen, which is what shows without the channel."""
    app = open_app("sample")
    z = np.array(sent(app, "wall")["z"][5], np.float32)
    app.session_state["sampled"] = {sent(app, "view")["place"]["stamp"]: Settled(z, pinned=True)}
    app.run()
    explorer = LatentExplorer.load("digits-2d")
    assert np.array_equal(to_uint8(explorer.decode(z[None]))[0, 0], pixels(sent(app, "view")["picture"])[0, ..., 0])
    assert sent(app, "view")["place"]["pinned"]
