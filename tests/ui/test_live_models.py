"""How the live channel finds models: nothing held that nobody uses, and no look at the folders for each question."""

from __future__ import annotations

import gc
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ui.stub_explorer import StubExplorer
from ui import live_models
from vae_core import LatentExplorer, list_checkpoints
from vae_core.checkpoints import CheckpointEntry
from vae_core.errors import CheckpointError

UNKNOWN = bytes(16)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Begin with no list, and count how often the folders are looked through. The clock stands."""
    counted = list[int]()

    def listed() -> list[CheckpointEntry]:
        counted.append(1)
        return list_checkpoints()

    monkeypatch.setattr(live_models, "list_checkpoints", listed)
    monkeypatch.setattr(live_models, "_listed_until", 0.0)
    monkeypatch.setattr(live_models, "monotonic", lambda: 100.0)
    return counted


@pytest.fixture
def digits() -> LatentExplorer:
    """Open a shipped model."""
    return LatentExplorer.load("digits-2d", device="cpu")


def test_a_model_that_a_page_was_given_is_known(digits: LatentExplorer, looks: list[int]) -> None:
    """The very one, on its device alone, without a look at the folders."""
    model = live_models.remember(digits)
    assert digits.card.key[:32] == model.hex()
    assert live_models.recall(model, "cpu") is digits
    assert live_models.recall(model, "cuda:0") is None
    assert [] == looks


def test_a_model_of_another_server_is_looked_up(digits: LatentExplorer, looks: list[int]) -> None:
    """By the key of its card, and then it is known."""
    model = bytes.fromhex(digits.card.key)[:16]
    found = live_models.look_up(model, "cpu")
    assert digits.card == found.card
    assert live_models.recall(model, "cpu") is found


def test_a_damaged_copy_hides_no_good_one(digits: LatentExplorer, isolated: Path) -> None:
    """Of two folders with the same card, the one whose weights are whole is opened."""
    copy = Path(shutil.copytree(digits.path, isolated / "zz-damaged"))
    (copy / "model.safetensors").write_bytes(bytes(100))
    assert "digits-2d" == live_models.look_up(bytes.fromhex(digits.card.key)[:16], "cpu").name


def test_who_is_not_there_is_not_looked_for_again(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand unknown models, asked for by eight at once, are one look; three seconds later it is worth another."""

    def ask(i: int) -> None:
        with pytest.raises(CheckpointError, match=r"^This model is not here any more: reload the page\.$"):
            live_models.look_up(i.to_bytes(16, "little"), "cpu")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(1000)))
    assert [1] == looks
    with pytest.raises(CheckpointError):
        live_models.recall(UNKNOWN, "cpu")
    monkeypatch.setattr(live_models, "monotonic", lambda: 100.0 + live_models.LIST_SECONDS)
    assert live_models.recall(UNKNOWN, "cpu") is None
    ask(0)
    assert [1, 1] == looks


def test_no_model_is_kept_alive() -> None:
    """However many are offered, one that neither a page nor the cache holds is given up with its weights."""
    stubs = [StubExplorer(f"model {i}") for i in range(3)]
    models = [live_models.remember(one.as_explorer) for one in stubs]
    last = stubs.pop()
    stubs.clear()
    gc.collect()
    assert live_models.recall(models[2], "model 2") is last.as_explorer
    assert live_models.recall(models[0], "model 0") is None


def test_a_cards_key_is_computed_once(digits: LatentExplorer) -> None:
    """Each component of a page asks for it at each rerun."""
    assert digits.card.key is digits.card.key
