"""The training loop: what it leaves behind, and how it ends."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.vae_core.runs import first_of, new_run, timeless, train_here
from vae_core.card import SplitFigures
from vae_core.checkpoints import read_card, read_latents
from vae_core.data import ImageSet, Split
from vae_core.errors import ConfigError, VaeCoreError
from vae_core.explorer import LatentExplorer
from vae_core.metrics.elbo import elbo_parts, split_figures
from vae_core.models import VAE
from vae_core.training import learner, loop
from vae_core.training.run_folder import RESUME, RunFolder, Status


def figures_of(explorer: LatentExplorer, images: np.ndarray[Any, Any]) -> SplitFigures:
    """What `evaluate` finds."""
    return split_figures(elbo_parts(explorer.model, torch.from_numpy(np.array(images))))


def poison(monkeypatch: pytest.MonkeyPatch, from_step: int) -> None:
    """Make the loss NaN from a step on, counted from 1 over the whole run."""
    elbo_terms, calls = VAE.elbo_terms, [0]

    def poisoned(
        model: VAE, x: Tensor, label: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> Any:
        calls[0] += torch.is_grad_enabled()  # the evaluation's calls are not steps
        if torch.is_grad_enabled() and calls[0] >= from_step:
            x = x * math.nan
        return elbo_terms(model, x, label, generator=generator)

    monkeypatch.setattr(VAE, "elbo_terms", poisoned)


def test_training_learns(finished: Path) -> None:
    """Loss falls, validation ELBO rises, epoch by epoch."""
    history = RunFolder(finished).history()
    losses = [line["train"]["loss"] for line in history]
    elbos = [line["validation"]["elbo"] for line in history]
    assert losses == sorted(losses, reverse=True)
    assert elbos == sorted(elbos)
    assert losses[0] - losses[-1] > 1


def test_every_epoch_is_recorded(finished: Path, digits: ImageSet) -> None:
    """A line and a snapshot an epoch, whose parts add up."""
    folder = RunFolder(finished)
    history = folder.history()
    assert [1, 2, 3] == [line["epoch"] for line in history] == folder.snapshot_epochs()
    for line in history:
        train, validation = line["train"], line["validation"]
        assert train["elbo"] == pytest.approx(train["log_likelihood"] - train["kl"])
        assert -train["loss"] == pytest.approx(train["elbo"], rel=1e-5)  # beta = 1
        assert validation["elbo"] == pytest.approx(validation["log_likelihood"] - validation["kl"])
        assert validation["kl"] == pytest.approx(sum(line["kl_per_dimension"]))
        assert line["images_per_second"] > 0
    fixed, snapshot = folder.fixed(), folder.snapshot(3)
    assert fixed is not None
    assert snapshot is not None
    n = min(1000, len(digits.validation))
    assert ((n, 2), (12, 1, 8, 8)) == (snapshot.mu.shape, snapshot.reconstructions.shape)
    assert fixed.labels is not None
    assert n == len(fixed.labels)


def test_a_snapshot_shows_images_from_first_to_last(isolated: Path, digits: ImageSet) -> None:
    """Of 1,100 images that lie class after class all classes are shown, each picture beneath its original."""
    order = np.argsort(digits.train.labels, kind="stable")[:1100]
    long = Split(digits.train.images[order], digits.train.labels[order])
    folder = new_run(isolated, "sorted", epochs=1)
    train_here(folder, replace(digits, validation=long))
    fixed, snapshot = folder.fixed(), folder.snapshot(1)
    assert fixed is not None
    assert snapshot is not None
    assert fixed.labels is not None
    assert (set(long.labels), 1000) == (set(fixed.labels), len(fixed.labels))
    assert np.array_equal(long.images[[0, 1099]], fixed.originals[[0, -1]])
    explorer = LatentExplorer.load(folder.path, "cpu")
    found = explorer.decode(explorer.encode(fixed.originals).mu) * 255
    np.testing.assert_allclose(found, snapshot.reconstructions, atol=0.51)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_cards_figures_are_those_of_the_stored_weights(dtype: str, isolated: Path, digits: ImageSet) -> None:
    """What the card says is what the loaded checkpoint gives, half precision or not; so are the latents."""
    folder = new_run(isolated, "stored", weights_dtype=dtype)
    train_here(folder, digits)
    card, explorer = read_card(folder.path), LatentExplorer.load(folder.path, "cpu")
    for split, figures in (("test", card.test), ("validation", card.validation)):
        found = figures_of(explorer, digits.split(split).images)
        assert figures.elbo.value == pytest.approx(found.elbo.value, abs=1e-6)
    weights = (folder.path / "model.safetensors").read_bytes()
    assert card.files.weights == hashlib.sha256(weights).hexdigest()
    latents = read_latents(folder.path, card)
    np.testing.assert_allclose(explorer.encode(digits.test.images).mu, latents.mu, atol=1e-5)
    assert np.array_equal(digits.test.labels, latents.labels)
    assert (8 * 8 * 16 * 2 * (2 if dtype == "float16" else 4)) == pytest.approx(len(weights), rel=0.35)


def test_the_card_tells_what_was_done(finished: Path, digits: ImageSet) -> None:
    """Data, configuration, outcome and the command stand in the card."""
    card, request = read_card(finished), RunFolder(finished).request()
    assert (request.config.model, request.config.training) == (card.model, card.training)
    assert (digits.checksum, digits.image_shape) == (card.data.checksum, card.data.image_shape)
    assert [len(split) for split in (digits.train, digits.validation, digits.test)] == [
        card.data.n_train,
        card.data.n_validation,
        card.data.n_test,
    ]
    assert (3.0, 3, "finished", "cpu", 1) == (
        card.run.epochs_done,
        card.run.best_epoch,
        card.run.outcome,
        card.run.device,
        card.run.threads,
    )
    assert request.command == card.run.command
    assert not (finished / RESUME).exists()


def test_a_seed_decides_everything(isolated: Path, digits: ImageSet) -> None:
    """Equal seeds give equal bytes, another seed others."""
    few, weights = first_of(digits, 200, 50), []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        folder = new_run(isolated, name, seed=seed)
        train_here(folder, few)
        weights.append((folder.path / "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != weights[2]


def scripted_elbos(monkeypatch: pytest.MonkeyPatch, values: list[float]) -> None:
    """Make the validation ELBO of epoch 1, 2, ... what is given."""
    real, script = loop.elbo_parts, iter(values)

    def scripted(model: VAE, images: Tensor, labels: Any = None) -> Any:
        parts = real(model, images)
        shift = next(script) - float((parts.log_likelihood - parts.kl.sum(1)).mean())
        return replace(parts, log_likelihood=parts.log_likelihood + shift)

    monkeypatch.setattr(loop, "elbo_parts", scripted)


def test_the_best_epoch_is_stored(isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights kept are those of the highest validation ELBO, not the last."""
    few, kept = first_of(digits, 200, 50), {}
    scripted_elbos(monkeypatch, [-9.0, -5.0, -7.0, -5.0])
    folder = new_run(isolated, "best", epochs=4)

    def keep(line: dict[str, Any]) -> None:
        kept[line["epoch"]] = (folder.path / "model.safetensors").read_bytes()

    train_here(folder, few, on_epoch=keep)
    assert [True, True, False, False] == [line["best"] for line in folder.history()]
    assert kept[1] != kept[2] == kept[4] == (folder.path / "model.safetensors").read_bytes()
    assert 2 == read_card(folder.path).run.best_epoch


