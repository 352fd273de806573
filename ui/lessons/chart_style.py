"""What the charts of the lessons have in common: quiet axes, two colours, no tools. Arrays to plotly Figures."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from ui.lessons import here, projector

ACCENT, QUIET, SECOND, THIRD = "#0E9488", "#8793A0", "#D51F1E", "#7D57A9"
"""Each with a contrast of at least 3 on the light and on the dark background (`ui.palette`, `ui.figures`)."""
FAR = 17
"""Size of type, pixels, for who sits far from a projector's screen."""


def arrange(figure: go.Figure, across: str, up: str, *, height: int = 300, legend: bool = True) -> go.Figure:
    """Name the axes of a figure, and lay it out as all of them are."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",  # a projector's page is black or white
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(title_text=across, automargin=True)
    figure.update_yaxes(title_text=up, automargin=True)
    return figure


def show_chart(figure: go.Figure, name: str, alt: str) -> None:
    """Draw a figure in the step that is shown; `alt` says what there is to be seen."""
    if projector.is_on():
        figure.update_layout(font_size=FAR, legend_font_size=FAR)
        figure.update_xaxes(tickfont_size=FAR, title_font_size=FAR)
        figure.update_yaxes(tickfont_size=FAR, title_font_size=FAR)
    st.plotly_chart(figure, config={"displayModeBar": False}, key=here.key(name), alt=alt)
