"""Inside one image: the computation graph from x to the ELBO, each box opening to its tensor."""

import streamlit as st

from ui import state
from ui.graph import graph
from ui.graph.asked import choose, note_moved, note_opened, opened
from ui.graph.words import meaning, take_away

explorer = state.current_explorer()


@st.fragment
def show() -> None:
    """The page itself, a fragment: what is chosen, drawn or moved reruns this and nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        asked = choose(explorer)
        boxes = asked.boxes(explorer)
        take_away(explorer, asked, boxes)
    st.caption(meaning(explorer, asked))
    graph(
        boxes,
        chosen=opened(explorer),
        moved="epsilon" if explorer.can.posterior else None if explorer.can.encode else "z",
        key=f"graph of {explorer.card.key[:12]}",
        on_opened=lambda name: note_opened(explorer, name),
        on_moved=lambda values: note_moved(explorer, values),
    )


show()
