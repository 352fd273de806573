"""A finding's plot -> a plotly Figure. No streamlit in here."""

from __future__ import annotations

import plotly.graph_objects as go

from ui.palette import MODEL_COLOURS
from vae_core.doctor.finding import Plot

HEIGHT = 210
MOST_LABELS = 16
THRESHOLD_COLOUR = "#8793A0"


def figure_of(plot: Plot) -> go.Figure:
    """Curves or bars, with a dotted line at the threshold."""
    figure = go.Figure()
    for series, colour in zip(plot.series, MODEL_COLOURS, strict=False):
        hover = f"%{{x:.4g}}: %{{y:.4g}}<extra>{series.name}</extra>"
        if plot.kind == "bars":
            figure.add_bar(x=series.x, y=series.y, name=series.name, marker={"color": colour}, hovertemplate=hover)
        else:
            line = {"color": colour, "width": 2}
            mode = "lines+markers" if len(series.x) == 1 else "lines"  # a line needs two points to be seen
            figure.add_scatter(x=series.x, y=series.y, name=series.name, mode=mode, line=line, hovertemplate=hover)
    if plot.threshold is not None:
        figure.add_hline(plot.threshold, line={"color": THRESHOLD_COLOUR, "width": 1.5, "dash": "dot"})
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 24 if len(plot.series) > 1 else 8, "b": 8},
        showlegend=len(plot.series) > 1,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        dragmode=False,
        bargap=0.1,
    )
    figure.update_xaxes(title=plot.x_title, automargin=True, nticks=6)
    if plot.kind == "bars" and len(plot.series[0].x) <= MOST_LABELS:
        figure.update_xaxes(tickvals=plot.series[0].x)  # dimensions or classes: there is none between two
    figure.update_yaxes(title=plot.y_title, automargin=True, nticks=4)
    return figure
