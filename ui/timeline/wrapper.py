"""The typed door to the timeline."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ui.axes import axis_titles
from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.timeline.frames import OFFERS
from ui.timeline.series import History, curves, kl_bars
from vae_core.config import ModelConfig
from vae_core.errors import CheckpointError
from vae_core.families import CAPABILITIES
from vae_core.training.records import FixedSubset
from vae_core.training.run_folder import RunFolder
from vae_core.training.snapshot_files import FIXED
from vae_core.training.timeline import Frame

_component = component("timeline", Path(__file__).parent / "assets", ["frames", "play", "stage", "charts", "timeline"])

MARGIN = 1.1
"""How much farther than the decoded grid the map reaches: the outermost pictures are to be whole."""


def timeline(
    run: RunFolder, frames: Sequence[Frame], history: History, *, live: bool, asked: str | None, key: str
) -> None:
    """Show a run's snapshots as a film; the browser holds them all, so that no frame is asked of Python.

    It follows the newest epoch until somebody goes to another one, and writes that one into the address as `epoch`.

    Parameters
    ----------
    run : RunFolder
    frames : sequence of Frame
        At least one.
    history : sequence of mappings
        The run's.
    live : bool
        Whether more frames may come.
    asked : str or None
        The epoch that the address asks for, as it stands there: looked at when the component comes, and only then.
    key : str
        Identity of the timeline on the page.
    """
    for frame in frames:
        OFFERS.offer(frame.key, frame.path)
    epochs, fixed = [frame.epoch for frame in frames], run.fixed()
    try:
        config = run.request().config.model
    except CheckpointError:  # a run.json that somebody has changed
        config = None
    latent_dim = config.latent_dim if config else 2
    data = {
        "run": run.name,
        "frames": [
            {
                "epoch": frame.epoch,
                "key": frame.key,
                "axes": frame.axes,
                "titles": axis_titles(frame.axes, latent_dim),
                "turn": np.round(frame.turn, 6).ravel().tolist(),
            }
            for frame in frames
        ],
        "fixed": None if fixed is None else _offered(run.snapshots / FIXED),
        "classNames": list(fixed.class_names) if fixed else [],
        "colours": CLASS_COLOURS,
        "half": half_of(frames),
        "encodes": any(len(frame.points) for frame in frames),
        "curves": curves(history, epochs),
        "kl": kl_bars(history, epochs),
        "live": live,
        "note": _note(config, any(len(frame.points) for frame in frames), fixed),
        "asked": int(asked) if asked and asked.isascii() and asked.isdecimal() and len(asked) < 9 else None,
    }
    _component(key=key, data=data, height="content")


def half_of(frames: Sequence[Frame]) -> float:
    """How far the map of a timeline goes from z = 0: all of its grids, and nearly all of its codes, lie within."""
    return MARGIN * max(_reach(frame) for frame in frames)


def _note(config: ModelConfig | None, has_points: bool, fixed: FixedSubset | None) -> str:
    """How the map is to be read."""
    said = []
    if has_points:
        said.append(
            "Aligned: each epoch's map is turned, or mirrored, about z = 0 until its points lie as near as they can to "
            "where they were in the snapshot before (an orthogonal fit, Procrustes); nothing is scaled or shifted. The "
            "epoch that was the newest when the page was opened lies as the model has it. The thin lines are the "
            "model's own axes; the grid is decoded along them, each picture upright where its z lies."
        )
        if config is not None and config.latent_dim > 2:
            said.append(
                "The plane is that of two dimensions that say most, held until another says twice as much; all others "
                "are 0 in the grid."
            )
    else:
        said.append("The grid is decoded along the model's own axes. Without an encoder no data is on the map.")
    if config is not None and CAPABILITIES[config.family].label:
        first = f"“{fixed.class_names[0]}”" if fixed and fixed.class_names else "the first class"
        said.append(f"This model is told the class: the grid is of {first}, the draws are of all classes in turn.")
    return " ".join(said)


def _offered(path: Path) -> str | None:
    try:
        key = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
    OFFERS.offer(key, path)
    return key


def _reach(frame: Frame) -> float:
    if frame.reach or not len(frame.points):
        return frame.reach or 3.0
    return max(1.0, float(np.quantile(np.abs(frame.points), 0.99)))
