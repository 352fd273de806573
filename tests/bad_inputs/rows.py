"""The table of bad inputs: what a user may do wrong on the command line, and what a file may have suffered.

A row is done to a copy of a folder that holds `tiny`, a finished run, and `stopped`, one that may be resumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tests.bad_inputs.damage import (
    Damage,
    claiming_zip,
    cut,
    damaged_mnist,
    edit_card,
    edit_position,
    flip,
    folder_instead,
    in_stopped,
    in_tiny,
    latents,
    nine_by_nine,
    pickle_of,
    seal,
    strangers_card,
    swapped_resume,
    weights,
)
from vae_core.checkpoints import CARD, HISTORY, LATENTS, WEIGHTS
from vae_core.training.run_folder import RESUME


@dataclass(frozen=True)
class Row:
    """One bad input.

    Attributes
    ----------
    argv : str
        The command line, split at blanks; `HOME` is the folder of checkpoints, `OUT` an empty one, `NUL` a NUL byte,
        `EMPTY` an empty argument, `LONG` 300 letters. `--checkpoints-dir HOME` is added.
    says : str
        A part of the sentence on stderr.
    code : int
        The exit status.
    damage : callable, optional
        What has happened to the files before, given the folder of checkpoints.
    writes : tuple of str
        Beginnings of paths below the folder of checkpoints that may come or change all the same.
    """

    what: str
    argv: str
    says: str
    code: int = 1
    damage: Damage | None = None
    writes: tuple[str, ...] = ()


FINITE_BUT_HUGE = weights(lambda tensors: [tensor.fill_(3e38) for tensor in tensors.values()])

NAMES = [
    Row(f"a name that is {what}", f"{command} {name}", says)
    for what, name, says in (
        ("a way out of the folder", "../x", "There is no checkpoint '../x'"),
        ("a path to nowhere", "a/b", "There is no checkpoint 'a/b'"),
        ("empty", "EMPTY", "There is no checkpoint ''"),
        ("far too long", "LONG", "There is no checkpoint 'xxxx"),
        ("NUL", "aNULb", "There is no checkpoint"),
        ("a path with NUL", "a/NUL", "There is no checkpoint"),
        ("unicode", "жука", "There is no checkpoint"),
        ("the folder of new ones", "local", "There is no checkpoint 'local'"),
        ("a dot", ".", "There is no checkpoint '.'"),
        ("a user that is not there", "~nobody-of-that-name/x", "no home folder"),
        ("escape codes", "\x1b[31mred", "There is no checkpoint"),
    )
    for command in ("show", "evaluate")
] + [
    Row(
        "a folder that is no checkpoint",
        "show HOME/empty",
        "it is not a checkpoint",
        damage=lambda h: (h / "empty").mkdir(),
    ),
    Row("an option for a name", "show -x", "required: NAME", 2),
    Row("no command", "", "required: COMMAND", 2),
    Row("a command that is not there", "destroy", "invalid choice: 'destroy'", 2),
    Row(
        "a run that has not finished", "show stopped", "its run has not finished", damage=in_stopped(CARD, Path.unlink)
    ),
]

WEIGHTS_ROWS = [
    Row(f"weights: {what}", "decode tiny --z=0,0 --out OUT/a.png", says, damage=damage)
    for what, says, damage in (
        ("one flipped bit", "is damaged", in_tiny(WEIGHTS, flip)),
        ("cut short", "is damaged", in_tiny(WEIGHTS, cut)),
        ("empty", "is damaged", in_tiny(WEIGHTS, lambda p: p.write_bytes(b""))),
        ("missing", "is missing", in_tiny(WEIGHTS, Path.unlink)),
        ("a folder", "cannot be read", in_tiny(WEIGHTS, folder_instead)),
        ("empty and sealed", "is too short", lambda h: seal(h / "tiny", WEIGHTS, b"")),
        (
            "a pickle renamed",
            "not a readable safetensors",
            lambda h: seal(h / "tiny", WEIGHTS, pickle_of("x" * 20_000)),
        ),
        ("of zeros", "not a readable safetensors", lambda h: seal(h / "tiny", WEIGHTS, bytes(20_000))),
        ("another shape", "expected float32 or float16", weights(lambda t: t.update({min(t): torch.zeros(16, 65)}))),
        ("a tensor too few", "is missing", weights(lambda t: t.pop("decoder.0.bias"))),
        ("a tensor too many", "is not part of the model", weights(lambda t: t.update(extra=torch.zeros(2)))),
        ("NaN", "not finite", weights(lambda t: t[min(t)].fill_(torch.nan))),
        ("infinite", "not finite", weights(lambda t: t[min(t)].fill_(torch.inf))),
        ("float64", "torch.float64", weights(lambda t: t.update({n: x.double() for n, x in t.items()}))),
        ("whole numbers", "torch.int64", weights(lambda t: t.update({n: x.long() for n, x in t.items()}))),
    )
] + [
    Row("weights: finite but huge", "evaluate tiny", "not a finite number", damage=FINITE_BUT_HUGE),
    Row(
        "weights: finite but huge, decoded",
        "sample tiny --out OUT/a.png",
        "not a finite number",
        damage=FINITE_BUT_HUGE,
    ),
    Row(
        "weights: finite but huge, encoded",
        "encode tiny --out OUT/a.csv",
        "not a finite number",
        damage=FINITE_BUT_HUGE,
    ),
]

LATENTS_ROWS = [
    Row(f"latents: {what}", "interpolate tiny --from 0 --to 1 --out OUT/a.png", says, damage=damage)
    for what, says, damage in (
        ("one flipped bit", "is damaged", in_tiny(LATENTS, flip)),
        ("cut short", "is damaged", in_tiny(LATENTS, cut)),
        ("empty", "is damaged", in_tiny(LATENTS, lambda p: p.write_bytes(b""))),
        ("empty and sealed", "does not fit its card", lambda h: seal(h / "tiny", LATENTS, b"")),
        ("no archive, but an array", "does not fit its card", lambda h: seal(h / "tiny", LATENTS, pickle_of(1))),
        ("missing", "is missing", in_tiny(LATENTS, Path.unlink)),
        ("pickled objects", "does not fit its card", latents(mu=np.array([[{}]], dtype=object))),
        ("another shape", "does not fit its card", latents(mu=np.zeros((400, 3), np.float32))),
        ("too few", "does not fit its card", latents(mu=np.zeros((399, 2), np.float32))),
        ("NaN", "does not fit its card", latents(mu=np.full((400, 2), np.nan, np.float32))),
        ("float64", "does not fit its card", latents(mu=np.zeros((400, 2)))),
        ("without mu", "does not fit its card", latents(mu=None)),
        ("a class that is not there", "does not fit its card", latents(labels=np.full(400, 10))),
        ("a class below 0", "does not fit its card", latents(labels=np.full(400, -1))),
        (
            "of more images than there are",
            "data.n_test",
            lambda h: edit_card(h / "tiny", "data", "n_test", value=8_000_000),
        ),
        ("an archive that unpacks to far more", "would unpack to", claiming_zip),
    )
]

CARD_ROWS = [
    Row(f"card: {what}", f"{command} tiny", says, damage=damage)
    for what, says, damage in (
        ("empty", "not readable as JSON", in_tiny(CARD, lambda p: p.write_bytes(b""))),
        ("cut short", "cut short", in_tiny(CARD, cut)),
        ("no UTF-8", "not readable as JSON", in_tiny(CARD, lambda p: p.write_bytes(b"{\xff\xfe}"))),
        ("a list", "card.json", in_tiny(CARD, lambda p: p.write_bytes(b"[]"))),
        ("a million brackets", "not readable as JSON", in_tiny(CARD, lambda p: p.write_bytes(b"[" * 1_000_000))),
        ("a million digits", "not readable as JSON", in_tiny(CARD, lambda p: p.write_bytes(b"1" * 1_000_000))),
        ("a folder", "cannot be read", in_tiny(CARD, folder_instead)),
        ("another version's", "schema_version", lambda h: edit_card(h / "tiny", "schema_version", value=3)),
        ("a field too many", "extra", lambda h: edit_card(h / "tiny", "extra", value=1)),
        ("half a character", "card.json", lambda h: edit_card(h / "tiny", "data", "title", value="\ud800")),
        (
            "KL of too many dimensions",
            "kl_per_dimension",
            lambda h: edit_card(h / "tiny", "test", "kl_per_dimension", value=[0.0] * 3),
        ),
        ("no test images", "n_test", lambda h: edit_card(h / "tiny", "data", "n_test", value=0)),
    )
    for command in ("show", "evaluate")
] + [
    Row(f"card: {what}", "decode tiny --z=0,0 --out OUT/a.png", says, damage=damage)
    for what, says, damage in (
        ("another width", "tensor", lambda h: edit_card(h / "tiny", "model", "hidden", value=[15])),
        ("another latent_dim", "card.json", lambda h: edit_card(h / "tiny", "model", "latent_dim", value=3)),
        ("another network", "tensor", lambda h: edit_card(h / "tiny", "model", "network", value="conv")),
        ("a network far larger", "is too short", lambda h: edit_card(h / "tiny", "model", "hidden", value=[8192] * 8)),
        (
            "a likelihood with a weight",
            "likelihood",
            lambda h: edit_card(h / "tiny", "model", "likelihood", value="gaussian"),
        ),
        ("more test images", "does not fit its card", lambda h: edit_card(h / "tiny", "data", "n_test", value=401)),
    )
]

OUTPUT_ROWS = [
    Row(f"--out {what}", f"decode tiny --z=0,0 --out {out}", says)
    for what, out, says in (
        ("in no folder", "OUT/none/a.png", "there is no folder"),
        ("with another ending", "OUT/a.jpg", "must end in .png"),
        ("empty", "EMPTY", "must end in .png"),
        ("a folder", "OUT", "must end in .png"),
        ("far too long", "OUT/LONG.png", "File name too long"),
        ("on a device", "/dev/full/a.png", "there is no folder"),
        ("of a user that is not there", "~nobody-of-that-name/a.png", "no home folder"),
    )
] + [
    Row("--out where nothing can be written", "decode tiny --z=0,0 --out /proc/a.png", "/proc"),
    Row("--out missing", "decode tiny --z=0,0", "required: --out", 2),
    Row("a table as a picture", "encode tiny --out OUT/a.png", "must end in .csv or .npz"),
    Row("a film as text", "interpolate tiny --from 0 --to 1 --out OUT/a.txt", "must end in .png or .gif or .mp4 or"),
    Row("z of pixels", "interpolate tiny --from 0 --to 1 --method pixel --out OUT/a.csv", "has no z"),
    Row("a model as a picture", "export tiny --part decoder --out OUT/a.png", "must end in .onnx"),
    Row("a model into no folder", "export tiny --part encoder --out OUT/none/a.onnx", "there is no folder"),
]

QUESTION_ROWS = [
    Row(f"--z {what}", f"decode tiny --z={z} --out OUT/a.png", says, code)
    for what, z, says, code in (
        ("too short", "1", "(1, 1), expected (N, 2)", 1),
        ("too long", "1,2,3", "(1, 3), expected (N, 2)", 1),
        ("of a million numbers", ",".join(["0"] * 100_000), "expected (N, 2)", 1),
        ("NaN", "nan,0", "not finite", 1),
        ("infinite", "inf,0", "not finite", 1),
        ("beyond float64", "1e400,0", "not finite", 1),
        ("beyond float32", "1e39,0", "not finite", 1),
        ("text", "a,b", "is not a list of numbers", 2),
        ("empty", "", "is not a list of numbers", 2),
        ("with a hole", "1,,2", "is not a list of numbers", 2),
    )
] + [
    Row("a class for a model that takes none", "decode tiny --z=0,0 --class 3 --out OUT/a.png", "takes no class"),
    Row("a class for samples", "sample tiny --class 3 --out OUT/a.png", "takes no class"),
    Row("a sampler not fitted yet", "sample tiny --sampler gmm --out OUT/a.png", "fit-sampler tiny --sampler gmm"),
    Row("an unknown sampler", "sample tiny --sampler magic --out OUT/a.png", "invalid choice", 2),
    Row("the prior is not fitted", "fit-sampler tiny --sampler prior", "invalid choice", 2),
    Row("samplers of no data set", "fit-sampler tiny --sampler gmm --dataset nothing", "'nothing'"),
    Row("an index beyond the split", "interpolate tiny --from 0 --to 400 --out OUT/a.png", "images 0 to 399"),
    Row("an index below 0", "interpolate tiny --from -1 --to 0 --out OUT/a.png", "images 0 to 399"),
    Row("a stop beyond the split", "interpolate tiny --from 0 --via 400 --to 1 --out OUT/a.png", "images 0 to 399"),
    Row("an index that is no number", "interpolate tiny --from a --to 0 --out OUT/a.png", "invalid int value: 'a'", 2),
    Row("one step", "interpolate tiny --from 0 --to 1 --steps 1 --out OUT/a.png", "1 is not from 2 to 1000", 2),
    Row("a milliard steps", "interpolate tiny --from 0 --to 1 --steps 1000000000 --out OUT/a.png", "is not from 2", 2),
    Row("an unknown method", "interpolate tiny --from 0 --to 1 --method magic --out OUT/a.png", "invalid choice", 2),
    Row("no samples", "sample tiny --count 0 --out OUT/a.png", "0 is not from 1", 2),
    Row("1e9 samples", "sample tiny --count 1e9 --out OUT/a.png", "invalid whole number value: '1e9'", 2),
    Row("a picture for no screen", "sample tiny --count 10000 --scale 64 --out OUT/a.png", "pixels"),
    Row("a film for no screen", "interpolate tiny --from 0 --to 1 --steps 1000 --scale 64 --out OUT/a.gif", "pixels"),
    Row("a temperature of NaN", "sample tiny --temperature nan --out OUT/a.png", "nan is not from 0", 2),
    Row("a seed below 0", "sample tiny --seed -1 --out OUT/a.png", "-1 is not from 0", 2),
    Row("a device that is not there", "sample tiny --device cuda:99 --out OUT/a.png", "cuda:99 is not there"),
    Row("a device of another make", "sample tiny --device tpu --out OUT/a.png", "'tpu' is not known"),
    Row("an unknown split", "evaluate tiny --split half", "invalid choice", 2),
    Row("no images", "evaluate tiny --n-images 0", "0 is not from 1", 2),
    Row("an unknown part", "export tiny --part head --out OUT/a.onnx", "invalid choice", 2),
]

DATA_ROWS = [
    Row("an unknown data set", "train --dataset minst", "did you mean mnist?"),
    Row("an unknown data set to fetch", "fetch digit", "did you mean digits?"),
    Row("an unknown data set to evaluate on", "evaluate tiny --dataset digist", "did you mean digits?"),
    Row("a data set with an empty name", "train --dataset EMPTY", "There is no data set ''"),
    Row("a data set that is not there", "train --dataset mnist --data-dir OUT", "VAE_OFFLINE=1 forbids"),
    Row("a data set that is not there, fetched", "fetch mnist --data-dir OUT", "VAE_OFFLINE=1 forbids"),
    Row(
        "a data set that is not there, evaluated",
        "evaluate tiny --dataset mnist --data-dir OUT",
        "point VAE_DATA_DIR or",
    ),
    Row(
        "a data folder that is a file", "train --dataset mnist --data-dir HOME/tiny/card.json", "VAE_OFFLINE=1 forbids"
    ),
    Row("a data folder of nobody", "train --dataset mnist --data-dir ~nobody-of-that-name", "no home folder"),
    Row("a damaged data set", "evaluate tiny --dataset mnist --data-dir HOME/data", "damaged", damage=damaged_mnist),
    Row(
        "training on a damaged data set",
        "train --dataset mnist --data-dir HOME/data --name new",
        "damaged",
        damage=damaged_mnist,
        writes=("new/",),
    ),
    Row(
        "images of another size",
        "evaluate tiny --dataset digits",
        "takes images of the shape (1, 9, 9)",
        damage=nine_by_nine,
    ),
]

TRAIN_ROWS = (
    [
        Row(f"train {options}", f"train --name new {options}", says, code)
        for options, says, code in (
            ("--epochs 0", "training: epochs", 1),
            ("--epochs -1", "training: epochs", 1),
            ("--epochs 1e9", "invalid int value: '1e9'", 2),
            ("--epochs 1000000000", "training: epochs", 1),
            ("--epochs x", "invalid int value: 'x'", 2),
            ("--batch-size 0", "training: batch_size", 1),
            ("--learning-rate 0", "training: learning_rate", 1),
            ("--learning-rate nan", "training: learning_rate", 1),
            ("--learning-rate -1", "training: learning_rate", 1),
            ("--beta inf", "training: beta", 1),
            ("--kl-warmup -1", "training: kl_warmup", 1),
            ("--patience -1", "training: patience", 1),
            ("--seed -1", "training: seed", 1),
            ("--threads -1", "training: threads", 1),
            ("--hidden 0", "model: hidden", 1),
            ("--hidden EMPTY", "is not a list of whole numbers", 2),
            ("--hidden a,b", "is not a list of whole numbers", 2),
            ("--hidden 99999", "model: hidden", 1),
            ("--hidden " + ",".join(["8"] * 20), "model: hidden", 1),
            ("--network conv --hidden 8,8,8,8", "would shrink a 8x8 image to nothing", 1),
            ("--network magic", "invalid choice", 2),
            ("--latent-dim 0", "model: latent_dim", 1),
            ("--latent-dim 513", "model: latent_dim", 1),
            ("--sigma 0.1", "belongs to --likelihood gaussian", 1),
            ("--likelihood gaussian --sigma -1", "model: sigma", 1),
            ("--likelihood gaussian --sigma wide", "neither a number nor 'learned'", 2),
            ("--likelihood mse", "invalid choice", 2),
            ("--weights-dtype int8", "invalid choice", 2),
            ("--device cuda:99", "cuda:99 is not there", 1),
            ("--device tpu", "'tpu' is not known", 1),
            ("--nonsense", "unrecognized arguments", 2),
        )
    ]
    + [
        Row(f"a new run's name that is {what}", f"train --name {name}", says)
        for what, name, says in (
            ("taken", "tiny", "There is already a model or run named 'tiny'"),
            ("a way out of the folder", "../x", "The name '../x' cannot be used"),
            ("a path", "a/b", "The name 'a/b' cannot be used"),
            ("empty", "EMPTY", "The name '' cannot be used"),
            ("too long", "LONG", "cannot be used"),
            ("reserved", "local", "The name 'local' cannot be used"),
            ("hidden", ".x", "The name '.x' cannot be used"),
            ("with NUL", "aNULb", "cannot be used"),
            ("with a line break", "a\nb", "cannot be used"),
        )
    ]
    + [
        Row(
            "a folder of checkpoints that is a file",
            "train --name new --checkpoints-dir HOME/tiny/card.json",
            "cannot be made",
        ),
        Row(
            "a folder of checkpoints of nobody",
            "train --name new --checkpoints-dir ~nobody-of-that-name",
            "no home folder",
        ),
        Row("a folder of checkpoints that cannot be", "train --name new --checkpoints-dir /proc/x", "cannot be made"),
    ]
)

RESUME_ROWS = [
    Row("resume without a name", "train --resume", "--resume needs the --name"),
    Row("resume what never was", "train --resume --name never", "There is no run named 'never'"),
    Row("resume outside", "train --resume --name ../x", "The name '../x' cannot be used"),
    Row("resume with another setting", "train --resume --name stopped --epochs 7", "leave --epochs out"),
    Row("resume with another network", "train --resume --name stopped --hidden 17", "leave --hidden out"),
    Row("resume on another data set", "train --resume --name stopped --dataset mnist", "leave --dataset out"),
    Row(
        "resume on a device that is not there", "train --resume --name stopped --device cuda:99", "cuda:99 is not there"
    ),
] + [
    Row(
        f"resume: {what}",
        "train --resume --name stopped",
        says,
        damage=damage,
        writes=("stopped/status.json", "stopped/run.lock"),
    )
    for what, says, damage in (
        ("a state with one flipped bit", "cannot be used to resume", in_stopped(RESUME, flip)),
        ("a state cut short", "cannot be used to resume", in_stopped(RESUME, cut)),
        ("an empty state", "cannot be used to resume", in_stopped(RESUME, lambda p: p.write_bytes(b""))),
        ("a folder for a state", "cannot be used to resume", in_stopped(RESUME, folder_instead)),
        ("the state of another network", "cannot be used to resume", swapped_resume),
        ("a position of text", "cannot be used to resume", edit_position(epoch="one")),
        ("a position below 0", "cannot be used to resume", edit_position(step=-1)),
        ("a position far beyond", "cannot be used to resume", edit_position(step=10**9)),
        ("run.json cut short", "run.json", in_stopped("run.json", cut)),
        ("run.json empty", "run.json", in_stopped("run.json", lambda p: p.write_bytes(b""))),
        ("run.json of another program", "run.json", in_stopped("run.json", lambda p: p.write_bytes(b'{"a": 1}'))),
        (
            "threads below 0",
            "training.threads",
            in_stopped(
                "run.json",
                lambda p: p.write_text(p.read_text("utf-8").replace('"threads": 1', '"threads": -5'), "utf-8"),
            ),
        ),
        ("a history cut short", "history.jsonl does not reach", in_stopped(HISTORY, lambda p: cut(p, 0.3))),
        (
            "a history of other bytes",
            "history.jsonl does not reach",
            in_stopped(HISTORY, lambda p: p.write_bytes(b"\xff" * 99)),
        ),
        ("a history that is a folder", "history.jsonl does not reach", in_stopped(HISTORY, folder_instead)),
    )
]

STRANGER_ROWS = [
    Row(
        "a card that names a path of this machine",
        command,
        "what its card names, folder:/etc, is not",
        damage=strangers_card,
    )
    for command in (
        "evaluate tiny",
        "evaluate HOME/tiny",
        "encode tiny --out OUT/a.csv",
        "fit-sampler tiny --sampler gmm",
    )
]

ROWS = [
    *NAMES,
    *WEIGHTS_ROWS,
    *LATENTS_ROWS,
    *CARD_ROWS,
    *OUTPUT_ROWS,
    *QUESTION_ROWS,
    *DATA_ROWS,
    *TRAIN_ROWS,
    *RESUME_ROWS,
    *STRANGER_ROWS,
]


def arguments(row: Row, home: Path, out: Path) -> list[str]:
    """The row's command line for these folders."""
    words = {"HOME": str(home), "OUT": str(out), "NUL": "\0", "EMPTY": "", "LONG": "x" * 300}
    result = []
    for argument in row.argv.split(" ") if row.argv else []:
        for word, stands_for in words.items():
            argument = argument.replace(word, stands_for)
        result.append(argument)
    takes_home = result and result[0] not in ("fetch", "destroy") and "--checkpoints-dir" not in result
    return [*result, "--checkpoints-dir", str(home)] if takes_home else result
