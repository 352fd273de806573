"""Model: what it is, its figures, the command that reproduces it; files to take away and to bring."""

import streamlit as st

from ui import kinds, state, trash
from ui import model_card as words
from ui.bring import bring_a_model
from ui.doctor.panel import show_doctor
from ui.figure_tables import show_figure_tables
from ui.figures import curves
from ui.known_figures import KnownFigures, known_figures
from ui.measure import Subject, offer_measuring
from ui.takeaway import offer_files, offer_lines
from ui.text import plain
from ui.train.steering import course_of, marks, show_changes
from vae_core import LatentExplorer, list_checkpoints
from vae_core.checkpoints import CheckpointEntry
from vae_core.training.run_folder import RunFolder

NO_BAR = {"displayModeBar": False}


def show_head(explorer: LatentExplorer, entry: CheckpointEntry | None) -> None:
    """Name, one sentence, and the way to delete it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(explorer.name, anchor=False, width="content")
        if entry is None or entry.shipped:
            st.caption(":material/lock: Shipped with the project, read only.", width="content")
        else:
            st.button(
                "Delete", key="delete model", icon=":material/delete:", on_click=trash.delete, args=(entry.path,),
                help="Moves it to the trash; you can undo it.",
            )  # fmt: skip
    st.markdown(kinds.in_a_sentence(explorer))


def show_figures(explorer: LatentExplorer, known: KnownFigures) -> None:
    """The ELBO and its terms on the test split, and whatever else was measured on it."""
    card = explorer.card
    st.markdown(
        f"##### Figures on {card.test.n_images:,} test images"
        + (", in nats per image" if card.test.log_likelihood else ""),
        help="± is the standard error of the mean over the images; where the encoder gives a distribution, one z is "
        "drawn for each image.",
    )
    figures = words.figures(card)
    for (title, measure, reading), column in zip(
        figures, st.columns(max(1, len(figures)))[: len(figures)], strict=True
    ):
        column.metric(title, words.measure_text(measure))
        column.caption(reading)
    if missing := words.about_missing_figures(card):
        st.caption(missing)
    st.markdown("##### More figures", help="Of the test split, or of draws from the prior compared with it.")
    if known.problem:
        st.warning(plain(known.problem), icon=":material/broken_image:")
    offer_measuring([Subject(explorer.path, card, known)], explorer.device)
    show_figure_tables(known.figures)


def show_terms(explorer: LatentExplorer) -> None:
    """The KL of each dimension, where there is one, and the training's curves."""
    card = explorer.card
    if card.test.kl_per_dimension:
        st.markdown("##### KL of each latent dimension, in nats per image")
        what = "KL of each latent dimension, in nats."
        st.plotly_chart(words.kl_figure(card), config=NO_BAR, key="kl chart", alt=what)
        st.caption(words.about_dead_dimensions(card))
    if history := RunFolder(explorer.path).history():
        st.markdown("##### How the training went")
        course = course_of(explorer.path, card.model.family, card.training)
        figure = curves(history, marks(course))
        st.plotly_chart(figure, config=NO_BAR, key="curves", alt="Loss, log-likelihood and KL by epoch.")
        if course:
            show_changes(course)


def describe(explorer: LatentExplorer) -> None:
    """Tables: the model, and its data."""
    st.markdown("##### What it is")
    st.table(kinds.what_it_is(explorer), border="horizontal", alt="The model's architecture and objective.")
    st.markdown("##### What it was trained on")
    st.table(words.trained_on(explorer.card), border="horizontal", alt="Data, time and machine of the training.")


def list_damaged(damaged: list[CheckpointEntry]) -> None:
    """Folders that cannot be opened, each with its reason."""
    if damaged:
        st.markdown("##### Folders that cannot be opened")
    for entry in damaged:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(entry.problem or ""), icon=":material/broken_image:")
            if not entry.shipped:
                key = f"delete damaged {entry.name}"
                st.button("Delete", key=key, icon=":material/delete:", on_click=trash.delete, args=(entry.path,))


entries = list_checkpoints()
trash.show_undo()
explorer, unopened = state.open_model(), state.unopened()
if explorer is None:
    if unopened is None:
        st.info("There is no model yet: train one on the page Train, or drop a checkpoint file here.")
    bring_a_model()
else:
    entry = next((entry for entry in entries if entry.path == explorer.path), None)
    show_head(explorer, entry)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_figures(explorer, known_figures(explorer.path, explorer.card))
        show_terms(explorer)
        with st.expander("Doctor", icon=":material/stethoscope:"):
            show_doctor(RunFolder(explorer.path))
    with right:
        describe(explorer)
        st.markdown("##### Take it away")
        offer_files(explorer)
        offer_lines(explorer)
        st.markdown("##### Bring a model")
        bring_a_model()
    st.markdown("##### From image to z and back" if explorer.can.encode else "##### From z to an image")
    st.table(words.layer_table(explorer), border="horizontal", hide_index=True, alt="The network's layers.")
list_damaged([entry for entry in [*entries, unopened] if entry and entry.problem])
