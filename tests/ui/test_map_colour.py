"""Points coloured by a number: what reaches the browser, and that its scale can be read on both themes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ui.test_palette import SEEN_AS, TO_CONES, TO_OKLAB, linear_rgb
from ui.latent_map import MapColour
from ui.latent_map.colour import scales
from ui.routes import POINTS
from vae_core.errors import ShapeError

BACKGROUNDS = {"light": "#FBFAF7", "dark": "#0F151B"}


def test_the_browser_gets_the_values_bit_by_bit() -> None:
    """The file holds one little-endian float32 a point, those that are no number included."""
    values = np.array([1.5, -2.25, np.nan, np.inf, 3e38])
    sent = MapColour.register("KL", "nats", values).data(5)
    held = POINTS.get(sent["key"])
    assert held is not None
    np.testing.assert_array_equal(values.astype("<f4"), np.frombuffer(held.content, "<f4"))
    assert f"/points/{sent['key']}" == sent["url"]


def test_the_scale_ends_at_the_first_and_last_percentile_of_what_is_finite() -> None:
    """Outliers, infinities and NaN do not stretch it."""
    colour = MapColour.register("x", "", np.concatenate([np.arange(101.0), [np.nan, np.inf, -np.inf]]))
    assert (1.0, 99.0) == (colour.low, colour.high)


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, 0.0], [7.0], [-1e-30, 1e-30], [3e38, 3e38]])
def test_the_scale_has_a_length_whatever_the_values(values: list[float]) -> None:
    """Both ends are finite and apart, and lie around the values."""
    colour = MapColour.register("x", "", values)
    assert np.isfinite([colour.low, colour.high]).all()
    assert colour.low < colour.high
    assert all(colour.low <= value <= colour.high for value in values if np.isfinite(value))


@pytest.mark.parametrize("values", [[[1.0]], ["a"], 3.0, [None], [True]])
def test_what_is_no_row_of_numbers_is_refused(values: object) -> None:
    """The error says which number it was and what came."""
    with pytest.raises(ShapeError, match=r"latent map: log-likelihood must be numbers of shape \(N,\)"):
        MapColour.register("log-likelihood", "nats", values)  # type: ignore[arg-type]  # the point of this test


def test_there_must_be_one_value_a_point() -> None:
    """A map of other points refuses the values instead of colouring the wrong ones."""
    with pytest.raises(ShapeError, match="KL has 2 values for 3 points"):
        MapColour.register("KL", "nats", [1.0, 2.0]).data(3)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_the_scale_stands_out_from_its_background(theme: str) -> None:
    """WCAG contrast of 2 at least, at both ends too."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    luminance = linear_rgb(scales()[theme]) @ weights
    page = float((linear_rgb([BACKGROUNDS[theme]]) @ weights)[0])
    assert ((np.maximum(luminance, page) + 0.05) / (np.minimum(luminance, page) + 0.05)).min() >= 2.0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("vision", SEEN_AS)
def test_the_scale_gets_lighter_in_even_steps_for_every_vision(theme: str, vision: str) -> None:
    """OKLab's lightness rises from each colour to the next, in the longest step at most four times the mean."""
    cones = np.clip(linear_rgb(scales()[theme]) @ SEEN_AS[vision].T, 0, 1) @ TO_CONES.T
    steps = np.diff((np.cbrt(cones) @ TO_OKLAB.T)[::7, 0])
    assert steps.min() > 0
    assert steps.max() < 4 * steps.mean()
