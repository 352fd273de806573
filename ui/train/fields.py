"""The fields of the form: one sentence on each, and defaults that come from `vae_core.config` alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

from vae_core.config import TrainConfig

Option = TypeVar("Option", bound=str)

TRAINING = TrainConfig()

HELP = {
    "dataset": "The images to learn from; a part is held out for validation and another for the final test.",
    "path": "Of a folder or file that the server can read. It is read where it lies, now and when the run begins.",
    "labels": "With the columns file (for arrays index) and label; without it, one folder a class makes classes.",
    "side": "Images become squares of this many pixels, 8 to 64: the middle of each, scaled. Empty: as they are where "
    "all have one size of 8 to 64 pixels, else 32.",
    "colour": "As they are: colour unless all are grey.",
    "family": "What is learnt, and what the latent space is good for.",
    "network": "What encoder and decoder are built of: dense layers, quick on a CPU; convolutions; or residual blocks.",
    "hidden": "Sizes of the layers from the image inwards, between commas; empty takes the ones shown.",
    "latent_dim": "How many numbers an image is squeezed into: 2 fill a map, more keep more detail.",
    "likelihood": "How p(x|z) spreads around the decoded image: Bernoulli for pixels that are nearly black or white, "
    "continuous Bernoulli for greys, Gaussian for greys and colours.",
    "sigma_kind": "How wide the Gaussian is: one width learned with the weights, one for each pixel "
    "that the decoder puts out, or a number.",
    "sigma": "Standard deviation of the Gaussian, in units of the pixel range 0 to 1.",
    "binarize": "Each pixel becomes black or white, white with the probability of its grey value: drawn once, or drawn "
    "anew in each epoch of training.",
    "epochs": "How often training sees every image.",
    "beta": "Weight of the KL term in the loss: above 1 orders the space, below 1 sharpens the images. "
    "Of all epochs the one with the best ELBO on the validation split is kept, which has beta = 1.",
    "importance_samples": "Draws of z for each image: more make the bound tighter and the training slower.",
    "mmd_weight": "Weight of the distance (MMD) between the codes of all images together and the prior.",
    "noise": "How an image is spoilt before it is encoded: pixels set to 0, or normal noise added.",
    "noise_level": "Probability that a pixel is set to 0, or the standard deviation of the noise.",
    "learning_rate": "Step size of Adam: too high and the loss jumps, too low and it crawls.",
    "batch_size": "How many images make one step of training.",
    "seed": "The same seed with the same settings gives the same model again.",
    "name": "What the model will be called; empty takes the name shown.",
    "sweep_name": "What the sweep will be called, and each of its models at its beginning; empty takes the name shown.",
    "schedule": "One-cycle raises the learning rate and then lets it fall to nothing; constant keeps it.",
    "kl_warmup": "Epochs over which the weight of the KL term grows from 0 to beta.",
    "kl_cycles": "How often that weight grows anew from 0 to beta over the training; 0 never, and then warm-up counts.",
    "free_bits": "Nats that each dimension may say of an image unpunished; 0 none.",
    "capacity": "Nats that the KL is drawn to instead of to 0; the target rises over the first half. 0: off.",
    "activation": "The function that bends the output of each layer.",
    "patience": "Stop when the validation score has not risen for so many epochs; 0 never stops early.",
    "device": "One run at a time on each device; others wait for their turn.",
}
"""A sentence on each setting."""

TITLES = {
    "auto": "As they are",
    "grey": "Grey",
    "rgb": "Colour",
    "vae": "VAE",
    "ae": "Autoencoder",
    "dae": "Denoising autoencoder",
    "cvae": "Conditional VAE",
    "beta-tcvae": "β-TCVAE",
    "info-vae": "InfoVAE",
    "iwae": "IWAE",
    "gan": "GAN",
    "mlp": "Dense (mlp)",
    "conv": "Convolutional",
    "resnet": "Residual (resnet)",
    "bernoulli": "Bernoulli",
    "continuous-bernoulli": "Continuous Bernoulli",
    "learned": "Learned",
    "per-pixel": "Per pixel",
    "number": "A number",
    "no": "No",
    "fixed": "Once",
    "dynamic": "In each epoch",
    "masking": "Masking",
    "gaussian": "Gaussian",
    "one-cycle": "One-cycle",
    "constant": "Constant",
    "silu": "SiLU",
    "relu": "ReLU",
}
"""What people call an option."""

STEPS = {"learning_rate": 0.0005, "beta": 0.5, "kl_warmup": 1.0, "free_bits": 0.1, "capacity": 1.0}
STEPS |= {"mmd_weight": 10.0, "noise_level": 0.05, "sigma": 0.05}


def number(label: str, field: str, default: int | float | None = None, placeholder: str | None = None) -> Any:
    """A number without limits of its own: `vae_core.config` checks it, and says what is wrong with it.

    Parameters
    ----------
    field : str
        Of TrainConfig, or another one with a `default`; without any the field may stay empty, which gives None.
    """
    key = f"train {field}"
    if default is None:
        default = getattr(TRAINING, field, None)
    # Through the session alone: a default given to the widget as well would be at odds with what is set there.
    if default is not None:
        st.session_state.setdefault(key, default)
    value: Any = None if default is None else "min"  # "min" is what Streamlit takes for "not given"
    step = STEPS.get(field, 1)
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


def choice(label: str, field: str, options: Sequence[Option], default: Option) -> Option:
    """One of several options; one that was chosen before and is offered no longer gives way to the default."""
    return st.selectbox(
        label,
        options,
        index=options.index(default),
        format_func=lambda option: TITLES.get(option, option),
        key=f"train {field}",
        persist_state="session",
        help=HELP[field],
    )


def text(label: str, field: str, placeholder: str) -> str:
    """A text that may stay empty."""
    return st.text_input(
        label, placeholder=placeholder, key=f"train {field}", persist_state="session", help=HELP[field]
    ).strip()
