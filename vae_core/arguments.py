"""What the command line understands: its commands and their options."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from vae_core import __version__
from vae_core.config import (
    Activation,
    Binarize,
    Colour,
    Family,
    LikelihoodName,
    Network,
    Noise,
    Schedule,
    WeightsDtype,
)
from vae_core.latent.paths import METHODS
from vae_core.latent.projections import LEAST_NEIGHBOURS, MOST_NEIGHBOURS
from vae_core.latent.projections import METHODS as PROJECTIONS
from vae_core.latent.samplers import FITTED_SAMPLERS, SAMPLERS
from vae_core.metrics.catalogue import GROUPS

UNSET = argparse.SUPPRESS
"""Options that were not given stay out of the namespace: the defaults live in `vae_core.config` alone."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m vae_core`."""
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
    class_.add_argument(
        "--class",
        dest="class_",
        default=None,
        metavar="NAME|INDEX",
        help="the class to decode, for models that take one, which need it",
    )

    p = commands.add_parser("fetch", parents=[data, json_], help="download a data set")
    p.add_argument("dataset", metavar="DATASET")
    commands.add_parser("list", parents=[place, json_], help="list the checkpoints")
    p = commands.add_parser("show", parents=[place, json_], help="show a checkpoint's card")
    p.add_argument("name", metavar="NAME", help="a checkpoint's name, or the path of its folder")
    _add_train(
        commands.add_parser("train", parents=[json_], argument_default=UNSET, help="train a model, or resume a run")
    )
    p = commands.add_parser(
        "sweep", parents=[json_], argument_default=UNSET, help="train a model for every combination of some settings"
    )
    p.add_argument(
        "--over",
        action="append",
        metavar="SETTING=V1,V2,…",
        help="a setting of `train` and its values, such as beta=0.5,1,4 or hidden=512-256,64; may be given repeatedly",
    )
    _add_train(p)
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
    p.add_argument(
        "--figures",
        type=_figures,
        default=("elbo",),
        metavar="GROUP,…",
        help=f"what to measure: all, or some of {', '.join(GROUPS)} (default: elbo)",
    )
    p.add_argument(
        "--save",
        action="store_true",
        help="keep these figures of the test split with the checkpoint, for the pages Model and Compare",
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
        "fit-sampler", parents=[model, data, place, json_], help="fit samplers to the codes of the training split"
    )
    p.add_argument("--sampler", required=True, choices=(*FITTED_SAMPLERS, "all"))
    p.add_argument("--per-class", action="store_true", help="one fit a class, so that a class can be sampled")
    p.add_argument("--dataset", default=None, help="default: the one the model was trained on")
    p.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=0)
    p = commands.add_parser(
        "sample", parents=[model, place, picture, class_, json_], help="decode draws from the prior or another sampler"
    )
    p.add_argument(
        "--sampler", default="prior", choices=SAMPLERS, help="default: prior; the others are made by fit-sampler"
    )
    p.add_argument("--count", type=_number(int, 1, 10_000), default=64)
    p.add_argument(
        "--temperature",
        type=_number(float, 0, 100),
        default=1.0,
        help="scales the spread of the draws (default: 1)",
    )
    p.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=0)
    p.add_argument("--out", required=True, metavar="FILE.png")
    p = commands.add_parser(
        "interpolate", parents=[model, place, class_, json_], help="decode a path between test images"
    )
    p.add_argument("--from", dest="from_", type=int, required=True, metavar="I", help="index into the test split")
    p.add_argument("--to", type=int, required=True, metavar="J", help="index into the test split")
    p.add_argument(
        "--via", action="append", type=int, default=[], metavar="K", help="a stop on the way; may be given repeatedly"
    )
    p.add_argument("--method", default="linear", choices=METHODS)
    p.add_argument("--steps", type=_number(int, 2, 1000), default=11)
    p.add_argument(
        "--scale",
        type=_number(int, 1, 64),
        default=None,
        help="side of a pixel in the picture (default: 1 for PNG, 4 for GIF and MP4)",
    )
    p.add_argument("--out", required=True, metavar="FILE.png|.gif|.mp4|.csv")
    _add_vary(commands.add_parser("vary", parents=[model, data, place, class_, json_], help="plausible variations"))
    p = commands.add_parser(
        "project", parents=[model, place, json_], help="lay the codes of the test split on a plane, and keep that"
    )
    p.add_argument("--method", default="pca", choices=PROJECTIONS)
    p.add_argument(
        "--neighbours",
        type=_number(int, LEAST_NEIGHBOURS, MOST_NEIGHBOURS),
        default=None,
        help="t-SNE's perplexity (default: 30), UMAP's n_neighbors (default: 15)",
    )
    p.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=0)
    p.add_argument("--out", default=None, metavar="FILE.csv")
    commands.add_parser("doctor", parents=[model, data, place, json_], help="name what is wrong with a run, and why")
    p = commands.add_parser("export", parents=[model, place, json_], help="export for other runtimes")
    p.add_argument("--format", default="onnx", choices=("onnx",))
    p.add_argument("--part", required=True, choices=("decoder", "encoder"))
    p.add_argument("--out", required=True, metavar="FILE.onnx")
    return parser


