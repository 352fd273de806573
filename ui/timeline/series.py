"""A run's history as the timeline draws it: curves over the epochs, and KL per dimension of each frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ui.figures import MOST_POINTS, TERMS, TRAINING_COLOUR, VALIDATION_COLOUR, terms_of
from ui.salience import largest_first
from ui.text import subscript

MOST_DIMENSIONS = 32
"""Bars of KL per dimension that still tell themselves apart."""

WEIGHT_COLOUR = "#B45F06"

History = Sequence[Mapping[str, Any]]


def curves(history: History, epochs: Sequence[int]) -> dict[str, Any]:
    """The family's terms over the epochs, training and validation, and the weight of the KL term where it changes.

    Parameters
    ----------
    history : sequence of mappings
        The lines of history.jsonl.
    epochs : sequence of int
        Those of the frames: their values are there, those between them as far as a curve shows them.

    Returns
    -------
    dict
        `epochs`, and `panels`, each with `title` and `lines` of `name`, `colour` and `values`, one an epoch or None.
    """
    stride = max(1, math.ceil(len(history) / MOST_POINTS))
    wanted = {*epochs, *(line["epoch"] for line in history[::stride])}
    lines = [line for line in history if line["epoch"] in wanted]
    panels = []
    for term in terms_of(lines):
        parts = [("training", "train", TRAINING_COLOUR)]
        if term != "loss":
            parts.append(("validation", "validation", VALIDATION_COLOUR))
        panels.append(
            {
                "title": TERMS[term],
                "lines": [
                    {"name": name, "colour": colour, "values": [_rounded(line[split][term]) for line in lines]}
                    for name, split, colour in parts
                ],
            }
        )
    weights = [line["kl_weight"] for line in lines]
    if weights and max(weights) - min(weights) > 1e-6:
        values = [_rounded(weight) for weight in weights]
        panels.append(
            {"title": "Weight of the KL", "lines": [{"name": "β", "colour": WEIGHT_COLOUR, "values": values}]}
        )
    return {"epochs": [line["epoch"] for line in lines], "panels": panels}


def kl_bars(history: History, epochs: Sequence[int]) -> dict[str, Any]:
    """KL per dimension of each frame: `names` of the dimensions, `rows` one a frame (None where it is not known).

    Of very many dimensions those that ever said most, in their order; `n_left_out` counts the others.
    """
    by_epoch = {line["epoch"]: line["kl_per_dimension"] for line in history}
    rows = [by_epoch.get(epoch) for epoch in epochs]
    latent_dim = max((len(row) for row in rows if row), default=0)
    peaks = [max(row[i] for row in rows if row and len(row) == latent_dim) for i in range(latent_dim)]
    shown = sorted(largest_first(peaks)[:MOST_DIMENSIONS])
    return {
        "names": [f"z{subscript(i + 1)}" for i in shown],
        "rows": [[_rounded(row[i]) for i in shown] if row and len(row) == latent_dim else None for row in rows],
        "n_left_out": latent_dim - len(shown),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")
