"""Training runs: what one may do with a run, and a line on each."""

from __future__ import annotations

from pathlib import Path

from ui.text import plain
from ui.train.fields import TITLES
from vae_core.config import RunConfig
from vae_core.data import DATASETS, is_own, title_of
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.training.process import create_run, is_live, launch
from vae_core.training.run_folder import LIVE_STATES, RunFolder, Status
from vae_core.trash import trash_checkpoint

BADGES = {"starting": "blue", "waiting": "orange", "running": "blue", "evaluating": "blue", "finished": "green"}
BADGES |= {"held": "violet", "stopped": "gray", "interrupted": "orange", "failed": "red"}
"""Colour of each state's badge."""


def start(
    config: RunConfig, name: str, device: str, shape: tuple[int, int, int] | None = None, *, held: bool = False
) -> RunFolder:
    """Make a run's folder and start its process.

    Parameters
    ----------
    name : str
        Empty: the next free one is taken, also when another visitor takes it in the same moment.
    shape : tuple of int, optional
        (C, H, W) of the images, where it is known: else images of one's own have to be read.
    held : bool
        Whether it waits before its first batch, to be gone through step by step.

    Raises
    ------
    VaeCoreError
        When the name is taken or cannot be used, or the folder cannot be made.
    """
    run = create_run(config, name=name or None, device=device, shape=shape)
    _launch(run, held=held)
    return run


def can_resume(run: RunFolder, state: str) -> bool:
    """Whether a run that ended can go on; one that diverged kept its best weights and is done."""
    return state in ("stopped", "interrupted") or (state == "failed" and not run.is_done())


def resume(run: RunFolder) -> None:
    """Go on with a run.

    Raises
    ------
    CheckpointError
        When it goes on already, or its process cannot be started.
    """
    if is_live(run):
        raise CheckpointError(f"{run.name} is going on already: somebody else resumed it.")
    run.clear_stop()
    _launch(run)


def delete(run: RunFolder) -> Path:
    """Move a run into the trash; returns where it lies there.

    Raises
    ------
    CheckpointError
        When it is still going on, or cannot be moved.
    """
    if is_live(run):
        raise CheckpointError(f"{run.name} is still going on; stop it first, then delete it.")
    return trash_checkpoint(run.path)


def _launch(run: RunFolder, *, held: bool = False) -> None:
    try:
        launch(run, held=held)
    except OSError as problem:
        raise CheckpointError(f"{run.name} could not be started in {run.path}: {problem.strerror}.") from None


def stop(run: RunFolder) -> None:
    """Ask a run to save and leave.

    Raises
    ------
    CheckpointError
        When the wish cannot be left in its folder.
    """
    try:
        run.ask_to_stop()
    except OSError as problem:
        raise CheckpointError(f"{run.name} cannot be asked to stop in {run.path}: {problem.strerror}.") from None


def describe(run: RunFolder, status: Status) -> str:
    """One line of markdown on a run: name, state, what it is."""
    try:
        config = run.request().config
    except VaeCoreError:
        return f"{run.name} :red-badge[damaged]"
    title = DATASETS[config.dataset].title if config.dataset in DATASETS else config.dataset
    title = plain(title_of(title) if is_own(title) else title)
    what = f"{title} · {config.model.latent_dim}-D {TITLES[config.model.family]} · {config.model.network}"
    return f"{run.name} :{BADGES[status.state]}-badge[{status.state}] :small[:gray[{what}]]"


def live_names(statuses: dict[str, Status]) -> frozenset[str]:
    """Names of the runs that wait or go on."""
    return frozenset(name for name, status in statuses.items() if status.state in LIVE_STATES)
