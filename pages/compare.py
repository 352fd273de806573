"""Compare: two to four models side by side: their maps, linked; what they are, their figures, and what they draw."""

import streamlit as st

from ui.compare import pictures
from ui.compare.choice import FEWEST, MOST, Compared, choose_models
from ui.compare.linked import linked_maps
from ui.compare.seed import choose_seed
from ui.compare.strips import show_strips
from ui.compare.table import show_table
from ui.figures import compared_curves
from ui.measure import Subject, offer_measuring
from ui.text import plain, subscript
from vae_core.training.run_folder import RunFolder


def show_curves(models: list[Compared]) -> None:
    """How the validation figures went, a line a model."""
    histories = {one.name: RunFolder(one.explorer.path).history() for one in models}
    figure = compared_curves(histories, [one.colour for one in models])
    if figure is None:
        st.caption("None of these models has kept such figures.")
        return
    st.plotly_chart(figure, config={"displayModeBar": False}, key="compared curves", alt="Validation figures by epoch.")


@st.fragment
def same_images(models: list[Compared]) -> None:
    """The same test images, reconstructed by each."""
    able = [one for one in models if one.explorer.can.encode]
    if not able:
        st.caption("None of these models has an encoder, so they reconstruct nothing.")
        return
    first, found = able[0], pictures.test_images(able[0])
    if found is None:
        title = plain(first.card.data.title)
        st.caption(f":material/cloud_off: {title} is not on this machine, so there is nothing to reconstruct.")
        return
    takers = [one for one in able if pictures.takes_images_of(one, first)]
    images, labels = found
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ways = {"classes": "First of each class", "random": "Random", "worst": "Worst"}
        way = st.segmented_control(
            "Images", list(ways), default="classes", required=True, key="compared images", persist_state="session",
            format_func=ways.__getitem__,
            help=f"Worst: of the first {pictures.AMONG:,} test images those with the largest squared error, in the "
            "mean over the models.",
        )  # fmt: skip
        if way == "random":
            seed = choose_seed("compared images seed")
    if way == "worst":
        rows = pictures.worst(takers, first, images, labels)
    else:
        rows = pictures.at_random(len(images), seed) if way == "random" else []
        rows = rows or pictures.first_of_each_class(labels, len(images))
    show_strips(
        pictures.reconstructions(takers, first, images, labels, rows), len(rows), "reconstructions", "Reconstructions"
    )
    st.caption(f"Test images no. {', '.join(map(str, rows))} of {plain(first.card.data.title)}, decoded at their mean.")
    for one in models:
        if one not in takers:
            why = "takes images of another kind" if one.explorer.can.encode else "has no encoder"
            st.caption(f":material/remove: {plain(one.name)} {why}.")
        elif one.card.data.checksum != first.card.data.checksum:
            st.caption(f":material/info: {plain(one.name)} was trained on other images.")


@st.fragment
def same_z(models: list[Compared]) -> None:
    """The same z along an axis, decoded by each model of as many dimensions as the first."""
    d = models[0].explorer.latent_dim
    takers = [one for one in models if one.explorer.latent_dim == d]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = st.selectbox(
            "Along", range(d), key=f"compared axis of {d}", format_func=lambda i: f"z{subscript(i + 1)}", width=110
        )
        reach = st.slider("As far as", 1.0, 10.0, 3.0, 0.5, key="compared reach", persist_state="session", width=220)
        names = next((one.card.data.class_names for one in takers if one.explorer.can.label), ())
        label = 0
        if names:
            label = st.selectbox("Class", range(len(names)), key="compared class", format_func=names.__getitem__)
    show_strips(pictures.along_axis(takers, axis, reach, label), pictures.STEPS, "same-z", "The same z")
    st.caption(
        f"z{subscript(axis + 1)} from −{reach:g} to {reach:g}, all else 0. Each model has a space of its own: the same "
        "z need not mean the same thing, and one without a KL term may keep its codes elsewhere."
    )
    for one in models:
        if one not in takers:
            st.caption(f":material/remove: {plain(one.name)} has {one.explorer.latent_dim} dimensions, not {d}.")


@st.fragment
def samples(models: list[Compared]) -> None:
    """Draws from the prior of each, by the same seed."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = choose_seed("compared samples seed")
    show_strips(pictures.samples(models, seed), 5, f"samples-{seed}", "Samples", side_by_side=True)
    st.caption("Means of p(x|z) for z from the prior; a model that takes a class is given random ones.")


models = choose_models()
if len(models) < FEWEST:
    st.info(f"Choose {FEWEST} to {MOST} models, and they are compared here.", icon=":material/balance:")
    st.stop()
linked_maps(models)
st.markdown("##### Figures")
offer_measuring([Subject(one.explorer.path, one.card, one.known) for one in models], models[0].explorer.device)
show_table(models)
st.markdown("##### How the training went")
show_curves(models)
left, right = st.columns(2, gap="large")
with left:
    st.markdown("##### The same images")
    same_images(models)
with right:
    st.markdown("##### The same z")
    same_z(models)
st.markdown("##### Samples")
samples(models)
