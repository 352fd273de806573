"""The command line, `python -m vae_core COMMAND …`: its exit statuses, and the command `train`.

Exit status: 0 done, 1 a clear line on stderr, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from vae_core.arguments import build_parser
from vae_core.config import OPTION_OF, RunConfig
from vae_core.device import resolve_device
from vae_core.errors import CheckpointError, ConfigError, VaeCoreError
from vae_core.given import DATA_OPTIONS, MODEL_OPTIONS, TRAIN_OPTIONS, asked_for


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    try:
        document = _run(arguments)
        if document is not None:
            _print(document, as_json=getattr(arguments, "json", False))
            sys.stdout.flush()  # here a full disk or a closed pipe is still an error of ours to report
    except KeyboardInterrupt:
        return 130
    except VaeCoreError as problem:
        return _fail(str(problem))
    except BrokenPipeError:
        _drop_stdout()  # `… | head` has seen enough
        return 1
    except OSError as problem:
        _drop_stdout()
        at = f" ({problem.filename})" if problem.filename else ""
        return _fail(f"{problem.strerror or problem}{at}.")
    except ModuleNotFoundError as problem:
        return _fail(f"The package {problem.name} is missing here: use .venv/bin/python, or run `make setup` first.")
    except MemoryError:
        return _fail("There is not enough memory for this; take fewer images, a smaller network or a smaller batch.")
    except Exception as problem:
        if os.environ.get("VAE_DEBUG"):
            traceback.print_exc()
        if type(problem).__name__ == "OutOfMemoryError":
            return _fail("The GPU has not enough free memory for this; take a smaller batch or --device cpu.")
        first_line = (str(problem).splitlines() or [""])[0]
        return _fail(f"Unexpected {type(problem).__name__}: {first_line} (VAE_DEBUG=1 shows where).")
    return 130 if document is None else 0


def _fail(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 1


def _drop_stdout() -> None:
    """Let what could not be printed go: the interpreter would try again when it ends, and complain."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: argparse.Namespace) -> Any:
    if arguments.command == "train":
        return _train(arguments)
    from vae_core.commands import COMMANDS

    return COMMANDS[arguments.command](arguments)


def _print(document: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(document, allow_nan=False))
        return
    from vae_core.report import print_document

    print_document(document)


# -- train ---------------------------------------------------------------------------------------------------------


def _train(arguments: argparse.Namespace) -> Any:
    """Start or resume a run in this process; None when it was interrupted."""
    from vae_core.training.process import Interrupted, create_run, run
    from vae_core.training.steering import write_course

    given, data = vars(arguments), None
    if arguments.resume:
        folder = _run_to_resume(given)
        if folder.is_done():
            if folder.status().state == "failed":
                raise CheckpointError(f"{folder.name} has ended already, and not well: {folder.status().message}")
            folder.sweep()
            print(f"{folder.name} has finished already; there is nothing to resume.", file=sys.stderr)
            return _train_document(folder)
    else:
        asked = asked_for(given)
        data = asked.data
        course = _course(given, asked.config)
        folder = create_run(
            asked.config,
            name=given.get("name"),
            device=given.get("device", "auto"),
            data_dir=given.get("data_dir"),
            checkpoints_dir=given.get("checkpoints_dir"),
            shape=asked.image_shape,
        )
        if course:
            write_course(folder.path, course)
    from vae_core.report import TrainingBar

    with TrainingBar(folder) as bar:
        try:
            outcome = run(folder, data=data, data_dir=given.get("data_dir"), on_status=bar.status, on_epoch=bar.epoch)
        except Interrupted:
            bar.say(
                f"{folder.name}: stopped and saved; go on with: python -m vae_core train --resume --name {folder.name}"
            )
            return None
    if outcome.message:
        bar.say(f"{folder.name}: {outcome.message}")
    if outcome.result == "diverged":
        raise VaeCoreError(f"{folder.name}: {outcome.message}")
    return _train_document(folder)


def _course(given: dict[str, Any], config: RunConfig) -> Any:
    """The changes that --steering asks for; None without it."""
    from vae_core.files import expanded
    from vae_core.training.steering import read_record

    if "steering" not in given:
        return None
    file = given["steering"]
    return read_record(expanded(file), config.model.family, config.training, where=f"--steering {file}")


def _run_to_resume(given: dict[str, Any]) -> Any:
    from vae_core.data import absolute_spec
    from vae_core.training.run_folder import RunFolder

    if not given.get("name"):
        raise ConfigError("--resume needs the --name of the run to go on with.")
    if "steering" in given:
        raise ConfigError("A resumed run has its own record of changes: leave --steering out.")
    folder = RunFolder.find(given["name"], given.get("checkpoints_dir"))
    request = folder.request()
    config = request.config
    device = resolve_device(given.get("device", request.device))
    if device != request.device:
        raise ConfigError(
            f"{folder.name} was started on {request.device}, and a resumed run stays there: leave --device out."
        )
    recorded: dict[str, Any] = {"dataset": config.dataset}
    recorded |= {key: getattr(config.data, key) for key in DATA_OPTIONS}
    recorded |= {key: getattr(config.model, key) for key in MODEL_OPTIONS}
    recorded |= {key: getattr(config.training, key) for key in TRAIN_OPTIONS}
    for key, value in recorded.items():
        if key in given and (absolute_spec(given[key]) if key == "dataset" else given[key]) != value:
            raise ConfigError(
                f"{folder.name} was started with {key} = {value}, and a resumed run keeps its "
                f"settings: leave --{OPTION_OF.get(key, key).replace('_', '-')} out."
            )
    return folder


def _train_document(folder: Any) -> dict[str, Any]:
    from vae_core.checkpoints import read_card

    card = read_card(folder.path)
    return {
        "name": folder.name,
        "path": str(folder.path),
        "family": card.model.family,
        "epochs": int(card.run.epochs_done),
        "seconds": card.run.seconds,
        "images_per_second": card.run.images_per_second,
        "device": card.run.device,
        "test": {
            part: measure.value if (measure := getattr(card.test, part)) else None
            for part in ("elbo", "log_likelihood", "kl")
        },
    }
