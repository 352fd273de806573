"""Settings: what is taken, what is refused and in which words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tests.vae_core.runs import small_config
from vae_core.config import ModelConfig, RunConfig, TrainConfig, build, parse, to_json
from vae_core.errors import ConfigError, DataError

BAD_VALUES: list[tuple[type, str, Any]] = [
    (ModelConfig, "family", "pca"),
    (ModelConfig, "network", "transformer"),
    (ModelConfig, "hidden", (0,)),
    (ModelConfig, "hidden", (8193,)),
    (ModelConfig, "hidden", (1,) * 9),
    (ModelConfig, "hidden", ("512",)),
    (ModelConfig, "activation", "tanh"),
    (ModelConfig, "latent_dim", 0),
    (ModelConfig, "latent_dim", 513),
    (ModelConfig, "latent_dim", "2"),
    (ModelConfig, "latent_dim", 2.0),
    (ModelConfig, "latent_dim", True),
    (ModelConfig, "likelihood", "bce"),
    (ModelConfig, "sigma", 0.0),
    (ModelConfig, "sigma", float("nan")),
    (TrainConfig, "epochs", 0),
    (TrainConfig, "epochs", -1),
    (TrainConfig, "batch_size", 0),
    (TrainConfig, "learning_rate", 0.0),
    (TrainConfig, "learning_rate", 1.5),
    (TrainConfig, "learning_rate", float("nan")),
    (TrainConfig, "learning_rate", "0.001"),
    (TrainConfig, "schedule", "cosine"),
    (TrainConfig, "beta", -0.1),
    (TrainConfig, "beta", float("inf")),
    (TrainConfig, "kl_warmup", -1.0),
    (TrainConfig, "patience", -1),
    (TrainConfig, "seed", -1),
    (TrainConfig, "seed", 2**31),
    (TrainConfig, "threads", -1),
    (TrainConfig, "weights_dtype", "bfloat16"),
    (TrainConfig, "momentum", 0.9),
]


@pytest.mark.parametrize(("cls", "field", "value"), BAD_VALUES)
def test_a_bad_value_is_one_sentence(cls: type, field: str, value: Any) -> None:
    """It names the field and what came, whether it comes as a keyword or as JSON."""
    with pytest.raises(ConfigError, match=rf"^here: {field}.*[^\n]*\.$"):
        build(cls, {field: value}, where="here")
    text = json.dumps({field: value}).encode()
    if not (isinstance(value, float) and value.is_integer() and field == "latent_dim"):  # 2.0 is a whole number in JSON
        with pytest.raises(ConfigError, match=rf"^here: {field}.*[^\n]*\.$"):
            parse(cls, text, where="here")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"dataset": "digits"'])
def test_text_that_is_no_json(text: bytes) -> None:
    """Damage is called damage, in the class of error that was asked for."""
    with pytest.raises(DataError, match=r"^here: not readable as JSON[^\n]+\.$"):
        parse(RunConfig, text, where="here", error=DataError)


@pytest.mark.parametrize("text", [b"null", b"3", b"[]", b"{}", b'{"dataset": ""}', b'{"dataset": 3}'])
def test_json_of_another_kind(text: bytes) -> None:
    """JSON that is no configuration is refused as well."""
    with pytest.raises(ConfigError, match=r"^here: [^\n]+\.$"):
        parse(RunConfig, text, where="here")


def test_a_configuration_survives_its_json() -> None:
    """What is written is read back equal, defaults and all."""
    for config in (RunConfig(dataset="mnist"), small_config({"likelihood": "gaussian", "sigma": 0.1}, beta=0.5)):
        assert config == parse(RunConfig, to_json(config), where="here")


@pytest.mark.parametrize("cls", [ModelConfig, TrainConfig])
def test_configurations_cannot_be_changed(cls: type) -> None:
    """They are values: shared freely, compared, used as keys."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        cls().seed = 3
    assert 1 == len({cls(), cls()})
