"""From records of version 1 to those of version 2: what was added since takes the value that changes nothing."""

from __future__ import annotations

from typing import Any

# Written out, not read from today's defaults: an old record must not change its meaning when a default does.
TRAINING = {
    "kl_cycles": 0,
    "free_bits": 0.0,
    "capacity": 0.0,
    "importance_samples": 5,
    "mmd_weight": 100.0,
    "noise": "masking",
    "noise_level": 0.3,
}
DATA = {"side": None, "colour": "auto", "labels": "", "binarize": "no"}


def migrated_card(document: Any) -> Any:
    """A card.json of version 1 as one of version 2; anything else as it came."""
    if not (isinstance(document, dict) and document.get("schema_version") == 1):
        return document
    data = document.get("data")
    return _settings(document) | {
        "schema_version": 2,
        "data": {**data, "options": DATA} if isinstance(data, dict) else data,
    }


def migrated_run(document: Any) -> Any:
    """A run.json of version 1, which did not say its version, as one of version 2; anything else as it came."""
    if not isinstance(document, dict) or "schema_version" in document or "config" not in document:
        return document
    config = document["config"]
    return document | {
        "schema_version": 2,
        "config": _settings(config) | {"data": DATA} if isinstance(config, dict) else config,
    }


def _settings(document: dict[str, Any]) -> dict[str, Any]:
    model, training = document.get("model"), document.get("training")
    if isinstance(model, dict) and "sigma" in model and model["sigma"] is None:
        model = model | {"sigma": "learned"}
    if isinstance(training, dict):
        training = training | TRAINING
    found = {"model": model, "training": training}
    return document | {key: value for key, value in found.items() if key in document}