def test_patience_ends_a_run(isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two epochs without a better validation ELBO end a run whose patience is 2."""
    scripted_elbos(monkeypatch, [-9.0, -5.0, -7.0, -6.0, -1.0])
    folder = new_run(isolated, "patient", epochs=5, patience=2)
    outcome = train_here(folder, first_of(digits, 100, 50))
    assert ("stopped early", 4) == (outcome.result, len(folder.history()))
    assert "stopped early" == read_card(folder.path).run.outcome


def test_nan_ends_a_run_with_its_best_weights(
    isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that is no number stops the run, says where, and leaves the last good epoch as a checkpoint."""
    poison(monkeypatch, 4 + 4 + 2)  # 4 steps an epoch
    folder = new_run(isolated, "sick", epochs=5, batch_size=25)
    kept: list[bytes] = []
    outcome = train_here(
        folder,
        first_of(digits, 100, 50),
        on_epoch=lambda line: kept.append((folder.path / "model.safetensors").read_bytes()),
    )
    assert "diverged" == outcome.result
    assert "epoch 3, step 2 of 4" in outcome.message
    assert "of epoch 2, were kept" in outcome.message
    assert kept[-1] == (folder.path / "model.safetensors").read_bytes()
    monkeypatch.undo()
    card = LatentExplorer.load(folder.path, "cpu").card
    assert ("diverged", 2) == (card.run.outcome, card.run.best_epoch)
    assert folder.is_done()


def test_nan_in_the_validation_ends_a_run_as_well(
    isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that explode in an epoch's last step are found before they are stored."""
    folder = new_run(isolated, "sick", epochs=3)
    epochs = 0

    def explode(line: dict[str, Any]) -> None:
        nonlocal epochs
        epochs += 1
        scripted_elbos(monkeypatch, [math.nan])

    outcome = train_here(folder, first_of(digits, 100, 50), on_epoch=explode)
    assert ("diverged", 1) == (outcome.result, epochs)
    assert "validation ELBO (beta = 1) stopped being a number after epoch 2" in outcome.message
    run = LatentExplorer.load(folder.path, "cpu").card.run
    assert (1, 2.0) == (run.best_epoch, run.epochs_done)


def test_a_run_killed_while_it_finished_keeps_how_it_ended(
    isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A diverged run whose process died before its last word shows as failed, not as finished."""
    poison(monkeypatch, 4 + 2)
    folder = new_run(isolated, "sick", epochs=3, batch_size=25)
    assert "diverged" == train_here(folder, first_of(digits, 100, 50)).result
    folder.write_status(Status(state="evaluating"))
    assert "failed" == folder.status().state


def test_early_stopping_survives_a_kill_in_the_end(
    isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that had stopped early and died while it finished stops at the same epoch when it is resumed."""
    few = first_of(digits, 100, 50)
    scripted_elbos(monkeypatch, [-9.0, -5.0, -7.0, -6.0, -1.0, -1.0])
    folder = new_run(isolated, "patient", epochs=6, patience=2)

    def die(*arguments: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(loop, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            train_here(folder, few)
    assert "stopped early" == train_here(folder, few).result
    assert (4, 2) == (len(folder.history()), read_card(folder.path).run.best_epoch)


def test_no_epoch_of_the_warm_up_is_best_in_the_end(
    isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of a smaller KL weight are kept only until there are some of the beta asked for."""
    scripted_elbos(monkeypatch, [-1.0, -2.0, -9.0, -8.0, -8.5])
    folder = new_run(isolated, "warm", epochs=5, beta=4.0, kl_warmup=2.0, patience=2)
    assert "finished" == train_here(folder, first_of(digits, 100, 50)).result
    assert 4 == read_card(folder.path).run.best_epoch


def test_a_run_within_its_warm_up_keeps_its_last_weights(isolated: Path, digits: ImageSet) -> None:
    """A warm-up longer than the run leaves the last epoch's weights as the model."""
    folder = new_run(isolated, "short", epochs=2, kl_warmup=10.0)
    train_here(folder, first_of(digits, 100, 50))
    assert 2 == read_card(folder.path).run.best_epoch


def test_weights_noise_and_order_have_streams_of_their_own() -> None:
    """No two purposes, epochs or neighbouring seeds share a seed."""
    seeds = {
        loop.derived_seed(seed, purpose, epoch)
        for seed in range(5)
        for purpose in ("weights", "noise", "order")
        for epoch in range(20)
    }
    assert 5 * 3 * 20 == len(seeds)


def test_nan_from_the_start_is_an_error(run: RunFolder, digits: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that never had good weights says so and leaves no checkpoint."""
    poison(monkeypatch, 1)
    with pytest.raises(VaeCoreError, match=r"epoch 1, step 1.*Nothing was worth keeping.*--learning-rate"):
        train_here(run, digits)
    assert not run.is_checkpoint()


def test_gradients_are_clipped(run: RunFolder, digits: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each backward pass no gradient is longer than its bound."""
    monkeypatch.setattr(learner, "LARGEST_GRADIENT_NORM", 0.5)
    norms: list[float] = []
    step = torch.optim.Adam.step

    def noting(optimizer: torch.optim.Adam, *arguments: Any) -> Any:
        gradients = [p.grad.flatten() for group in optimizer.param_groups for p in group["params"]]
        norms.append(float(torch.cat(gradients).norm()))
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", noting)
    train_here(run, first_of(digits, 300, 50))
    assert 0.5 == pytest.approx(max(norms), rel=1e-4)


def test_a_network_that_does_not_fit_is_refused(isolated: Path, digits: ImageSet) -> None:
    """More convolutions than 8 pixels can bear: one sentence, no checkpoint."""
    folder = new_run(isolated, "deep", model={"network": "conv", "hidden": (2, 2, 2, 2)})
    with pytest.raises(ConfigError, match="at most 3 channels"):
        train_here(folder, digits)


@pytest.mark.parametrize(
    "model",
    [
        {"likelihood": "gaussian"},
        {"likelihood": "gaussian", "sigma": 0.2},
        {"network": "conv", "hidden": (4, 8), "activation": "relu"},
        {"latent_dim": 5},
    ],
)
def test_every_kind_of_model_trains_and_loads(model: dict[str, Any], isolated: Path, digits: ImageSet) -> None:
    """Each likelihood and network goes from training to a checkpoint that decodes."""
    folder = new_run(isolated, "kind", model=model, epochs=1, kl_warmup=1.0, beta=2.0, schedule="constant")
    assert "finished" == train_here(folder, first_of(digits, 200, 50)).result
    explorer = LatentExplorer.load(folder.path, "cpu")
    assert (3, 1, 8, 8) == explorer.decode(np.zeros((3, explorer.latent_dim))).shape
    (line,) = timeless(folder.history())
    assert 0.5 == line["kl_weight"]  # the mean over two steps: 0 and half of beta
    assert "gaussian" not in model.values() or "likelihood.log_sigma" in explorer.model.state_dict()


@pytest.mark.parametrize("asker", ["hook", "file"])
def test_a_stop_is_heard_between_short_epochs(
    asker: str, isolated: Path, digits: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs that last less than the interval of the looks do not make a run deaf; what there is becomes a model."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.05)
    folder = new_run(isolated, "deaf", epochs=5000)
    few = first_of(digits, 60, 50)
    asked: list[int] = []

    def ask(line: dict[str, Any]) -> None:
        if line["epoch"] < 100:  # several looks have been in vain by then
            return
        asked.append(line["epoch"])
        if asker == "file":
            folder.ask_to_stop()

    stop: Callable[[], bool] = (lambda: bool(asked)) if asker == "hook" else (lambda: False)
    assert "stopped" == train_here(folder, few, on_epoch=ask, stop_asked=stop).result
    assert len(asked) < 500
    assert "stopped" == LatentExplorer.load(folder.path, "cpu").card.run.outcome
    assert (folder.path / RESUME).exists()
    assert not folder.is_done()
