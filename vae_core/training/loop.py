"""The training loop: from a run folder with a run.json to a checkpoint.

Everything random comes from the seed and the position alone, and what was changed by hand is on record with its step:
so a run that was killed and resumed ends in the same bits as one that was not (on one CPU and the same number of
threads).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from vae_core.card import RunRecord
from vae_core.checkpoints import WEIGHTS
from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.families import kept_by
from vae_core.metrics.elbo import elbo_parts, split_figures
from vae_core.training.accounts import epoch_line, run_record, status_now, time_of
from vae_core.training.batch_record import write_batch
from vae_core.training.finish import finish
from vae_core.training.hands import Hands
from vae_core.training.learner import Learner, denormals_flushed
from vae_core.training.one_batch import Watched
from vae_core.training.pace import Pace
from vae_core.training.resident import ResidentImages
from vae_core.training.run_folder import RESUME, RunFolder, Status
from vae_core.training.schedule import is_settled, learning_rate_at, weights_at
from vae_core.training.seeds import derived_seed
from vae_core.training.shown_plane import shown_axes
from vae_core.training.snapshots import fixed_subset, snapshot
from vae_core.training.state import Position
from vae_core.weights import save_weights

SECONDS_BETWEEN_SAVES = 30.0
SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `finished`, `stopped early`, `stopped` or `diverged`, and a sentence where there is one."""

    result: str
    message: str = ""


class Diverged(Exception):
    """The loss or its gradient stopped being a number."""


@denormals_flushed()
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


