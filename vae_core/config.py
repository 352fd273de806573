"""What can be set: the model, its training, its data. The only home of defaults.

The classes are frozen and checked when they are made, whether they come from the command line, a page or a
`card.json`; `parse` and `build` turn the checker's findings into one sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from vae_core.errors import ConfigError, VaeCoreError

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""No unknown fields, no silent conversion (`"2"` is not 2), no NaN."""

T = TypeVar("T")

Family = Literal["vae"]
Network = Literal["mlp", "conv"]
LikelihoodName = Literal["bernoulli", "gaussian"]
Activation = Literal["silu", "relu"]
Schedule = Literal["one-cycle", "constant"]
WeightsDtype = Literal["float32", "float16"]
Colour = Literal["auto", "grey", "rgb"]
Binarize = Literal["no", "fixed", "dynamic"]

SMALLEST_SIDE, LARGEST_SIDE = 8, 64
"""Height and width of an image, in pixels, that the networks are built for."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ModelConfig:
    """The architecture: what is needed, beside the image's shape, to build the network anew.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the hidden layers (`mlp`) or channels of the stride-2 convolutions (`conv`), from the image
        towards the latent space; the decoder mirrors them. Empty: a default that fits the image's size.
    sigma : float or None
        Standard deviation of a Gaussian likelihood, in units of the pixel range [0, 1]; None: one value,
        learned with the weights. Not used by the other likelihoods.
    """

    family: Family = "vae"
    network: Network = "mlp"
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=8192)], ...], Field(max_length=8)] = ()
    activation: Activation = "silu"
    latent_dim: Annotated[int, Field(ge=1, le=512)] = 2
    likelihood: LikelihoodName = "bernoulli"
    sigma: Annotated[float, Field(ge=0.001, le=10.0)] | None = None


def default_hidden(network: str, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Widths for a configuration that names none: small images need less."""
    if network == "conv":
        return (32, 64)
    return (256, 128) if math.prod(image_shape) <= 256 else (512, 512, 512)


def check_depth(model: ModelConfig, image_shape: tuple[int, int, int]) -> None:
    """Refuse more stride-2 convolutions than an image (C, H, W) has halvings; no torch, so before a run is made.

    Raises
    ------
    ConfigError
        When the last convolution would have no pixel left.
    """
    _, height, width = image_shape
    most = min(height, width).bit_length() - 1
    if model.network == "conv" and len(model.hidden) > most:
        raise ConfigError(
            f"hidden: {len(model.hidden)} stride-2 convolutions would shrink a {height}x{width} image to nothing; "
            f"give at most {most} channels."
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainConfig:
    """How a model is trained.

    Attributes
    ----------
    learning_rate : float
        Of Adam; under `one-cycle` the highest value, reached after a tenth of the steps.
    beta : float
        Weight of the KL term in the training loss (Higgins et al. 2017). Reported ELBOs always have beta = 1.
    kl_warmup : float
        Epochs over which the weight of the KL term grows linearly from 0 to beta.
    patience : int
        Stop when the validation ELBO has not risen for this many epochs; 0: never.
    threads : int
        CPU threads; part of the record because sums depend on it in the last bits. 0: one fewer than there are cores.
    weights_dtype : str
        Type in which model.safetensors is stored. The card's figures are measured on the stored weights.
    """

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 30
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 2e-3
    schedule: Schedule = "one-cycle"
    beta: Annotated[float, Field(ge=0.0, le=1000.0)] = 1.0
    kl_warmup: Annotated[float, Field(ge=0.0, le=100_000.0)] = 0.0
    patience: Annotated[int, Field(ge=0, le=100_000)] = 0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    weights_dtype: WeightsDtype = "float32"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataConfig:
    """What is done to the images of a data set before a model sees them.

    Attributes
    ----------
    side : int or None
        Images become `side` by `side` pixels (aspect kept, cut to the middle square). None: the data's own size.
    colour : str
        `grey` makes one channel, `rgb` three; `auto` what the images are.
    labels : str
        Path of a CSV file with the classes of data of one's own; empty: none.
    binarize : str
        `fixed`: each pixel is drawn once from Bernoulli(value / 255), by a fixed seed. `dynamic`: drawn anew in each
        epoch of training, and as `fixed` where it is measured.
    """

    side: Annotated[int, Field(ge=SMALLEST_SIDE, le=LARGEST_SIDE)] | None = None
    colour: Colour = "auto"
    labels: Annotated[str, Field(max_length=2000)] = ""
    binarize: Binarize = "no"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunConfig:
    """All that determines a run: the same RunConfig on the same CPU gives the same bits."""

    dataset: Annotated[str, Field(min_length=1, max_length=2000)]  # it may be a path
    model: ModelConfig = ModelConfig()
    training: TrainConfig = TrainConfig()


def _sentence(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    at = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function", "constrained")))
    came = "" if first["type"] == "missing" else f", but it is {_shortened(first['input'])}"
    more = f" ({error.error_count() - 1} more like this)" if error.error_count() > 1 else ""
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where}: {at or 'the value'}: {message}{came}{more}."


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def build(cls: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Make a configuration from keyword values; `where` opens the message when a value is refused.

    Raises
    ------
    ConfigError
        When a value is missing, unknown, of the wrong type or out of range.
    """
    try:
        return cls(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error, where)) from None


def parse(cls: type[T], text: bytes, *, where: str, error: type[VaeCoreError] = ConfigError) -> T:
    """Make a dataclass from JSON text, checking every field's presence, type and range.

    Raises
    ------
    VaeCoreError
        Of the given class, when the text is no JSON or does not fit.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error(f"{where}: not readable as JSON ({problem}); it is damaged or was cut short.") from None
    try:
        value = TypeAdapter(cls).validate_json(text)
    except ValidationError as problem:
        raise error(_sentence(problem, where)) from None
    # Defaults are for people. A record that lacks a field would be read as something that it does not say.
    absent = _absent(json.loads(to_json(value)), given)
    if absent is not None:
        raise error(f"{where}: {absent}: field required.")
    return value


def _absent(complete: dict[str, Any], given: dict[str, Any]) -> str | None:
    for key, value in complete.items():
        if key not in given:
            return key
        inner = _absent(value, given[key]) if isinstance(value, dict) else None
        if inner is not None:
            return f"{key}.{inner}"
    return None


def to_json(value: object) -> bytes:
    """The inverse of `parse`: indented JSON, NaN refused by the classes themselves."""
    return TypeAdapter(type(value)).dump_json(value, indent=2) + b"\n"
