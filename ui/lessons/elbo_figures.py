"""The charts of the lesson on the ELBO. Arrays to plotly Figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from ui.lessons.chart_style import ACCENT, QUIET, SECOND, arrange
from vae_core.card import Measure
from vae_core.latent.true_posterior import TruePosterior

Doubles = npt.NDArray[np.float64]

HALVES = {0.5: math.sqrt(2 * math.log(2)), 0.95: math.sqrt(-2 * math.log(0.05))}
"""How many sigmas from the middle a Gaussian in two dimensions holds these shares."""


def density_figure(mu: float, sigma: float) -> go.Figure:
    """The density of q = N(mu, sigma²) beside the prior's."""
    figure, z = go.Figure(), np.linspace(-4.5, 4.5, 301)
    for name, colour, mean, width in (("prior p(z)", QUIET, 0.0, 1.0), ("q(z|x)", ACCENT, mu, sigma)):
        density = np.exp(-0.5 * ((z - mean) / width) ** 2) / (width * math.sqrt(2 * math.pi))
        figure.add_scatter(x=z, y=density, name=name, line={"color": colour, "width": 2.5})
    return arrange(figure, "z", "density")


def running_figure(means: Doubles, spread: float, closed: float) -> go.Figure:
    """The KL's estimate as draws come in, with two standard errors around the closed form."""
    figure = go.Figure()
    n = np.unique(np.geomspace(1, len(means), 200).astype(int))
    figure.add_scatter(x=n[[0, -1]], y=[closed] * 2, name="closed form", line={"color": ACCENT, "width": 2})
    for sign in (-1, 1):
        figure.add_scatter(
            x=n,
            y=closed + sign * 2 * spread / np.sqrt(n),
            name="± 2 standard errors",
            showlegend=sign == 1,
            line={"color": QUIET, "width": 1, "dash": "dot"},
        )
    figure.add_scatter(x=n, y=means[n - 1], name="mean of n draws", line={"color": SECOND, "width": 2})
    arrange(figure, "n", "KL, nats")
    figure.update_xaxes(type="log", dtick=1)
    return figure


def posterior_figure(truth: TruePosterior, image: int, mu: Doubles, sigma: Doubles) -> go.Figure:
    """p(z|x) of an image and the encoder's Gaussian, each by the outlines that hold 50 % and 95 % of it."""
    figure = go.Figure()
    log_density, axis = truth.log_density[image], truth.axis
    for share in HALVES:
        level = truth.level(image, share)
        figure.add_contour(
            x=axis,
            y=axis,
            z=np.maximum(log_density, -12.0),
            contours={"start": level, "end": level, "size": 1, "coloring": "none"},
            line={"color": SECOND, "width": 2.5 if share == 0.5 else 1.5},
            name="true posterior p(z|x)",
            showscale=False,
            showlegend=share == 0.5,
            hoverinfo="skip",
        )
    turn = np.linspace(0, 2 * math.pi, 121)
    for share, radius in HALVES.items():
        figure.add_scatter(
            x=mu[0] + radius * sigma[0] * np.cos(turn),
            y=mu[1] + radius * sigma[1] * np.sin(turn),
            mode="lines",
            line={"color": ACCENT, "width": 2.5 if share == 0.5 else 1.5},
            name="encoder's q(z|x)",
            showlegend=share == 0.5,
            hoverinfo="skip",
        )
    places = np.stack(np.meshgrid(axis, axis), -1)[log_density >= truth.level(image, 0.95)]
    reach = HALVES[0.95] * sigma
    low = np.minimum(places.min(0), mu - reach) - 0.2
    high = np.maximum(places.max(0), mu + reach) + 0.2
    half, middle = (high - low).max() / 2, (high + low) / 2
    arrange(figure, "z₁", "z₂", height=380)
    figure.update_xaxes(range=[middle[0] - half, middle[0] + half])
    figure.update_yaxes(range=[middle[1] - half, middle[1] + half], scaleanchor="x")
    return figure


def bounds_figure(ks: Sequence[int], bounds: Sequence[Measure], chosen: int, log_evidence: float) -> go.Figure:
    """The bound for each k, with two standard errors, below log p(x)."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(ks),
        y=[bound.value for bound in bounds],
        error_y={"array": [2 * (bound.standard_error or 0.0) for bound in bounds], "color": QUIET, "thickness": 1.5},
        mode="lines+markers",
        marker={"size": [14 if k == chosen else 7 for k in ks], "color": ACCENT},
        line={"color": ACCENT, "width": 2},
        name="bound with k draws (± 2 standard errors)",
        hovertemplate="k = %{x}: %{y:.2f} nats<extra></extra>",
    )
    ends = [ks[0], ks[-1]]
    line = {"color": SECOND, "width": 2, "dash": "dash"}
    figure.add_scatter(x=ends, y=[log_evidence] * 2, mode="lines", line=line, name="log p(x), integrated")
    arrange(figure, "k", "nats", height=330)
    figure.update_xaxes(type="log", tickvals=list(ks))
    return figure