class _Run:
    """A run in this process: its model, its images, its clock, and the files that it is spoken to by."""

    def __init__(
        self,
        folder: RunFolder,
        data: ImageSet,
        on_status: Callable[[Status], None],
        on_epoch: Callable[[dict[str, Any]], None],
        stop_asked: Callable[[], bool],
    ) -> None:
        self.folder, self.data = folder, data
        self.on_status, self.on_epoch = on_status, on_epoch
        self._stop_asked = stop_asked
        self.request = folder.request()
        self.config: RunConfig = self.request.config
        training = self.config.training
        self.device = torch.device(self.request.device)
        self.learner = Learner(self.config, data, self.device)
        self.model = self.learner.model
        self.images = ResidentImages(self.config, data, self.model, self.device)
        self.validation = torch.from_numpy(np.array(data.validation.images)).to(self.device)
        self.steps_per_epoch = self.images.steps_per_epoch
        self.n_steps = self.steps_per_epoch * training.epochs
        self.hands = Hands(folder, self.config, self.steps_per_epoch)
        self.position = Position()
        self.history: list[dict[str, Any]] = []
        if (folder.path / RESUME).exists():
            self.position = self.learner.load(folder.path / RESUME)
            self.history = folder.history()[: self.position.epoch]
            if len(self.history) < self.position.epoch:
                raise CheckpointError(
                    f"{folder.name}: history.jsonl does not reach epoch {self.position.epoch}; it is damaged."
                )
        folder.withdraw_card()  # not before here: a state that cannot be used must not cost the model that there is
        self.score = f"validation {kept_by(self.config.model.family) or 'score'}"
        self.pace = Pace(self.position.seconds)
        self.next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS

    @property
    def step(self) -> int:
        """Steps done, over all epochs."""
        return self.position.epoch * self.steps_per_epoch + self.position.step

    def stop_asked(self) -> bool:
        """Whether a signal or a file asks the run to save and leave."""
        return self._stop_asked() or self.folder.stop_asked()

    # -- the loop ------------------------------------------------------------------------------------------------

    def to_the_end(self) -> Outcome:
        training = self.config.training
        self.folder.write_fixed(fixed_subset(self.model, self.data))
        position = self.position
        self.hands.hear(self.step)
        while position.epoch < training.epochs:
            # Before the epoch, not after it: so a run that was killed while it finished stops here again.
            if training.patience and position.epoch - position.best_epoch >= training.patience:
                return Outcome("stopped early", f"The {self.score} has not risen for {training.patience} epochs.")
            if not self._epoch():
                self._save()
                return Outcome("stopped", self.hands.gave_up)
        return Outcome("finished")

    def _epoch(self) -> bool:
        """Train the rest of one epoch and validate; False when the run is to stop."""
        position = self.position
        order = self.images.order(position.epoch)
        next_save = time.monotonic() + SECONDS_BETWEEN_SAVES
        # Reading a GPU's result back stalls it, so there the guard looks at every 50th step only.
        guard_every = 1 if self.device.type == "cpu" else 50
        while position.step < self.steps_per_epoch:
            if self.hands.hold(self.step) and not self._held():
                return False
            self._step(order, guarded=position.step % guard_every == 0)
            now = time.monotonic()
            if now >= self.next_look:
                self.next_look = now + SECONDS_BETWEEN_LOOKS
                self.hands.hear(self.step)
                self.report("running")
                if self.stop_asked():
                    return False
            if now >= next_save:
                next_save = now + SECONDS_BETWEEN_SAVES
                self._save()
        self._end_of_epoch()
        return True

    def _step(self, order: torch.Tensor, *, guarded: bool) -> None:
        """Train on the next batch; the last one before the run is held is looked at from both sides."""
        position, config = self.position, self.hands.course.at(self.step)
        rate = learning_rate_at(self.step, self.n_steps, config)
        weights = weights_at(self.step, self.steps_per_epoch, config)
        x, label = self.images.batch(order, position.step, generator=self.learner.generator)
        is_last = self.hands.hold_at == self.step + 1
        watched = Watched(self.learner, x, label, rate, weights) if is_last else None
        norm = self.learner.step(x, label, rate, weights)
        if (guarded or watched) and not math.isfinite(norm.item()):
            where = f"epoch {position.epoch + 1}, step {position.step + 1} of {self.steps_per_epoch}"
            raise Diverged(
                f"The loss or its gradient stopped being a number at {where} (learning rate {rate:.2g}); "
                f"the best weights until then, of epoch {position.best_epoch}, were kept."
            )
        position.step += 1
        position.n_seen += len(x)
        self.pace.count(len(x))
        if watched:
            write_batch(self.folder.path, watched.after(self.step, norm.item()))

    def _held(self) -> bool:
        """Wait until it may go on; False when it is to stop, because somebody asked or nobody came."""
        self._save()
        began = time.monotonic()
        self.report("held")
        goes_on = self.hands.wait(self.step, self.stop_asked, on_change=lambda: self.report("held"))
        self.pace.leave_out(time.monotonic() - began)
        return goes_on

    def _end_of_epoch(self) -> None:
        """Validate; store best weights, history and snapshot, and last of all the state that says they are stored."""
        position, training = self.position, self.config.training
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
        in_force = self.hands.course.at(self.step - 1)
        settled = is_settled(weights_at(self.step - 1, self.steps_per_epoch, in_force), in_force)
        score = self.learner.objective.score(figures) if settled else None
        best = position.best_elbo is None or (score is not None and score > position.best_elbo)
        if best:
            position.best_epoch, position.best_elbo = position.epoch, score
            save_weights(self.model, self.folder.path / WEIGHTS, training.weights_dtype)
        means = self.learner.means(position.n_seen)
        line = epoch_line(position, means, figures, self.hands.course, self.steps_per_epoch, best=best)
        self.history.append(line | time_of(self.pace))
        self.folder.write_history(self.history)
        labels, seed = self.data.validation.labels, derived_seed(training.seed, "snapshot")
        axes = shown_axes([line["kl_per_dimension"] for line in self.history], self.model.latent_dim)
        shown = snapshot(self.model, self.validation, labels, epoch=position.epoch, axes=axes, seed=seed)
        self.folder.write_snapshot(shown)
        position.n_seen = 0
        self.learner.sums.zero_()
        self._save()
        self.report("running")
        self.on_epoch(self.history[-1])

    # -- what is left behind -------------------------------------------------------------------------------------

    def _save(self) -> None:
        self.position.seconds = self.pace.seconds
        self.learner.save(self.folder.path / RESUME, self.position)

    def record(self, result: str) -> RunRecord:
        """What the card says of the run."""
        return run_record(self.request, result, self.position, self.pace, self.images)

    def report(self, state: str) -> None:
        """Tell the watchers where the run is."""
        means = self.learner.means(self.position.n_seen) if self.position.n_seen else None
        epochs = self.config.training.epochs
        status = status_now(state, self.position, self.pace, means, self.images, epochs=epochs)
        status = replace(status, message=self.hands.said)
        self.folder.write_status(status)
        self.on_status(status)
