"""The command `sweep`: make one or take one up, see it through, and print its runs, the best first."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from vae_core.errors import ConfigError
from vae_core.training.sweep import Value, option_of, parse_value, value_text
from vae_core.training.sweep_folder import SweepFolder, create_sweep

if TYPE_CHECKING:
    from vae_core.data import ImageSet

RESUMED_WITH = ("command", "name", "resume", "json", "checkpoints_dir", "data_dir")
"""Options that go with --resume; all others are settled."""


def sweep_command(arguments: argparse.Namespace) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Train what is left of a sweep in this process; None when it was interrupted."""
    from vae_core.report import TrainingBar
    from vae_core.training.process import Interrupted
    from vae_core.training.sweep_process import run_sweep

    given = vars(arguments)
    sweep, data = _sweep_to_resume(given) if arguments.resume else _new_sweep(given)
    _say(f"{sweep.name}: {len(sweep.plan().runs)} runs")
    try:
        run_sweep(sweep, data=data, data_dir=given.get("data_dir"), watch=TrainingBar)
    except Interrupted:
        _say(f"{sweep.name}: stopped and saved; go on with: python -m vae_core sweep --resume --name {sweep.name}")
        return None
    document = sweep_document(sweep)
    return document if arguments.json else [_line(row) for row in document["runs"]]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _sweep_to_resume(given: dict[str, Any]) -> tuple[SweepFolder, None]:
    if not given.get("name"):
        raise ConfigError("--resume needs the --name of the sweep to go on with.")
    sweep = SweepFolder.find(given["name"], given.get("checkpoints_dir"))
    for key in given:
        if key not in RESUMED_WITH:
            raise ConfigError(f"A resumed sweep keeps its settings: leave --{option_of(key)} out.")
    return sweep, None


def _new_sweep(given: dict[str, Any]) -> tuple[SweepFolder, ImageSet | None]:
    from vae_core.data import short_name
    from vae_core.given import asked_for
    from vae_core.training.process import free_name

    varied = _varied(given.get("over", []))
    for field in varied:
        if field in given:
            option = option_of(field)
            raise ConfigError(f"--{option} and --over {option}= were given; leave one of them out.")
    if "steering" in given:
        raise ConfigError("--steering belongs to a single run: a sweep has none.")
    asked = asked_for(given)
    sweep = create_sweep(
        asked.config,
        varied,
        name=given.get("name") or free_name(f"{short_name(asked.config.dataset)}-sweep", given.get("checkpoints_dir")),
        image_shape=asked.image_shape,
        n_classes=asked.n_classes,
        device=given.get("device", "auto"),
        data_dir=given.get("data_dir"),
        checkpoints_dir=given.get("checkpoints_dir"),
    )
    return sweep, asked.data


def _varied(texts: list[str]) -> dict[str, tuple[Value, ...]]:
    """What the options --over say: values by field."""
    if not texts:
        raise ConfigError("A sweep needs something to vary, such as --over beta=0.5,1,4.")
    varied: dict[str, tuple[Value, ...]] = {}
    for text in texts:
        option, equals, values = text.partition("=")
        field = option.strip().removeprefix("--").replace("-", "_")
        if not equals or not values.strip():
            raise ConfigError(f"--over {text[:60]!r}: a setting and its values were expected, such as beta=0.5,1,4.")
        if field in varied:
            raise ConfigError(f"--over {option_of(field)} was given twice; give all its values at once.")
        varied[field] = tuple(parse_value(field, value) for value in values.split(","))
    return varied


def sweep_document(sweep: SweepFolder) -> dict[str, Any]:
    """A sweep and its runs, the best by test ELBO first; those without one come after, by log-likelihood."""
    from vae_core.training.sweep_table import sweep_rows

    fields = [axis.field for axis in sweep.plan().axes]
    rows = sweep_rows(sweep)

    def badness(figures: dict[str, float]) -> tuple[bool, float]:
        return "elbo" not in figures, -figures.get("elbo", figures.get("log_likelihood", float("-inf")))

    return {
        "name": sweep.name,
        "path": str(sweep.path),
        "runs": [
            {
                "name": row.member.name,
                "path": str(sweep.path.parent / row.member.name),
                "values": dict(zip(fields, row.member.values, strict=True)),
                "state": row.status.state if row.status else None,
                "epochs": int(row.card.run.epochs_done) if row.card else None,
                "seconds": row.figures.get("seconds"),
                "device": row.card.run.device if row.card else None,
                "test": {name: row.figures.get(name) for name in ("elbo", "log_likelihood", "kl")},
            }
            for row in sorted(rows, key=lambda row: badness(row.figures))
        ],
    }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    values = {field: value_text(value) for field, value in row["values"].items()}
    return {"name": row["name"], **values, "state": row["state"], **row["test"], "seconds": row["seconds"]}
