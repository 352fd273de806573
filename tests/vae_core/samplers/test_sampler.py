"""Samplers as they are asked: classes, seeds, progress, degenerate codes, bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.vae_core.samplers.conftest import MakeSampler
from vae_core.errors import ConfigError, ShapeError, VaeCoreError
from vae_core.latent.samplers import FITTED_SAMPLERS, SAMPLERS, fit
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import KINDS, fit_sampler, prior_sampler


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


@pytest.fixture
def two(request: pytest.FixtureRequest) -> Codes:
    """Two far groups: class 3 at -10 has a quarter of 400 codes, class 7 at 10 the rest."""
    labels = np.repeat([3, 7], [100, 300]).astype(np.int64)
    centres = np.where(labels == 3, -10, 10)[:, None]
    return Codes((centres + rng().normal(size=(400, 2))).astype(np.float32), None, labels)


def test_names() -> None:
    """What the command line offers is what there is."""
    assert SAMPLERS == ("prior", *FITTED_SAMPLERS)
    assert FITTED_SAMPLERS == tuple(KINDS)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", FITTED_SAMPLERS)
def test_a_class_is_drawn_from_its_own_fit(name: str, two: Codes) -> None:
    """Draws of a class lie in its group; without a class each group comes as often as in the data."""
    sampler, n = fit_sampler(name, two, generator=rng()), 4000
    assert ((3, 7), (0.25, 0.75), 400) == (sampler.classes, sampler.shares, sampler.n_codes)
    for label, centre in ((3, -10), (7, 10)):
        drawn = sampler.draw(500, label=label, generator=rng())
        np.testing.assert_allclose(np.full(2, centre), drawn.mean(0), atol=0.6)
    share = (sampler.draw(n, generator=rng())[:, 0] < 0).mean()
    assert 0.25 == pytest.approx(share, abs=5 * (0.25 * 0.75 / n) ** 0.5)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", ["gmm", "kde", "flow"])
def test_without_a_class_the_density_is_the_mixture(name: str, two: Codes) -> None:
    """p(z) = sum_c share_c p(z|c)."""
    sampler, z = fit_sampler(name, two, generator=rng()), two.mu[::7]
    parts = [share * np.exp(sampler.log_prob(z, label=c)) for c, share in zip((3, 7), (0.25, 0.75), strict=True)]
    np.testing.assert_allclose(np.log(sum(parts)), sampler.log_prob(z), rtol=1e-6)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", FITTED_SAMPLERS)
def test_a_seed_decides(name: str, two: Codes) -> None:
    """One seed gives one fit and the same draws of it, another seed other draws; torch's own seed is left alone."""
    import torch

    noisy = Codes(two.mu, np.zeros_like(two.mu))
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again = (fit_sampler(name, noisy, generator=rng(4)) for _ in range(2))
    for one, other in zip(first.fits, again.fits, strict=True):
        for key, array in one.arrays().items():  # type: ignore[attr-defined]
            np.testing.assert_array_equal(array, other.arrays()[key])  # type: ignore[attr-defined]
    draws = [sampler.draw(9, generator=rng(seed)) for sampler, seed in ((first, 1), (again, 1), (first, 2))]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert ((9, 2), np.float32) == (draws[0].shape, draws[0].dtype)
    assert expected == torch.rand(1)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", FITTED_SAMPLERS)
@pytest.mark.parametrize("per_class", [False, True])
def test_progress_goes_from_zero_to_one_and_can_stop(name: str, per_class: bool, two: Codes) -> None:
    """It rises to 1; what it raises comes out at once."""
    codes, told = Codes(two.mu, None, two.labels if per_class else None), list[float]()
    fit_sampler(name, codes, generator=rng(), on_progress=told.append)
    assert sorted(told) == told
    assert 1.0 == pytest.approx(told[-1])

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_sampler(name, codes, generator=rng(), on_progress=stop)


