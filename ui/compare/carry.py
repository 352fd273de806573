"""A path chosen in one model, carried over to the others through the data, with the film of each beneath the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address, decoder
from ui.anchors import MOST, parse_anchors
from ui.compare.choice import Compared
from ui.compare.strips import Strip, show_strips
from ui.encoded import images_of, told
from ui.latent_map import MapClick, MapPath
from ui.text import plain
from vae_core.latent.paths import resampled
from vae_core.latent.paths.carried import Carried, carried, detour
from vae_core.latent.plane import Plane
from vae_core.tables import csv_text

STEPS = 11
ANCHORS, LEADER, TYPED = "compared anchors", "compared leader", "compared anchors typed"
DRAWS, DRAWN, PROBLEM = "clicks draw the path", "path drawn so far", "problem of the path"


@dataclass(frozen=True, eq=False)
class Journey:
    """A path in one model's space, and where the others keep the images that it passes.

    Attributes
    ----------
    anchors : list of int
        Test images that it goes through, in a straight line from each to the next.
    leader : Compared
        In whose space that is.
    z : ndarray of float32, shape (11, D)
        The path, at even steps.
    over : dict
        By name, of each model that has encoded these images, the leader too: the path carried over to it.
    """

    anchors: list[int]
    leader: Compared
    z: npt.NDArray[np.float32]
    over: dict[str, Carried]

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """The image nearest to each step, (11,)."""
        return self.over[self.leader.name].indices

    def paths_of(self, one: Compared, plane: Plane) -> list[MapPath]:
        """What a model's map shows of it: the leader the path, the others the way through the same images."""
        if one is self.leader:
            return [MapPath("", plane.project(one.explorer.latents.mu[self.anchors]))]
        if (there := self.over.get(one.name)) is not None:
            return [MapPath("", plane.project(there.corners), role="contrast")]
        return [MapPath("", plane.project(self.z), role="contrast")] if self.shows_same_z(one) else []

    def shows_same_z(self, one: Compared) -> bool:
        """Whether a model without an encoder can at least decode the path's own z."""
        return not one.explorer.can.encode and one.explorer.latent_dim == self.leader.explorer.latent_dim


def choose_journey(twins: Sequence[Compared]) -> Journey:
    """The controls of the path: in which model, and through which images; the address holds both."""
    n, names = len(twins[0].explorer.latents.mu), [one.name for one in twins]
    if (wish := address.asked("leader")) is not None:
        number = int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 3 else 1
        st.session_state[LEADER] = names[min(max(number, 1), len(names)) - 1]
    if st.session_state.get(LEADER) not in names:
        st.session_state[LEADER] = names[0]
    anchors = _anchors(twins[0], n)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen: str = st.selectbox(
            "Path, straight in", names, key=LEADER, persist_state="session", width=190,
            help="A path is straight in this model's space, and is carried over to the others through the data.",
        )  # fmt: skip
        text = ", ".join(map(str, anchors))
        if st.session_state.get(TYPED) != text:
            st.session_state[TYPED] = text
        st.text_input(
            "Through test images no.", key=TYPED, on_change=_take, args=(n,), width=220,
            help=f"2 to {MOST} numbers; in a straight line from each to the next.",
        )  # fmt: skip
        st.button("Random path", icon=":material/casino:", on_click=_at_random, args=(n,), key="another path")
        st.toggle(
            "Clicks draw the path", key=DRAWS, on_change=_begin,
            help="It is straight in the map that is clicked first; every click on a point goes on to its image.",
        )  # fmt: skip
    if problem := st.session_state.pop(PROBLEM, None):
        st.warning(problem, icon=":material/route:")
    leader = twins[names.index(chosen)]
    address.write("leader", None if leader is twins[0] else str(names.index(chosen) + 1))
    address.write("anchors", ",".join(map(str, anchors)))
    return journey(leader, twins, anchors)


def journey(leader: Compared, twins: Sequence[Compared], anchors: list[int]) -> Journey:
    """The path through these images in one model's space, carried over to all that have encoded them."""
    codes = leader.explorer.latents.mu
    z = resampled(codes[anchors], STEPS)
    over = {one.name: carried(z, codes, one.explorer.latents.mu) for one in twins}
    return Journey(anchors, leader, z, over)


