"""The claim in pictures: a direction found from 200 labelled shapes moves what it was found for, and little else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.data import load_dataset
from vae_core.latent.directions import column_question, find_direction, read_table

MODEL = "shapes-6d"
X, Y = 3, 4  # of the factors


def centres(images: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Of images (N, 1, H, W) the centre of mass across and down, and the area, in pixels: (N, 3)."""
    weights = images[:, 0].astype(np.float64)
    area = weights.sum(axis=(1, 2))
    down, across = np.mgrid[: weights.shape[1], : weights.shape[2]]
    return np.stack([(weights * across).sum((1, 2)) / area, (weights * down).sum((1, 2)) / area, area], axis=1)


@pytest.mark.skipif(not (SHIPPED_DIR / MODEL).is_dir(), reason=f"the model {MODEL} is not shipped yet")
@pytest.mark.parametrize(("factor", "own", "other"), [(X, 0, 1), (Y, 1, 0)], ids=["x", "y"])
def test_a_direction_from_200_labels_moves_what_it_was_found_for(factor: int, own: int, other: int) -> None:
    """From -1 to 1 standard deviation the decoded shape moves along its axis, five times as far as across it."""
    explorer = LatentExplorer.load(MODEL, device="cpu")
    factors, mu = load_dataset("shapes").test.factors, explorer.latents.mu
    assert factors is not None
    generator = np.random.default_rng(0)
    labelled = generator.choice(len(mu), 200, replace=False)
    rows = "\n".join(f"{i},{factors[i, factor]}" for i in labelled)
    question = column_question(read_table(f"index,place\n{rows}\n".encode()), "place", len(mu))
    found = find_direction(mu, question, name="place", method="regression")
    assert found.effect.pearson is not None
    assert found.effect.pearson.low > 0.8
    starts = mu[generator.choice(len(mu), 200, replace=False)]
    low, high = (centres(explorer.decode(starts + t * found.spread * found.unit)) for t in (-1, 1))
    moved = (high - low).mean(axis=0)
    assert moved[own] > 2.0
    assert abs(moved[other]) < moved[own] / 5
    assert abs(moved[2]) < 0.2 * low[:, 2].mean()
