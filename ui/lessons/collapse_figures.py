"""The charts of the lesson on dead dimensions. Arrays to plotly Figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from ui.lessons.chart_style import ACCENT, QUIET, SECOND, arrange
from ui.text import subscript
from vae_core.latent.dimensions import Dimensions
from vae_core.latent.water import Water

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def kl_figure(kl: Doubles, dead: Flags, floor: float = 0.0) -> go.Figure:
    """The KL of each dimension; with free bits what the loss counts of it is drawn above."""
    names, figure = _names(len(kl)), go.Figure()
    colours = np.where(dead, SECOND, ACCENT).tolist()
    figure.add_bar(
        x=names,
        y=kl,
        marker={"color": colours},
        text=[f"{value:.2f}" if value >= 0.1 else f"{value:.4f}" for value in kl],
        textposition="outside",
        textangle=-90,  # sixteen of them fit a phone
        hovertemplate="%{x}: %{y:.4f} nats<extra></extra>",
        name="KL",
    )
    if floor:
        lift = np.maximum(floor - kl, 0)
        figure.add_bar(
            x=names,
            y=lift,
            base=kl,
            marker={"color": QUIET, "opacity": 0.5},
            name="free",
            hovertemplate="counted as %{customdata:.3f} nats<extra></extra>",
            customdata=np.maximum(kl, floor),
        )
        figure.add_hline(floor, line={"color": QUIET, "dash": "dash"}, annotation_text="λ")
    figure.update_layout(barmode="overlay", uniformtext={"mode": "show", "minsize": 9})
    figure.update_yaxes(range=[0, 1.3 * max(float(kl.max()), floor)])  # room for the numbers on the bars
    return arrange(figure, "", "KL, nats", height=300, legend=False)


def spread_figure(models: dict[str, Dimensions], threshold: float) -> go.Figure:
    """Each dimension of some models by the variance of mu and the mean of sigma²: what one loses the other takes up."""
    figure = go.Figure()
    ends = np.geomspace(1e-4, 1, 200)
    line = {"color": QUIET, "width": 1.5, "dash": "dash"}
    figure.add_scatter(x=ends, y=1 - ends, mode="lines", line=line, name="Var μ + E σ² = 1", hoverinfo="skip")
    for symbol, (name, found) in zip(("circle", "diamond", "square"), models.items(), strict=False):
        figure.add_scatter(
            x=found.spread,
            y=found.width,
            mode="markers",
            marker={
                "size": 11,
                "symbol": symbol,
                "color": np.where(found.active(threshold), ACCENT, SECOND).tolist(),
                "line": {"width": 1, "color": "#fff"},
            },
            text=_names(len(found.kl)),
            name=name,
            hovertemplate=f"{name} %{{text}}<br>Var μ %{{x:.4f}}, E σ² %{{y:.3f}}<extra></extra>",
        )
    figure.add_vline(threshold, line={"color": SECOND, "width": 1.5})
    arrange(figure, "variance of μ over the test images", "mean of σ²", height=380)
    figure.update_xaxes(type="log", range=[-4, 0.3], dtick=1, exponentformat="none")
    return figure


def history_figure(kl: Doubles, dead: Flags, epoch: int, limit: float) -> go.Figure:
    """The KL of each dimension, (epochs, D), over the epochs; those that are dead at the end are red."""
    figure = go.Figure()
    epochs = np.arange(1, len(kl) + 1)
    for i, name in enumerate(_names(kl.shape[1])):
        figure.add_scatter(
            x=epochs,
            y=kl[:, i],
            mode="lines",
            line={"color": SECOND if dead[i] else ACCENT, "width": 2},
            opacity=0.8,
            name=name,
            hovertemplate=f"{name}, epoch %{{x}}: %{{y:.4f}} nats<extra></extra>",
        )
    figure.add_hline(limit, line={"color": QUIET, "dash": "dash"})
    figure.add_vline(epoch, line={"color": QUIET, "width": 2})
    arrange(figure, "epoch", "KL on the validation split, nats", height=360, legend=False)
    figure.update_yaxes(type="log", dtick=1)
    return figure


def water_figure(variances: Doubles, water: Water, level: float, most: int = 40) -> go.Figure:
    """The variances of the data's principal directions, and the level below which a linear VAE drops them."""
    figure = go.Figure()
    shown = variances[:most]
    figure.add_bar(
        x=np.arange(1, len(shown) + 1),
        y=shown,
        marker={"color": np.where(water.rate[:most] > 0, ACCENT, QUIET).tolist()},
        hovertemplate="direction %{x}: variance %{y:.3f}<extra></extra>",
    )
    figure.add_hline(level, line={"color": SECOND, "width": 2.5})
    arrange(figure, "principal direction of the digits", "variance", height=330, legend=False)
    figure.update_yaxes(type="log", range=[-3, 0.2], dtick=1)
    return figure


def weight_figure(epochs: Doubles, weights: Sequence[tuple[str, Doubles]]) -> go.Figure:
    """The weight of the KL over the epochs, for some schedules."""
    figure = go.Figure()
    for colour, (name, values) in zip((ACCENT, SECOND), weights, strict=True):
        figure.add_scatter(x=epochs, y=values, mode="lines", line={"color": colour, "width": 2.5}, name=name)
    return arrange(figure, "epoch", "weight of the KL", height=260)


def _names(n: int) -> list[str]:
    return [f"z{subscript(i + 1)}" for i in range(n)]
