"""From the options that `train` and `sweep` were given to a configuration, checked against the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from vae_core.checkpoints import check_name
from vae_core.config import DataConfig, Family, ModelConfig, RunConfig, TrainConfig, build, check_depth
from vae_core.errors import ConfigError
from vae_core.families import check_family, heeds

if TYPE_CHECKING:
    from vae_core.data import ImageSet

DATA_OPTIONS = tuple(DataConfig.__dataclass_fields__)
MODEL_OPTIONS = tuple(ModelConfig.__dataclass_fields__)
TRAIN_OPTIONS = tuple(TrainConfig.__dataclass_fields__)


@dataclass(frozen=True)
class Asked:
    """What is to be trained: the configuration, the images' shape (C, H, W), and one's own images, which were read."""

    config: RunConfig
    image_shape: tuple[int, int, int]
    n_classes: int
    data: ImageSet | None


def asked_for(given: dict[str, Any]) -> Asked:
    """The configuration that options ask for; missing data is fetched, and one's own is read, with progress.

    Raises
    ------
    VaeCoreError
        When a value is refused or would not be heeded, or the data cannot be had.
    """
    from vae_core.data import DATASETS, absolute_options, absolute_spec, image_shape, is_own
    from vae_core.data.catalogue import default_epochs

    dataset, data = absolute_spec(given.get("dataset", "digits")), None
    model = build(ModelConfig, {key: given[key] for key in MODEL_OPTIONS if key in given}, where="model")
    settings = {"epochs": default_epochs(dataset)} | {key: given[key] for key in TRAIN_OPTIONS if key in given}
    training = build(TrainConfig, settings, where="training")
    options = build(DataConfig, {key: given[key] for key in DATA_OPTIONS if key in given}, where="data")
    options = absolute_options(options)
    parts = {"dataset": dataset, "data": options, "model": model, "training": training}
    config = build(RunConfig, parts, where=given["command"])
    _check_heeded(model, given)
    if "name" in given:
        check_name(given["name"])  # not after a download
    if is_own(dataset):  # nothing but reading tells its shape, so it is read here, and once
        data = _read_own(dataset, options)
        n_classes = len(data.class_names)
        check_family(model, n_classes)
    shape = data.image_shape if data else image_shape(dataset, options=options)
    check_depth(model, shape)
    if data is None:
        n_classes = len(DATASETS[dataset].class_names)
        _make_available(dataset, given.get("data_dir"))
    return Asked(config, shape, n_classes, data)


def _read_own(dataset: str, options: DataConfig) -> ImageSet:
    from vae_core.data import load_dataset
    from vae_core.report import shown_progress

    with shown_progress() as say:

        def progress(done: int, total: int) -> None:
            say("reading the images", done / max(total, 1))

        return load_dataset(dataset, options=options, on_progress=progress)


def _check_heeded(model: ModelConfig, given: dict[str, Any]) -> None:
    """Refuse an option that this model would not heed."""
    if "sigma" in given and model.likelihood != "gaussian":
        raise ConfigError(f"--sigma belongs to --likelihood gaussian, but the likelihood is {model.likelihood}.")
    for key in TRAIN_OPTIONS:
        if key in given and not heeds(model.family, key):
            families = " or ".join(family for family in get_args(Family) if heeds(family, key))
            raise ConfigError(f"--{key.replace('_', '-')} belongs to --family {families}, but it is {model.family}.")


def _make_available(dataset: str, data_dir: str | None) -> None:
    from vae_core.data import is_available

    if not is_available(dataset, data_dir):
        from vae_core.report import fetch_with_progress

        fetch_with_progress(dataset, data_dir)
