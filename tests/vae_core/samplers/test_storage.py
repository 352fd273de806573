"""Samplers on disk: to the bit and back, where they lie, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vae_core.card import Card
from vae_core.checkpoints import list_checkpoints, read_card
from vae_core.errors import CheckpointError, ConfigError
from vae_core.explorer import LatentExplorer
from vae_core.latent.samplers import FITTED_SAMPLERS
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import Sampler, fit_sampler
from vae_core.latent.samplers.storage import load_sampler, sampler_of, save_sampler
from vae_core.made import MADE

pytestmark = pytest.mark.usefixtures("short")


def some_sampler(name: str, per_class: bool = False, logvar: bool = True) -> Sampler:
    """A sampler of 60 codes in two dimensions, as `tiny` has them."""
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(60, 2)).astype(np.float32)
    labels = np.arange(60) % 3 if per_class else None
    return fit_sampler(name, Codes(mu, mu - 3 if logvar else None, labels), generator=rng)


@pytest.fixture
def card(checkpoint: Path) -> Card:
    """The card of `tiny`."""
    return read_card(checkpoint)


@pytest.mark.parametrize("name", FITTED_SAMPLERS)
@pytest.mark.parametrize(("per_class", "logvar"), [(False, True), (True, True), (True, False)])
def test_round_trip(name: str, per_class: bool, logvar: bool, checkpoint: Path, card: Card) -> None:
    """Every array, class and share comes back to the bit, and so do draws and densities; the same file twice."""
    sampler = some_sampler(name, per_class, logvar)
    path = save_sampler(checkpoint, sampler, card)
    assert checkpoint / "samplers" / f"{name}.npz" == path
    loaded, content = load_sampler(checkpoint, name, card), path.read_bytes()
    assert (sampler.name, sampler.latent_dim, sampler.classes, sampler.shares, sampler.n_codes) == (
        loaded.name, loaded.latent_dim, loaded.classes, loaded.shares, loaded.n_codes,
    )  # fmt: skip
    for one, other in zip(sampler.fits, loaded.fits, strict=True):
        expected, found = one.arrays(), other.arrays()  # type: ignore[attr-defined]
        assert expected.keys() == found.keys()
        for key, array in expected.items():
            assert array.dtype == found[key].dtype
            np.testing.assert_array_equal(array, found[key])
    draws = [some.draw(50, generator=np.random.default_rng(1)) for some in (sampler, loaded)]
    np.testing.assert_array_equal(*draws)
    if sampler.has_density:
        np.testing.assert_array_equal(sampler.log_prob(draws[0]), loaded.log_prob(draws[0]))
    assert content == save_sampler(checkpoint, loaded, card).read_bytes()


def rewrite(path: Path, **changed: Any) -> None:
    """Replace arrays of a file; None takes one out. A dict given as `header` changes fields of that."""
    with np.load(path) as npz:
        arrays: dict[str, Any] = {key: npz[key] for key in npz.files}
    for key, value in changed.items():
        if key == "header" and isinstance(value, dict):
            value = np.frombuffer(json.dumps(json.loads(arrays["header"].tobytes()) | value).encode(), np.uint8)
        arrays[key] = value
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


def flip(path: Path) -> None:
    """Invert a byte in the midst of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def claim(path: Path) -> None:
    """Make an array say that it is far larger than the file."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (1 << 50, 2)})
    rewrite(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"codes_0.npy": buffer.getvalue()}).items():
            archive.writestr(name, content)


Damage = Callable[[Path], Any]
DAMAGES: list[tuple[str, str, Damage]] = [
    ("cut short", "kde", lambda path: path.write_bytes(path.read_bytes()[:-40])),
    ("empty", "kde", lambda path: path.write_bytes(b"")),
    ("no archive", "gmm", lambda path: path.write_bytes(b"not a zip file" * 50)),
    ("a flipped byte", "kde", flip),
    ("no header", "gmm", lambda path: rewrite(path, header=None)),
    ("a pickle", "gmm", lambda path: rewrite(path, means_0=np.array([{"a": 1}], object))),
    ("a pickled header", "gmm", lambda path: rewrite(path, header=np.array([{"a": 1}], object))),
    ("another format", "gmm", lambda path: rewrite(path, header={"format": 2})),
    ("an unknown field", "gmm", lambda path: rewrite(path, header={"more": 2})),
    ("NaN for a share", "gmm", lambda path: rewrite(path, header={"shares": [float("nan")]})),
    ("shares beyond 1", "gmm", lambda path: rewrite(path, header={"shares": [0.7, 0.7], "classes": [0, 1]})),
    ("classes without fits", "gmm", lambda path: rewrite(path, header={"shares": [0.5, 0.5], "classes": [0, 1]})),
    ("fits without classes", "gmm", lambda path: rewrite(path, header={"shares": [0.5, 0.5]})),
    ("a class twice", "gmm", lambda path: rewrite(path, header={"shares": [0.5, 0.5], "classes": [1, 1]})),
    ("a class that the data lacks", "gmm", lambda path: rewrite(path, header={"shares": [1.0], "classes": [10]})),
    ("another sampler", "gmm", lambda path: rewrite(path, header={"sampler": "kde"})),
    ("other dimensions", "gmm", lambda path: rewrite(path, header={"latent_dim": 3})),
    ("means missing", "gmm", lambda path: rewrite(path, means_0=None)),
    ("NaN", "gmm", lambda path: rewrite(path, means_0=np.full((1, 2), np.nan))),
    ("weights beyond 1", "gmm", lambda path: rewrite(path, weights_0=np.array([1.5]))),
    ("no triangle", "gmm", lambda path: rewrite(path, factors_0=np.ones((1, 2, 2)))),
    ("single precision", "gmm", lambda path: rewrite(path, means_0=np.zeros((1, 2), np.float32))),
    ("codes of 3 dimensions", "kde", lambda path: rewrite(path, codes_0=np.zeros((5, 3), np.float32))),
    ("no codes", "kde", lambda path: rewrite(path, codes_0=np.zeros((0, 2), np.float32))),
    ("a kernel without width", "kde", lambda path: rewrite(path, factor_0=np.zeros((2, 2)))),
    ("far too large", "kde", claim),
    ("logvar of others", "posterior", lambda path: rewrite(path, logvar_0=np.zeros((1, 2), np.float16))),
    ("too few weights", "flow", lambda path: rewrite(path, weights_0=np.zeros(7, np.float32))),
    ("a scale below 0", "flow", lambda path: rewrite(path, scale_0=np.array([1.0, -1.0]))),
]


@pytest.mark.parametrize(("what", "name", "damage"), DAMAGES, ids=[what for what, *_ in DAMAGES])
def test_a_damaged_file_is_refused(what: str, name: str, damage: Damage, checkpoint: Path, card: Card) -> None:
    """Whatever has happened to it, one sentence says so and how to mend it."""
    damage(save_sampler(checkpoint, some_sampler(name), card))
    with pytest.raises(CheckpointError, match=rf"^tiny: .*cannot be used .*fit-sampler tiny --sampler {name}$"):
        load_sampler(checkpoint, name, card)


def test_other_weights_are_refused(checkpoint: Path, card: Card) -> None:
    """A sampler belongs to the weights whose codes it was fitted to."""
    path = save_sampler(checkpoint, some_sampler("gmm"), card)
    rewrite(path, header={"weights": "0" * 64})
    with pytest.raises(CheckpointError, match=r"fitted for other weights .* fit it again: .*--sampler gmm$"):
        load_sampler(checkpoint, "gmm", card)


def test_what_is_not_there_is_told(checkpoint: Path, card: Card) -> None:
    """One that was never fitted, one that nobody knows; the prior needs no file."""
    with pytest.raises(CheckpointError, match=r"^tiny: the sampler flow has not been fitted yet: .*--sampler flow$"):
        load_sampler(checkpoint, "flow", card)
    with pytest.raises(ConfigError, match="no sampler 'magic'; there are prior, posterior"):
        load_sampler(checkpoint, "magic", card)
    assert "prior" == sampler_of(LatentExplorer.load("tiny", "cpu"), "prior").name


def test_a_shipped_checkpoint_is_left_alone(
    finished: Path, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its samplers go beside the new checkpoints and are preferred to those that came with it; no list shows them."""
    shipped = tmp_path / "shipped"
    folder = Path(shutil.copytree(finished, shipped / "tiny"))
    card, came = read_card(folder), some_sampler("gmm", per_class=True)
    shutil.copy(save_sampler(folder, came, card), tmp_path / "gmm.npz")
    monkeypatch.setattr("vae_core.checkpoints.SHIPPED_DIR", shipped)
    assert came.classes == load_sampler(folder, "gmm", card).classes
    before = {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    path = save_sampler(folder, some_sampler("gmm"), card)
    assert isolated / MADE / card.files.weights[:16] / "samplers" / "gmm.npz" == path
    assert before == {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    assert () == load_sampler(folder, "gmm", card).classes
    assert ["tiny"] == [entry.name for entry in list_checkpoints()]


def test_a_folder_that_takes_no_file_is_told(checkpoint: Path, card: Card) -> None:
    """What the disk refuses is one sentence."""
    (checkpoint / "samplers").write_text("in the way")
    with pytest.raises(CheckpointError, match=r"^tiny: .*gmm\.npz cannot be written \(.+\)\.$"):
        save_sampler(checkpoint, some_sampler("gmm"), card)


def test_a_folder_that_is_gone_does_not_come_back(checkpoint: Path, card: Card) -> None:
    """A model that was deleted while a sampler was fitted leaves no folder with the sampler alone."""
    shutil.rmtree(checkpoint)
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_sampler(checkpoint, some_sampler("gmm"), card)
    assert not checkpoint.exists()
