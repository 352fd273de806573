"""Checkpoint folders: listed, found, packed and unpacked; the card held against every kind of damage."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vae_core
from vae_core.checkpoints import (
    check_name,
    find_checkpoint,
    list_checkpoints,
    read_card,
    read_latents,
)
from vae_core.errors import CheckpointError
from vae_core.explorer import LatentExplorer
from vae_core.training.run_folder import RunFolder
from vae_core.trash import trash_checkpoint

FILES = ("card.json", "model.safetensors", "latents.npz", "history.jsonl")
ONE_SENTENCE = r"^[^\n]+\.$"


# -- lists and names -----------------------------------------------------------------------------------------------


def test_lists_merge_both_places(shipped: Path, checkpoint: Path, run: Any) -> None:
    """Shipped and new ones by name; an unfinished run is none; a new one hides a shipped one."""
    for name in ("alpha", "tiny"):
        shutil.copytree(checkpoint, shipped / name)
    shutil.copytree(checkpoint, checkpoint.parent / ".hidden")
    assert [("alpha", True), ("tiny", False)] == [(entry.name, entry.shipped) for entry in list_checkpoints()]
    assert vae_core.list_checkpoints is list_checkpoints
    assert (checkpoint, shipped / "alpha") == (find_checkpoint("tiny"), find_checkpoint("alpha"))
    assert all(entry.card == read_card(checkpoint) for entry in list_checkpoints())


def test_shipped_is_what_lies_among_the_shipped(shipped: Path, checkpoint: Path, tmp_path: Path) -> None:
    """Whatever name the folder for new ones has, shipped models are listed as shipped and cannot be thrown away."""
    shutil.copytree(checkpoint, shipped / "alpha")
    (tmp_path / "link").symlink_to(shipped)
    for home in (shipped, tmp_path / "link", shipped / ".." / "shipped"):
        (entry,) = list_checkpoints(home)
        assert ("alpha", True) == (entry.name, entry.shipped)
        with pytest.raises(CheckpointError, match="shipped model and cannot be deleted"):
            trash_checkpoint(home / "alpha", home)
    assert ["alpha"] == [path.name for path in shipped.iterdir()]


def test_a_new_one_can_be_thrown_away_through_a_link(checkpoint: Path, tmp_path: Path) -> None:
    """Two ways to the folder of new ones are the same folder."""
    (tmp_path / "link").symlink_to(checkpoint.parent)
    assert trash_checkpoint(tmp_path / "link" / "tiny").is_dir()
    assert not checkpoint.exists()


def test_a_run_whose_process_lives_is_not_thrown_away(checkpoint: Path) -> None:
    """Its folder stays until the process has ended, also where its last word was another."""
    with RunFolder(checkpoint).lock(), pytest.raises(CheckpointError, match=r"tiny is still being trained; stop it"):
        trash_checkpoint(checkpoint)
    assert (checkpoint / "card.json").exists()
    assert trash_checkpoint(checkpoint).is_dir()


def test_a_damaged_one_is_listed_with_its_problem(shipped: Path, checkpoint: Path) -> None:
    """One bad card does not hide the others."""
    shutil.copytree(checkpoint, checkpoint.parent / "whole")
    (checkpoint / "card.json").write_text("{")
    damaged, whole = list_checkpoints()
    assert (None, "tiny", None) == (damaged.card, damaged.name, whole.problem)
    assert damaged.problem is not None
    assert damaged.problem.startswith("tiny: card.json: not readable")


def test_no_folder_at_all_is_an_empty_list(shipped: Path, tmp_path: Path) -> None:
    """A place that is not there holds nothing."""
    assert [] == list_checkpoints(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="known: none yet"):
        find_checkpoint("any", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "local", "nobody", "../up", "no/where", "a\0b", "~nobody/x", "a" * 5000]
)
def test_names_that_lead_nowhere(name: str, checkpoint: Path) -> None:
    """What is no checkpoint is refused with the names there are, however odd it looks."""
    with pytest.raises(CheckpointError, match=r"There is no checkpoint .*known: .*tiny[^\n]*\.$") as caught:
        find_checkpoint(name)
    assert len(str(caught.value)) < 1000


def test_good_names_pass() -> None:
    """Letters, digits, dots, dashes and underscores."""
    for name in ("a", "mnist-2d", "A.b_c-9", "9" * 64):
        assert name == check_name(name)


# -- the card ------------------------------------------------------------------------------------------------------


def fields(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field of a JSON document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*at, name)
            yield from fields(item, (*at, name))


def changed(card: dict[str, Any], path: tuple[Any, ...], value: Any) -> bytes:
    """The card's text with one field replaced, or removed when the value is Ellipsis."""
    card = json.loads(json.dumps(card))
    place = card
    for name in path[:-1]:
        place = place[name]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(card).encode()


