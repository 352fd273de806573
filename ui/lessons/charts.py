"""The charts of lessons, as plotly Figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from ui.palette import MODEL_COLOURS

NO_TOOLS = {"displayModeBar": False}


def bars(names: Sequence[str], values: Mapping[str, npt.ArrayLike], *, title: str, height: int = 220) -> go.Figure:
    """Groups of bars: for each name one bar of each series."""
    figure = go.Figure()
    for (series, numbers), colour in zip(values.items(), reversed(MODEL_COLOURS[:2]), strict=False):
        figure.add_bar(x=list(names), y=np.asarray(numbers).tolist(), name=series, marker={"color": colour})
    return _laid_out(figure, title, height, "")


def histograms(
    values: Mapping[str, npt.NDArray[np.float64]], *, title: str, across: str, height: int = 260
) -> go.Figure:
    """Histograms above each other on one axis, the bins of each a fiftieth of its own spread."""
    figure = go.Figure()
    for (series, numbers), colour in zip(values.items(), reversed(MODEL_COLOURS[: len(values)]), strict=True):
        counts, edges = np.histogram(numbers, bins=50)
        middles = 0.5 * (edges[1:] + edges[:-1])
        share = counts / counts.max()
        figure.add_scatter(
            x=middles.tolist(), y=share.tolist(), name=series, mode="lines", fill="tozeroy", line={"color": colour}
        )
    return _laid_out(figure, title, height, across)


def _laid_out(figure: go.Figure, title: str, height: int, across: str) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={"text": title, "font": {"size": 14}},
        xaxis={"title": across, "fixedrange": True, "type": "linear" if across else "category"},
        yaxis={"fixedrange": True, "showticklabels": not across},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        barmode="group",
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        dragmode=False,
    )
    return figure
