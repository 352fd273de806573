"""The training loop: from a run folder with a run.json to a checkpoint.

The data lies on the device as uint8, so a batch is an index and a division. Everything random comes from the seed and
the position alone, so a run that was killed and resumed ends in the same bits as one that was not (on one CPU and the
same number of threads).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from vae_core.card import RunRecord
from vae_core.checkpoints import WEIGHTS
from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.families import kept_by
from vae_core.metrics.elbo import elbo_parts, labels_of, split_figures
from vae_core.models import build_model
from vae_core.models.objectives import Weights, build_objective
from vae_core.training.finish import finish
from vae_core.training.run_folder import RESUME, RunFolder, Status
from vae_core.training.schedule import is_settled, kl_weight_at, learning_rate_at, weights_at
from vae_core.training.shown_plane import shown_axes
from vae_core.training.snapshots import fixed_subset, snapshot
from vae_core.training.state import Position, load_state, save_state
from vae_core.weights import save_weights

LARGEST_GRADIENT_NORM = 50.0
SECONDS_BETWEEN_SAVES = 30.0
SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `finished`, `stopped early`, `stopped` or `diverged`, and a sentence where there is one."""

    result: str
    message: str = ""


class Diverged(Exception):
    """The loss or its gradient stopped being a number."""


@contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Take denormal numbers, which a trained network is full of and which cost the CPU a hundredfold, as zero."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@_denormals_flushed()
def train(
    folder: RunFolder,
    data: ImageSet,
    *,
    on_status: Callable[[Status], None],
    on_epoch: Callable[[dict[str, Any]], None] = lambda line: None,
    stop_asked: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train what the folder's run.json asks for, from where it was left, and make the folder a checkpoint.

    Parameters
    ----------
    folder : RunFolder
        Its lock is held by the caller.
    data : ImageSet
    on_status : callable
        Given a Status a few times a second.
    on_epoch : callable
        Given each epoch's line of the history.
    stop_asked : callable
        Asked a few times a second; when true the state is saved and the best weights become a checkpoint.

    Raises
    ------
    VaeCoreError
        When the model does not fit the data, or the saved state cannot be used.
    """
    run = _Run(folder, data, on_status, on_epoch, stop_asked)
    try:
        outcome = run.to_the_end()
    except Diverged as problem:
        outcome = Outcome("diverged", str(problem))
    if run.position.best_epoch:
        run.report("evaluating")
        finish(folder, data, run.record(outcome.result), device=run.device)
    elif outcome.result == "diverged":
        raise VaeCoreError(f"{folder.name}: {outcome.message} Nothing was worth keeping; try a lower --learning-rate.")
    if outcome.result != "stopped":
        (folder.path / RESUME).unlink(missing_ok=True)
    return outcome


def derived_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """A seed for one purpose: one seed for all would draw the weights and the noise from the same stream."""
    entropy = [seed, epoch, *purpose.encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)


def _difference(log_likelihood: float | None, kl: float | None) -> float | None:
    return None if log_likelihood is None or kl is None else log_likelihood - kl


class _Run:
    """The state of a run in this process."""

    def __init__(
        self,
        folder: RunFolder,
        data: ImageSet,
        on_status: Callable[[Status], None],
        on_epoch: Callable[[dict[str, Any]], None],
        stop_asked: Callable[[], bool],
    ) -> None:
        self.folder, self.data = folder, data
        self.on_status, self.on_epoch, self.stop_asked = on_status, on_epoch, stop_asked
        request = folder.request()
        self.command = request.command
        self.config: RunConfig = request.config
        self.device = torch.device(request.device)
        self.started = request.created
        training = self.config.training
        torch.set_num_threads(training.threads)
        torch.manual_seed(derived_seed(training.seed, "weights"))
        self.model = build_model(self.config.model, data.image_shape, len(data.class_names))
        self.objective = build_objective(self.config.model.family, self.model, training, len(data.train.images))
        self.objective.to(self.device)
        self.parameters = list(self.objective.parameters())
        betas = self.objective.adam_betas
        self.optimizer = torch.optim.Adam(self.parameters, lr=training.learning_rate, betas=betas, fused=True)
        self.generator = torch.Generator(self.device).manual_seed(derived_seed(training.seed, "noise"))
        self.position = Position()
        self.sums = torch.zeros(3, dtype=torch.float64, device=self.device)  # loss, log-likelihood, kl
        self.history: list[dict[str, Any]] = []
        if (folder.path / RESUME).exists():
            self.position, sums = load_state(folder.path / RESUME, self.objective, self.optimizer, self.generator)
            self.sums = sums.to(self.device)
            self.history = folder.history()[: self.position.epoch]
            if len(self.history) < self.position.epoch:
                raise CheckpointError(
                    f"{folder.name}: history.jsonl does not reach epoch {self.position.epoch}; it is damaged."
                )
        folder.withdraw_card()  # not before here: a state that cannot be used must not cost the model that there is
        self.images = torch.from_numpy(np.array(data.train.images)).to(self.device)  # uint8 (N, C, H, W)
        labels = labels_of(self.model, data.train.labels)
        self.labels = None if labels is None else labels.to(self.device)
        self.score = f"validation {kept_by(self.config.model.family) or 'score'}"
        self.redrawn = self.config.data.binarize == "dynamic"
        self.validation = torch.from_numpy(np.array(data.validation.images)).to(self.device)
        self.steps_per_epoch = math.ceil(len(self.images) / training.batch_size)
        self.n_steps = self.steps_per_epoch * training.epochs
        self.sitting_began = time.monotonic()
        self.earlier_seconds = self.position.seconds
        self.sitting_images = 0
        self.next_look = self.sitting_began + SECONDS_BETWEEN_LOOKS

    # -- the loop ------------------------------------------------------------------------------------------------

    def to_the_end(self) -> Outcome:
        training = self.config.training
        self.folder.write_fixed(fixed_subset(self.model, self.data))
        position = self.position
        while position.epoch < training.epochs:
            # Before the epoch, not after it: so a run that was killed while it finished stops here again.
            if training.patience and position.epoch - position.best_epoch >= training.patience:
                return Outcome("stopped early", f"The {self.score} has not risen for {training.patience} epochs.")
            if not self._epoch():
                self._save()
                return Outcome("stopped")
        return Outcome("finished")

    def _epoch(self) -> bool:
        """Train the rest of one epoch and validate; False when a stop was asked for."""
        training, position = self.config.training, self.position
        # A generator of its own for the order, so that an epoch can be entered in its middle.
        shuffle = torch.Generator().manual_seed(derived_seed(training.seed, "order", position.epoch))
        order = torch.randperm(len(self.images), generator=shuffle).to(self.device)
        next_save = time.monotonic() + SECONDS_BETWEEN_SAVES
        # Reading a GPU's result back stalls it, so there the guard looks at every 50th step only.
        guard_every = 1 if self.device.type == "cpu" else 50
        while position.step < self.steps_per_epoch:
            step = position.epoch * self.steps_per_epoch + position.step
            rate = learning_rate_at(step, self.n_steps, training)
            weights = weights_at(step, self.steps_per_epoch, training)
            index = order[position.step * training.batch_size : (position.step + 1) * training.batch_size]
            x = self.images.index_select(0, index).to(torch.float32).div_(255)  # (B, C, H, W)
            if self.redrawn:
                x = torch.bernoulli(x, generator=self.generator)
            label = None if self.labels is None else self.labels.index_select(0, index)
            norm = self._step(x, label, rate, weights)
            if position.step % guard_every == 0 and not math.isfinite(norm.item()):
                where = f"epoch {position.epoch + 1}, step {position.step + 1} of {self.steps_per_epoch}"
                raise Diverged(
                    f"The loss or its gradient stopped being a number at {where} (learning rate {rate:.2g}); "
                    f"the best weights until then, of epoch {position.best_epoch}, were kept."
                )
            position.step += 1
            position.n_seen += len(index)
            self.sitting_images += len(index)
            now = time.monotonic()
            if now >= self.next_look:
                self.next_look = now + SECONDS_BETWEEN_LOOKS
                self.report("running")
                if self.stop_asked() or self.folder.stop_asked():
                    return False
            if now >= next_save:
                next_save = now + SECONDS_BETWEEN_SAVES
                self._save()
        self._end_of_epoch()
        return True

    def _step(self, x: Tensor, label: Tensor | None, rate: float, weights: Weights) -> Tensor:
        """One step of Adam on the objective, averaged over the batch; returns the gradient's norm."""
        losses = self.objective.losses(x, label, weights, generator=self.generator)
        self.optimizer.zero_grad()
        losses.loss.backward()  # type: ignore[no-untyped-call]
        norm = get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        # On the CPU a look is free, and it saves multiplying all gradients by one; a GPU would have to be waited for.
        if self.device.type != "cpu" or norm.item() > LARGEST_GRADIENT_NORM:
            clip_grads_with_norm_(self.parameters, LARGEST_GRADIENT_NORM, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        with torch.no_grad():
            self.sums += losses.sums(len(x))
        return norm

    def _end_of_epoch(self) -> None:
        """Validate; store best weights, history and snapshot, and last of all the state that says they are stored."""
        position, training = self.position, self.config.training
        steps = range(position.epoch * self.steps_per_epoch, (position.epoch + 1) * self.steps_per_epoch)
        position.epoch, position.step = position.epoch + 1, 0
        parts = elbo_parts(self.model, self.validation, self.data.validation.labels)
        if not all(np.isfinite(part).all() for part in (parts.log_likelihood, parts.kl) if part is not None):
            raise Diverged(
                f"The {self.score} stopped being a number after epoch {position.epoch}; "
                f"the best weights until then, of epoch {position.best_epoch}, were kept."
            )
        figures = split_figures(parts)
        # During a warm-up the loss is that of another beta, and its ELBO may be higher for it: the last such weights
        # are kept only until there are some of the loss that was asked for. Without a score the last ones are kept.
        settled = is_settled(weights_at(steps[-1], self.steps_per_epoch, training), training)
        score = self.objective.score(figures) if settled else None
        best = position.best_elbo is None or (score is not None and score > position.best_elbo)
        if best:
            position.best_epoch, position.best_elbo = position.epoch, score
            save_weights(self.model, self.folder.path / WEIGHTS, training.weights_dtype)
        loss, log_likelihood, kl = self._means()
        line = {
            "epoch": position.epoch,
            "train": {
                "loss": loss,
                "log_likelihood": log_likelihood,
                "kl": kl,
                "elbo": _difference(log_likelihood, kl),
            },
            "validation": {
                name: found.value if (found := getattr(figures, name)) else None
                for name in ("elbo", "log_likelihood", "kl")
            },
            "kl_per_dimension": list(figures.kl_per_dimension),
            "kl_weight": float(np.mean([kl_weight_at(step, self.steps_per_epoch, training) for step in steps])),
            "learning_rate": learning_rate_at(steps[-1], self.n_steps, training),
            "best": best,
            "seconds": round(self._seconds(), 3),
            "images_per_second": round(self._images_per_second() or 0.0, 1),
        }
        self.history.append(line)
        self.folder.write_history(self.history)
        labels, seed = self.data.validation.labels, derived_seed(training.seed, "snapshot")
        axes = shown_axes([line["kl_per_dimension"] for line in self.history], self.model.latent_dim)
        shown = snapshot(self.model, self.validation, labels, epoch=position.epoch, axes=axes, seed=seed)
        self.folder.write_snapshot(shown)
        position.n_seen = 0
        self.sums.zero_()
        self._save()
        self.report("running")
        self.on_epoch(line)

    # -- what is left behind -------------------------------------------------------------------------------------

    def _save(self) -> None:
        self.position.seconds = self._seconds()
        save_state(self.folder.path / RESUME, self.objective, self.optimizer, self.generator, self.sums, self.position)

    def record(self, result: str) -> RunRecord:
        """What the card says of the run."""
        import platform

        position = self.position
        epochs_done = position.epoch + position.step / self.steps_per_epoch
        seconds = self._seconds()
        return RunRecord(
            started=self.started,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            epochs_done=round(epochs_done, 4),
            best_epoch=position.best_epoch,
            outcome=result,  # type: ignore[arg-type]
            seconds=round(seconds, 2),
            images_per_second=round(epochs_done * len(self.images) / max(seconds, 1e-9), 1),
            device=str(self.device),
            threads=self.config.training.threads,
            command=self.command,
            versions={"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        )

    def report(self, state: str) -> None:
        """Tell the watchers where the run is."""
        position, epochs = self.position, self.config.training.epochs
        images_per_second = self._images_per_second()
        seconds_left = None
        if images_per_second:
            n_left = (epochs - position.epoch) * len(self.images) - position.n_seen
            seconds_left = max(0.0, n_left / images_per_second)
        status = Status(
            state=state,  # type: ignore[arg-type]
            epoch=position.epoch,
            epochs=epochs,
            step=position.step,
            steps_per_epoch=self.steps_per_epoch,
            images_per_second=images_per_second,
            seconds_left=seconds_left,
            updated=time.time(),
        )
        if position.n_seen:
            loss, log_likelihood, kl = self._means()
            if math.isfinite(loss):
                status = replace(status, loss=loss, log_likelihood=log_likelihood, kl=kl)
        self.folder.write_status(status)
        self.on_status(status)

    def _means(self) -> tuple[float, float | None, float | None]:
        """Loss, log-likelihood and KL, means over the epoch's images so far; None for what the family has not."""
        loss, log_likelihood, kl = (self.sums / self.position.n_seen).tolist()
        can = self.model.can
        return loss, log_likelihood if can.likelihood else None, kl if can.posterior else None

    def _seconds(self) -> float:
        return self.earlier_seconds + time.monotonic() - self.sitting_began

    def _images_per_second(self) -> float | None:
        elapsed = time.monotonic() - self.sitting_began
        return self.sitting_images / elapsed if self.sitting_images and elapsed > 0 else None