def test_every_field_of_the_card_is_checked(checkpoint: Path) -> None:
    """Each field missing, of a wrong type, NaN or infinite is one sentence that names it."""
    path, card = checkpoint / "card.json", json.loads((checkpoint / "card.json").read_text())
    optional = {("model",), ("training",), ("run", "versions")}  # what is within these may be missing
    n_refused = 0
    for field in fields(card):
        for value in (..., [{"x": []}], float("nan"), {"unknown": 1}):
            if value is ... and (field[:1] in optional or field[:2] in optional) and field not in optional:
                continue
            if field == ("run", "versions") and value == {"unknown": 1}:
                value = {"python": 3}
            path.write_bytes(changed(card, field, value))
            with pytest.raises(CheckpointError, match=rf"^tiny: card\.json: {field[0]}[^\n]+\.$"):
                pytest.fail(f"{field} may be {value}: {read_card(checkpoint)}")
            n_refused += 1
    assert n_refused > 150


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (("schema_version",), 3),
        (("schema_version",), "1"),
        (("extra",), 1),
        (("data", "image_shape"), [2, 8, 8]),
        (("data", "image_shape"), [1, 7, 8]),
        (("data", "image_shape"), [1, 8, 65]),
        (("data", "image_shape"), [1, 8]),
        (("data", "n_test"), -1),
        (("model", "latent_dim"), 513),
        (("test", "elbo", "standard_error"), -1.0),
        (("files", "weights"), "0" * 63),
        (("files", "weights"), "../" * 20),
        (("run", "outcome"), "splendid"),
        (("run", "command"), "x" * 2001),
    ],
)
def test_values_that_no_card_has(field: tuple[str, ...], value: Any, checkpoint: Path) -> None:
    """Other versions, unknown fields and values out of range are refused."""
    card = json.loads((checkpoint / "card.json").read_text())
    (checkpoint / "card.json").write_bytes(changed(card, field, value))
    with pytest.raises(CheckpointError, match=rf"^tiny: card\.json: {field[0]}[^\n]+\.$"):
        LatentExplorer.load(checkpoint, "cpu")


@pytest.mark.parametrize("name", FILES[:3])
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "a folder", "a flipped bit"])
def test_damaged_files(name: str, damage: str, checkpoint: Path) -> None:
    """Any file missing, empty, cut short, of another kind or changed by one bit: one sentence with its name."""
    path = checkpoint / name
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        content[40] ^= 0x80
        path.write_bytes({"empty": b"", "truncated": bytes(content[:-9]), "a flipped bit": bytes(content)}[damage])
    with pytest.raises(CheckpointError, match=rf"^tiny: [^\n]*{name}[^\n]*\.$"):
        LatentExplorer.load(checkpoint, "cpu")


# -- latents.npz ---------------------------------------------------------------------------------------------------


def npz(**arrays: Any) -> bytes:
    """The bytes of an npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def put_latents(folder: Path, content: bytes) -> None:
    """Make them the ones that the card was written for, as whoever means harm would."""
    (folder / "latents.npz").write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["files"]["latents"] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def hostile_latents(n: int) -> dict[str, bytes]:
    """Arrays that do not fit a model of two dimensions and n test images."""
    mu = np.zeros((n, 2), np.float32)
    return {
        "no mu": npz(logvar=mu),
        "one row too few": npz(mu=mu[1:]),
        "three dimensions": npz(mu=np.zeros((n, 3), np.float32)),
        "double": npz(mu=mu.astype(np.float64)),
        "objects": npz(mu=np.full((n, 2), None, dtype=object)),
        "NaN": npz(mu=mu * np.nan),
        "labels of another length": npz(mu=mu, labels=np.zeros(n + 1, np.int64)),
        "labels that are floats": npz(mu=mu, labels=np.zeros(n)),
        "a bomb": npz(mu=np.zeros((20_000_000,), np.uint8)),
        "no zip": b"\x93NUMPY" + bytes(500),
        "a broken stream": bytes(b ^ 0x55 if 60 < i < 90 else b for i, b in enumerate(npz(mu=mu + 1))),
    }


@pytest.mark.parametrize("kind", hostile_latents(1))
def test_latents_that_do_not_fit(kind: str, checkpoint: Path) -> None:
    """Even with the right sha256 nothing is unpickled, unpacked without measure, or believed."""
    put_latents(checkpoint, hostile_latents(read_card(checkpoint).data.n_test)[kind])
    with pytest.raises(CheckpointError, match=r"^tiny: latents\.npz does not fit its card [^\n]+\.$"):
        read_latents(checkpoint, read_card(checkpoint))


def test_latents_without_labels_or_spread(checkpoint: Path) -> None:
    """Labels may be missing, and a logvar where the family has none; where it has one it must be there."""
    mu = np.ones((read_card(checkpoint).data.n_test, 2), np.float32)
    put_latents(checkpoint, npz(mu=mu, logvar=mu))
    latents = read_latents(checkpoint, read_card(checkpoint))
    assert latents.labels is None
    assert np.array_equal(mu, latents.mu)
    put_latents(checkpoint, npz(mu=mu))
    with pytest.raises(CheckpointError, match="logvar"):
        read_latents(checkpoint, read_card(checkpoint))
    card = read_card(checkpoint)
    without = replace(card, model=replace(card.model, family="ae"))
    assert read_latents(checkpoint, without).logvar is None


def test_a_card_of_many_megabytes_is_not_read(checkpoint: Path) -> None:
    """A card.json beyond any card's size is refused before it is parsed, even where its JSON is sound."""
    card = checkpoint / "card.json"
    card.write_bytes(card.read_bytes() + b" " * (1 << 20))
    with pytest.raises(CheckpointError, match="larger than"):
        read_card(checkpoint)
