"""What the sessions share: kept under the whole card, so that no model ever shows what belongs to another."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

import app
from ui import axes, cache, decoder, maps, state, takeaway
from ui.encoded import images_of
from vae_core import LatentExplorer, VaeCoreError, list_checkpoints
from vae_core.checkpoints import CARD, LATENTS, SHIPPED_DIR, CheckpointEntry
from vae_core.device import available_devices

Document = dict[str, Any]
Shown = tuple[tuple[str, ...], str, bytes]


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """Begin with nothing kept, and leave nothing."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def entry(name: str) -> CheckpointEntry:
    """The line of the list of checkpoints."""
    (found,) = (entry for entry in list_checkpoints() if entry.name == name)
    return found


def rewrite(folder: Path, change: Callable[[Document, Path], None]) -> None:
    """Change a checkpoint's card, which is given with its folder."""
    card = json.loads((folder / CARD).read_bytes())
    change(card, folder)
    (folder / CARD).write_text(json.dumps(card))


def other_names(card: Document, folder: Path) -> None:
    """The classes are called something else."""
    card["data"]["class_names"] = [f"class {name}" for name in card["data"]["class_names"]]


def other_latents(card: Document, folder: Path) -> None:
    """The test images lie elsewhere."""
    arrays = dict(np.load(folder / LATENTS))
    buffer = io.BytesIO()
    np.savez(buffer, **{**arrays, "mu": arrays["mu"] + np.float32(1)})
    (folder / LATENTS).write_bytes(buffer.getvalue())
    card["files"]["latents"] = hashlib.sha256(buffer.getvalue()).hexdigest()


def other_activation(card: Document, folder: Path) -> None:
    """The same weights, put together to another network."""
    assert card["model"]["activation"] == "silu"
    card["model"]["activation"] = "relu"


def shown(name: str) -> Shown:
    """What the map of a model shows: its classes, its points, and what the live channel decodes at the origin."""
    explorer = cache.open_explorer(entry(name), "cpu")
    points = maps.map_points(explorer, axes.widest_plane(explorer))
    return points.class_names, points.key, decoder.decode(explorer, np.zeros((1, 2), np.float32)).tobytes()


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (other_names, (True, False, False)),
        (other_latents, (False, True, False)),
        (other_activation, (False, False, True)),
    ],
)
def test_equal_weights_share_no_map(
    isolated: Path, change: Callable[[Document, Path], None], differs: tuple[bool, ...]
) -> None:
    """A model that was brought shows its own map and images, whoever looked at one with the same weights before."""
    rewrite(Path(shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "twin")), change)
    expected = shown("twin")
    st.cache_resource.clear()
    st.cache_data.clear()
    original = shown("digits-2d")
    assert expected == shown("twin")
    assert differs == tuple(mine != theirs for mine, theirs in zip(expected, original, strict=True))


def test_a_new_card_is_opened_anew(isolated: Path) -> None:
    """A resumed run that ends with the weights it had has another card; an unchanged one is opened once."""
    folder = Path(shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "mine"))
    before = cache.open_explorer(entry("mine"), "cpu")
    assert before is cache.open_explorer(entry("mine"), "cpu")
    rewrite(folder, lambda card, _: card["run"].update(epochs_done=151.0))
    after = cache.open_explorer(entry("mine"), "cpu")
    assert (150, 151) == (before.card.run.epochs_done, after.card.run.epochs_done)
    assert before.card.files == after.card.files


def test_nothing_is_taken_away_of_a_model_that_has_changed(isolated: Path) -> None:
    """A page that was opened before hands out its own model or a sentence, never what came in its place."""
    folder = Path(shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "mine"))
    explorer = LatentExplorer.load("mine", device="cpu")
    assert folder == takeaway.unchanged_folder(explorer)
    rewrite(folder, other_activation)
    for take in (takeaway.unchanged_folder, lambda model: takeaway.onnx_file(model, "decoder")):
        with pytest.raises(VaeCoreError, match=r"^mine has changed since this page was opened; reload the page\.$"):
            take(explorer)
    shutil.rmtree(folder)
    with pytest.raises(VaeCoreError, match=r"there is no card\.json"):
        takeaway.unchanged_folder(explorer)


def test_a_copy_of_the_name_is_not_what_is_taken_away(isolated: Path) -> None:
    """A new model that takes a shipped one's name does not take its place on a page opened before."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    shutil.copytree(SHIPPED_DIR / "mnist-2d", isolated / "digits-2d")
    assert SHIPPED_DIR / "digits-2d" == takeaway.unchanged_folder(explorer)


def test_the_first_visitor_finds_the_first_model_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher opens the model that an address without one leads to, where the sessions look for it."""
    app.warm_up()

    def never(*args: object, **options: object) -> None:
        raise AssertionError("opened or registered again")

    monkeypatch.setattr(LatentExplorer, "load", never)
    monkeypatch.setattr(maps.MapPoints, "register", never)
    explorer = cache.open_explorer(entry(state.FIRST_MODEL), available_devices()[0])
    assert state.FIRST_MODEL == explorer.name
    assert 10_000 == maps.map_points(explorer, axes.widest_plane(explorer)).n


@pytest.mark.parametrize(("field", "value"), [("name", "a-set-of-ones-own"), ("n_test", 399)])
def test_originals_are_shown_only_where_they_are_the_cards(isolated: Path, field: str, value: object) -> None:
    """A set that is not in the catalogue, or of another size than the card says, has no originals and no error."""
    explorer = LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")
    assert images_of(explorer, "test") is not None
    data = replace(explorer.card.data, **{field: value})
    assert images_of(replace(explorer, card=replace(explorer.card, data=data)), "test") is None
