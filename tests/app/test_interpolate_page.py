"""The Interpolate and Sample pages without a browser."""

from __future__ import annotations

import numpy as np

from tests.app.conftest import OpenApp, picture
from ui.pictures import wall
from vae_core import LatentExplorer
from vae_core.latent.prior import sample_prior


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
    index = int(app.number_input[1].value)
    assert 7 == LatentExplorer.load("digits-2d").latents.labels[index]  # type: ignore[index]


def test_explore_here_carries_z_over(open_app: OpenApp) -> None:
    """The button at the scrubber opens Explore at that place of the path."""
    app = open_app("interpolate")
    index = int(app.number_input[0].value)
    (button,) = (button for button in app.button if button.label == "Explore here")
    button.click().run()
    assert not app.exception
    expected = LatentExplorer.load("digits-2d").latents.mu[index]
    assert [round(float(v), 2) for v in expected] == [round(s.value, 2) for s in app.slider]


def test_sample_is_repeatable_by_seed(open_app: OpenApp) -> None:
    """The same seed gives the same draws, another one others."""
    app = open_app("sample")
    assert not app.exception
    first = app.main.caption[-1].value
    app.number_input(key="sample seed").set_value(5).run()
    assert first != app.main.caption[-1].value
    app.number_input(key="sample seed").set_value(0).run()
    assert first == app.main.caption[-1].value


def test_temperature_zero_draws_the_mean(open_app: OpenApp) -> None:
    """At temperature 0 all draws are the decoded origin, and the page says how far that is from the data."""
    app = open_app("sample")
    app.number_input(key="sample count").set_value(4).run()
    before = picture(app, 0)
    app.slider(key="sample temperature").set_value(0.0).run()
    assert not app.exception
    explorer = LatentExplorer.load("digits-2d")
    expected = wall(explorer.decode(np.zeros((4, 2))))[..., 0]
    assert np.array_equal(expected, picture(app, 0))
    assert not np.array_equal(before, picture(app, 0))
    distance = np.linalg.norm(explorer.latents.mu, axis=1).min()
    assert f"mean {distance:.2f}" in app.main.caption[-1].value


def test_the_median_distance_is_that_of_the_draws(open_app: OpenApp) -> None:
    """Each draw's distance is that to its own nearest test image, whatever the number of draws."""
    app = open_app("sample")
    app.number_input(key="sample count").set_value(37).run()
    mu = LatentExplorer.load("digits-2d").latents.mu
    z = sample_prior(37, 2, generator=np.random.default_rng(0))
    distances = np.linalg.norm(mu[None] - z[:, None], axis=2).min(axis=1)
    assert "37 draws, numbered on the map" in app.main.caption[-1].value
    assert f"mean {np.median(distances):.2f}" in app.main.caption[-1].value
