"""A sampler's fit in a thread: its progress, its stop, and what is left of one that failed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import numpy as np
import pytest

from ui import fitting
from ui.fitting import Fitting
from vae_core import LatentExplorer
from vae_core.errors import DataError
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.storage import load_sampler, sampler_file


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped digits model, whose data is always there."""
    return LatentExplorer.load("digits-2d", device="cpu")


def ended(one: Fitting) -> Fitting:
    """Wait for its end."""
    assert one._thread is not None
    one._thread.join(20)
    assert not one.is_going_on
    return one


def test_a_fit_is_of_the_training_images_codes_and_stored(explorer: LatentExplorer) -> None:
    """Of the training split alone, per class when that is asked; that of a shipped model lies beside the new ones."""
    one = Fitting()
    one.fit(explorer, "posterior", per_class=True)
    assert (1.0, "") == (ended(one).share, one.problem)
    path = sampler_file(explorer.path, "posterior", explorer.card)
    assert path is not None
    assert explorer.path not in path.parents
    sampler = load_sampler(explorer.path, "posterior", explorer.card)
    assert (explorer.card.data.n_train, tuple(range(10))) == (sampler.n_codes, sampler.classes)


def test_without_the_images_a_fit_is_of_the_codes_that_came_with_the_model(
    explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the test split: a sampler can then be had on a machine that has no data."""
    monkeypatch.setattr(fitting, "images_of", lambda *_: None)
    one = Fitting()
    one.fit(explorer, "posterior", per_class=False)
    assert "" == ended(one).problem
    assert explorer.card.data.n_test == load_sampler(explorer.path, "posterior", explorer.card).n_codes


def test_a_fit_that_is_stopped_stores_nothing_and_can_begin_anew(
    explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends at its next step; a second begin while it goes on is none."""
    began, steps = Event(), list[float]()
    original: Callable[..., Any] = fitting.fit_sampler

    def slow(name: str, codes: Codes, *, generator: np.random.Generator, on_progress: Callable[[float], None]) -> Any:
        for step in range(10_000):
            steps.append(step)
            on_progress(step / 10_000)
            began.set()
            Event().wait(0.001)

    monkeypatch.setattr(fitting, "fit_sampler", slow)
    one = Fitting()
    one.fit(explorer, "gmm", per_class=False)
    assert began.wait(20)
    one.fit(explorer, "gmm", per_class=False)
    one.stop()
    ended(one)
    assert (True, "") == (one.stop_asked, one.problem)
    assert len(steps) < 10_000
    assert sampler_file(explorer.path, "gmm", explorer.card) is None
    monkeypatch.setattr(fitting, "fit_sampler", original)
    one.fit(explorer, "gmm", per_class=False)
    assert not ended(one).stop_asked
    assert sampler_file(explorer.path, "gmm", explorer.card) is not None


@pytest.mark.parametrize(
    ("problem", "said"),
    [(DataError("There are no images."), "There are no images."), (ValueError("x"), "The fit has failed")],
)
def test_what_goes_wrong_is_said(
    problem: Exception, said: str, explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours in its own words, any other in a sentence that names no detail."""

    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(fitting, "fit_sampler", fail)
    one = Fitting()
    one.fit(explorer, "gmm", per_class=False)
    assert ended(one).problem.startswith(said)
