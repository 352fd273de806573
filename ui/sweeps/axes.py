"""What a new sweep varies: settings chosen from those that the family heeds, and the values of each."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from ui.train.fields import HELP, TITLES
from ui.train.form import Settings
from vae_core.config import Activation, Family, LikelihoodName, Network, Noise, Schedule
from vae_core.families import CAPABILITIES, heeds
from vae_core.training.sweep import Value, parse_value, value_text

LABELS = {
    "beta": "Beta",
    "latent_dim": "Latent dimension",
    "seed": "Seed",
    "likelihood": "Likelihood",
    "family": "Family",
    "network": "Network",
    "hidden": "Hidden widths",
    "activation": "Activation",
    "epochs": "Epochs",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "schedule": "Schedule",
    "kl_warmup": "KL warm-up",
    "kl_cycles": "KL cycles",
    "free_bits": "Free bits",
    "capacity": "Capacity",
    "importance_samples": "Importance samples",
    "mmd_weight": "MMD weight",
    "noise": "Noise",
    "noise_level": "Noise level",
    "sigma": "Sigma",
    "patience": "Patience",
}
"""What can be varied, in the order in which it is offered."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "family": get_args(Family),
    "network": get_args(Network),
    "likelihood": get_args(LikelihoodName),
    "activation": get_args(Activation),
    "schedule": get_args(Schedule),
    "noise": get_args(Noise),
}
"""Settings that are one of several."""

PROPOSED = {
    "beta": "0.5, 1, 4",
    "latent_dim": "2, 8",
    "seed": "0, 1, 2",
    "hidden": "256-128, 512-512-512",
    "epochs": "10, 30, 100",
    "learning_rate": "0.0005, 0.002, 0.005",
    "batch_size": "32, 128",
    "kl_warmup": "0, 10",
    "kl_cycles": "0, 4",
    "free_bits": "0, 0.1, 0.5",
    "capacity": "0, 5, 10",
    "importance_samples": "1, 5, 20",
    "mmd_weight": "10, 100, 1000",
    "noise_level": "0.1, 0.3, 0.5",
    "sigma": "learned, 0.1, 0.3",
    "patience": "0, 10",
}
"""Values of all others that a visitor meets."""

FIRST = ("beta", "latent_dim")


def label_of(field: str) -> str:
    """What people call a setting."""
    return LABELS.get(field, field)


def said(field: str, value: Value) -> str:
    """A value for people, alone in a cell."""
    text = value_text(value)
    return TITLES.get(text, text) if field in OPTIONS else text


def choose_axes(chosen: Settings) -> dict[str, tuple[Value, ...]]:
    """Draw the choice; values by field, not yet checked, and those left out of which there are none."""
    offered = offered_fields(chosen)
    key = "sweep fields"
    kept = st.session_state.setdefault(key, [field for field in FIRST if field in offered])
    st.session_state[key] = [field for field in kept if field in offered]
    fields: list[str] = st.multiselect(
        "Vary", offered, key=key, persist_state="session", format_func=label_of, placeholder="Choose settings",
        select_all=False, help="Each combination of the values below becomes a run; what is chosen above of these "
        "settings does not count.",
    )  # fmt: skip
    with st.grid(2, min_column_width=140):
        return {field: values for field in fields if (values := _values(field, chosen))}


def offered_fields(chosen: Settings) -> list[str]:
    """What makes a difference to the family that the form says."""
    family, likelihood = chosen.model.values["family"], chosen.model.values.get("likelihood")
    idle = {"sigma"} if likelihood != "gaussian" else set()
    if not CAPABILITIES[family].likelihood:
        idle |= {"likelihood", "patience"}
    if chosen.more.values.get("kl_cycles"):
        idle |= {"kl_warmup"}
    return [field for field in LABELS if heeds(family, field) and field not in idle]


def _values(field: str, chosen: Settings) -> tuple[Value, ...]:
    if field in OPTIONS:
        offered = [name for name in OPTIONS[field] if _goes(field, name, chosen)]
        return tuple(
            st.multiselect(
                label_of(field), offered, default=offered[:2], format_func=lambda name: TITLES.get(name, name),
                key=f"sweep {field}", persist_state="session", help=HELP[field], select_all=False,
            )
        )  # fmt: skip
    key = f"sweep {field}"
    st.session_state.setdefault(key, PROPOSED[field])
    entered: str = st.text_input(
        label_of(field), key=key, persist_state="session",
        help=HELP.get(field, "Standard deviation of the Gaussian: learned, per-pixel, or a number.")
        + (" Widths of a network between dashes, networks between commas." if field == "hidden" else ""),
    )  # fmt: skip
    return tuple(parse_value(field, part) for part in entered.split(",") if part.strip())


def _goes(field: str, name: str, chosen: Settings) -> bool:
    return field != "family" or chosen.data.n_classes >= 2 or not CAPABILITIES[name].label  # type: ignore[index]
