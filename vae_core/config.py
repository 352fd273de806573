"""What can be set: the model, its training, its data. The only home of defaults.

The classes are frozen and checked when they are made, whether they come from the command line, a page or a
`card.json`; `parse` and `build` turn the checker's findings into one sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from vae_core.errors import ConfigError, VaeCoreError

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""No unknown fields, no silent conversion (`"2"` is not 2), no NaN."""

T = TypeVar("T")

Family = Literal["vae", "ae", "dae", "cvae", "beta-tcvae", "info-vae", "iwae", "gan"]
Network = Literal["mlp", "conv", "resnet"]
LikelihoodName = Literal["bernoulli", "continuous-bernoulli", "gaussian"]
Activation = Literal["silu", "relu"]
Schedule = Literal["one-cycle", "constant"]
WeightsDtype = Literal["float32", "float16"]
Noise = Literal["masking", "gaussian"]
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
        Widths of the hidden layers (`mlp`), channels of the stride-2 convolutions (`conv`) or of the residual blocks,
        each of which halves the image (`resnet`), from the image
        towards the latent space; the decoder mirrors them. Empty: a default that fits the image's size.
    sigma : float, "learned" or "per-pixel"
        Standard deviation of a Gaussian likelihood, in units of the pixel range [0, 1]: a number; one value that is
        learned with the weights; or one that the decoder puts out for each pixel. Not used by the other likelihoods.
    """

    family: Family = "vae"
    network: Network = "mlp"
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=8192)], ...], Field(max_length=8)] = ()
    activation: Activation = "silu"
    latent_dim: Annotated[int, Field(ge=1, le=512)] = 2
    likelihood: LikelihoodName = "bernoulli"
    sigma: Annotated[float, Field(ge=0.001, le=10.0)] | Literal["learned", "per-pixel"] = "learned"


def default_hidden(network: str, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Widths for a configuration that names none: small images need less."""
    if network != "mlp":  # down to 4x4 to 7x7 pixels, or 2x2 for the smallest
        n_halvings = max(2, min(image_shape[1:]).bit_length() - 3)
        return (32, 64, 128, 256)[:n_halvings]
    return (256, 128) if math.prod(image_shape) <= 256 else (512, 512, 512)


def check_depth(model: ModelConfig, image_shape: tuple[int, int, int]) -> None:
    """Refuse more halvings than an image (C, H, W) has; no torch, so before a run is made.

    Raises
    ------
    ConfigError
        When the last convolution would have no pixel left.
    """
    _, height, width = image_shape
    most = min(height, width).bit_length() - 1
    if model.network != "mlp" and len(model.hidden) > most:
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
        Weight of the KL term in the training loss (Higgins et al. 2017). Reported ELBOs always have beta = 1, and by
        them the best weights are chosen (`vae_core.families.kept_by`).
    kl_warmup : float
        Epochs over which the weight of the KL term grows linearly from 0 to beta.
    kl_cycles : int
        Cycles of that weight over the whole training (Fu et al. 2019): in each it grows from 0 to beta over the first
        half, then stays. 0: none.
    free_bits : float
        Nats a dimension below which its KL is not pressed down (Kingma et al. 2016, eq. 15). 0: off.
    capacity : float
        C, in nats: the KL is drawn towards a target that rises from 0 to C over the first half of the training
        (Burgess et al. 2018, eq. 8). 0: off.
    importance_samples : int
        k, draws of z an image in the loss of `iwae` (Burda et al. 2016, eq. 8).
    mmd_weight : float
        Weight of the divergence between aggregate posterior and prior in `info-vae` (Zhao et al. 2019).
    noise, noise_level : str, float
        How `dae` corrupts an image: `masking` sets a pixel to 0 with the probability `noise_level`, `gaussian` adds
        normal noise of that standard deviation (Vincent et al. 2008).
    patience : int
        Stop when the validation score has not risen for this many epochs; 0: never.
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
    kl_cycles: Annotated[int, Field(ge=0, le=1000)] = 0
    free_bits: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    capacity: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0
    importance_samples: Annotated[int, Field(ge=1, le=1000)] = 5
    mmd_weight: Annotated[float, Field(ge=0.0, le=100_000.0)] = 100.0
    noise: Noise = "masking"
    noise_level: Annotated[float, Field(ge=0.0, le=1.0)] = 0.3
    patience: Annotated[int, Field(ge=0, le=100_000)] = 0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    weights_dtype: WeightsDtype = "float32"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataConfig:
    """What is done to a data set before a model sees it.

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


OPTION_OF = {"side": "image_size"}
"""Fields that the command line calls by a name of its own."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunConfig:
    """All that determines a run: the same RunConfig on the same CPU gives the same bits."""

    dataset: Annotated[str, Field(min_length=1, max_length=2000)]  # it may be a path
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    training: TrainConfig = TrainConfig()


def first_sentence(error: ValidationError, where: str) -> str:
    """The first thing that a checker found wrong, in one sentence that `where` opens."""
    first = error.errors()[0]
    at = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith(("function", "constrained", "literal"))
    )
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
        raise ConfigError(first_sentence(error, where)) from None


def parse(
    cls: type[T],
    text: bytes,
    *,
    where: str,
    error: type[VaeCoreError] = ConfigError,
    migrate: Callable[[Any], Any] = lambda document: document,
) -> T:
    """Make a dataclass from JSON text, checking every field's presence, type and range.

    `migrate` brings a document of an older version up to the present one first.

    Raises
    ------
    VaeCoreError
        Of the given class, when the text is no JSON or does not fit.
    """
    try:
        given = migrate(json.loads(text))
    except (ValueError, RecursionError) as problem:
        raise error(f"{where}: not readable as JSON ({problem}); it is damaged or was cut short.") from None
    try:
        value = TypeAdapter(cls).validate_json(json.dumps(given))
    except ValidationError as problem:
        raise error(first_sentence(problem, where)) from None
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
