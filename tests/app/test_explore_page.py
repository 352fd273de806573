"""The Explore page without a browser."""

from __future__ import annotations

import numpy as np
import pytest

from tests.app.conftest import OpenApp, picture
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.images import to_uint8

LARGE, SMALL = 252, 112
"""Most pixels that the decoded picture and those beside it are wide, as pages/explore.py has them."""


def test_address_restores_model_and_z(open_app: OpenApp) -> None:
    """Opening an address with model and z puts the sliders there."""
    app = open_app(z="0.5,-1.25")
    assert not app.exception
    assert [0.5, -1.25] == [slider.value for slider in app.slider]


def test_slider_writes_the_address(open_app: OpenApp) -> None:
    """Moving a slider changes z in the address and nothing else."""
    app = open_app()
    app.slider[1].set_value(1.5).run()
    assert "0,1.5" == app.query_params["z"]
    assert "digits-2d" == app.query_params["model"]


@pytest.mark.parametrize("text", ["nan,nan", "1", "1,2,3", "x,y", "1e999,0", "", "9" * 100_000, "<b>,0"])
def test_hostile_z_is_refused_with_a_sentence(open_app: OpenApp, text: str) -> None:
    """A z that is not two sensible numbers gives a warning and the origin."""
    app = open_app(z=text)
    assert not app.exception
    assert [0.0, 0.0] == [slider.value for slider in app.slider]
    assert 1 == len(app.warning)


@pytest.mark.parametrize("name", ["../../etc", "nothing-like-it", "<script>alert(1)</script>", "x" * 10_000])
def test_hostile_model_is_refused_with_a_sentence(open_app: OpenApp, name: str) -> None:
    """An unknown model gives a warning and a model that is there."""
    app = open_app(model=name)
    assert not app.exception
    assert 1 == len(app.warning)
    assert len(app.warning[0].value) < 200


@pytest.mark.parametrize("z", [(0.0, 0.0), (0.5, -1.0)])
def test_the_picture_is_the_decoded_z(open_app: OpenApp, z: tuple[float, float]) -> None:
    """The large picture is what the decoder makes of z, to the last grey value, each pixel a square."""
    app = open_app(z=f"{z[0]},{z[1]}")
    expected = to_uint8(LatentExplorer.load("digits-2d").decode([z]))[0, 0]
    side = LARGE // len(expected)
    assert np.array_equal(np.kron(expected, np.ones((side, side), np.uint8)), picture(app, 0))


def test_the_foot_line_says_where_one_is(open_app: OpenApp) -> None:
    """It names the model, z, how far the data is, and the device that decoded."""
    foot = open_app(z="0.5,-1").main.caption[-1].value
    explorer = LatentExplorer.load("digits-2d")
    distance = np.linalg.norm(explorer.latents.mu - np.array([0.5, -1.0]), axis=1).min()
    assert "digits-2d · z = (0.50, -1.00)" in foot
    assert f"{distance:.2f} away" in foot
    assert f"decoded on {explorer.device} in " in foot


def test_the_nearest_data_point_stands_beside_it(open_app: OpenApp) -> None:
    """The second picture is the original of the test image whose mean is nearest, the third its reconstruction."""
    explorer = LatentExplorer.load("digits-2d")
    mu = explorer.latents.mu
    index = int(np.linalg.norm(mu - np.array([0.5, -1.0]), axis=1).argmin())
    original = load_dataset("digits").test.images[index, 0]
    reconstruction = to_uint8(explorer.decode(mu[index : index + 1]))[0, 0]
    app = open_app(z="0.5,-1")
    for place, expected in ((1, original), (2, reconstruction)):
        side = SMALL // len(expected)
        assert np.array_equal(np.kron(expected, np.ones((side, side), np.uint8)), picture(app, place))
    assert any(f"no. {index}" in caption for caption in app.image[1].captions)


def test_random_draw_and_origin_move_z(open_app: OpenApp) -> None:
    """The two buttons move the sliders away from the origin and back."""
    app = open_app()
    (draw,) = (button for button in app.button if button.label == "Random draw")
    draw.click().run()
    assert [0.0, 0.0] != [slider.value for slider in app.slider]
    (origin,) = (button for button in app.button if button.label == "Origin")
    origin.click().run()
    assert [0.0, 0.0] == [slider.value for slider in app.slider]
