"""Bring an image: draw it, drop it or photograph it, see where it lies; mask a part of it; paint on what z makes."""

import numpy as np
import streamlit as st

from ui import maps, own_image, own_take, own_words, state
from ui.axes import choose_plane
from ui.canvas import canvas
from ui.classes import choose_class, told_classes
from ui.decoder import decode
from ui.latent_map import MapMarkers, latent_map
from ui.own_encoding import recipe_of
from ui.place import Settled
from ui.readout import readout
from ui.view import view
from ui.wall import wall
from vae_core.data.recipe import SWITCHES
from vae_core.images import to_uint8

HINTS = {
    "draw": "Encoded as you draw. Each step that makes it like the model's own data stands below, and can be left out.",
    "mask": "Cover a part of {subject}: z is sought for the rest alone, and the part filled in by it.",
    "follow": "Paint light or dark on the decoded image: z follows, as far as a decoded image can.",
}
explorer = state.current_explorer()
key = explorer.card.key[:12]


@st.fragment
def bring() -> None:
    """The page itself, a fragment; while the hand draws nothing runs here at all."""
    task = own_image.choose_task(explorer)
    left, middle, right = st.columns([5, 6, 4], gap="medium")
    with left:
        if task == "draw":
            own_image.choose_source(explorer)
            own_image.say_problem()
        below = st.container()
    drawing, now, found, fills = own_image.drawing_of(explorer, task), own_image.seen(explorer), None, None
    with below:
        board = st.container()
        if task == "draw" and drawing is not None and now is not None:
            own_image.move_to(explorer, drawing, now.facts["mu"])
            found = own_image.found_for(explorer, drawing, now)
            if found is not None and not explorer.can.encode:
                own_image.move_to(explorer, drawing, found.best["mu"])
        elif task == "follow":
            own_image.follow(explorer)
    place = state.explore_place(explorer, "test")
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    image, subject = own_image.subject(explorer, now, place, record)
    with below:
        if task == "mask" and drawing is not None:
            fills = own_image.fills_for(explorer, image, drawing)
        if now is not None and task == "draw":
            own_take.offer(explorer, now, found)
    shape = (own_image.BOARD, explorer.image_shape[0]) if task == "draw" else (image.shape[1], image.shape[0])
    with board:
        choose_class(place, "own class", on_settled=settle)
        canvas(
            place,
            mode=task,
            side=shape[0] if drawing is None else len(drawing.pixels),
            channels=shape[1],
            drawing=drawing,
            steps=SWITCHES if recipe_of(explorer) is not None else SWITCHES[:1],
            switches=own_image.standard(explorer),
            under=np.ascontiguousarray(image.transpose(1, 2, 0)) if task == "mask" else None,
            codes=own_image.codes_of(fills),
            found=None if found is None else found.data(),
            searches=task == "draw",
            hint=HINTS[task].format(subject=subject),
            key=f"canvas {task} of {key}",
            on_drawn=lambda drawn: own_image.note_drawing(explorer, task, drawn),
        )
        if fills is not None:
            st.caption(own_words.meaning_of_fills(fills))
            pictures = to_uint8(fills.images).transpose(0, 2, 3, 1)
            wall(place, z=fills.z, pictures=pictures, key=f"fills of {key}", on_settled=settle)
            own_take.offer_fills(explorer, fills, image, drawing)
    with middle:
        maps.say_why_empty(explorer)
        plane = choose_plane(explorer)
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            hand="pin",
            axis_titles=plane.titles,
            markers=[] if fills is None else [MapMarkers("Fills", plane.plane.project(fills.z), fills.z, one="Fill")],
            height=560,
            key=f"own map of {key}",
            on_settled=settle,
        )
        if task == "draw":
            st.caption(own_words.meaning(explorer))
    with right:
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=names,
            key=f"own view of {key}",
        )
    readout(place, record=record, class_names=names, key=f"own readout of {key}")


def settle(settled: Settled) -> None:
    """Note where a hand has settled."""
    state.settle(explorer, settled)


bring()
