"""Arrays -> plotly Figures. No streamlit and no torch in here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

TRAINING_COLOUR, VALIDATION_COLOUR = "#8793A0", "#0E9488"
"""Grey and the accent, each with a contrast of at least 3 on the light and on the dark background."""

MARK_COLOUR = "#C2620A"
"""Of what somebody changed: readable on both backgrounds as well."""

MOST_MARKS, MOST_WORDS, ROOM_FOR_WORDS = 100, 4, 0.08
"""Changes that are marked, the last ones; those of them whose words stand beside them; and how far apart, as a share
of all epochs, these have to be."""

MOST_POINTS = 400
"""Points drawn of a curve: more would not show, and the figure is sent anew after every epoch."""

TERMS = {"loss": "Loss", "elbo": "ELBO", "log_likelihood": "Log-likelihood", "kl": "KL"}
COMPARED_TERMS = {"elbo": "Validation ELBO", "log_likelihood": "Log-likelihood", "kl": "KL"}

GAN_DRAW = 3 * math.log(2)
"""Both players' losses of a GAN where neither can do better: see `vae_core.models.objectives.adversarial`."""


def terms_of(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which terms a family's curves show: those that it has, and the loss where that is none of them turned over."""
    if not history:
        return ["elbo", "log_likelihood", "kl"]
    had = [term for term in TERMS if term != "loss" and history[-1]["validation"][term] is not None]
    if had and all(math.isclose(line["train"]["loss"], -line["train"][had[0]], rel_tol=1e-5) for line in history):
        return had
    return ["loss", *had]


def curves(
    history: Sequence[Mapping[str, Any]], marks: Sequence[tuple[float, str]] = (), *, height: int = 250
) -> go.Figure:
    """The terms of the ELBO over the epochs, training and validation, as far as the family has them, and the loss.

    The loss, what training minimised in that epoch, is shown where it is not -ELBO or -log-likelihood itself: where
    the KL has another weight or there are other terms. It is one of training alone.

    Parameters
    ----------
    history : sequence of mappings
        The lines of a run's history.jsonl, one an epoch; may be empty.
    marks : sequence of (float, str)
        What happened when, in epochs: an upright line in each panel, the last few with their words where there is room.
    height : int
        Of one row of panels with all that belongs to the figure, in pixels; a second row adds half of it.

    Returns
    -------
    plotly.graph_objects.Figure
        One to three panels side by side or four in two rows, in nats per image, with one legend.
    """
    terms = terms_of(history)
    columns = 2 if len(terms) == 4 else len(terms)  # four beside each other would be too narrow to read
    rows = len(terms) // columns
    titles = ["Losses of both players, summed"] if terms == ["loss"] else [TERMS[term] for term in terms]
    figure = make_subplots(rows, columns, subplot_titles=titles, horizontal_spacing=0.09, vertical_spacing=0.24)
    lines = _thinned(history)
    epochs = [line["epoch"] for line in lines]
    styles = {
        "Training": ("train", {"color": TRAINING_COLOUR, "width": 1.5}),
        "Validation": ("validation", {"color": VALIDATION_COLOUR, "width": 2.5}),
    }
    for name, (split, style) in styles.items():
        measured = [term for term in terms if term != "loss" or split == "train"]
        for term in measured:
            figure.add_scatter(
                x=epochs,
                y=[line[split][term] for line in lines],
                mode="lines+markers" if len(lines) == 1 else "lines",  # a line needs two points to be seen
                line=style,
                name=name,
                legendgroup=name,
                showlegend=term == measured[0],
                hovertemplate=f"epoch %{{x}}: %{{y:.2f}}<extra>{name}</extra>",
                row=1 + terms.index(term) // columns,
                col=1 + terms.index(term) % columns,
            )
    if terms == ["loss"]:
        figure.add_hline(
            GAN_DRAW, line={"color": VALIDATION_COLOUR, "width": 1, "dash": "dot"}, annotation_text="neither wins"
        )
    _arrange(figure, height, rows)
    _mark(figure, marks, history[-1]["epoch"] if history else 0)
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


def _mark(figure: go.Figure, marks: Sequence[tuple[float, str]], last_epoch: float) -> None:
    for epoch, _ in marks[-MOST_MARKS:]:
        figure.add_vline(epoch, line={"color": MARK_COLOUR, "width": 1, "dash": "dot"})
    worded: list[float] = []
    for epoch, words in reversed(marks):
        if len(worded) == MOST_WORDS or any(abs(epoch - other) < ROOM_FOR_WORDS * last_epoch for other in worded):
            continue
        worded.append(epoch)
        # Upright along the line, as several have room like that, and at its foot, where curves seldom are.
        style = {"font_size": 10, "font_color": MARK_COLOUR, "textangle": -90, "showarrow": False}
        for axis in range(1, 1 + len(list(figure.select_xaxes()))):
            name = "" if axis == 1 else axis
            where = {"xref": f"x{name}", "yref": f"y{name} domain", "xanchor": "right", "yanchor": "bottom"}
            figure.add_annotation(x=epoch, y=0, text=words.replace("learning rate", "rate"), **where, **style)


def _arrange(figure: go.Figure, height: int, rows: int = 1) -> None:
    figure.update_annotations(font_size=13)
    figure.add_annotation(
        text="nats per image, by epoch",
        x=0.5,
        y=-0.19 / rows,
        xref="paper",
        yref="paper",
        yanchor="top",
        showarrow=False,
    )
    figure.update_layout(
        height=height * (1 + rows) // 2,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.32 / rows, "yanchor": "top"},
        dragmode=False,
        uirevision="curves",
    )
    last = max((max(trace.x or (), default=0) for trace in figure.data), default=0)
    whole = {"dtick": 1} if last <= 4 else {"nticks": 4}  # else two epochs would have a half one between them
    figure.update_xaxes(**whole, tickangle=0, automargin=True)
    figure.update_yaxes(nticks=4, automargin=True)