def show_journey(models: Sequence[Compared], twins: Sequence[Compared], path: Journey, label: int) -> None:
    """The films beneath each other: the images that the path passes, what its own model draws, what the others do."""
    show_strips(strips_of(models, twins, path, label), STEPS, "path", "Path")
    away = path.over[path.leader.name].distances
    st.caption(
        f"The path is straight in {plain(path.leader.name)}. For each of its {STEPS} steps the nearest test image is "
        f"found there, {away.mean():.2g} away in the mean and {away.max():.2g} at most; the others show their own "
        "codes of these images, joined: what is carried over is the data, not the line. " + _detours(twins, path)
    )
    for one in models:
        if one not in twins:
            why = (
                "without an encoder it decodes the path's own z" if path.shows_same_z(one) else "nothing to carry over"
            )
            st.caption(f":material/link_off: {plain(one.name)}: {why}.")
    st.download_button(
        "CSV of the path",
        lambda: path_csv(twins, path),
        "path.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key="path as CSV",
        help="Each step with the nearest test image and that image's code in every model.",
    )


def strips_of(models: Sequence[Compared], twins: Sequence[Compared], path: Journey, label: int) -> list[Strip]:
    """The images nearest to the steps, where they are here, and the pictures of each model, 11 each."""
    explorer, indices = path.leader.explorer, path.indices
    images, labels = images_of(explorer, "test"), explorer.latents.labels
    classes = None if labels is None else labels[indices]
    strips = [] if images is None else [Strip(np.moveaxis(images[indices], 1, -1), note="nearest to each step")]
    strips.append(Strip(decoder.decode(explorer, path.z, told(explorer, classes)), path.leader, "along the path"))
    for one in models:
        if one in twins and one is not path.leader:
            pictures = decoder.decode(one.explorer, path.over[one.name].z, told(one.explorer, classes))
            strips.append(Strip(pictures, one, "the same images' codes"))
        elif path.shows_same_z(one):
            told_label = np.full(STEPS, min(label, one.explorer.n_classes - 1)) if one.explorer.can.label else None
            strips.append(Strip(decoder.decode(one.explorer, path.z, told_label), one, "the path's own z"))
    return strips


def path_csv(twins: Sequence[Compared], path: Journey) -> str:
    """A row for each step: the nearest image, its class, its distance from the path's z, and its code in each model."""
    labels, names = path.leader.explorer.latents.labels, path.leader.card.data.class_names
    known = labels is not None and bool(names)
    d = path.leader.explorer.latent_dim
    header = ["step", "test_image", *(["class"] if known else []), "distance", *(f"path_z{i + 1}" for i in range(d))]
    header += [f"{one.name}_z{i + 1}" for one in twins for i in range(one.explorer.latent_dim)]
    rows = []
    for step, index in enumerate(path.indices):
        row: list[object] = [step, int(index), *([names[int(labels[index])]] if known and labels is not None else [])]
        row += [float(path.over[path.leader.name].distances[step]), *path.z[step].tolist()]
        rows.append(row + [value for one in twins for value in path.over[one.name].z[step].tolist()])
    return csv_text(header, rows)


def _detours(twins: Sequence[Compared], path: Journey) -> str:
    ways = [(one, detour(path.over[one.name].corners)) for one in twins if one is not path.leader]
    told_ways = [f"{plain(one.name)} {way:.1f}" for one, way in ways if np.isfinite(way)]
    if not told_ways:
        return ""
    return f"Their way, in lengths of the straight line between its ends: {', '.join(told_ways)}."


def _anchors(one: Compared, n: int) -> list[int]:
    wish = address.asked("anchors")
    if wish is not None and (asked := parse_anchors(wish, n)) is not None:
        st.session_state[ANCHORS] = asked
    known: list[int] = st.session_state.get(ANCHORS, [])
    if len(known) < 2 or max(known) >= n:
        labels = one.explorer.latents.labels
        others = np.flatnonzero(labels != labels[0]) if labels is not None else np.arange(1, n)
        known = st.session_state[ANCHORS] = [0, int(others[0]) if len(others) else n - 1]
    return known


def _take(n: int) -> None:
    if (anchors := parse_anchors(st.session_state[TYPED].replace(" ", ""), n)) is not None:
        st.session_state[ANCHORS] = anchors
    else:
        st.session_state[PROBLEM] = f"A path takes 2 to {MOST} numbers of test images from 0 to {n - 1}."


def draw(one: Compared, click: MapClick) -> None:
    """Go on to the image that was clicked in a model's map, if clicks draw the path; the first says in which map."""
    if not st.session_state.get(DRAWS) or click.index is None:
        return
    drawn: list[int] = st.session_state.setdefault(DRAWN, [])
    if not drawn:
        st.session_state[LEADER] = one.name
    drawn[:] = [*drawn, click.index][:MOST]
    if len(drawn) > 1:
        st.session_state[ANCHORS] = list(drawn)


def _begin() -> None:
    st.session_state[DRAWN] = []


def _at_random(n: int) -> None:
    st.session_state[DRAWN] = []
    st.session_state[ANCHORS] = np.random.default_rng().choice(n, 2, replace=False).tolist()
