"""The settings of a new run, as a form: defaults and limits come from `vae_core.config` alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import streamlit as st

from vae_core.config import Activation, LikelihoodName, ModelConfig, Network, RunConfig, Schedule, TrainConfig, build
from vae_core.data import DATASETS, fetch_dataset, is_available
from vae_core.device import available_devices
from vae_core.errors import ConfigError, VaeCoreError
from vae_core.models.networks import default_hidden
from vae_core.training.process import free_name, train_arguments

MODEL, TRAINING = ModelConfig(), TrainConfig()
"""What the form shows at first."""

NETWORK_TITLES = {"mlp": "Fully connected (mlp)", "conv": "Convolutional (conv)"}


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
        return shlex.join(["python", "-m", "vae_core", "train", *train_arguments(self.config()), *named, *device])


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
        persist_state="session",
        help="The images to learn from; a part is held out for validation and another for the final test.",
    )
    one, two = st.columns(2)
    with one:
        network = _choice("Network", get_args(Network), MODEL.network, "What encoder and decoder are built of: dense "
                          "layers, quick on a CPU, or convolutions, better on larger pictures.", NETWORK_TITLES)  # fmt: skip
        latent_dim = _number("Latent dimension", "latent_dim", MODEL.latent_dim, "Numbers that an image is squeezed "
                             "into: 2 fills a map, more keep more detail.")  # fmt: skip
        epochs = _number("Epochs", "epochs", TRAINING.epochs, "How often training sees every image.")
        learning_rate = _number("Learning rate", "learning_rate", TRAINING.learning_rate, "Step size of Adam; too "
                                "high and the loss jumps, too low and it crawls.", step=0.0005)  # fmt: skip
        seed = _number("Seed", "seed", TRAINING.seed, "The same seed and settings give the same model again.")
    with two:
        widths = default_hidden(network, DATASETS[dataset].image_shape)
        hidden = st.text_input(
            "Hidden widths" if network == "mlp" else "Channels",
            placeholder=", ".join(map(str, widths)),
            key="train hidden",
            persist_state="session",
            help="Sizes of the layers from the image inwards, between commas; empty takes the ones shown.",
        )
        likelihood = _choice("Likelihood", get_args(LikelihoodName), MODEL.likelihood, "How p(x|z) spreads around the "
                             "decoded image: Bernoulli for nearly black and white pixels, Gaussian for colours.")  # fmt: skip
        beta = _number("Beta", "beta", TRAINING.beta, "Weight of the KL term in the loss: above 1 orders the space, "
                       "below 1 sharpens the images.", step=0.5)  # fmt: skip
        batch_size = _number("Batch size", "batch_size", TRAINING.batch_size, "Images in one step of training.")
        name = st.text_input(
            "Name",
            placeholder=free_name(f"{dataset}-{latent_dim}d"),
            key="train name",
            persist_state="session",
            help="What the model will be called; empty takes the name shown.",
        )
    sigma = MODEL.sigma
    if likelihood == "gaussian":
        sigma = st.number_input(
            "Sigma",
            value=MODEL.sigma,
            placeholder="learned",
            format="%g",
            step=0.05,
            key="train sigma",
            persist_state="session",
            help="Standard deviation of the Gaussian, in units of the pixel range 0 to 1; empty learns it.",
        )
    with st.expander("More settings"):
        one, two = st.columns(2)
        with one:
            schedule = _choice("Schedule", get_args(Schedule), TRAINING.schedule, "One-cycle raises the learning rate "
                               "and lets it fall to nothing; constant keeps it.")  # fmt: skip
            kl_warmup = _number("KL warm-up", "kl_warmup", TRAINING.kl_warmup, "Epochs over which the KL term's weight "
                                "grows from 0 to beta.", step=1.0)  # fmt: skip
        with two:
            activation = _choice("Activation", get_args(Activation), MODEL.activation, "What bends the layers.")
            patience = _number("Patience", "patience", TRAINING.patience, "Stop when the validation ELBO has not risen "
                               "for so many epochs; 0 never stops early.")  # fmt: skip
        devices = available_devices()
        device = _choice("Train on", devices, devices[0], "One run at a time on each device; others wait for their "
                         "turn.") if len(devices) > 1 else devices[0]  # fmt: skip
    return Settings(
        dataset,
        hidden,
        {"network": network, "latent_dim": latent_dim, "likelihood": likelihood, "sigma": sigma, "activation": activation},
        {
            "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "beta": beta, "seed": seed,
            "schedule": schedule, "kl_warmup": kl_warmup, "patience": patience,
        },
        name.strip(),
        device,
    )  # fmt: skip


def offer_data(dataset: str) -> bool:
    """Whether the data set is on this machine; when it is not, a button that fetches it with progress."""
    if is_available(dataset):
        return True
    spec = DATASETS[dataset]
    st.caption(f":material/cloud_off: {spec.title} is not on this machine yet. Licence: {spec.licence}.")
    if st.button(
        f"Fetch {spec.title} ({spec.download_bytes / 1e6:.0f} MB)", icon=":material/download:", key="train fetch"
    ):
        bar = st.progress(0.0, text="Connecting …")

        def progress(file_name: str, done: int, total: int) -> None:
            bar.progress(min(1.0, done / total) if total else 0.0, text=f"{file_name}: {done / 1e6:.1f} MB")

        try:
            fetch_dataset(dataset, progress=progress)
        except VaeCoreError as problem:
            bar.empty()
            st.error(str(problem), icon=":material/error:")
        else:
            st.rerun()
    return False


def _dataset_title(name: str, on_this_machine: bool) -> str:
    spec = DATASETS[name]
    channels, height, width = spec.image_shape
    kind = "grey" if channels == 1 else "colour"
    return f"{spec.title} · {height}×{width} {kind}" + ("" if on_this_machine else " · to be fetched")


def _number(label: str, field: str, default: float, help_: str, step: float = 1) -> Any:
    """A number without limits of its own: `vae_core.config` checks it, and says what is wrong with it."""
    whole = isinstance(default, int)
    return st.number_input(
        label,
        value=default,
        step=step,
        format="%d" if whole else "%g",
        key=f"train {field}",
        persist_state="session",
        help=help_,
    )


def _choice(label: str, options: Sequence[str], default: str, help_: str, titles: dict[str, str] | None = None) -> str:
    return st.selectbox(
        label,
        options,
        index=options.index(default),
        format_func=lambda option: (titles or {}).get(option, option.capitalize()),
        key=f"train {label.lower()}",
        persist_state="session",
        help=help_,
    )
