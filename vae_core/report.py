"""What the command line shows to a person: the bar of a training run, and documents as tables."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from vae_core.data import fetch_dataset
from vae_core.training.run_folder import RunFolder, Status

SECONDS_BETWEEN_LINES = 0.5


class TrainingBar:
    """A bar a run on stderr, with images/s and the ELBO's terms, and a line an epoch above it."""

    def __init__(self, folder: RunFolder) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._folder = folder
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[terms]}"),
        )
        self._bar = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task(folder.name, total=None, terms="")
        self._last_message = ""

    def __enter__(self) -> TrainingBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, markup=False)

    def status(self, status: Status) -> None:
        """Move the bar; a new message is printed once."""
        if status.message and status.message != self._last_message:
            self._last_message = status.message
            self.say(f"{self._folder.name}: {status.message}")
        terms = ""
        if status.loss is not None:
            elbo = None if status.log_likelihood is None or status.kl is None else status.log_likelihood - status.kl
            terms = _terms({"elbo": elbo, "log_likelihood": status.log_likelihood, "kl": status.kl}, status.loss)
        if status.images_per_second:
            terms = f"{status.images_per_second:,.0f} images/s  {terms}"
        total = status.epochs * status.steps_per_epoch or None
        self._bar.update(
            self._task, total=total, completed=status.epoch * status.steps_per_epoch + status.step, terms=terms
        )

    def epoch(self, line: dict[str, Any]) -> None:
        """Print an epoch's figures."""
        train, validation = line["train"], line["validation"]
        of_train = "" if train["elbo"] is None else f"train ELBO {train['elbo']:9.2f}  validation "
        self.say(
            f"epoch {line['epoch']:>4}  {of_train}{_terms(validation, train['loss'])}  "
            f"{line['images_per_second']:,.0f} images/s"
            f"{'  best' if line['best'] else ''}"
        )


def _terms(figures: dict[str, Any], loss: float) -> str:
    """The ELBO and its parts; what there is of them, or the loss where there are none."""
    if figures["elbo"] is not None:
        elbo, log_likelihood, kl = (figures[name] for name in ("elbo", "log_likelihood", "kl"))
        return f"ELBO {elbo:9.2f} = {log_likelihood:.2f} - KL {kl:.2f} nats"
    if figures["log_likelihood"] is not None:
        return f"log-likelihood {figures['log_likelihood']:9.2f} nats"
    return f"loss {loss:.3f}"


@contextmanager
def shown_progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on stderr for one piece of work; called with what is being done and how much is done, from 0 to 1.

    Where stderr is no terminal, lines such as `40% measuring ssim`, two a second at most: for a log, or for the app,
    which reads them.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        said_at = -math.inf

        def say(what: str, share: float) -> None:
            nonlocal said_at
            if time.monotonic() - said_at > SECONDS_BETWEEN_LINES:
                said_at = time.monotonic()
                sys.stderr.write(f"{share:.0%} {what}\n")
                sys.stderr.flush()

        yield say
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def fetch_with_progress(name: str, data_dir: str | None) -> Path:
    """Download what is missing of a data set, with a bar a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def progress(file_name: str, done: int, total: int) -> None:
            if file_name not in tasks:
                tasks[file_name] = bar.add_task(file_name, total=total or None)
            bar.update(tasks[file_name], completed=done)

        return fetch_dataset(name, data_dir, progress)


def print_document(document: Any) -> None:
    """A command's result for people: a list as a table, anything else a line a field."""
    console = Console(highlight=False)
    if isinstance(document, list):
        if not document:
            console.print("none")
            return
        # Where a model lies is told by `show` and by --json: whole paths would fold every other column.
        columns = [name for name in document[0] if name != "path"]
        table = Table(box=None, pad_edge=False)
        for name in columns:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in document:
            table.add_row(*(Text(_text(row[name])) for name in columns))
        console.print(table)
        return
    # Of the figures of `evaluate` those that have a line already are not repeated; --json has their definitions too.
    # What it did not find or was not asked for has none: where it does not apply, the figure says why.
    lines = dict(document)
    if "figures" in lines:
        figures = lines.pop("figures")
        lines = {name: value for name, value in lines.items() if value is not None}
        lines |= {name: _figure(figure) for name, figure in figures.items() if name not in lines}
    for name, value in lines.items():
        console.print(f"{name.replace('_', ' ')}: {_text(value)}", markup=False, soft_wrap=True)


def _figure(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return f"- ({figure['reason']})"
    return f"{_text({key: figure[key] for key in ('value', 'standard_error')})} {figure['unit']}".rstrip()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        if set(value) == {"value", "standard_error"}:
            error = value["standard_error"]
            return f"{value['value']:.3f}" + ("" if error is None else f" ± {error:.3f}")
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    # A card may come from anywhere, and a terminal obeys escape codes.
    return "".join(character if character.isprintable() else "\ufffd" for character in str(value))
