"""The command line: documents, files, exit statuses and one-line errors, as the contract has them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vae_core.runs import new_run, small_config
from vae_core.checkpoints import PROJECT_ROOT, read_card
from vae_core.cli import main
from vae_core.config import DataConfig
from vae_core.data import ImageSet
from vae_core.explorer import LatentExplorer
from vae_core.images import to_uint8
from vae_core.training import process
from vae_core.training.process import train_arguments
from vae_core.training.run_folder import RESUME, RunFolder

Run = Callable[..., tuple[int, Any, str]]
SMALL = ("--dataset", "digits", "--hidden", "16", "--epochs", "2", "--threads", "1", "--device", "cpu")


@pytest.fixture
def vae(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; returns exit status, the JSON document of stdout's last line or None, and stderr."""

    def run(*arguments: object) -> tuple[int, Any, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as wrong_usage:
            code = int(wrong_usage.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        document = None
        if "--json" in arguments and code == 0:
            assert "NaN" not in out
            document = json.loads(out.splitlines()[-1])
        return code, document, err

    return run


def refused(answer: tuple[int, Any, str]) -> str:
    """The one line of an error, of exit status 1."""
    code, _, err = answer
    assert 1 == code, err
    assert 1 == len(err.splitlines())
    assert err.startswith("error: ")
    return err


# -- train -----------------------------------------------------------------------------------------------------------


def test_train(vae: Run, isolated: Path) -> None:
    """It makes a checkpoint and says where it is and how good."""
    code, document, err = vae("train", *SMALL, "--name", "one", "--json")
    assert 0 == code
    assert ["name", "path", "family", "epochs", "seconds", "images_per_second", "device", "test"] == list(document)
    assert ("one", str(isolated / "one"), "vae", 2, "cpu") == tuple(
        document[key] for key in ("name", "path", "family", "epochs", "device")
    )
    card = read_card(isolated / "one")
    assert {"elbo", "log_likelihood", "kl"} == document["test"].keys()
    assert card.test.elbo.value == document["test"]["elbo"]
    assert "epoch    2" in err
    assert "already a model or run named 'one'" in refused(vae("train", *SMALL, "--name", "one"))


def test_train_without_a_name_makes_one(vae: Run) -> None:
    """A name that tells the data and the latent space, and is free."""
    names = [vae("train", *SMALL, "--epochs", 1, "--json")[1]["name"] for _ in range(2)]
    assert ["digits-2d-1", "digits-2d-2"] == names


def test_every_option_reaches_the_card(vae: Run, isolated: Path) -> None:
    """What the command line says is what is trained."""
    options = "--network conv --hidden 4,8 --activation relu --latent-dim 3 --likelihood gaussian --sigma 0.2 --beta 2"
    options += " --kl-warmup 0.5 --batch-size 512 --learning-rate 0.01 --schedule constant --patience 3 --seed 5"
    options += " --weights-dtype float16 --family vae"
    arguments = [
        "train",
        *SMALL,
        *options.split(),
        "--epochs",
        1,
        "--name",
        "full",
        "--checkpoints-dir",
        isolated / "b",
    ]
    assert 0 == vae(*arguments)[0]
    card = read_card(isolated / "b" / "full")
    expected = small_config(
        {"network": "conv", "hidden": (4, 8), "activation": "relu", "latent_dim": 3, "likelihood": "gaussian",
         "sigma": 0.2},
        beta=2.0, kl_warmup=0.5, batch_size=512, learning_rate=0.01, schedule="constant", patience=3, seed=5,
        weights_dtype="float16", epochs=1,
    )  # fmt: skip
    assert (expected.model, expected.training) == (card.model, card.training)


def test_two_without_a_name_at_once(vae: Run, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that another run takes in between is no error: the next free one is taken."""
    free_name = process.free_name

    def outrun(*arguments: Any) -> str:
        monkeypatch.setattr(process, "free_name", free_name)
        name = free_name(*arguments)
        new_run(isolated, name)
        return name

    monkeypatch.setattr(process, "free_name", outrun)
    assert "digits-2d-2" == vae("train", *SMALL, "--epochs", 1, "--json")[1]["name"]
    assert {"digits-2d-1", "digits-2d-2"} == {path.name for path in isolated.glob("digits*")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--latent-dim 0", "latent_dim"),
        ("--epochs 0", "epochs"),
        ("--beta -1", "beta"),
        ("--beta nan", "beta"),
        ("--learning-rate 2", "learning_rate"),
        ("--hidden 0", "hidden"),
        ("--sigma 0.1", "--sigma belongs to --likelihood gaussian"),
        ("--name ../up", "cannot be used"),
        ("--name local", "cannot be used"),
        ("--device abacus", "device: 'abacus'"),
        ("--dataset no-such-set", "no-such-set"),
        ("--dataset mnist", "MNIST"),
        ("--network conv --hidden 2,2,2,2", "at most 3 channels"),
        ("--resume", "--resume needs the --name"),
        ("--resume --name nobody", "There is no run named 'nobody'"),
        ("--checkpoints-dir /dev/null", "run folder"),
    ],
)
def test_train_refuses(options: str, message: str, vae: Run, isolated: Path) -> None:
    """What cannot be trained is one line with what is wrong, and exit status 1."""
    assert message in refused(vae("train", "--data-dir", isolated / "empty", "--threads", 1, *options.split()))


@pytest.mark.parametrize(
    "arguments",
    ["", "fly", "train --epochs many", "train --hidden 5,a", "train --network rnn", "decode tiny --out a.png",
     "decode tiny --z=a --out a.png", "sample tiny --count 0 --out a.png", "sample tiny --temperature nan --out a.png",
     "interpolate tiny --from 1 --out a.png", "interpolate tiny --from 1 --to 2 --method magic --out a.png",
     "export tiny --part middle --out a.onnx", "evaluate tiny --split all", "evaluate tiny --importance-samples -1"],
)  # fmt: skip
def test_wrong_usage_is_2(arguments: str, vae: Run) -> None:
    """What the command line does not know is answered with its usage."""
    code, _, err = vae(*arguments.split())
    assert 2 == code
    assert err.startswith("usage: python -m vae_core")


# -- resume ----------------------------------------------------------------------------------------------------------


def test_resuming_a_finished_run_says_so(vae: Run, checkpoint: Path) -> None:
    """Exit status 0, the same document, and nothing is changed."""
    before = {path: path.read_bytes() for path in checkpoint.rglob("*") if path.is_file()}
    code, document, err = vae("train", "--resume", "--name", "tiny", "--json")
    assert (0, "tiny") == (code, document["name"])
    assert "tiny has finished already" in err
    assert before == {path: path.read_bytes() for path in before}


def test_resuming_with_other_settings_is_refused(vae: Run, run: RunFolder) -> None:
    """A resumed run keeps its settings; to repeat them does no harm."""
    for option, value in (("--epochs", 9), ("--hidden", "8,8"), ("--beta", 3), ("--dataset", "mnist"), ("--seed", 1)):
        assert f"leave {option} out" in refused(vae("train", "--resume", "--name", "new", option, value))
    repeated = train_arguments(run.request().config, complete=True)
    assert 0 == vae("train", "--resume", "--name", "new", "--device", "cpu", *repeated)[0]


def test_resuming_finds_the_data_where_it_was(
    vae: Run, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumed run reads the data folder that it was started with, unless another is named."""
    looked_in = []

    def full(name: str, data_dir: str | None = None, options: DataConfig | None = None) -> ImageSet:
        looked_in.append(data_dir)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vae_core.data.load_dataset", full)
    for command in (
        [*SMALL, "--data-dir", tmp_path / "first"],
        ["--resume"],
        ["--resume", "--data-dir", tmp_path / "b"],
    ):
        assert 1 == vae("train", "--name", "moved", *command)[0]
    assert [tmp_path / "first", tmp_path / "first", tmp_path / "b"] == [Path(str(place)) for place in looked_in]


def test_resuming_on_another_device_is_refused(vae: Run, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits would be others."""
    monkeypatch.setattr("vae_core.device._n_cuda_devices", lambda: 1)
    assert "leave --device out" in refused(vae("train", "--resume", "--name", "new", "--device", "cuda"))


def test_resuming_a_diverged_run_is_refused(vae: Run, checkpoint: Path) -> None:
    """It would diverge again; what it left is not touched."""
    card = (checkpoint / "card.json").read_text().replace('"outcome": "finished"', '"outcome": "diverged"')
    (checkpoint / "card.json").write_text(card)
    folder = RunFolder(checkpoint)
    (checkpoint / "status.json").write_text('{"state": "failed", "message": "The loss stopped being a number."}')
    assert "The loss stopped being a number." in refused(vae("train", "--resume", "--name", "tiny"))
    assert folder.is_checkpoint()


@pytest.mark.timeout(300)
def test_ctrl_c_saves_and_leaves_with_130(vae: Run, isolated: Path) -> None:
    """One interrupt, as a shell sends it: a checkpoint so far, no traceback, and `--resume` finishes the run."""
    folder = new_run(isolated, "long", epochs=2000)
    command = [sys.executable, "-m", "vae_core", "train", "--resume", "--name", "long", "--json"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    ) as process:
        deadline = time.monotonic() + 250
        while len(folder.history()) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (130, b"") == (process.returncode, out)
    assert b"Traceback" not in err
    assert b"go on with: python -m vae_core train --resume --name long" in err
    assert "stopped" == folder.status().state
    assert (folder.path / RESUME).exists()
    assert "stopped" == LatentExplorer.load("long", "cpu").card.run.outcome


# -- list, show, evaluate --------------------------------------------------------------------------------------------


def test_list(vae: Run, checkpoint: Path) -> None:
    """An entry a checkpoint, damaged ones with their problem; as text without --json."""
    (damaged := checkpoint.parent / "broken").mkdir()
    (damaged / "card.json").write_text("{}")
    entries = {entry["name"]: entry for entry in vae("list", "--json")[1]}
    keys = ["name", "path", "shipped", "family", "dataset", "latent_dim", "likelihood", "test_elbo", "problem"]
    assert keys == list(entries["tiny"])
    assert (False, "digits", 2, None) == tuple(
        entries["tiny"][key] for key in ("shipped", "dataset", "latent_dim", "problem")
    )
    assert entries["broken"]["test_elbo"] is None
    assert "broken: card.json" in entries["broken"]["problem"]
    assert 0 == vae("list")[0]


def test_show(vae: Run, checkpoint: Path) -> None:
    """The card, whole, by name or by path."""
    card = json.loads((checkpoint / "card.json").read_text())
    for name in ("tiny", checkpoint):
        document = vae("show", name, "--json")[1]
        assert card | {"name": "tiny", "path": str(checkpoint), "changes": []} == document
    assert 0 == vae("show", "tiny")[0]
    assert "no checkpoint 'nobody'; known: " in refused(vae("show", "nobody", "--json"))


def test_evaluate(vae: Run, checkpoint: Path) -> None:
    """The card's figures again, and the importance-weighted bound where it is asked for."""
    code, document, _ = vae("evaluate", "tiny", "--device", "cpu", "--json")
    assert 0 == code
    contract = {"name", "dataset", "split", "n_images", "elbo", "log_likelihood", "kl", "nll"}
    assert contract <= document.keys()
    assert ("tiny", "digits", "test", None) == tuple(document[key] for key in ("name", "dataset", "split", "nll"))
    test = read_card(checkpoint).test
    assert test.n_images == document["n_images"]
    for part in ("elbo", "log_likelihood", "kl"):
        assert ["value", "standard_error"] == list(document[part])
        assert getattr(test, part).value == pytest.approx(document[part]["value"], abs=1e-6)
    options = ("--split", "validation", "--importance-samples", 20, "--n-images", 40)
    weighted = vae("evaluate", "tiny", "--device", "cpu", "--json", *options)[1]
    assert ("validation", 40, 20) == tuple(weighted[key] for key in ("split", "n_images", "importance_samples"))
    assert -weighted["nll"]["value"] > weighted["elbo"]["value"]


def test_evaluate_measures_what_is_asked_for(vae: Run, checkpoint: Path) -> None:
    """`--figures` chooses groups, a value or a reason each; without it the ELBO and its parts; as text a line each."""
    few = ("evaluate", "tiny", "--device", "cpu", "--n-images", 200)
    assert ["elbo", "log_likelihood", "kl"] == list(vae(*few, "--json")[1]["figures"])
    document = vae(*few, "--figures", "reconstruction,disentanglement", "--json")[1]
    assert ["squared_error", "ssim", "mig"] == list(document["figures"])[:3]
    assert {"value", "standard_error", "unit", "definition"} == document["figures"]["ssim"].keys()
    assert {"value", "reason"} == document["figures"]["mig"].keys()
    assert document["figures"]["mig"]["value"] is None
    assert 0 == vae(*few, "--figures", "latent,disentanglement")[0]
    for wrong in ("beauty", "elbo,", "all,elbo"):
        code, _, err = vae(*few, "--figures", wrong)
        assert 2 == code
        assert "is none of all, elbo" in err


def test_evaluate_says_no_figure_twice(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text a bound that was not asked for has no line, and one that was measured has one."""
    few = ["evaluate", "tiny", "--device", "cpu", "--n-images", "20"]
    for asked, found in (([], 0), (["--figures", "bound"], 1), (["--importance-samples", "2"], 1)):
        assert 0 == main([*few, *asked])
        lines = capsys.readouterr().out.splitlines()
        assert found == sum("nll: " in line for line in lines)
        assert not any(line.endswith(": -") for line in lines)


def test_evaluate_refuses_other_images(vae: Run, checkpoint: Path, isolated: Path) -> None:
    """A data set that is not there is one line, with the folder looked in."""
    err = refused(vae("evaluate", "tiny", "--dataset", "mnist", "--data-dir", isolated / "empty", "--json"))
    assert "MNIST" in err
    assert str(isolated / "empty") in err


# -- files -----------------------------------------------------------------------------------------------------------


def test_encode(vae: Run, checkpoint: Path, digits: ImageSet, tmp_path: Path) -> None:
    """A table and arrays hold the same numbers, which are the explorer's."""
    for name in ("a.csv", "a.npz", "B.NPZ"):
        code, document, _ = vae("encode", "tiny", "--device", "cpu", "--out", tmp_path / name, "--json")
        assert (0, len(digits.test), str(tmp_path / name)) == (code, document["n_images"], document["path"])
    expected = LatentExplorer.load("tiny", "cpu").encode(digits.test.images)
    with np.load(tmp_path / "B.NPZ") as arrays:
        assert {"mu", "logvar", "labels"} == set(arrays)
    with np.load(tmp_path / "a.npz") as arrays:
        assert {"mu", "logvar", "labels"} == set(arrays)
        assert np.array_equal(expected.mu, arrays["mu"])
        assert np.array_equal(expected.logvar, arrays["logvar"])
        assert np.array_equal(digits.test.labels, arrays["labels"])
    header, *rows = csv.reader(io.StringIO((tmp_path / "a.csv").read_text()))
    assert ["index", "label", "mu_1", "mu_2", "logvar_1", "logvar_2"] == header
    table = np.array(rows, dtype=np.float64)
    assert np.array_equal(np.arange(len(digits.test)), table[:, 0])
    assert np.array_equal(digits.test.labels, table[:, 1])
    assert np.array_equal(np.hstack([expected.mu, expected.logvar]), table[:, 2:].astype(np.float32))


def test_decode(vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """The picture's pixels are those of the explorer's x_hat, enlarged if asked for."""
    expected = to_uint8(LatentExplorer.load("tiny", "cpu").decode([[-0.5, 1.0]]))[0, 0]
    for scale in (1, 3):
        out = tmp_path / f"{scale}.png"
        arguments = ("--z=-0.5,1.0", "--scale", scale, "--out", out, "--device", "cpu", "--json")
        assert {"name": "tiny", "z": [-0.5, 1.0], "path": str(out)} == vae("decode", "tiny", *arguments)[1]
        with Image.open(out) as picture:
            assert np.array_equal(expected.repeat(scale, 0).repeat(scale, 1), np.array(picture))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--z=1 --out a.png", "expected (N, 2)"),
        ("--z=1,2,3 --out a.png", "expected (N, 2)"),
        ("--z=nan,0 --out a.png", "not finite"),
        ("--z=1e39,0 --out a.png", "not finite"),
        ("--z=0,0 --class 3 --out a.png", "takes no class"),
        ("--z=0,0 --out a.jpg", "must end in .png"),
        ("--z=0,0 --out nowhere/a.png", "there is no folder"),
        ("--z=0,0 --out a.png --device cuda:99", "cuda:99 is not there"),
    ],
)
def test_decode_refuses(
    arguments: str, message: str, vae: Run, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be decoded or written is one line, and no file appears."""
    monkeypatch.chdir(tmp_path)
    assert message in refused(vae("decode", "tiny", *arguments.split()))
    assert [] == list(tmp_path.iterdir())


def test_sample(vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """A wall of draws that its seed decides."""
    pictures = []
    for seed in (1, 1, 2):
        out = tmp_path / "wall.png"
        arguments = ("--count", 9, "--seed", seed, "--out", out, "--device", "cpu", "--json")
        assert ("prior", 9) == tuple(vae("sample", "tiny", *arguments)[1][key] for key in ("sampler", "count"))
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    with Image.open(tmp_path / "wall.png") as picture:
        assert (3 * 8 + 2, 3 * 8 + 2) == picture.size


@pytest.mark.parametrize("method", ["linear", "slerp", "graph", "geodesic"])
def test_interpolate(method: str, vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """A strip or a film between two encoded images of the test split, whose ends are their means."""
    arguments = ("--from", 0, "--to", 7, "--method", method, "--steps", 5, "--device", "cpu", "--json")
    document = vae("interpolate", "tiny", *arguments, "--out", tmp_path / "a.png")[1]
    mu = LatentExplorer.load("tiny", "cpu").latents.mu
    assert (5, method) == (document["steps"], document["method"])
    np.testing.assert_allclose([mu[0], mu[7]], [document["z"][0], document["z"][-1]], atol=1e-6)
    with Image.open(tmp_path / "a.png") as picture:
        assert (5 * 8 + 4, 8) == picture.size
    assert 0 == vae("interpolate", "tiny", *arguments, "--out", tmp_path / "a.gif")[0]
    with Image.open(tmp_path / "a.gif") as film:
        assert "GIF" == film.format
        assert 2 <= film.n_frames <= 2 * 5 - 2  # there and back; frames of equal pixels are one


def test_interpolate_through_stops_into_a_table(vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """A CSV has a row for each step, its z in full; the path passes the stops in their order."""
    arguments = ("--from", 0, "--via", 3, "--via", 5, "--to", 7, "--steps", 400, "--device", "cpu", "--json")
    document = vae("interpolate", "tiny", *arguments, "--out", tmp_path / "a.csv")[1]
    rows = np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1, dtype=np.float32)
    assert (400, 1 + 2) == rows.shape
    np.testing.assert_array_equal(np.float32(document["z"]), rows[:, 1:])
    stops = LatentExplorer.load("tiny", "cpu").latents.mu[[0, 3, 5, 7]]
    distances = np.linalg.norm(rows[None, :, 1:] - stops[:, None], axis=2)
    assert 0.05 > distances.min(axis=1).max()
    assert sorted(places := distances.argmin(axis=1)) == list(places)


def test_interpolate_pixel_is_a_film_without_z(vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """The cross-fade is written as an MP4 whose frames can be read; it has neither z nor a density."""
    import av

    arguments = ("--from", 0, "--to", 7, "--method", "pixel", "--steps", 5, "--device", "cpu", "--json")
    document = vae("interpolate", "tiny", *arguments, "--out", tmp_path / "a.mp4")[1]
    assert (None, None) == (document["z"], document["lowest_density"])
    with av.open(tmp_path / "a.mp4") as film:
        frames = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert 2 * 5 - 2 == len(frames)
    assert (32, 32) == frames[0].shape


@pytest.mark.parametrize(("options", "name", "side"), [
    ((), "a.png", 8), ((), "a.gif", 32), (("--scale", 1), "a.gif", 8), (("--scale", 2), "A.GIF", 16),
    (("--scale", 2), "a.png", 16),
])  # fmt: skip
def test_interpolate_scale(
    options: tuple[object, ...], name: str, side: int, vae: Run, checkpoint: Path, tmp_path: Path
) -> None:
    """A film's pixels are four on a side, a strip's one, unless another number is asked for."""
    arguments = ("--from", 0, "--to", 7, "--steps", 2, "--device", "cpu", *options, "--out", tmp_path / name)
    assert 0 == vae("interpolate", "tiny", *arguments)[0]
    with Image.open(tmp_path / name) as picture:
        assert (name.lower().endswith("gif"), side) == (picture.format == "GIF", picture.height)


@pytest.mark.parametrize("index", [-1, 100_000])
def test_interpolate_refuses_an_image_that_is_not_there(index: int, vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """The message says which images there are."""
    n = read_card(checkpoint).data.n_test
    err = refused(vae("interpolate", "tiny", f"--from={index}", "--to", 1, "--out", tmp_path / "a.png"))
    assert f"--from {index}: the test split of digits has images 0 to {n - 1}" in err


@pytest.mark.parametrize(("part", "inputs"), [("decoder", ["z"]), ("encoder", ["x"])])
def test_export(part: str, inputs: list[str], vae: Run, checkpoint: Path, tmp_path: Path) -> None:
    """An ONNX file that onnxruntime agrees with, for batches of 1 and 64."""
    import onnxruntime

    out = tmp_path / "part.onnx"
    document = vae("export", "tiny", "--format", "onnx", "--part", part, "--out", out, "--device", "cpu", "--json")[1]
    assert ["name", "part", "path", "bytes", "opset", "max_difference"] == list(document)
    assert (part, out.stat().st_size) == (document["part"], document["bytes"])
    assert document["max_difference"] <= 1e-5
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    assert inputs == [value.name for value in session.get_inputs()]
    explorer, draws = LatentExplorer.load("tiny", "cpu"), np.random.default_rng(0)
    for n in (1, 64):
        given = draws.random((n, 2) if part == "decoder" else (n, 1, 8, 8), dtype=np.float32)
        expected = explorer.decode(given) if part == "decoder" else explorer.encode(given).mu
        np.testing.assert_allclose(expected, session.run(None, {inputs[0]: given})[0], atol=1e-5)


# -- what goes wrong beneath -----------------------------------------------------------------------------------------


def test_a_bug_is_one_line_too(vae: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything unexpected is named, without a traceback, with the way to see one."""

    def broken(_: object) -> None:
        raise KeyError("first\nsecond")

    monkeypatch.setitem(sys.modules["vae_core.commands"].COMMANDS, "list", broken)
    assert "VAE_DEBUG=1 shows where" in refused(vae("list"))


def test_an_interrupt_is_130(vae: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during any command."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules["vae_core.commands"].COMMANDS, "list", interrupted)
    assert 130 == vae("list")[0]


def test_a_full_disk_is_one_line(vae: Run, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The older file stays."""
    out = tmp_path / "a.png"
    out.write_bytes(b"older")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert "No space left" in refused(vae("decode", "tiny", "--z=0,0", "--out", out, "--device", "cpu"))
    assert b"older" == out.read_bytes()
    assert [out] == list(tmp_path.iterdir())


def test_another_python_is_told_what_is_missing() -> None:
    """Without the packages, which `-S` hides, there is one line that says how to run it."""
    command = [sys.executable, "-S", "-m", "vae_core", "list"]
    result = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert 1 == result.returncode
    assert re.fullmatch(r"error: The package \w+ is missing here: .*make setup.*\n", result.stderr)
