"""The settings of a new run, as a form: defaults and limits come from `vae_core.config` alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import streamlit as st

from ui.fetch import fetch_button
from vae_core.config import (
    Activation,
    LikelihoodName,
    ModelConfig,
    Network,
    RunConfig,
    Schedule,
    TrainConfig,
    build,
    check_depth,
    default_hidden,
)
from vae_core.data import DATASETS, is_available
from vae_core.device import available_devices
from vae_core.errors import ConfigError
from vae_core.training.process import free_name, train_arguments

MODEL, TRAINING = ModelConfig(), TrainConfig()
"""What the form shows at first."""

HELP = {
    "dataset": "The images to learn from; a part is held out for validation and another for the final test.",
    "network": "What encoder and decoder are built of: dense layers, quick on a CPU, or convolutions.",
    "hidden": "Sizes of the layers from the image inwards, between commas; empty takes the ones shown.",
    "latent_dim": "How many numbers an image is squeezed into: 2 fill a map, more keep more detail.",
    "likelihood": "How p(x|z) spreads around the decoded image: Bernoulli for pixels that are nearly black or white, "
    "Gaussian for greys and colours.",
    "sigma": "Standard deviation of the Gaussian, in units of the pixel range 0 to 1; empty learns it.",
    "epochs": "How often training sees every image.",
    "beta": "Weight of the KL term in the loss: above 1 orders the space, below 1 sharpens the images.",
    "learning_rate": "Step size of Adam: too high and the loss jumps, too low and it crawls.",
    "batch_size": "How many images make one step of training.",
    "seed": "The same seed with the same settings gives the same model again.",
    "name": "What the model will be called; empty takes the name shown.",
    "schedule": "One-cycle raises the learning rate and then lets it fall to nothing; constant keeps it.",
    "kl_warmup": "Epochs over which the weight of the KL term grows from 0 to beta.",
    "activation": "The function that bends the output of each layer.",
    "patience": "Stop when the validation ELBO has not risen for so many epochs; 0 never stops early.",
    "device": "One run at a time on each device; others wait for their turn.",
}
"""A sentence on each setting."""

TITLES = {
    "mlp": "Dense (mlp)",
    "conv": "Convolutional",
    "bernoulli": "Bernoulli",
    "gaussian": "Gaussian",
    "silu": "SiLU",
    "relu": "ReLU",
}
"""What people call an option, where that is not its name."""


@dataclass(frozen=True)
class Settings:
    """What the form says, not yet checked; an empty `name` asks for one to be made."""

    dataset: str
    hidden: str
    model: dict[str, Any]
    training: dict[str, Any]
    name: str
    device: str

    def config(self) -> RunConfig:
        """The configuration.

        Raises
        ------
        ConfigError
            When a value is refused; the message names the setting.
        """
        model = build(ModelConfig, {**self.model, "hidden": parse_widths(self.hidden)}, where="Model")
        check_depth(model, DATASETS[self.dataset].image_shape)
        training = build(TrainConfig, self.training, where="Training")
        return build(RunConfig, {"dataset": self.dataset, "model": model, "training": training}, where="Run")

    def command(self) -> str:
        """The command line that starts the same run.

        Raises
        ------
        ConfigError
            As `config`.
        """
        named = ["--name", self.name] if self.name else []
        device = [] if self.device == available_devices()[0] else ["--device", self.device]
        options = train_arguments(self.config(), complete=False)
        return shlex.join(["python", "-m", "vae_core", "train", *options, *named, *device])


def parse_widths(text: str) -> tuple[int, ...]:
    """`512, 256` as (512, 256); nothing as ().

    Raises
    ------
    ConfigError
        When it is no list of whole numbers.
    """
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise ConfigError(
            f"Hidden widths: whole numbers between commas, such as 512,256, were expected, but it is {text[:60]!r}."
        ) from None


def settings() -> Settings:
    """Draw the settings; what was entered stays through page switches."""
    on_this_machine = {name: is_available(name) for name in DATASETS}
    dataset = st.selectbox(
        "Data set",
        sorted(DATASETS, key=lambda name: not on_this_machine[name]),
        format_func=lambda name: _dataset_title(name, on_this_machine[name]),
        key="train dataset",
        on_change=_fit_epochs,
        persist_state="session",
        help=HELP["dataset"],
    )
    with st.grid(2, min_column_width=140):
        network = _choice("Network", get_args(Network), MODEL.network, HELP["network"])
        widths = default_hidden(network, DATASETS[dataset].image_shape)
        hidden = st.text_input(
            "Hidden widths" if network == "mlp" else "Channels",
            placeholder=", ".join(map(str, widths)),
            key="train hidden",
            persist_state="session",
            help=HELP["hidden"],
        )
        latent_dim = _number("Latent dimension", "latent_dim", MODEL.latent_dim)
        likelihood = _choice("Likelihood", get_args(LikelihoodName), MODEL.likelihood, HELP["likelihood"])
        epochs = _number("Epochs", "epochs", DATASETS[dataset].epochs)
        beta = _number("Beta", "beta", TRAINING.beta, step=0.5)
        learning_rate = _number("Learning rate", "learning_rate", TRAINING.learning_rate, step=0.0005)
        batch_size = _number("Batch size", "batch_size", TRAINING.batch_size)
        seed = _number("Seed", "seed", TRAINING.seed)
        name = st.text_input(
            "Name",
            placeholder=free_name(f"{dataset}-{latent_dim}d"),
            key="train name",
            persist_state="session",
            help=HELP["name"],
        )
        sigma = MODEL.sigma
        if likelihood == "gaussian":
            given = _number("Sigma", "sigma", None, step=0.05, placeholder="learned")
            sigma = MODEL.sigma if given is None else given
    with st.expander("More settings"), st.grid(2, min_column_width=140):
        schedule = _choice("Schedule", get_args(Schedule), TRAINING.schedule, HELP["schedule"])
        kl_warmup = _number("KL warm-up", "kl_warmup", TRAINING.kl_warmup, step=1.0)
        activation = _choice("Activation", get_args(Activation), MODEL.activation, HELP["activation"])
        patience = _number("Patience", "patience", TRAINING.patience)
        devices = available_devices()
        device = devices[0]
        if len(devices) > 1:
            device = _choice("Train on", devices, device, HELP["device"])
    model = {"network": network, "latent_dim": latent_dim, "likelihood": likelihood, "sigma": sigma}
    training = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "beta": beta}
    return Settings(
        dataset=dataset,
        hidden=hidden,
        model={**model, "activation": activation},
        training={**training, "schedule": schedule, "kl_warmup": kl_warmup, "patience": patience},
        name=name.strip(),
        device=device,
    )


def _fit_epochs() -> None:
    """Another data set, another sensible number of epochs."""
    st.session_state["train epochs"] = DATASETS[st.session_state["train dataset"]].epochs


def offer_data(dataset: str) -> bool:
    """Whether the data set is on this machine; when it is not, a button that fetches it with progress."""
    if is_available(dataset):
        return True
    spec = DATASETS[dataset]
    st.caption(f":material/cloud_off: {spec.title} is not on this machine yet. Licence: {spec.licence}.")
    fetch_button(dataset, key="train fetch")
    return False


def _dataset_title(name: str, on_this_machine: bool) -> str:
    spec = DATASETS[name]
    channels, height, width = spec.image_shape
    size = f"{height}×{width}"
    parts = [spec.title, "" if size in spec.title else size, "colour" if channels == 3 else ""]
    return " · ".join(filter(None, [*parts, "" if on_this_machine else "not here yet"]))


def _number(
    label: str, field: str, default: int | float | None, step: int | float = 1, placeholder: str | None = None
) -> Any:
    """A number without limits of its own: `vae_core.config` checks it, and says what is wrong with it."""
    key = f"train {field}"
    # Through the session alone: a default given to the widget as well would be at odds with what `_fit_epochs` sets.
    if default is not None:
        st.session_state.setdefault(key, default)
    value: Any = None if default is None else "min"  # "min" is what Streamlit takes for "not given"
    return st.number_input(
        label,
        value=value,
        step=step,
        format="%d" if isinstance(step, int) else "%g",
        placeholder=placeholder,
        key=key,
        persist_state="session",
        help=HELP[field],
    )


def _choice(label: str, options: Sequence[str], default: str, help_: str) -> str:
    return st.selectbox(
        label,
        options,
        index=options.index(default),
        format_func=lambda option: TITLES.get(option, option),
        key=f"train {label.lower()}",
        persist_state="session",
        help=help_,
    )
