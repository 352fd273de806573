"""Arrays -> plotly Figures. No streamlit and no torch in here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

TRAINING_COLOUR, VALIDATION_COLOUR = "#8793A0", "#0E9488"
"""Grey and the accent, each with a contrast of at least 3 on the light and on the dark background."""

MOST_POINTS = 400
"""Points drawn of a curve: more would not show, and the figure is sent anew after every epoch."""

SPLITS = ("train", "validation")
TERMS = {"loss": "Loss", "log_likelihood": "Log-likelihood", "kl": "KL"}
COMPARED_TERMS = {"elbo": "Validation ELBO", "log_likelihood": "Log-likelihood", "kl": "KL"}


def curves(history: Sequence[Mapping[str, Any]], *, height: int = 250) -> go.Figure:
    """Loss, log-likelihood and KL over the epochs, training and validation, side by side.

    The loss is kl_weight * kl - log_likelihood, with the weight that training used in that epoch; for validation it is
    computed here.

    Parameters
    ----------
    history : sequence of mappings
        The lines of a run's history.jsonl, one an epoch; may be empty.
    height : int
        Of the figure, in pixels.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for each of the three that the family has, in nats per image, with one legend.
    """
    terms = [
        term for term in TERMS if any(_value(line, split, term) is not None for line in history for split in SPLITS)
    ] or list(TERMS)
    titles = [TERMS[term] for term in terms]
    figure = make_subplots(cols=len(terms), subplot_titles=titles, horizontal_spacing=0.09)
    lines = _thinned(history)
    epochs = [line["epoch"] for line in lines]
    styles = {
        "Training": ("train", {"color": TRAINING_COLOUR, "width": 1.5}),
        "Validation": ("validation", {"color": VALIDATION_COLOUR, "width": 2.5}),
    }
    for name, (split, style) in styles.items():
        if all(_value(line, split, term) is None for line in lines for term in terms):
            continue
        for column, term in enumerate(terms, start=1):
            figure.add_scatter(
                x=epochs,
                y=[_value(line, split, term) for line in lines],
                mode="lines+markers" if len(lines) == 1 else "lines",  # a line needs two points to be seen
                line=style,
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate=f"epoch %{{x}}: %{{y:.2f}}<extra>{name}</extra>",
                row=1,
                col=column,
            )
    # Without a likelihood the loss is that of the game between two networks, in no unit that means anything alone.
    _arrange(figure, height, "by epoch" if terms == ["loss"] else "nats per image, by epoch")
    return figure


def compared_curves(
    histories: Mapping[str, Sequence[Mapping[str, Any]]], colours: Sequence[str], *, height: int = 280
) -> go.Figure | None:
    """ELBO, log-likelihood and KL of several models on their validation splits over the epochs.

    Parameters
    ----------
    histories : mapping
        The lines of each model's history.jsonl, by its name.
    colours : sequence of str
        Of the models, in that order.
    height : int
        Of the figure, in pixels.

    Returns
    -------
    plotly.graph_objects.Figure or None
        A panel for each term that any of them has, in nats per image; None when there is none.
    """
    every = [line for history in histories.values() for line in history]
    terms = [term for term in COMPARED_TERMS if any(line["validation"][term] is not None for line in every)]
    if not terms:
        return None
    titles = [COMPARED_TERMS[term] for term in terms]
    figure = make_subplots(cols=len(terms), subplot_titles=titles, horizontal_spacing=0.09)
    for (name, history), colour in zip(histories.items(), colours, strict=True):
        lines = _thinned(history)
        if all(line["validation"][term] is None for line in lines for term in terms):
            continue
        for column, term in enumerate(terms, start=1):
            figure.add_scatter(
                x=[line["epoch"] for line in lines],
                y=[line["validation"][term] for line in lines],
                mode="lines+markers" if len(lines) == 1 else "lines",
                line={"color": colour, "width": 2},
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate=f"epoch %{{x}}: %{{y:.2f}}<extra>{name}</extra>",
                row=1,
                col=column,
            )
    _arrange(figure, height)
    return figure


def _thinned(history: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """At most so many lines that a curve shows them, the last one among them."""
    stride = max(1, math.ceil(len(history) / MOST_POINTS))
    return [*history[:-1:stride], *history[-1:]]


def _arrange(figure: go.Figure, height: int, below: str = "nats per image, by epoch") -> None:
    figure.update_annotations(font_size=13)
    figure.add_annotation(text=below, x=0.5, y=-0.19, xref="paper", yref="paper", yanchor="top", showarrow=False)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.32, "yanchor": "top"},
        dragmode=False,
        uirevision="curves",
    )
    figure.update_xaxes(nticks=4, tickangle=0, automargin=True)
    figure.update_yaxes(nticks=5, automargin=True)


def _value(line: Mapping[str, Any], split: str, term: str) -> float | None:
    figures: Mapping[str, float | None] = line[split]
    if term == "loss" and "loss" not in figures:
        kl, log_likelihood = figures["kl"], figures["log_likelihood"]
        return None if kl is None or log_likelihood is None else float(line["kl_weight"]) * kl - log_likelihood
    return figures[term]
