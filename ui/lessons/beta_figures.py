"""The charts of the lesson on beta. Arrays to plotly Figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from ui.lessons.chart_style import ACCENT, QUIET, SECOND, THIRD, arrange
from vae_core.latent.rate_distortion import RateDistortion, RateParts

Doubles = npt.NDArray[np.float64]

COLOURS = (THIRD, ACCENT, SECOND)
"""Of the models, in the order of their beta."""

CHOSEN = {"size": 13, "color": SECOND}


def plane_figure(
    names: Sequence[str], points: RateDistortion, histories: Sequence[Sequence[Mapping[str, Any]]], beta: float
) -> go.Figure:
    """Models on the plane of rate and distortion, each with the way of its training, and a line of equal cost.

    Parameters
    ----------
    names : sequence of str
    points : RateDistortion
        A point a model, of the test split.
    histories : sequence
        The lines of each model's history: their validation figures are its way.
    beta : float
        The price of a nat of rate; the line goes through the cheapest model.
    """
    figure = go.Figure()
    for i, (name, history) in enumerate(zip(names, histories, strict=True)):
        way = [line["validation"] for line in history]
        figure.add_scatter(
            x=[figures["kl"] for figures in way],
            y=[-figures["log_likelihood"] for figures in way],
            mode="lines",
            line={"color": COLOURS[i], "width": 1},
            opacity=0.6,
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[points.rate[i]],
            y=[points.distortion[i]],
            mode="markers",
            marker={"size": 13, "color": COLOURS[i]},
            name=name,
            hovertemplate=f"{name}<br>R %{{x:.2f}}, D %{{y:.2f}} nats<extra></extra>",
        )
    best, ends = points.best(beta), np.array([0.0, 13.0])
    cost = points.loss(beta)[best]
    figure.add_scatter(
        x=ends,
        y=cost - beta * ends,
        mode="lines",
        line={"color": QUIET, "width": 2, "dash": "dash"},
        name=f"D + {beta:g} R = {cost:.1f}",
        hoverinfo="skip",
    )
    arrange(figure, "rate R = KL, nats an image", "distortion D = −log-likelihood, nats", height=400)
    figure.update_xaxes(range=list(ends))
    figure.update_yaxes(range=[118, 172])
    return figure


def curve_figure(curve: RateDistortion, chosen: int, beta: float) -> go.Figure:
    """Distortion by rate of one decoder while sigma is scaled, and the line of equal cost through the chosen point."""
    figure = go.Figure()
    rate, distortion = curve.rate, curve.distortion
    line = {"color": ACCENT, "width": 2.5}
    figure.add_scatter(x=rate, y=distortion, mode="lines", line=line, name="what this decoder can do")
    reach = np.array([rate.min(), rate.max()])
    figure.add_scatter(
        x=reach,
        y=curve.loss(beta)[chosen] - beta * reach,
        mode="lines",
        line={"color": QUIET, "width": 2, "dash": "dash"},
        name="equal cost, slope −β",
    )
    figure.add_scatter(x=[rate[chosen]], y=[distortion[chosen]], mode="markers", marker=CHOSEN, showlegend=False)
    arrange(figure, "rate R, nats", "distortion D, nats", height=320)
    figure.update_yaxes(range=[distortion.min() - 1, distortion.max() + 1])
    return figure


def loss_figure(scales: Doubles, curve: RateDistortion, chosen: int, beta: float) -> go.Figure:
    """D + beta R by the scale of sigma."""
    figure, loss = go.Figure(), curve.loss(beta)
    figure.add_scatter(x=scales, y=loss, mode="lines", line={"color": ACCENT, "width": 2.5}, name="D + β R")
    figure.add_scatter(x=[scales[chosen]], y=[loss[chosen]], mode="markers", marker=CHOSEN, name="s")
    arrange(figure, "s, what σ is multiplied by", "D + β R, nats", height=320)
    figure.update_xaxes(type="log", tickvals=[0.25, 0.5, 1, 2, 3])
    return figure


def parts_figure(names: Sequence[str], parts: Sequence[RateParts], most: float) -> go.Figure:
    """What each model's rate is made of, and the most that N images can tell."""
    figure = go.Figure()
    for title, colour, values in (
        ("tells images apart: I", ACCENT, [part.information.value for part in parts]),
        ("codes differ from the prior: M", SECOND, [part.mismatch.value for part in parts]),
    ):
        figure.add_bar(
            y=list(names),
            x=values,
            orientation="h",
            marker={"color": colour},
            name=title,
            text=[f"{value:.2f}" if value > 0.3 else "" for value in values],
            textposition="inside",
            insidetextfont={"color": "#fff"},
            hovertemplate="%{x:.2f} nats<extra></extra>",
        )
    figure.add_vline(most, line={"color": QUIET, "dash": "dash"}, annotation_text="log N")
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_yaxes(autorange="reversed")
    return arrange(figure, "nats an image", "", height=270)