ODD: dict[str, Callable[[], Codes]] = {
    "one dimension": lambda: Codes(rng().normal(size=(50, 1)).astype(np.float32)),
    "two codes": lambda: Codes(np.float32([[0, 1, 2], [3, 4, 5]])),
    "one point": lambda: Codes(np.full((30, 2), 7, np.float32)),
    "a collapsed dimension": lambda: Codes((rng().normal(size=(80, 3)) * [1, 0, 1]).astype(np.float32)),
    "a dependent dimension": lambda: Codes(rng().normal(size=(80, 1)).astype(np.float32) * np.float32([1, 2, 3])),
    "large numbers": lambda: Codes((rng().normal(size=(80, 2)) * 1e6).astype(np.float32)),
    "small numbers": lambda: Codes((rng().normal(size=(80, 2)) * 1e-4).astype(np.float32)),
    "more dimensions than codes": lambda: Codes(rng().normal(size=(10, 40)).astype(np.float32)),
}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", FITTED_SAMPLERS)
@pytest.mark.parametrize("codes", ODD)
def test_odd_codes_are_fitted(name: str, codes: str) -> None:
    """Draws and densities are finite, and draws stay near the codes, whatever these are."""
    some = ODD[codes]()
    sampler = fit_sampler(name, some, generator=rng())
    z = sampler.draw(20, generator=rng())
    assert np.isfinite(z).all()
    reach = 20 * (np.abs(some.mu - some.mu.mean(0)).max() + 1e-3)
    assert np.abs(z - some.mu.mean(0)).max() < reach
    if sampler.has_density:
        assert np.isfinite(sampler.log_prob(some.mu)).all()
        assert (0,) == sampler.log_prob(some.mu[:0]).shape


@pytest.mark.parametrize("name", ["posterior", "kde"])
def test_not_more_codes_than_allowed_are_kept(name: str, two: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many codes a random part is stored, of each no more than once."""
    monkeypatch.setattr(fit, "MOST_NUMBERS", 100)
    sampler = fit_sampler(name, Codes(two.mu), generator=rng())
    stored = sampler.fits[0].arrays()["mu" if name == "posterior" else "codes"]  # type: ignore[attr-defined]
    assert ((50, 2), 50, 400) == (stored.shape, len(np.unique(stored, axis=0)), sampler.n_codes)
    assert 0.25 == pytest.approx((stored[:, 0] < 0).mean(), abs=0.2)


PAIR, THREE = np.zeros((3, 2), np.float32), np.int64([0, 0, 1])
BAD: list[tuple[type[VaeCoreError], Callable[[MakeSampler], Any]]] = [
    (ShapeError, lambda _: Codes(PAIR[:1])), (ShapeError, lambda _: Codes(PAIR[0])),
    (ShapeError, lambda _: Codes(PAIR + np.nan)), (ShapeError, lambda _: Codes(PAIR, PAIR[:2])),
    (ShapeError, lambda _: Codes(PAIR, PAIR + np.inf)), (ShapeError, lambda _: Codes(PAIR, None, THREE[:2])),
    (ShapeError, lambda _: Codes(PAIR, None, THREE - 1)),
    (ShapeError, lambda _: fit_sampler("gmm", Codes(PAIR, None, THREE), generator=rng())),
    (ConfigError, lambda _: fit_sampler("prior", Codes(PAIR), generator=rng())),
    (ShapeError, lambda on: on("gmm").draw(0, generator=rng())),
    (ShapeError, lambda on: on("gmm").draw(3, label=0, generator=rng())),
    (ShapeError, lambda on: on("prior").draw(3, label=0, generator=rng())),
    (ConfigError, lambda on: on("gmm").draw(3, temperature=-1, generator=rng())),
    (ConfigError, lambda on: on("posterior").draw(3, temperature=0.5, generator=rng())),
    (ConfigError, lambda on: on("posterior").log_prob([[0, 0]])),
    (ShapeError, lambda on: on("gmm").log_prob([[0, 0, 0]])), (ShapeError, lambda on: on("kde").log_prob([0, 0])),
    (ShapeError, lambda on: on("kde").log_prob([[0, np.nan]])),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused(number: int, on_moons: MakeSampler) -> None:
    """One clear sentence for what is no code, no class, no count, no temperature or no density."""
    error, action = BAD[number]
    with pytest.raises(error, match=r"^[^\n]+\.$"):
        action(on_moons)


def test_a_class_without_a_fit_is_told(two: Codes) -> None:
    """The message lists the classes that there are."""
    sampler = fit_sampler("posterior", two, generator=rng())
    with pytest.raises(ShapeError, match="has no class 4: its classes are 3, 7"):
        sampler.draw(1, label=4, generator=rng())


def test_the_prior_is_standard_normal() -> None:
    """log N(0; 0, I) = -D/2 log 2 pi, and a point's square takes half of it away."""
    found = prior_sampler(3).log_prob([[0, 0, 0], [1, 2, 2]])
    np.testing.assert_allclose(-1.5 * np.log(2 * np.pi) - np.array([0, 4.5]), found)
