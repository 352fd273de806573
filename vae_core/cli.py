"""The command line: `python -m vae_core COMMAND …`.

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
from typing import Any, get_args

from vae_core import __version__
from vae_core.config import (
    Activation,
    Family,
    LikelihoodName,
    ModelConfig,
    Network,
    RunConfig,
    Schedule,
    TrainConfig,
    WeightsDtype,
    build,
    check_depth,
)
from vae_core.device import resolve_device
from vae_core.errors import CheckpointError, ConfigError, VaeCoreError

UNSET = argparse.SUPPRESS
"""Options that were not given stay out of the namespace: the defaults live in `vae_core.config` alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = _parser().parse_args(argv)
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

MODEL_OPTIONS = tuple(ModelConfig.__dataclass_fields__)
TRAIN_OPTIONS = tuple(TrainConfig.__dataclass_fields__)


def _train(arguments: argparse.Namespace) -> Any:
    """Start or resume a run in this process; None when it was interrupted."""
    from vae_core.checkpoints import check_name
    from vae_core.data.catalogue import dataset_spec
    from vae_core.training.process import Interrupted, free_name, new_request, run
    from vae_core.training.run_folder import RunFolder

    given = vars(arguments)
    if arguments.resume:
        folder = _run_to_resume(given)
        if folder.is_done():
            if folder.status().state == "failed":
                raise CheckpointError(f"{folder.name} has ended already, and not well: {folder.status().message}")
            folder.sweep()
            print(f"{folder.name} has finished already; there is nothing to resume.", file=sys.stderr)
            return _train_document(folder)
    else:
        dataset = given.get("dataset", "digits")
        model = build(ModelConfig, {key: given[key] for key in MODEL_OPTIONS if key in given}, where="model")
        training = build(TrainConfig, {key: given[key] for key in TRAIN_OPTIONS if key in given}, where="training")
        config = build(RunConfig, {"dataset": dataset, "model": model, "training": training}, where="train")
        if model.sigma is not None and model.likelihood != "gaussian":
            raise ConfigError(f"--sigma belongs to --likelihood gaussian, but the likelihood is {model.likelihood}.")
        check_depth(model, dataset_spec(dataset).image_shape)
        if "name" in given:
            check_name(given["name"])  # not after a download
        _make_available(dataset, given.get("data_dir"))
        name = given.get("name") or free_name(f"{dataset}-{model.latent_dim}d", given.get("checkpoints_dir"))
        request = new_request(config, given.get("device", "auto"))
        folder = RunFolder.create(name, request, given.get("checkpoints_dir"))
    from vae_core.report import TrainingBar

    with TrainingBar(folder) as bar:
        try:
            outcome = run(folder, data_dir=given.get("data_dir"), on_status=bar.status, on_epoch=bar.epoch)
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


def _run_to_resume(given: dict[str, Any]) -> Any:
    from vae_core.training.run_folder import RunFolder

    if not given.get("name"):
        raise ConfigError("--resume needs the --name of the run to go on with.")
    folder = RunFolder.find(given["name"], given.get("checkpoints_dir"))
    request = folder.request()
    config = request.config
    device = resolve_device(given.get("device", request.device))
    if device != request.device:
        raise ConfigError(
            f"{folder.name} was started on {request.device}, and a resumed run stays there: leave --device out."
        )
    recorded = {"dataset": config.dataset}
    recorded |= {key: getattr(config.model, key) for key in MODEL_OPTIONS}
    recorded |= {key: getattr(config.training, key) for key in TRAIN_OPTIONS}
    for key, value in recorded.items():
        if key in given and given[key] != value:
            raise ConfigError(
                f"{folder.name} was started with {key} = {value}, and a resumed run keeps its "
                f"settings: leave --{key.replace('_', '-')} out."
            )
    return folder


def _make_available(dataset: str, data_dir: str | None) -> None:
    from vae_core.data import is_available

    if not is_available(dataset, data_dir):
        from vae_core.commands import fetch_with_progress

        fetch_with_progress(dataset, data_dir)


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
        "test": {part: getattr(card.test, part).value for part in ("elbo", "log_likelihood", "kl")},
    }


