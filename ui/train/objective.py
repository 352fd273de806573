"""What a new run's training minimises, and how: the settings that its family heeds, and those that all do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import streamlit as st

from ui.train.fields import TRAINING, choice, number, text
from ui.train.model import MODEL
from vae_core.config import Activation, Family, Noise, Schedule
from vae_core.device import available_devices
from vae_core.families import CAPABILITIES, heeds
from vae_core.training.process import free_name

CHARACTER = {
    "beta": "Beta",
    "importance_samples": "Importance samples",
    "mmd_weight": "MMD weight",
    "noise": "Noise",
    "noise_level": "Noise level",
}
"""Settings that make a family what it is: they stand in the open."""

FINE = {"kl_cycles": "KL cycles", "kl_warmup": "KL warm-up", "free_bits": "Free bits", "capacity": "Capacity"}
"""Settings of some families for those who look for them."""


@dataclass(frozen=True)
class Training:
    """What the form says of the training, not yet checked: values of a TrainConfig, and the run's name or ""."""

    values: dict[str, Any]
    name: str


@dataclass(frozen=True)
class More:
    """What stands folded, not yet checked: further values of a TrainConfig, one of a ModelConfig, and the device."""

    values: dict[str, Any]
    activation: Activation
    device: str


def choose_training(family: Family, base: str, epochs: int, name_field: str) -> Training:
    """Draw the choice; an empty name asks for one to be made from `base`."""
    values = {field: _setting(field, label) for field, label in CHARACTER.items() if heeds(family, field)}
    values["epochs"] = number("Epochs", "epochs", epochs)
    return Training(values, text("Name", name_field, placeholder=free_name(base)))


def choose_more(family: Family) -> More:
    """Draw the settings that stand folded."""
    with st.expander("More settings"), st.grid(2, min_column_width=140):
        values: dict[str, Any] = {}
        for field, label in FINE.items():
            if heeds(family, field) and not (field == "kl_warmup" and values["kl_cycles"]):
                values[field] = number(label, field)
        values["learning_rate"] = number("Learning rate", "learning_rate")
        values["batch_size"] = number("Batch size", "batch_size")
        values["schedule"] = choice("Schedule", "schedule", get_args(Schedule), TRAINING.schedule)
        if CAPABILITIES[family].likelihood:  # else there is no score that could rise
            values["patience"] = number("Patience", "patience")
        activation: Activation = choice("Activation", "activation", get_args(Activation), MODEL.activation)
        values["seed"] = number("Seed", "seed")
        devices = available_devices()
        device = choice("Train on", "device", devices, devices[0]) if len(devices) > 1 else devices[0]
    return More(values, activation, device)


def _setting(field: str, label: str) -> Any:
    return choice(label, field, get_args(Noise), TRAINING.noise) if field == "noise" else number(label, field)
