"""The launcher: `streamlit run app.py`, or `make app`.

The server's own process: routes for what the browser fetches beside the pages, and a warm start.
"""

import asyncio
import gc
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import streamlit as st
from starlette.middleware import Middleware

from ui import live
from ui.connections import FairConnections
from ui.layer_work import LAYER_ROUTES
from ui.routes import ROUTES, PreloadPlotly, plotly_js
from ui.shell_errors import show_script_error
from vae_core.errors import VaeCoreError

HEAVY_MODULES = (
    "pandas",
    "plotly.graph_objects",
    "vae_core.explorer",
    "ui.directions.make",
    "ui.directions.onto",
    "ui.directions.points",
    "ui.directions.take",
    "ui.directions.worth",
    "ui.ledger.panels",
    "ui.lessons.frame",
    "ui.lessons.teacher",
    "ui.ledger_table",
    "ui.films",
    "ui.lifeline",
    "ui.maps",
    "ui.own_image",
    "ui.pairs",
    "ui.projections.take",
    "ui.readout",
    "ui.scrubber",
    "ui.sliders",
    "ui.takeaway",
    "ui.train.form",
    "ui.train.watch",
    "ui.view",
    "ui.wall",
    "ui.walks",
)

SWITCH_SECONDS = 1e-4
"""How long one thread of Python may keep the others waiting. Beside a busy script the live channel answers in 4 ms in
the median with it, in 81 ms with Python's 5 ms (docs/decisions/0007)."""


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Import what the pages need, then take it out of the garbage collector's sight.

    Streamlit collects all generations on every rerun, which costs 150 ms with torch and plotly imported; frozen
    objects are not looked at.
    """
    await asyncio.to_thread(warm_up)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield


def warm_up() -> None:
    """Do once at the start what the first visitor would wait for."""
    for module in HEAVY_MODULES:
        importlib.import_module(module)
    from ui import axes, cache, decoder, map_layers, maps, own_encoding, state
    from vae_core import explorer as core
    from vae_core.device import available_devices

    core.warm_up()
    plotly_js()
    with suppress(VaeCoreError, OSError, RuntimeError):  # whatever is wrong here, its visitor will be told
        models = {entry.name: entry for entry in state.usable_models()}
        if models:
            explorer = cache.open_explorer(models[state.first_model(list(models))], available_devices()[0])
            decoder.decode(explorer, np.zeros((1, explorer.latent_dim), np.float32))
            maps.map_points(explorer, axes.widest_plane(explorer))
            map_layers.warm_up(explorer)
            own_encoding.see(explorer, np.full((8, 8, 1), 255, np.uint8), ())


app = st.App(
    str(Path(__file__).parent / "ui" / "shell.py"),
    routes=[*ROUTES, *LAYER_ROUTES, live.ROUTE],
    middleware=[Middleware(FairConnections), Middleware(PreloadPlotly)],
    lifespan=lifespan,
    on_script_error=show_script_error,
)
