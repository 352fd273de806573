"""The trainings of `quality.py`: their settings, and runs that are made, taken up again or found finished."""

from __future__ import annotations

import argparse
from dataclasses import replace

from vae_core.checkpoints import read_card
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.errors import CheckpointError, ConfigError
from vae_core.explorer import LatentExplorer
from vae_core.report import TrainingBar
from vae_core.training.process import create_run, new_request, run
from vae_core.training.run_folder import RunFolder


def _binarized(model: ModelConfig, epochs: int = 100) -> RunConfig:
    warmup = 0.0 if model.family == "iwae" else 10.0  # its loss has no KL term that could be weighed
    training = TrainConfig(epochs=epochs, learning_rate=1e-3, kl_warmup=warmup, importance_samples=5)
    return RunConfig(dataset="binarized-mnist", model=model, training=training)


MLP = ModelConfig(hidden=(500, 500), latent_dim=50)
CONV = ModelConfig(network="conv", hidden=(32, 64), latent_dim=50)
BINARIZED = {
    "vae-mlp": _binarized(MLP),
    "iwae-mlp": _binarized(replace(MLP, family="iwae")),
    "vae-conv": _binarized(CONV),
    "iwae-conv": _binarized(
        replace(CONV, family="iwae"), epochs=60
    ),  # an epoch of it takes as long as ten and more of vae-mlp
}
"""50 dimensions, one stochastic layer, on the fixed binarization."""

# The batch is larger than usual because of beta-tcvae, which estimates q(z) from it: while no other image of the batch
# lies near a z, its total correlation cannot be told from its information (README.md).
SHAPES_MODEL = ModelConfig(network="conv", hidden=(16, 32, 64), activation="relu", latent_dim=6)
SHAPES_TRAINING = TrainConfig(epochs=80, batch_size=256, learning_rate=2e-3)
SHAPES = {
    "beta-tcvae": RunConfig(
        dataset="shapes",
        model=replace(SHAPES_MODEL, family="beta-tcvae"),
        training=replace(SHAPES_TRAINING, beta=6.0),
    ),
    "beta-vae": RunConfig(dataset="shapes", model=SHAPES_MODEL, training=replace(SHAPES_TRAINING, beta=4.0)),
    "vae": RunConfig(dataset="shapes", model=SHAPES_MODEL, training=SHAPES_TRAINING),
}
"""What disentanglement is compared on: one network, one schedule."""


def trained(name: str, config: RunConfig, options: argparse.Namespace) -> LatentExplorer:
    """The model of a run in `--runs`: found finished there, taken up where it was left, or trained from the beginning.

    `--epochs` replaces the number of epochs and becomes a part of the name, so that a trial is never taken for the
    real thing.

    Raises
    ------
    Interrupted
        On SIGINT or SIGTERM; the state has been saved.
    ConfigError
        When the run there was made with other settings.
    VaeCoreError
        When it diverged.
    """
    training = replace(config.training, threads=options.threads)
    if options.epochs:
        name, training = f"{name}-{options.epochs}-epochs", replace(training, epochs=options.epochs)
    config = replace(config, training=training)
    try:
        folder = RunFolder.find(name, options.runs)
    except CheckpointError:
        folder = create_run(config, name=name, device=options.device, checkpoints_dir=options.runs)
    wanted = new_request(config, options.device).config
    if folder.request().config != wanted:
        raise ConfigError(f"{folder.path} was trained with other settings: give another --runs, or delete it.")
    if not folder.is_done():
        with TrainingBar(folder) as bar:
            run(folder, on_status=bar.status, on_epoch=bar.epoch)
    if read_card(folder.path).run.outcome == "diverged":
        raise CheckpointError(f"{folder.path} diverged, so it says nothing of quality: delete it to try again.")
    return LatentExplorer.load(folder.path, options.device)
