"""Bring an image without a browser: what Python makes of a drawing that a browser has sent."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from tests.app.families import FAMILIES, bring_family
from ui.canvas import Drawing
from ui.own_image import standard
from ui.own_results import find, followed
from ui.own_take import codes_csv, codes_json, lines
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.images import png_bytes


def drawn(stamp: str = "drawn") -> Drawing:
    """A thick L on a board of 56 pixels."""
    pixels = np.zeros((56, 56, 1), np.uint8)
    pixels[10:46, 14:20] = pixels[38:46, 14:42] = 255
    return Drawing(pixels, pixels[..., 0].copy(), 7, stamp)


def settled(app: AppTest, name: str) -> dict[str, Any]:
    """What the board is sent once that is found."""
    for _ in range(100):
        data = sent(app, "canvas")
        if data[name]:
            return data
        time.sleep(0.1)
        app.run()
    raise AssertionError(f"no {name}")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_finds_the_z_of_a_drawing(
    open_app: OpenApp, isolated: Path, tmp_path_factory: pytest.TempPathFactory, family: str
) -> None:
    """The page stands at the encoder's mu, or at what a gradient found where there is no encoder."""
    name = bring_family(tmp_path_factory.getbasetemp(), isolated, family)
    app = open_app("own_image", model=name)
    assert not app.exception
    app.session_state["own drawing of 1"] = drawn()
    app.run()
    assert not app.exception
    data = settled(app, "found")
    explorer = LatentExplorer.load(name, device="cpu", checkpoints_dir=isolated)
    rows = data["found"]["rows"]
    assert (["Encoder"] if explorer.can.encode else []) + ["By gradient"] == [row["name"] for row in rows]
    assert explorer.can.posterior == (data["found"]["gap"] is not None)
    np.testing.assert_allclose(rows[0]["mu"], data["place"]["z"], rtol=1e-4, atol=1e-5)
    assert rows[-1]["squared_error"] < np.prod(explorer.image_shape)


@pytest.mark.parametrize("wish", ["mask", "follow", "draw", "nothing", "<b>", "x" * 5000])
def test_the_task_of_the_address_is_shown(open_app: OpenApp, wish: str) -> None:
    """What is no task is the first one; the address keeps what is not."""
    app = open_app("explore", do=wish)
    app.switch_page(str(Path(__file__).resolve().parents[2] / "pages" / "own_image.py"))
    app.run()
    assert not app.exception
    expected = wish if wish in ("mask", "follow") else "draw"
    assert expected == sent(app, "canvas")["mode"]


def test_a_mask_is_filled_in(open_app: OpenApp) -> None:
    """Half of the nearest image is covered: the map shows where the answers lie, and there are fills."""
    app = open_app("own_image")
    app.session_state["own task"] = "mask"
    cover = np.zeros((8, 8), np.uint8)
    cover[:4] = 255
    weights = LatentExplorer.load("digits-2d").card.files.weights
    app.session_state[f"own mask of {weights}"] = Drawing(cover[..., None].copy(), cover, 0, "mask")
    app.run()
    data = settled(app, "codes")
    assert not app.exception
    assert 1 <= len(data["codes"]) <= 4
    assert 8 == len(sent(app, "wall")["z"])


def test_z_follows_paint() -> None:
    """What is painted is likelier at the new z, and with nothing to follow z stays."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    z, other = np.zeros(2, np.float32), explorer.decode_uint8([[1.0, 0.5]])[0].transpose(2, 0, 1)
    where = np.ones((8, 8), bool)

    def off(at: Any) -> float:
        return float(np.square(explorer.decode(np.asarray(at)[None])[0] - other / 255).sum())

    moved = followed(explorer, z, np.ascontiguousarray(other), where, None, lambda _: None)
    assert off(moved) < 0.5 * off(z)
    assert np.array_equal(z, followed(explorer, z, np.ascontiguousarray(other), ~where, None, lambda _: None))


@pytest.mark.parametrize("family", ["vae", "ae", "cvae", "gan"])
def test_what_is_taken_away_is_the_same_again(
    isolated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    family: str,
) -> None:
    """The Python lines find the z of the files; CSV and JSON hold the same numbers."""
    name = bring_family(tmp_path_factory.getbasetemp(), isolated, family)
    explorer = LatentExplorer.load(name, device="cpu", checkpoints_dir=isolated)
    label = 3 if explorer.can.label else None
    image = np.asarray(load_dataset("digits").test.images[0])
    found = find(explorer, image, label, lambda _: None)
    document = json.loads(codes_json(explorer, found, label))
    table = codes_csv(found).splitlines()
    assert (1 + len(found.rows), len(found.rows)) == (len(table), len(document["codes"]))
    (tmp_path / "own.png").write_bytes(png_bytes(image.transpose(1, 2, 0)))
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    exec("\n".join(lines(explorer, label)[:-1]), scope)
    again = scope["found"].optimised.mu[0] if explorer.can.posterior else scope["found"].mu[0]
    np.testing.assert_allclose(found.best["mu"], again, rtol=1e-4, atol=1e-5)
    assert 7 == standard(explorer)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (png_bytes(np.zeros((3, 3, 1), np.uint8)), "3 pixels a side"),
        (b"GIF89a", "cannot be used"),
        (b"", "it is empty"),
    ],
)
def test_a_picture_that_cannot_be_used_is_a_sentence(open_app: OpenApp, content: bytes, problem: str) -> None:
    """One of so few pixels that no board can show it is refused too; the board stays empty."""
    app = open_app("own_image")
    app.file_uploader(key="own file").set_value([("own.png", content, "image/png")]).run()
    assert not app.exception
    assert any(problem in caption.value for caption in app.caption)
    assert sent(app, "canvas")["drawing"] is None
