"""Every family, from its training to its export: what it can is done, what it cannot is refused in one sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from tests.vae_core.runs import first_of, timeless, train_here
from vae_core import LatentExplorer
from vae_core.cli import main
from vae_core.config import DataConfig, Family, ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet
from vae_core.errors import ShapeError
from vae_core.families import CAPABILITIES
from vae_core.training import loop
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder

FAMILIES = get_args(Family)
MODELS: dict[str, dict[str, Any]] = {
    "ae": {"network": "conv", "hidden": (4, 8)},
    "dae": {"likelihood": "continuous-bernoulli"},
    "cvae": {"network": "resnet", "hidden": (4, 8)},
    "info-vae": {"likelihood": "gaussian", "sigma": "per-pixel"},
    "iwae": {"network": "conv", "hidden": (4, 8)},
    "gan": {"network": "resnet", "hidden": (4, 8)},
}
"""Each network and likelihood with some family; the others are small perceptrons with a Bernoulli likelihood."""

Command = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def few(digits: ImageSet) -> ImageSet:
    """So few digits that an epoch takes a moment."""
    return first_of(digits, 96, 40)


def new_family(home: Path, name: str, family: str, binarize: str = "no") -> RunFolder:
    """Make a run of one epoch."""
    model = ModelConfig(family=family, **{"hidden": (16,), **MODELS.get(family, {})})
    training = TrainConfig(epochs=1, threads=1, batch_size=32)
    config = RunConfig(dataset="digits", data=DataConfig(binarize=binarize), model=model, training=training)
    return RunFolder.create(name, new_request(config, "cpu"), home)


def left_behind(folder: RunFolder) -> dict[str, Any]:
    """What a run must not depend on interruptions in."""
    names = ("model.safetensors", "latents.npz")
    return {name: (folder.path / name).read_bytes() for name in names} | {"history": timeless(folder.history())}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command; its document, or of one that is refused the sentence."""

    def command(*words: str, refused: bool = False) -> Any:
        code = main([*words, *([] if refused else ["--json"])])
        written = capsys.readouterr()
        assert (1 if refused else 0) == code, written.err
        lines = (written.err if refused else written.out).strip().splitlines()
        if refused:
            assert 1 == len(lines), written.err
            return lines[0]
        return json.loads(lines[-1])

    return command


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_does_what_it_can(
    family: Family, few: ImageSet, isolated: Path, tmp_path: Path, ask: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained, stopped and resumed to the same bits, loaded, encoded, decoded, sampled, walked through, exported."""
    can = CAPABILITIES[family]
    whole, resumed = new_family(isolated, "whole", family), new_family(isolated, "resumed", family)
    train_here(whole, few)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    assert "stopped" == train_here(resumed, few, stop_asked=lambda: True).result
    assert "finished" == train_here(resumed, few).result
    assert left_behind(whole) == left_behind(resumed)

    explorer = LatentExplorer.load("whole", "cpu")
    assert can == explorer.can
    card = explorer.card
    figures = (card.test.elbo, card.test.kl, card.test.log_likelihood)
    assert (can.posterior, can.posterior, can.likelihood) == tuple(figure is not None for figure in figures)
    assert (40 if can.encode else 0, 2) == explorer.latents.mu.shape
    assert can.posterior == (explorer.latents.logvar is not None)
    assert {"decoder"} | ({"encoder"} if can.encode else set()) == {layer.part for layer in explorer.layers}
    assert explorer.n_parameters == sum(layer.n_parameters for layer in explorer.layers)

    class_ = ["--class", "3"] if can.label else []
    label = 3 if can.label else None
    out = str(tmp_path / "out")
    ask("decode", "whole", "--z=0.5,-1", *class_, "--out", f"{out}.png")
    ask("sample", "whole", "--count", "4", *class_, "--out", f"{out}.png")
    with Image.open(f"{out}.png") as wall:
        assert 17 <= wall.size[0]  # two columns of 8 pixels, and a gap
    onnx = tmp_path / "decoder.onnx"
    assert 1e-5 >= ask("export", "whole", "--part", "decoder", "--out", str(onnx))["max_difference"]
    inputs: dict[str, Any] = {"z": np.array([[0.5, -1.0]], np.float32)}
    inputs |= {"label": np.array([3])} if can.label else {}
    (x_hat,) = onnxruntime.InferenceSession(onnx.read_bytes()).run(None, inputs)
    np.testing.assert_allclose(explorer.decode(inputs["z"], label), x_hat, atol=1e-5)

    walk = ["interpolate", "whole", "--from", "0", "--to", "7", *class_, "--out", f"{out}.png"]
    encode = ["encode", "whole", "--out", f"{out}.csv"]
    encoder = ["export", "whole", "--part", "encoder", "--out", f"{out}.onnx"]
    if can.encode:
        ask(*walk)
        ask(*encode)
        ask(*encoder)
        with open(f"{out}.csv", newline="") as file:
            rows = list(csv.reader(file))
        assert 401 == len(rows)
        assert 2 + (4 if can.posterior else 2) == len(rows[0])
    else:
        assert all("no encoder" in ask(*words, refused=True) for words in (walk, encode, encoder))
    evaluated = ask("evaluate", "whole", "--n-images", "20")
    assert can.posterior == (evaluated["elbo"] is not None)
    weighted = ["evaluate", "whole", "--n-images", "2", "--importance-samples", "3"]
    if can.posterior:
        assert ask(*weighted)["nll"]["value"] is not None
    else:
        assert "q(z|x)" in ask(*weighted, refused=True)
    if not can.label:
        for words in (["decode", "whole", "--z=0,0"], ["sample", "whole"]):
            assert "takes no class" in ask(*words, "--class", "3", "--out", f"{out}.png", refused=True)


def test_a_class_is_asked_for_by_name_or_index(few: ImageSet, isolated: Path, tmp_path: Path, ask: Command) -> None:
    """A model that takes a class refuses to go without, or with one that there is not; the classes' images differ."""
    train_here(new_family(isolated, "classes", "cvae"), few)
    explorer = LatentExplorer.load("classes", "cpu")
    decode = ["decode", "classes", "--z=0,0", "--out", str(tmp_path / "a.png")]
    assert "give --class" in ask(*decode, refused=True)
    assert "0 to 9" in ask(*decode, "--class", "ten", refused=True)
    z = np.zeros((2, 2), np.float32)
    for label in (None, 10, -1, [1], 1.0, "1"):
        with pytest.raises(ShapeError):
            explorer.decode(z, label)
    both = explorer.decode(z, [1, 7])
    assert 0.01 < np.abs(both[0] - both[1]).max()
    np.testing.assert_allclose(explorer.decode(z, 7)[0], both[1], atol=1e-6)
    images, labels = few.test.images, few.test.labels
    np.testing.assert_allclose(explorer.encode(images, labels).mu, explorer.latents.mu, atol=1e-5)
    scores = explorer.score(images, labels)
    assert scores.elbo is not None
    assert explorer.card.test.elbo is not None
    assert explorer.card.test.elbo.value == pytest.approx(scores.elbo.mean(), abs=1e-3)


def test_a_family_that_takes_a_class_needs_classes(isolated: Path, ask: Command) -> None:
    """An option that a family does not heed is refused, with the families that would."""
    for words, says in (
        ("--family vae --noise masking", "--family dae"),
        ("--family iwae --beta 2", "--family vae or cvae or beta-tcvae or info-vae"),
        ("--family gan --likelihood gaussian", "no distributions"),
    ):
        assert says in ask("train", "--dataset", "digits", *words.split(), refused=True)
    assert [] == [path for path in isolated.iterdir() if not path.name.startswith(".")]


def test_dynamic_draws_differ_by_epoch_and_survive_a_stop(
    few: ImageSet, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training draws are part of the run's stream: a stopped run ends in the bits of one left in peace."""
    folders = [new_family(isolated, how, "vae", how) for how in ("no", "dynamic")]
    again = new_family(isolated, "again", "vae", "dynamic")
    for folder in folders:
        train_here(folder, few)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    train_here(again, few, stop_asked=lambda: True)
    train_here(again, few)
    assert left_behind(folders[1]) == left_behind(again)
    assert (folders[0].path / "model.safetensors").read_bytes() != (again.path / "model.safetensors").read_bytes()


@pytest.mark.parametrize(("family", "kept"), [("ae", "best"), ("gan", "last")])
def test_the_best_weights_are_those_of_the_highest_score(
    family: str, kept: str, few: ImageSet, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an ELBO the log-likelihood decides, and without a score the last weights are kept."""
    real, shifts = loop.elbo_parts, iter([0.0, 100.0, -100.0])

    def scripted(*given: Any) -> Any:
        parts, shift = real(*given), next(shifts)
        return parts if parts.log_likelihood is None else replace(parts, log_likelihood=parts.log_likelihood + shift)

    monkeypatch.setattr(loop, "elbo_parts", scripted)
    config = TrainConfig(epochs=3, threads=1, batch_size=32, patience=1)
    run = RunConfig(dataset="digits", model=ModelConfig(family=family, hidden=(8,)), training=config)
    folder = RunFolder.create("scored", new_request(run, "cpu"), isolated)
    train_here(folder, few)
    expected = {"best": ([True, True, False], 2), "last": ([True, True, True], 3)}[kept]
    assert expected == ([line["best"] for line in folder.history()], LatentExplorer.load("scored").card.run.best_epoch)
