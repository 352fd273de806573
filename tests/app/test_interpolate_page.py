"""The Interpolate and Sample pages without a browser."""

from __future__ import annotations

from tests.app.conftest import OpenApp
from vae_core import LatentExplorer


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
    """At temperature 0 all draws are the origin, and the page says how far it is from the data."""
    app = open_app("sample")
    app.slider(key="sample temperature").set_value(0.0).run()
    assert not app.exception
