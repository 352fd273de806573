"""model.safetensors: what is stored comes back, and what does not fit is one clear sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from vae_core.checkpoints import read_card
from vae_core.config import ModelConfig
from vae_core.errors import CheckpointError
from vae_core.models import VAE, build_model
from vae_core.weights import load_model, model_from_bytes, save_weights

SHAPE = (1, 8, 8)
CONFIG = ModelConfig(hidden=(4,), likelihood="gaussian")
Tensors = dict[str, Tensor]


def some_model() -> VAE:
    """A small model, the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(CONFIG, SHAPE)


def content_of(model: VAE) -> bytes:
    """Its file."""
    return safetensors.torch.save(dict(model.state_dict()))


def load(content: bytes) -> VAE:
    """What `load_model` makes of a file."""
    return model_from_bytes(content, CONFIG, SHAPE, where="here")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_weights_come_back(dtype: str, tmp_path: Path) -> None:
    """In float32, rounded when they were stored in half precision, frozen, and on the CPU."""
    model = some_model()
    save_weights(model, tmp_path / "w", dtype)
    loaded = load((tmp_path / "w").read_bytes())
    stored = torch.float16 if dtype == "float16" else torch.float32
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor.to(stored).float(), loaded.state_dict()[name])
    assert {torch.float32} == {tensor.dtype for tensor in loaded.state_dict().values()}
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert {"cpu"} == {parameter.device.type for parameter in loaded.parameters()}


def test_equal_weights_are_equal_bytes(tmp_path: Path) -> None:
    """The file depends on the weights alone, so its sha256 names them."""
    first, again = (save_weights(some_model(), tmp_path / name, "float32") for name in "ab")
    assert first == again


def change(name: str, new: Callable[[Tensor], Tensor]) -> Callable[[Tensors], Tensors]:
    """An edit of one tensor."""
    return lambda tensors: {**tensors, name: new(tensors[name])}


def poisoned(tensor: Tensor, value: float = math.nan) -> Tensor:
    """A copy with one value that is no number."""
    tensor = tensor.clone()
    tensor.view(-1)[-1] = value
    return tensor


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change("to_mu.weight", lambda t: t.T.contiguous()), r"'to_mu.weight' is .*\(4, 2\), expected.*\(2, 4\)"),
        (change("to_mu.weight", lambda t: torch.zeros(3, 4)), r"\(3, 4\), expected float32 or float16 \(2, 4\)"),
        (change("to_mu.weight", lambda t: t[..., None].contiguous()), r"\(2, 4, 1\), expected"),
        (change("to_mu.weight", lambda t: t.double()), "torch.float64"),
        (change("to_mu.weight", lambda t: t.bfloat16()), "torch.bfloat16"),
        (change("to_mu.weight", lambda t: t.to(torch.int32)), "torch.int32"),
        (change("likelihood.log_sigma", lambda t: t.reshape(1)), r"'likelihood.log_sigma' is torch.float32 \(1,\)"),
        (change("to_mu.weight", poisoned), "'to_mu.weight' has values that are not finite"),
        (change("to_mu.bias", lambda t: poisoned(t, math.inf)), "'to_mu.bias' has values that are not finite"),
        (lambda tensors: {**tensors, "extra": torch.zeros(2)}, "'extra' is not part of the model"),
        (lambda tensors: {name: t for name, t in tensors.items() if name != "to_mu.bias"}, "'to_mu.bias' is missing"),
        (lambda tensors: {name.replace("to_mu", "mu"): t for name, t in tensors.items()}, "'mu.bias' is not part of"),
        (lambda tensors: {"to_mu.bias": tensors["to_mu.bias"]}, "too short for the model"),
        (lambda tensors: {}, "too short for the model"),
    ],
)  # fmt: skip
def test_tensors_that_do_not_fit(edit: Callable[[Tensors], Tensors], message: str) -> None:
    """Other shapes, types, names or values than the card implies are named, tensor by tensor."""
    content = safetensors.torch.save(edit(dict(some_model().state_dict())))
    with pytest.raises(CheckpointError, match=rf"^here: model\.safetensors[^\n]*{message}[^\n]*\.$"):
        load(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x04\x95" + b"pickle" * 999, b"PK\x03\x04" + bytes(9999), bytes(9999), b"\xff" * 9999],
    ids=["empty", "pickle", "zip", "zeros", "ones"],
)
def test_files_of_another_kind(content: bytes) -> None:
    """A renamed pickle, or no file at all, is refused; nothing is unpickled."""
    with pytest.raises(CheckpointError, match=r"^here: model\.safetensors[^\n]+\.$"):
        load(content)


@given(cut=st.integers(1, 3000), at=st.integers(0, 2500), byte=st.integers(0, 255))
@example(cut=1, at=0, byte=255)
def test_damage_never_gets_past(cut: int, at: int, byte: int) -> None:
    """Cut short or with a byte changed, a file is refused in one line or still is a model of finite weights."""
    content = content_of(some_model())
    with pytest.raises(CheckpointError, match=r"^here: [^\n]+$"):
        load(content[:-cut])
    damaged = bytearray(content)
    damaged[at] = byte
    try:
        model = load(bytes(damaged))
    except CheckpointError as problem:
        refused = str(problem)
    else:
        refused = ""
        assert all(bool(torch.isfinite(tensor).all()) for tensor in model.state_dict().values())
    assert "\n" not in refused


@pytest.mark.parametrize("position", [0, 8, 100, -1])
def test_one_flipped_bit_is_found(position: int, checkpoint: Path) -> None:
    """The card's sha256 finds what the format cannot."""
    path = checkpoint / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        CheckpointError, match=r"^tiny: model\.safetensors is damaged[^\n]+copy the checkpoint again\.$"
    ):
        load_model(checkpoint, read_card(checkpoint))


def test_a_card_that_claims_a_giant_costs_nothing(checkpoint: Path) -> None:
    """Gigabytes of claimed weights are refused before memory is spent; so is a model that cannot be built."""
    card = read_card(checkpoint)
    giant = replace(card, model=replace(card.model, hidden=(8192,) * 8))
    with pytest.raises(CheckpointError, match="too short for the model that card"):
        load_model(checkpoint, giant)
    deep = replace(card, model=replace(card.model, network="conv", hidden=(2,) * 8))
    with pytest.raises(CheckpointError, match="a model that cannot be built"):
        load_model(checkpoint, deep)
