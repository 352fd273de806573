"""The charts of the lesson on generators. Arrays to plotly Figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from ui.lessons.chart_style import ACCENT, QUIET, SECOND, arrange


def sharpness_figure(values: Mapping[str, float], marked: str) -> go.Figure:
    """The variance of the Laplacian by generator; one of them marked."""
    names = list(values)
    figure = go.Figure(
        go.Bar(
            x=list(values.values()),
            y=names,
            orientation="h",
            marker_color=[SECOND if name == marked else ACCENT for name in names],
            text=[f"{value:.3f}" for value in values.values()],
            textposition="auto",
            hoverinfo="skip",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return arrange(figure, "variance of the Laplacian, mean of 500 pictures", "", height=270, legend=False)


def classes_figure(names: Sequence[str], shares: Sequence[float]) -> go.Figure:
    """Which share of the draws a classifier takes for each class, beside equal shares."""
    figure = go.Figure(go.Bar(x=list(names), y=list(shares), marker_color=ACCENT, hoverinfo="skip"))
    figure.add_hline(1 / len(names), line={"color": QUIET, "dash": "dot"})
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=".0%", range=[0, max(0.45, *shares)])
    return arrange(figure, "class, as a classifier sees it", "share of 1,000 draws", height=270, legend=False)
