"""Measured figures as tables, a group at a time: value and error, unit, which way is better, when not to trust it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ui.known_figures import GROUP_TITLES, TITLES
from ui.model_card import measure_text
from ui.text import plain
from vae_core.card import Measure
from vae_core.metrics.catalogue import DEFINITIONS, GROUPS, Figures, NotMeasured, names_of

FIRM_SPACE = "\u00a0"
"""A space that no line ends at: value and error stay together."""

BETTER = {"higher": "higher is better", "lower": "lower is better", "neither": "neither way is better"}

TRUST = {
    "bound": "Nearer to the truth than the ELBO, and still a bound: more draws would lower it. Of fewer images, so "
    "its error is larger. It compares models of the same data and likelihood only.",
    "reconstruction": "Of decoded means, without a draw of z. Blur costs little squared error; SSIM notices it. Good "
    "reconstructions say nothing of the samples.",
    "latent": "High accuracy says that classes lie apart, not that the model is good; one that is told the class need "
    "not keep it in z. Active units are counted, not weighed.",
    "samples": "Seen by a small classifier of this data set: compare only models of the same data. Draws much nearer "
    "to a training image than test images are repeat it, but blurred ones lie near as well.",
    "disentanglement": "Each score means something else by the word, and runs that differ by the seed alone differ "
    "widely: trust several runs, not one.",
}
"""When not to trust a group of figures."""


def show_figure_tables(figures: Figures) -> None:
    """All groups but the card's own; those that do not apply say why, quietly."""
    groups = [group for group in GROUPS if group != "elbo"]
    known = {group: {name: figures[name] for name in names_of([group]) if name in figures} for group in groups}
    for group, found in known.items():
        if found:
            _show_group(group, found)
    if missing := [GROUP_TITLES[group].lower() for group, found in known.items() if not found]:
        st.caption(f"Not measured yet: {', '.join(missing)}.")


def _show_group(group: str, figures: Figures) -> None:
    measured = {name: figure for name, figure in figures.items() if not isinstance(figure, NotMeasured)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"###### {GROUP_TITLES[group]}", width="content")
        with st.popover("What they mean", type="tertiary", width="content", key=f"meaning of {group}"):
            st.markdown("\n".join(f"- {definition_text(name)}" for name in names_of([group])))
    if measured:
        st.table(
            {
                "Figure": [TITLES[name] for name in measured],
                "Value": [measure_text(figure).replace(" ", FIRM_SPACE) for figure in measured.values()],
                "Unit": [unit_text(name) for name in measured],
            },
            border="horizontal",
            hide_index=True,
            hide_header=True,
            alt=f"Figures: {GROUP_TITLES[group]}.",
        )
        st.caption(TRUST[group])
    for reason, names in reasons(figures).items():
        which = "Does not apply" if len(names) == len(names_of([group])) else ", ".join(TITLES[n] for n in names)
        st.caption(f":material/remove: {which}: {plain(reason)}")


def definition_text(name: str) -> str:
    """Name, definition and source of a figure, as a line of markdown."""
    what = DEFINITIONS[name]
    source = f" ({plain(what.source)})" if what.source else ""
    return f"**{TITLES[name]}**: {plain(what.definition)}{source}."


def unit_text(name: str) -> str:
    """Unit, and which way is better."""
    what = DEFINITIONS[name]
    return f":gray[{', '.join(part for part in (what.unit, BETTER[what.better]) if part)}]"


def reasons(figures: Mapping[str, Measure | NotMeasured]) -> dict[str, list[str]]:
    """Why figures do not apply, each reason with the figures that it is of."""
    found: dict[str, list[str]] = {}
    for name, figure in figures.items():
        if isinstance(figure, NotMeasured):
            found.setdefault(figure.reason, []).append(name)
    return found
