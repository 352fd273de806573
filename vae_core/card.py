"""card.json: what a checkpoint says of itself. Its presence is what makes a run folder a checkpoint."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.config import STRICT, DataConfig, ModelConfig, TrainConfig, to_json

Count = Annotated[int, Field(ge=0, le=100_000_000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=2000)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Measure:
    """A mean over images with its standard error (None for a single image), in nats per image unless said otherwise."""

    value: float
    standard_error: Annotated[float, Field(ge=0.0)] | None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SplitFigures:
    """The ELBO (beta = 1, one sample of z an image) and its parts on one split.

    A family without a posterior has no ELBO and no KL, one without a likelihood no figure at all: None, and no
    dimensions.
    """

    n_images: Annotated[int, Field(ge=1)]
    elbo: Measure | None
    log_likelihood: Measure | None
    kl: Measure | None
    kl_per_dimension: Annotated[tuple[Annotated[float, Field(ge=-1e-3)], ...], Field(max_length=512)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataCard:
    """The data set that a model was trained on, after its `options` were applied."""

    name: Text
    title: Text
    checksum: Text
    options: DataConfig
    n_train: Count
    n_validation: Count
    n_test: Annotated[int, Field(ge=1, le=2_000_000)]
    class_names: Annotated[tuple[Text, ...], Field(max_length=256)]
    image_shape: tuple[Literal[1, 3], Annotated[int, Field(ge=8, le=64)], Annotated[int, Field(ge=8, le=64)]]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunRecord:
    """How the training went."""

    started: Text
    finished: Text
    epochs_done: Annotated[float, Field(ge=0)]
    best_epoch: Count
    outcome: Literal["finished", "stopped", "stopped early", "diverged"]
    seconds: Annotated[float, Field(ge=0)]
    images_per_second: Annotated[float, Field(ge=0)]
    device: Text
    threads: Count
    command: Text
    versions: Annotated[dict[Annotated[str, Field(max_length=64)], Text], Field(max_length=32)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Files:
    """sha256 of the files that belong to this card."""

    weights: Sha256
    latents: Sha256


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Card:
    """Everything there is to know of a checkpoint without opening its weights.

    A checkpoint's name is its folder's, so it is not in here: a card must stay true when the folder is renamed.
    """

    schema_version: Literal[2]
    model: ModelConfig
    training: TrainConfig
    data: DataCard
    run: RunRecord
    test: SplitFigures
    validation: SplitFigures
    files: Files

    @property
    def architecture(self) -> str:
        """Network and widths in words, such as `mlp 512-512-512`."""
        return f"{self.model.network} {'-'.join(map(str, self.model.hidden))}"

    @cached_property  # each component of a page asks for it at each rerun, and a card never changes
    def key(self) -> str:
        """sha256 of the card, for caches: it covers the weights, the latents, the names and the architecture."""
        return hashlib.sha256(to_json(self)).hexdigest()
