"""A small classifier of a data set's images: it recognises what a model draws, and lends its features to compare by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pydantic.dataclasses
import safetensors
import safetensors.torch
import torch
from pydantic import Field
from torch import Tensor, nn

from vae_core.card import Measure, Sha256, Text
from vae_core.checkpoints import SHIPPED_DIR, local_dir
from vae_core.config import STRICT, parse, to_json
from vae_core.data.image_set import ImageSet
from vae_core.errors import CheckpointError, DataError
from vae_core.files import write_atomically
from vae_core.inputs import checked_images
from vae_core.metrics.elbo import measure

CARD, WEIGHTS = "classifier.json", "classifier.safetensors"
LOCAL = ".classifiers"
LARGEST_CARD, LARGEST_WEIGHTS = 1 << 16, 1 << 24
CHANNELS, N_FEATURES = (16, 32), 64
BATCH, LEARNING_RATE = 64, 4e-3
N_STEPS, MOST_EPOCHS = 4000, 40
IMAGES_AT_ONCE = 250
"""So few that what lies between two layers stays in a core's cache."""

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, float], None]
"""Told what is being done, and how much of it is done, from 0 to 1."""


class _Described(Protocol):
    """What names a data set: the set itself, or what a checkpoint's card says of it."""

    @property
    def checksum(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def image_shape(self) -> tuple[int, int, int]: ...


@pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=STRICT)
class ClassifierCard:
    """What a stored classifier says of itself.

    Attributes
    ----------
    checksum : str
        Of the data set, as `ImageSet.checksum`: a classifier belongs to exactly the images it was trained on.
    accuracy : Measure
        Share of the test split's images whose class it recognises.
    weights : str
        sha256 of the file beside it.
    """

    schema_version: Literal[1]
    dataset: Text
    checksum: Text
    image_shape: tuple[Literal[1, 3], Annotated[int, Field(ge=8, le=64)], Annotated[int, Field(ge=8, le=64)]]
    n_classes: Annotated[int, Field(ge=2, le=256)]
    n_steps: Annotated[int, Field(ge=1, le=1_000_000)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    accuracy: Measure
    weights: Sha256


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained classifier: numpy in, numpy out.

    Attributes
    ----------
    card : ClassifierCard
    network : nn.Module
        Two 3x3 convolutions, each with a pooling to half the side after it, a hidden layer of 64, and the classes.
    """

    card: ClassifierCard
    network: nn.Sequential

    @property
    def accuracy(self) -> Measure:
        """Share of the test split's images whose class it recognises."""
        return self.card.accuracy

    def predict(self, images: npt.ArrayLike) -> Floats:
        """The probability of each class, (N, K), for images (N, C, H, W) of uint8 or in [0, 1].

        Raises
        ------
        ShapeError
            When the shape, the type or the range is another.
        """
        return self._ask(images, lambda x: torch.softmax(self.network(x), dim=1))

    def features(self, images: npt.ArrayLike) -> Floats:
        """What the last hidden layer says, after its ReLU: (N, 64), for images as in `predict`.

        Raises
        ------
        ShapeError
            As `predict`.
        """
        return self._ask(images, self.network[:-1])

    @torch.inference_mode()
    def _ask(self, images: npt.ArrayLike, ask: Callable[[Tensor], Tensor]) -> Floats:
        array = checked_images(images, self.card.image_shape, "The classifier")
        device = next(self.network.parameters()).device
        starts = range(0, max(1, len(array)), IMAGES_AT_ONCE)
        answers = [ask(_unit(array[start : start + IMAGES_AT_ONCE], device)).cpu().numpy() for start in starts]
        return np.concatenate(answers)


def classifier_for(
    data: ImageSet,
    *,
    checkpoints_dir: str | Path | None = None,
    device: str = "cpu",
    on_progress: Progress = lambda what, share: None,
) -> Classifier:
    """The classifier of a data set: the shipped one, the one trained here before, or one that is trained now.

    New ones are kept in `.classifiers/` of the folder for new checkpoints, one folder a data set.

    Raises
    ------
    DataError
        When the set has no classes to learn.
    CheckpointError
        When the stored one is damaged.
    """
    found = kept_classifier(data, checkpoints_dir=checkpoints_dir, device=device)
    if found is not None:
        return found
    classifier = train_classifier(data, device=device, on_progress=on_progress)
    save_classifier(_homes(data, checkpoints_dir)[-1], classifier)
    return classifier


def kept_classifier(
    data: _Described, *, checkpoints_dir: str | Path | None = None, device: str = "cpu"
) -> Classifier | None:
    """The classifier of a data set that was shipped or trained here before; None where there is none.

    The images are not needed: a checkpoint's `card.data` will do.

    Raises
    ------
    CheckpointError
        When the stored one is damaged.
    """
    for folder in _homes(data, checkpoints_dir):
        if (folder / CARD).exists():
            return load_classifier(folder, data, device=device)
    return None


def _homes(data: _Described, checkpoints_dir: str | Path | None) -> tuple[Path, Path]:
    homes = SHIPPED_DIR / "classifiers", local_dir(checkpoints_dir) / ".classifiers"
    return homes[0] / data.checksum[:16], homes[1] / data.checksum[:16]


def train_classifier(
    data: ImageSet,
    *,
    n_steps: int = N_STEPS,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Progress = lambda what, share: None,
) -> Classifier:
    """Train a classifier on the training split and measure it on the test split.

    Cross-entropy, batches of 64, Adam with a one-cycle schedule, `n_steps` steps (4.7 epochs of MNIST) but at most 40
    epochs. The same seed gives the same weights on the same kind of CPU and the same number of threads. They are
    rounded to float16, as they are stored, before they are measured.

    Raises
    ------
    DataError
        When the set has fewer than two classes.
    """
    labels, test_labels = data.train.labels, data.test.labels
    if labels is None or test_labels is None or len(data.class_names) < 2:
        raise DataError(f"{data.title} has no classes, so no classifier can be trained on it.")
    steps_an_epoch = -(-len(labels) // BATCH)
    n_steps = min(n_steps, MOST_EPOCHS * steps_an_epoch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(data.image_shape, len(data.class_names))
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=n_steps, pct_start=0.2)
    generator = np.random.default_rng(seed)
    for step in range(n_steps):
        at = step % steps_an_epoch
        if at == 0:
            order = generator.permutation(len(labels))
        rows = order[at * BATCH : (at + 1) * BATCH]
        logits = network(_unit(data.train.images[rows], device))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels[rows]).to(device))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            on_progress(f"training a classifier of {data.title}", step / n_steps)
    network.half().float().requires_grad_(False)
    card = ClassifierCard(
        schema_version=1,
        dataset=data.name,
        checksum=data.checksum,
        image_shape=data.image_shape,  # type: ignore[arg-type]
        n_classes=len(data.class_names),
        n_steps=n_steps,
        seed=seed,
        accuracy=Measure(value=0.0, standard_error=None),
        weights=hashlib.sha256(_content(network)).hexdigest(),
    )
    found = Classifier(card, network).predict(data.test.images).argmax(axis=1)
    right = measure((found == test_labels).astype(np.float64))
    return Classifier(replace(card, accuracy=right), network)


