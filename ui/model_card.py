"""A model's card in words, tables and one figure. A card may come from a stranger: its texts are shown as they are."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from ui.figures import TRAINING_COLOUR, VALIDATION_COLOUR
from ui.salience import DEAD_KL
from ui.text import plain, subscript
from vae_core import LatentExplorer
from vae_core.card import Card, Measure
from vae_core.families import CAPABILITIES, kept_by

CLASSES_SHOWN = 12


def layer_table(explorer: LatentExplorer) -> dict[str, list[str]]:
    """The network from image to z and back, a row a layer."""
    layers = explorer.layers
    return {
        "Part": [layer.part for layer in layers],
        "From": [_shape(layer.before) for layer in layers],
        "To": [_shape(layer.after) for layer in layers],
        "Layer": [layer.kind + (f", {layer.activation}" if layer.activation else "") for layer in layers],
        "Weights": [f"{layer.n_parameters:,}" for layer in layers],
    }


def trained_on(card: Card) -> dict[str, str]:
    """Data, time and machine, a line each."""
    data, run, training = card.data, card.run, card.training
    names = [plain(name[:24]) for name in data.class_names[:CLASSES_SHOWN]]
    more = f" … ({len(data.class_names)})" if len(data.class_names) > CLASSES_SHOWN else ""
    height, width = data.image_shape[1:]
    where = plain(run.device) + (f", {run.threads} thread{'s' * (run.threads != 1)}" if run.device == "cpu" else "")
    options = data.options
    done = "the size asked for" if options.side else ""
    binarized = {"no": "", "fixed": "black and white, drawn once", "dynamic": "black and white, drawn each epoch"}
    changes = ", ".join(part for part in (done, binarized[options.binarize]) if part)
    return {
        "Data set": f"{plain(data.title)} ({plain(data.name)}), {height}×{width} pixels" + (changes and f", {changes}"),
        "Images": f"{data.n_train:,} training · {data.n_validation:,} validation · {data.n_test:,} test",
        "Classes": ", ".join(names) + more if names else "none",
        "Checksum": plain(data.checksum[:12]) + " …",
        "When": _moment(run.finished),
        "How long": f"{run.epochs_done:g} epochs in {_duration(run.seconds)} · {run.images_per_second:,.0f} images/s",
        "Best epoch": f"{run.best_epoch}, {_kept_for(card)}; the run {run.outcome}",
        "Batch, seed": f"{training.batch_size} images, learning rate {training.learning_rate:g}, seed {training.seed}",
        "On": where,
        "Versions": plain(", ".join(f"{name} {version}" for name, version in list(run.versions.items())[:6])),
    }


def figures(card: Card) -> list[tuple[str, Measure, str]]:
    """ELBO, log-likelihood and KL on the test split, each with what it means and when not to trust it.

    Only those that the family has: an ELBO comes with its two terms or not at all.
    """
    test, found = card.test, list[tuple[str, Measure, str]]()
    if test.elbo is not None:
        reading = (
            "A lower bound on log p(x): higher is better, and the truth may lie well above. Two models can be compared "
            "by it on the same data and with the same likelihood only."
        )
        if CAPABILITIES[card.model.family].label:
            reading += " Of an image whose class is told: it cannot be compared with one that has to find it out."
        found.append(("ELBO", test.elbo, reading))
    if test.log_likelihood is not None:
        reading = "How well a decoded image predicts the pixels" + _SCALES[card.model.likelihood]
        found.append(("= Log-likelihood" if test.elbo else "Log-likelihood", test.log_likelihood, reading))
    if test.kl is not None:
        reading = (
            "What z says of an image beyond the prior. More is not better: near 0 the decoder ignores z; very large, "
            "and draws from the prior no longer look like data."
        )
        found.append(("− KL", test.kl, reading))
    return found


def about_missing_figures(card: Card) -> str:
    """Why there is no ELBO, in a sentence; empty where there is one."""
    can = CAPABILITIES[card.model.family]
    if can.posterior:
        return ""
    if can.encode:
        return "Its encoder gives a point and no distribution: there is no KL, and so no ELBO."
    return "It makes images, no distributions of them, and has no encoder: there is no likelihood, no KL and no ELBO."


_SCALES = {
    "bernoulli": ". Bernoulli on grey values is no normalised density: compare it only with figures of the same kind.",
    "continuous-bernoulli": ": a density of grey values, so it can be positive.",
    "gaussian": ": a density, so it can be positive, and it moves with σ as much as with the pictures.",
}


def _kept_for(card: Card) -> str:
    score = kept_by(card.model.family)
    return f"kept for its validation {score}" if score else "the last one"


def measure_text(measure: Measure) -> str:
    """A value with its standard error, of which at least one digit shows."""
    error = measure.standard_error
    if error is None:
        return (f"{measure.value:.0f}" if measure.value.is_integer() else f"{measure.value:.2f}").replace("-", "−")
    decimals = min(6, max(2, -math.floor(math.log10(error)))) if error > 0 else 2
    return f"{measure.value:.{decimals}f} ± {error:.{decimals}f}".replace("-", "−")


def dead_dimensions(card: Card) -> list[int]:
    """Dimensions, counted from 0, that the model does not use."""
    return [i for i, kl in enumerate(card.test.kl_per_dimension) if kl < DEAD_KL]


def about_dead_dimensions(card: Card) -> str:
    """How many dimensions are in use, in a sentence."""
    n, dead = card.model.latent_dim, len(dead_dimensions(card))
    if dead:
        return f"{dead} of {n} dimensions (×) are dead: below {DEAD_KL} nats, moving along them changes nothing."
    return f"Every dimension says more than {DEAD_KL} nats of an image: none is dead."


def kl_figure(card: Card) -> go.Figure:
    """A bar a latent dimension, in nats; a cross marks those that are dead."""
    kl = card.test.kl_per_dimension
    names = [f"z{subscript(i + 1)}" for i in range(len(kl))]
    dead = dead_dimensions(card)
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=kl,
        width=0.6 * min(1.0, len(kl) / 8),
        marker_color=VALIDATION_COLOUR,
        hovertemplate="%{x}: %{y:.3f} nats<extra></extra>",
    )
    figure.add_scatter(
        x=[names[i] for i in dead],
        y=[kl[i] for i in dead],
        mode="markers",
        marker={"symbol": "x", "size": 8, "color": TRAINING_COLOUR},
        hovertemplate="%{x}: %{y:.4f} nats, dead<extra></extra>",
    )
    figure.update_layout(height=170, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False, dragmode=False)
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero", nticks=5, automargin=True)
    return figure


def reproducing_command(card: Card) -> str | None:
    """The command that made the model; None when what the card says is anything but one call of this command line.

    It is shown with a button that copies it, and a card may come from a stranger.
    """
    command = card.run.command
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    ours = words[:4] == ["python", "-m", "vae_core", "train"] and shlex.join(words) == command and command.isprintable()
    return command if ours else None


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%-d %B %Y, %H:%M %Z")
    except ValueError:
        return plain(text[:40])
