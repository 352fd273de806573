"""Films in MP4: opened again, and compared with the pictures they were made of."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest

from vae_core.errors import ConfigError, ShapeError
from vae_core.images import enlarge
from vae_core.video import mp4_bytes


def frames_of(content: bytes) -> npt.NDArray[np.uint8]:
    """All frames of a film, (n, H, W, 3)."""
    import av

    with av.open(io.BytesIO(content)) as film:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_frames_are_the_images(channels: int) -> None:
    """There and back, each pixel within a few of its 256 values; an odd side has its last row or column twice."""
    rng = np.random.default_rng(0)
    images = np.broadcast_to(rng.integers(30, 220, (5, channels, 1, 1), np.uint8), (5, channels, 9, 11))
    found = frames_of(mp4_bytes(images, seconds_per_frame=0.1, scale=3))
    assert (8, 28, 34, 3) == found.shape
    expected = enlarge(images.transpose(0, 2, 3, 1), 3)[[0, 1, 2, 3, 4, 3, 2, 1]]
    assert np.abs(found[:, :27, :33].astype(int) - expected).max() <= 8
    np.testing.assert_allclose(found[:, 27], found[:, 26], atol=8)


def test_without_a_bounce_it_ends_at_the_end() -> None:
    """As many frames as images, which last as long as was asked for."""
    import av

    content = mp4_bytes(np.zeros((4, 1, 8, 8), np.uint8), seconds_per_frame=0.25, bounce=False)
    assert 4 == len(frames_of(content))
    with av.open(io.BytesIO(content)) as film:
        assert film.duration == 4 * 250_000  # microseconds


def test_what_is_no_film_is_refused() -> None:
    """No images, and frames too short for a player."""
    with pytest.raises(ShapeError):
        mp4_bytes(np.zeros((1, 8, 8), np.uint8), seconds_per_frame=0.1)
    with pytest.raises(ConfigError, match="seconds_per_frame"):
        mp4_bytes(np.zeros((2, 1, 8, 8), np.uint8), seconds_per_frame=0.001)