def _add_vary(p: argparse.ArgumentParser) -> None:
    of = p.add_mutually_exclusive_group(required=True)
    of.add_argument(
        "--image",
        action="append",
        metavar="FILE",
        help="a picture, made like the model's own data as on the page Bring an image, unless it has the model's size; "
        "may be given repeatedly",
    )
    of.add_argument(
        "--index",
        action="append",
        type=int,
        metavar="I",
        help="index into the test split, or the number of a draw of the prior where the model has no encoder; may be "
        "given repeatedly",
    )
    of.add_argument("--dataset", metavar="DATASET", help="a name, or folder:PATH, zip:PATH, npz:PATH, npy:PATH")
    p.add_argument(
        "--split",
        default=None,
        choices=("train", "validation", "test", "all"),
        help="of --dataset (default: test; of data of one's own all)",
    )
    p.add_argument("--count", type=_number(int, 1, 100_000), default=16, help="variations of each (default: 16)")
    p.add_argument(
        "--spread",
        type=_number(float, 0, 10),
        default=1.0,
        metavar="S",
        help="how far they stray: times the standard deviation of q(z|x); of an autoencoder times the spacing of the "
        "codes around, without an encoder times the prior's (default: 1)",
    )
    p.add_argument("--draw", action="store_true", help="a draw from p(x|z) in place of its mean")
    p.add_argument("--supported-only", action="store_true", help="throw away what is off the data, and draw again")
    p.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=0)
    p.add_argument(
        "--out", required=True, metavar="FOLDER|FILE.zip", help="new: what is there already is not overwritten"
    )


def _add_train(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--dataset",
        help="a name, or folder:PATH, zip:PATH, npz:PATH, npy:PATH (default: digits, which ships with scikit-learn)",
    )
    p.add_argument("--data-dir", help="where data sets lie (default: VAE_DATA_DIR, else data)")
    p.add_argument(
        "--image-size",
        dest="side",
        type=int,
        metavar="PIXELS",
        help="resize images to this side (default: as they are)",
    )
    p.add_argument(
        "--colour", choices=get_args(Colour), help="convert images to grey or to colour (default: as they are)"
    )
    p.add_argument("--labels", metavar="FILE.csv", help="labels of a data set of one's own")
    p.add_argument(
        "--binarize", choices=get_args(Binarize), help="draw each pixel 0 or 1 with its grey value (default: no)"
    )
    p.add_argument("--name", help="what the new one is called (default: a name is made)")
    p.add_argument(
        "--checkpoints-dir", help="where new runs lie (default: VAE_CHECKPOINTS_DIR, else checkpoints/local)"
    )
    p.add_argument("--resume", action="store_true", default=False, help="go on with --name, which keeps its settings")
    p.add_argument(
        "--device", help="auto, cpu, cuda or cuda:N; for a sweep also several between commas (default: auto)"
    )
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
        metavar="S|learned|per-pixel",
        help="standard deviation of --likelihood gaussian (default: learned)",
    )
    p.add_argument("--beta", type=float, help="weight of the KL term in the training loss (best weights: beta = 1)")
    p.add_argument("--kl-warmup", type=float, metavar="EPOCHS", help="epochs over which that weight grows from 0")
    p.add_argument("--kl-cycles", type=int, metavar="N", help="cycles in which that weight grows anew (default: 0)")
    p.add_argument("--free-bits", type=float, metavar="NATS", help="KL that each dimension may have unpunished")
    p.add_argument("--capacity", type=float, metavar="NATS", help="KL that the weight draws towards, instead of 0")
    p.add_argument("--importance-samples", type=int, metavar="K", help="draws of z an image, of --family iwae")
    p.add_argument("--mmd-weight", type=float, help="weight of the divergence of codes from prior, of info-vae")
    p.add_argument("--noise", choices=get_args(Noise), help="how --family dae corrupts an image")
    p.add_argument("--noise-level", type=float, help="share of masked pixels, or the noise's standard deviation")
    p.add_argument("--epochs", type=int, help="default: what suits the data set (30; digits 150)")
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
    p.add_argument(
        "--steering",
        metavar="FILE.jsonl",
        help="the record of a run steered by hand: its changes at the same steps",
    )
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


def _figures(text: str) -> tuple[str, ...]:
    groups = GROUPS if text == "all" else tuple(text.split(","))
    if unknown := [group for group in groups if group not in GROUPS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of all, {', '.join(GROUPS)}")
    return groups


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 512,256") from None


def _sigma(text: str) -> float | str:
    if text in ("learned", "per-pixel"):
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'learned' nor 'per-pixel'") from None
