"""Binarized data: drawn once, the same draw for ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vae_core.data import ImageSet
from vae_core.data.binarize import binarized


@pytest.mark.parametrize("how", ["fixed", "dynamic"])
def test_binarized_data_are_black_and_white(how: Any, digits: ImageSet) -> None:
    """What the model is measured on is 0 or 255, the same each time; dynamic leaves the training images grey."""
    first, second = binarized(digits, how), binarized(digits, how)
    assert first.checksum == second.checksum != digits.checksum
    for name in ("train", "validation", "test"):
        grey, drawn = digits.split(name).images, first.split(name).images
        if (how, name) == ("dynamic", "train"):
            assert np.array_equal(grey, drawn)
            continue
        assert {0, 255} == set(np.unique(drawn))
        assert ((drawn > 0) <= (grey > 0)).all()
        assert ((drawn == 0) <= (grey < 255)).all()
        error = (drawn.mean() - grey.mean()) / 255
        assert abs(error) < 4 * 0.5 / grey.size**0.5