# -- the parser ----------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vae_core", description="Train variational autoencoders and explore their latent spaces."
    )
    parser.add_argument("--version", action="version", version=f"vae_core {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    place = argparse.ArgumentParser(add_help=False)
    place.add_argument(
        "--checkpoints-dir",
        default=None,
        help="where new runs lie (default: VAE_CHECKPOINTS_DIR, else checkpoints/local)",
    )
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data-dir", default=None, help="where data sets lie (default: VAE_DATA_DIR, else data)")
    json_ = argparse.ArgumentParser(add_help=False)
    json_.add_argument("--json", action="store_true", help="print one JSON document as the last line")
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("name", metavar="NAME", help="a checkpoint's name, or the path of its folder")
    model.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    split = argparse.ArgumentParser(add_help=False)
    split.add_argument("--dataset", default=None, help="default: the one the model was trained on")
    split.add_argument("--split", default="test", choices=("train", "validation", "test"))
    picture = argparse.ArgumentParser(add_help=False)
    picture.add_argument(
        "--scale", type=_number(int, 1, 64), default=1, help="side of a pixel in the picture (default: 1)"
    )
    class_ = argparse.ArgumentParser(add_help=False)
    class_.add_argument("--class", dest="class_", default=None, help="the class to decode, for models that take one")

    p = commands.add_parser("fetch", parents=[data, json_], help="download a data set")
    p.add_argument("dataset", metavar="DATASET")
    commands.add_parser("list", parents=[place, json_], help="list the checkpoints")
    p = commands.add_parser("show", parents=[place, json_], help="show a checkpoint's card")
    p.add_argument("name", metavar="NAME", help="a checkpoint's name, or the path of its folder")
    _add_train(
        commands.add_parser("train", parents=[json_], argument_default=UNSET, help="train a model, or resume a run")
    )
    p = commands.add_parser("evaluate", parents=[model, split, data, place, json_], help="measure a model on a split")
    p.add_argument(
        "--importance-samples",
        type=_number(int, 0, 1_000_000),
        default=0,
        metavar="K",
        help="also the importance-weighted NLL with K samples an image",
    )
    p.add_argument(
        "--n-images",
        type=_number(int, 1, 10_000_000),
        default=None,
        metavar="N",
        help="only the first N images of the split",
    )
    p = commands.add_parser("encode", parents=[model, split, data, place, json_], help="encode a split into a table")
    p.add_argument("--out", required=True, metavar="FILE.csv|.npz")
    p = commands.add_parser(
        "decode", parents=[model, place, picture, class_, json_], help="decode one z into a picture"
    )
    p.add_argument(
        "--z", required=True, type=_floats, metavar="=Z1,Z2,…", help="write it with an equals sign: --z=-0.5,1.0"
    )
    p.add_argument("--out", required=True, metavar="FILE.png")
    p = commands.add_parser(
        "sample", parents=[model, place, picture, class_, json_], help="decode draws from the prior"
    )
    p.add_argument("--sampler", default="prior", choices=("prior",))
    p.add_argument("--count", type=_number(int, 1, 10_000), default=64)
    p.add_argument(
        "--temperature",
        type=_number(float, 0, 100),
        default=1.0,
        help="standard deviation of the draws (default: 1, the prior)",
    )
    p.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=0)
    p.add_argument("--out", required=True, metavar="FILE.png")
    p = commands.add_parser(
        "interpolate", parents=[model, place, picture, json_], help="decode a path between two test images"
    )
    p.add_argument("--from", dest="from_", type=int, required=True, metavar="I", help="index into the test split")
    p.add_argument("--to", type=int, required=True, metavar="J", help="index into the test split")
    p.add_argument("--method", default="linear", choices=("linear", "slerp"))
    p.add_argument("--steps", type=_number(int, 2, 1000), default=11)
    p.add_argument("--out", required=True, metavar="FILE.png|.gif")
    p = commands.add_parser("export", parents=[model, place, json_], help="export for other runtimes")
    p.add_argument("--format", default="onnx", choices=("onnx",))
    p.add_argument("--part", required=True, choices=("decoder", "encoder"))
    p.add_argument("--out", required=True, metavar="FILE.onnx")
    return parser


def _add_train(p: argparse.ArgumentParser) -> None:
    p.add_argument("--dataset", help="default: digits, which ships with scikit-learn")
    p.add_argument("--data-dir", help="where data sets lie (default: VAE_DATA_DIR, else data)")
    p.add_argument("--name", help="name of the new run (default: one is made)")
    p.add_argument(
        "--checkpoints-dir", help="where new runs lie (default: VAE_CHECKPOINTS_DIR, else checkpoints/local)"
    )
    p.add_argument(
        "--resume", action="store_true", default=False, help="go on with the run --name, which keeps its settings"
    )
    p.add_argument("--device", help="auto, cpu, cuda or cuda:N (default: auto)")
    p.add_argument("--family", choices=get_args(Family))
    p.add_argument("--network", choices=get_args(Network))
    p.add_argument(
        "--hidden", type=_widths, metavar="512,256", help="widths (mlp) or channels (conv) from the image inwards"
    )
    p.add_argument("--activation", choices=get_args(Activation))
    p.add_argument("--latent-dim", type=int)
    p.add_argument("--likelihood", choices=get_args(LikelihoodName))
    p.add_argument(
        "--sigma",
        type=_sigma,
        metavar="S|learned",
        help="standard deviation of --likelihood gaussian (default: learned)",
    )
    p.add_argument("--beta", type=float, help="weight of the KL term in the training loss")
    p.add_argument("--kl-warmup", type=float, metavar="EPOCHS", help="epochs over which that weight grows from 0")
    p.add_argument("--epochs", type=int)
    p.add_argument("--batch-size", type=int)
    p.add_argument("--learning-rate", type=float)
    p.add_argument("--schedule", choices=get_args(Schedule))
    p.add_argument(
        "--patience",
        type=int,
        metavar="EPOCHS",
        help="stop when validation has not improved for so long (default: 0, never)",
    )
    p.add_argument("--seed", type=int)
    p.add_argument("--threads", type=int, help="CPU threads (default: one fewer than there are cores)")
    p.add_argument("--weights-dtype", choices=get_args(WeightsDtype), help="type in which the weights are stored")


def _number(kind: type[int] | type[float], lowest: float, highest: float) -> Any:
    def convert(text: str) -> float:
        value = kind(text)
        if not lowest <= value <= highest:  # false for NaN too
            raise argparse.ArgumentTypeError(f"{text} is not from {lowest:g} to {highest:g}")
        return value

    convert.__name__ = "whole number" if kind is int else "number"
    return convert


def _floats(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as -0.5,1.0") from None


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 512,256") from None


def _sigma(text: str) -> float | None:
    if text == "learned":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'learned'") from None
