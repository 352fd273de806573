"""From the best weights of a run to a checkpoint: figures, latents, and last of all the card."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from vae_core.card import Card, DataCard, Files, RunRecord
from vae_core.checkpoints import CARD, LATENTS, WEIGHTS
from vae_core.config import to_json
from vae_core.data import ImageSet
from vae_core.files import write_atomically
from vae_core.metrics.elbo import elbo_parts, split_figures
from vae_core.training.records import save_npz
from vae_core.training.run_folder import RunFolder
from vae_core.weights import model_from_bytes


def finish(folder: RunFolder, data: ImageSet, record: RunRecord, *, device: torch.device) -> Card:
    """Measure the stored weights on the test split and write latents.npz and card.json.

    The weights are read back from the file, so that the figures are those of what was stored, half precision or not.
    """
    config = folder.request().config
    weights = (folder.path / WEIGHTS).read_bytes()
    n_classes = len(data.class_names)
    model = model_from_bytes(weights, config.model, data.image_shape, n_classes, where=folder.name).to(device)
    test, validation = (
        elbo_parts(model, torch.from_numpy(np.array(split.images)), split.labels)
        for split in (data.test, data.validation)
    )
    arrays: dict[str, npt.NDArray[Any]] = {"mu": test.mu}
    if test.logvar is not None:
        arrays["logvar"] = test.logvar
    if data.test.labels is not None and len(test.mu):
        arrays["labels"] = data.test.labels.astype(np.int64)
    save_npz(folder.path / LATENTS, arrays)
    card = Card(
        schema_version=2,
        model=config.model,
        training=config.training,
        data=DataCard(
            name=data.name,
            title=data.title,
            checksum=data.checksum,
            options=config.data,
            n_train=len(data.train.images),
            n_validation=len(data.validation.images),
            n_test=len(data.test.images),
            class_names=data.class_names,
            image_shape=data.image_shape,  # type: ignore[arg-type]
        ),
        run=record,
        test=split_figures(test),
        validation=split_figures(validation),
        files=Files(
            weights=hashlib.sha256(weights).hexdigest(),
            latents=hashlib.sha256((folder.path / LATENTS).read_bytes()).hexdigest(),
        ),
    )
    write_atomically(folder.path / CARD, to_json(card))
    return card
