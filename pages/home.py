"""Home: the map that moves by itself until a hand comes, its picture, and three doors."""

from pathlib import Path

import streamlit as st

from ui import maps
from ui.axes import widest_plane
from ui.decoder import decode
from ui.doors import doors
from ui.greeting import greeting_model, greeting_place, greeting_way
from ui.latent_map import latent_map
from ui.lifeline import lifeline
from ui.living import living

explorer = greeting_model()
if explorer is not None:
    lifeline(explorer)
    plane, place, way = widest_plane(explorer), greeting_place(explorer), greeting_way(explorer)
    left, right = st.columns([3, 2], gap="small", vertical_alignment="center")
    with left:
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            axis_titles=("", ""),
            tools="none",
            height=700,
            key="greeting map",
        )
    with right:
        living(place, way=way, picture=decode(explorer, place.z[None])[0], key="greeting picture")
doors(Path(__file__).parent)
