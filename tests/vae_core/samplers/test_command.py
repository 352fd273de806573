"""The commands fit-sampler and sample --sampler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vae_core.runs import new_run, train_here
from vae_core.checkpoints import read_card
from vae_core.cli import main
from vae_core.data import ImageSet
from vae_core.errors import ConfigError
from vae_core.explorer import LatentExplorer
from vae_core.images import montage, png_bytes
from vae_core.latent.samplers import FITTED_SAMPLERS, SAMPLERS
from vae_core.latent.samplers.codes import encode_codes
from vae_core.latent.samplers.storage import load_sampler, sampler_of

pytestmark = pytest.mark.usefixtures("short")


def ask(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    """Exit status, and the JSON document or the line of the error."""
    code = main([str(argument) for argument in (*arguments, "--device", "cpu", "--json")])
    out, err = capsys.readouterr()
    return code, json.loads(out.splitlines()[-1]) if code == 0 else err


def test_all_are_fitted_and_sampled(
    checkpoint: Path, tmp_path: Path, digits: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each goes into its file, tells of itself, and its wall is what its draws decode to; a seed decides."""
    code, rows = ask(capsys, "fit-sampler", "tiny", "--sampler", "all", "--seed", 3)
    n = len(digits.train)
    assert (0, [(name, "digits", n, None) for name in FITTED_SAMPLERS]) == (
        code, [(row["sampler"], row["dataset"], row["n_images"], row["classes"]) for row in rows],
    )  # fmt: skip
    assert [str(checkpoint / "samplers" / f"{name}.npz") for name in FITTED_SAMPLERS] == [row["path"] for row in rows]
    explorer = LatentExplorer.load("tiny", "cpu")
    for name in SAMPLERS:
        out = tmp_path / f"{name}.png"
        assert 0 == ask(capsys, "sample", "tiny", "--sampler", name, "--count", 4, "--seed", 1, "--out", out)[0]
        z = sampler_of(explorer, name).draw(4, generator=np.random.default_rng(1))
        assert png_bytes(montage(explorer.decode(z))) == out.read_bytes()
    before = (checkpoint / "samplers" / "flow.npz").read_bytes()
    ask(capsys, "fit-sampler", "tiny", "--sampler", "flow", "--seed", 3)
    assert before == (checkpoint / "samplers" / "flow.npz").read_bytes()
    ask(capsys, "fit-sampler", "tiny", "--sampler", "flow", "--seed", 4)
    assert before != (checkpoint / "samplers" / "flow.npz").read_bytes()


def test_a_class_is_the_samplers(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model without classes is sampled for one by a sampler that was fitted per class, and by no other."""
    out = tmp_path / "a.png"
    wall = ("sample", "tiny", "--sampler", "posterior", "--count", 4, "--out", out)
    ask(capsys, "fit-sampler", "tiny", "--sampler", "posterior")
    assert "fitted without classes; fit it per class" in ask(capsys, *wall, "--class", 3)[1]
    assert 10 == ask(capsys, "fit-sampler", "tiny", "--sampler", "posterior", "--per-class")[1][0]["classes"]
    assert 0 == ask(capsys, *wall, "--class", 3)[0]
    explorer = LatentExplorer.load("tiny", "cpu")
    z = load_sampler(checkpoint, "posterior", read_card(checkpoint)).draw(
        4, label=3, generator=np.random.default_rng(0)
    )
    assert png_bytes(montage(explorer.decode(z))) == out.read_bytes()
    for nothing in ("seven", 11):
        assert f"--class {nothing}: tiny has the classes 0, 1, 2" in ask(capsys, *wall, "--class", nothing)[1]
    prior = ("sample", "tiny", "--sampler", "prior", "--count", 4, "--out", out)
    assert "takes no class" in ask(capsys, *prior, "--class", 3)[1]


def test_a_sampler_that_is_missing_is_told(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence with the command that makes it, and no picture."""
    code, err = ask(capsys, "sample", "tiny", "--sampler", "gmm", "--out", tmp_path / "a.png")
    assert 1 == code
    assert err.splitlines() == [err.strip()]
    assert err.strip().endswith("python -m vae_core fit-sampler tiny --sampler gmm")
    assert not (tmp_path / "a.png").exists()


def test_codes_are_those_of_the_split(checkpoint: Path, digits: ImageSet) -> None:
    """The posterior of each image of the split, with the split's labels."""
    explorer = LatentExplorer.load("tiny", "cpu")
    codes, expected = encode_codes(explorer, digits.train), explorer.encode(digits.train.images)
    np.testing.assert_array_equal(expected.mu, codes.mu)
    np.testing.assert_array_equal(expected.logvar, codes.logvar)
    np.testing.assert_array_equal(digits.train.labels, codes.labels)


def test_without_an_encoder_there_are_no_codes(digits: ImageSet, isolated: Path) -> None:
    """Such a model has the prior alone."""
    folder = new_run(isolated, "drawn", {"family": "gan"}, epochs=1)
    train_here(folder, digits)
    with pytest.raises(ConfigError, match="drawn has no encoder"):
        encode_codes(LatentExplorer.load("drawn", "cpu"), digits.train)
    with pytest.raises(ConfigError, match=r"drawn has no encoder.*draw from the prior"):
        sampler_of(LatentExplorer.load("drawn", "cpu"), "gmm")
