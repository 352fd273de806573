"""Records of version 1 are still read: what was added since takes the value that changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vae_core.runs import new_run
from vae_core.checkpoints import CARD, read_card
from vae_core.config import DataConfig
from vae_core.errors import CheckpointError
from vae_core.migration import DATA, TRAINING, migrated_card, migrated_run


def of_version_1(card: dict[str, Any]) -> dict[str, Any]:
    """A card as the first version wrote it."""
    training = {key: value for key, value in card["training"].items() if key not in TRAINING}
    data = {key: value for key, value in card["data"].items() if key != "options"}
    model = card["model"] | {"sigma": None}
    return card | {"schema_version": 1, "training": training, "data": data, "model": model}


def test_a_card_of_version_1_is_the_same_card(checkpoint: Path) -> None:
    """Without the new fields and with sigma null it is read as the card that it would be today, key and all."""
    path, card = checkpoint / CARD, read_card(checkpoint)
    path.write_text(json.dumps(of_version_1(json.loads(path.read_text("utf-8")))), "utf-8")
    assert (card, card.key) == (read_card(checkpoint), read_card(checkpoint).key)
    assert DataConfig() == card.data.options


def test_a_run_of_version_1_can_be_resumed(isolated: Path) -> None:
    """run.json without a version, a data part and the new settings is read as the request that it would be today."""
    folder = new_run(isolated, "old")
    request, path = folder.request(), folder.path / "run.json"
    document = json.loads(path.read_text("utf-8"))
    del document["schema_version"], document["config"]["data"]
    config = document["config"]
    config["training"] = {key: value for key, value in config["training"].items() if key not in TRAINING}
    config["model"]["sigma"] = None
    path.write_text(json.dumps(document), "utf-8")
    assert request == folder.request()


@pytest.mark.parametrize("missing", ["kl_cycles", "noise"])
def test_a_record_of_today_lacks_nothing(missing: str, checkpoint: Path) -> None:
    """The migration mends old records only: in one of version 2 a field that is missing is refused."""
    path = checkpoint / CARD
    card = json.loads(path.read_text("utf-8"))
    del card["training"][missing]
    path.write_text(json.dumps(card), "utf-8")
    with pytest.raises(CheckpointError, match=rf"training\.{missing}"):
        read_card(checkpoint)


@pytest.mark.parametrize("junk", [None, 3, [], "x", {"schema_version": 1}, {"config": 3}, {"config": {"model": []}}])
def test_any_document_passes(junk: Any) -> None:
    """What is no record is handed on, to be refused by whoever reads it."""
    for migrated in (migrated_card(junk), migrated_run(junk)):
        assert isinstance(migrated, type(junk))


def test_what_is_added_is_neutral(checkpoint: Path) -> None:
    """The values written out in the migration have a field each, and no other field is added."""
    card = json.loads((checkpoint / CARD).read_text("utf-8"))
    assert TRAINING.keys() <= card["training"].keys()
    assert card["data"]["options"] == DATA
