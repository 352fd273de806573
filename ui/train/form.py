"""The settings of a new run, from the form to a configuration."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from ui.train.data import Data, choose_data
from ui.train.model import Model, choose_family, choose_model, parse_widths
from ui.train.objective import More, Training, choose_more, choose_training
from vae_core.checkpoints import check_name
from vae_core.config import ModelConfig, RunConfig, TrainConfig, build, check_depth
from vae_core.device import available_devices
from vae_core.families import check_family
from vae_core.training.process import train_arguments


@dataclass(frozen=True)
class Settings:
    """What the form says, not yet checked."""

    data: Data
    model: Model
    training: Training
    more: More

    def config(self) -> RunConfig:
        """The configuration.

        Raises
        ------
        ConfigError
            When a value is refused; the message names the setting.
        """
        if self.training.name:
            check_name(self.training.name)
        values = {**self.model.values, "activation": self.more.activation}
        model = build(ModelConfig, {**values, "hidden": parse_widths(self.model.hidden)}, where="Model")
        check_depth(model, self.data.image_shape)
        check_family(model, self.data.n_classes)
        training = build(TrainConfig, {**self.training.values, **self.more.values}, where="Training")
        options = replace(self.data.options, binarize=self.model.binarize)
        parts = {"dataset": self.data.name, "data": options, "model": model, "training": training}
        return build(RunConfig, parts, where="Run")

    def command(self) -> str:
        """The command line that starts the same run.

        Raises
        ------
        ConfigError
            As `config`.
        """
        named = ["--name", self.training.name] if self.training.name else []
        device = [] if self.more.device == available_devices()[0] else ["--device", self.more.device]
        options = train_arguments(self.config(), complete=False)
        return shlex.join(["python", "-m", "vae_core", "train", *options, *named, *device])


def settings(kind: Literal["run", "sweep"] = "run") -> Settings:
    """Draw the settings of a run, or of what all runs of a sweep have in common, which has a name of its own.

    What was entered stays through page switches, also from Train to Sweeps.
    """
    data = choose_data()
    family = choose_family(data)
    with st.grid(2, min_column_width=140):
        model = choose_model(family, data)
        is_run = kind == "run"
        base = f"{data.base}-{model.values['latent_dim']}d" if is_run else f"{data.base}-sweep"
        training = choose_training(family, base, data.epochs, "name" if is_run else "sweep_name")
    return Settings(data, model, training, choose_more(family))
