"""The charts of the lesson on likelihoods. Arrays to plotly Figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from ui.lessons.chart_style import ACCENT, QUIET, SECOND, THIRD, arrange
from vae_core.likelihoods import pixel_curve

COLOURS = (QUIET, ACCENT, THIRD, SECOND)


def bars_figure(numbers: Mapping[str, float]) -> go.Figure:
    """What each likelihood calls log p(x|z), a bar each."""
    values = list(numbers.values())
    figure = go.Figure(
        go.Bar(
            x=values,
            y=list(numbers),
            orientation="h",
            marker_color=COLOURS[: len(values)],
            text=[f"{value:+,.0f}".replace("-", "−") for value in values],
            hoverinfo="skip",
            textposition="auto",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return arrange(figure, "log p(x|z), nats", "", height=230, legend=False)


def pixel_figure(rate: float, sigma: float) -> go.Figure:
    """What three likelihoods say of one pixel's grey value, where the decoder says `rate`."""
    x = np.linspace(0, 1, 201)
    figure = go.Figure()
    lines = {
        "Bernoulli's formula": ("bernoulli", QUIET, "tozeroy"),
        "continuous Bernoulli": ("continuous-bernoulli", ACCENT, None),
        f"Gaussian, σ = {sigma:.2f}": ("gaussian", THIRD, None),
    }
    for name, (kind, colour, fill) in lines.items():
        y = pixel_curve(kind, rate, x, sigma=sigma)  # type: ignore[arg-type]
        figure.add_scatter(x=x, y=y, name=name, line={"color": colour, "width": 3}, fill=fill, hoverinfo="skip")
    figure.add_vline(rate, line={"color": SECOND, "dash": "dot", "width": 1.5})
    figure.update_yaxes(rangemode="tozero")
    return arrange(figure, "the pixel x, from black to white", "p(x)", height=290)


def sigma_figure(sigmas: npt.NDArray[np.float64], values: npt.NDArray[np.float64], sigma: float) -> go.Figure:
    """The Gaussian's score by sigma, and where the hand has put it."""
    figure = go.Figure()
    figure.add_scatter(x=sigmas, y=values, line={"color": ACCENT, "width": 3}, hoverinfo="skip")
    at = float(np.interp(sigma, sigmas, values))
    figure.add_scatter(x=[sigma], y=[at], mode="markers", marker={"color": SECOND, "size": 13}, hoverinfo="skip")
    figure.update_yaxes(range=[float(values.max()) - 900, float(values.max()) + 80])
    return arrange(figure, "σ", "log p(x|z), nats", height=270, legend=False)