def build_network(image_shape: tuple[int, int, int], n_classes: int) -> nn.Sequential:
    """The network with fresh weights (from torch's global generator), (B, C, H, W) to logits (B, K)."""
    channels, height, width = image_shape
    first, second = CHANNELS
    n_pixels = (height // 4) * (width // 4)
    return nn.Sequential(
        nn.Conv2d(channels, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * n_pixels, N_FEATURES),
        nn.ReLU(),
        nn.Linear(N_FEATURES, n_classes),
    )


def save_classifier(folder: Path, classifier: Classifier) -> None:
    """Write weights (float16) and, last, the card into a folder, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / WEIGHTS, _content(classifier.network))
    write_atomically(folder / CARD, to_json(classifier.card))


def load_classifier(folder: Path, data: _Described, *, device: str = "cpu") -> Classifier:
    """Read the classifier of a data set back; nothing is ever unpickled.

    Raises
    ------
    CheckpointError
        When a file is missing or damaged, or belongs to other images.
    """
    card = parse(ClassifierCard, _read(folder / CARD, LARGEST_CARD), where=str(folder / CARD), error=CheckpointError)
    ours = (data.checksum, data.image_shape, len(data.class_names))
    if ours != (card.checksum, card.image_shape, card.n_classes):
        raise CheckpointError(f"{folder}: this classifier was trained on other images than those of {data.title}.")
    content = _read(folder / WEIGHTS, LARGEST_WEIGHTS)
    if hashlib.sha256(content).hexdigest() != card.weights:
        raise _damaged(folder / WEIGHTS, f"it is not the file that {CARD} was written for")
    try:
        tensors = {name: tensor.float() for name, tensor in safetensors.torch.load(content).items()}
        if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
            raise ValueError("a weight is not a finite number")
        with torch.device("meta"):
            network = build_network(card.image_shape, card.n_classes)
        network.load_state_dict(tensors, assign=True)
    except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError) as problem:
        raise _damaged(folder / WEIGHTS, (str(problem).splitlines() or [""])[0]) from None
    network.requires_grad_(False)
    return Classifier(card, network.to(device).to(memory_format=torch.channels_last))


def _content(network: nn.Module) -> bytes:
    tensors = network.state_dict().items()
    return safetensors.torch.save({name: tensor.detach().cpu().half().contiguous() for name, tensor in tensors})


def _read(path: Path, largest: int) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(largest + 1)
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read ({problem.strerror}).") from None
    if len(content) > largest:
        raise _damaged(path, f"it is larger than {largest:,} bytes")
    return content


def _damaged(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {why}; delete its folder, and it is trained anew.")


def _unit(images: npt.NDArray[np.generic], device: torch.device | str) -> Tensor:
    kind = np.uint8 if images.dtype == np.uint8 else np.float32
    tensor = torch.from_numpy(np.require(images, kind, ["C", "A", "W"])).to(device)
    return tensor.float().div_(255) if kind is np.uint8 else tensor
