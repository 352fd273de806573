"""The parts of `live.py`: each measures one thing on a running server, and gives its figures."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext

from benchmarks import crowd, hand
from benchmarks.app import spread, training
from benchmarks.navigation import fresh_profile
from tests.browser.serving import PROJECT_ROOT, AppServer, serve_app
from ui import live
from vae_core import LatentExplorer, list_checkpoints
from vae_core.data import is_available
from vae_core.device import resolve_device

CROWDS = (16, 64)
MISCHIEF = ("random", "never_reads", "million")
CONV = "small-conv"
MODEL = "mnist-2d"
POINTS = (60_000, 70_000)
NAVIGATIONS = 3
DRAG_SECONDS = 20.0
GPU_P95_MS = 8.0
MOST_CLIENTS = 512
SETTLING = 12.0  # seconds after which the server has got rid of whoever does not read


LAUNCHER = """
import streamlit as st
from starlette.middleware import Middleware
from ui import live
from ui.connections import FairConnections
from ui.routes import ROUTES
app = st.App({page!r}, routes=[*ROUTES, live.ROUTE], middleware=[Middleware(FairConnections)])
"""
MAP_PAGE = """
import numpy as np
import streamlit as st
from ui.decoder import decode
from ui.latent_map import MapPoints, latent_map
from ui.place import Place
from ui.records import nearest_record
from ui.view import view
from vae_core import LatentExplorer
from vae_core.latent.plane import axes_plane

@st.cache_resource
def model():
    return LatentExplorer.load("mnist-2d")

@st.cache_resource
def points(n):
    generator = np.random.default_rng(0)
    names = model().card.data.class_names
    return MapPoints.register(generator.normal(0, 1.5, (n, 2)), generator.integers(0, len(names), n), names)

st.set_page_config(layout="wide")
place = Place("benchmark", model(), np.zeros(2, np.float32), "unmoved")
left, right = st.columns([3, 2])
with left:
    drawn = points(int(st.query_params["n"]))
    latent_map(drawn, plane=axes_plane((0, 1), 2), place=place, hand="pin", height=742, key="map")
with right:
    record = nearest_record(model(), "test", place.z)
    view(place, picture=decode(model(), place.z[None])[0], record=record, class_names=(), key="view")
"""


@dataclass(frozen=True, eq=False)
class Bench:
    """What the parts share: the browser, the app's server, where its new runs go, and how long things take.

    `chromium` is the browser's program; `seconds` of movement, and of each crowd; `minutes` of dragging, 0 for none.
    """

    browser: Browser
    chromium: str
    server: AppServer
    scratch: Path
    seconds: float
    minutes: float

    @asynccontextmanager
    async def context(self) -> AsyncIterator[BrowserContext]:
        """A fresh profile, its cache empty."""
        context = await self.browser.new_context(viewport={"width": 1440, "height": 900})
        try:
            yield context
        finally:
            await context.close()

    def door(self, model: str) -> crowd.Door:
        """The live channel of a model."""
        offer = live.offer(LatentExplorer.load(model))
        return crowd.Door(self.server.url, offer["device"], offer["model"], offer["latent_dim"])

    def mib(self) -> float:
        """Resident memory of the server."""
        command = ["ps", "-o", "rss=", "-p", str(self.server.process.pid)]
        return int(subprocess.run(command, capture_output=True, check=True).stdout) / 1024


async def measure_models(bench: Bench) -> dict[str, Any]:
    """The hand on Explore's map, with each shipped model and a small convolutional one."""
    result = {}
    shipped = [entry.name for entry in list_checkpoints(bench.scratch) if entry.name != CONV]
    for name in [*shipped, CONV]:
        async with bench.context() as context:
            page = await hand.open_page(context, f"{bench.server.url}/?model={name}")
            result[name] = await hand.measure(page, bench.seconds)
    return result


async def measure_training(bench: Bench) -> dict[str, Any]:
    """The same with mnist-2d, while a run trains beside it."""
    async with bench.context() as context:
        page = await hand.open_page(context, f"{bench.server.url}/?model={MODEL}")
        with training(str(bench.scratch)) as dataset:
            figures = await hand.measure(page, bench.seconds)
    return {"dataset": dataset, **figures}


async def measure_clients(bench: Bench) -> dict[str, Any]:
    """Crowds that ask 60 times a second each."""
    gc.collect()
    gc.freeze()  # or each collection looks at all of torch, and the clients stand still for a tenth of a second
    door = bench.door(MODEL)
    return {str(n): await crowd.crowd(door, n, bench.seconds) for n in CROWDS}


async def measure_abuse(bench: Bench) -> dict[str, Any]:
    """Four clients that behave, alone and beside one that does not, which is another process."""
    door = bench.door(MODEL)
    seconds, result = bench.seconds, {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os.getpid).result()  # it has started and imported what it needs
        gc.collect()
        gc.freeze()
        for kind in MISCHIEF:
            alone = await crowd.crowd(door, 4, seconds)
            mischief = pool.submit(crowd.misbehave, door, kind, seconds + 1)
            await asyncio.sleep(0.5)
            beside = await crowd.crowd(door, 4, seconds)
            ratio = beside["p95_ms"] / alone["p95_ms"] if alone["p95_ms"] and beside["p95_ms"] else None
            abuser = await asyncio.wrap_future(mischief)
            await asyncio.sleep(SETTLING)
            result[kind] = {
                "ratio": ratio,
                "p95_ms": beside["p95_ms"],
                "alone_p95_ms": alone["p95_ms"],
                "failed": beside["failed"],
                "server_mib": bench.mib(),
                "abuser": abuser,
            }
    return result


async def measure_map(bench: Bench) -> dict[str, Any]:
    """From the navigation to the plotted map, and the hand on it: synthetic points, and all of MNIST on Explore."""
    result: dict[str, Any] = {"explore_all": None}
    if is_available("mnist"):
        result["explore_all"] = await _measure_map(bench, f"{bench.server.url}/?model={MODEL}&points=all")
    with tempfile.TemporaryDirectory() as folder:
        page, launcher = Path(folder) / "page.py", Path(folder) / "launcher.py"
        page.write_text(MAP_PAGE)
        launcher.write_text(LAUNCHER.format(page=str(page)))
        with serve_app(launcher, env={"PYTHONPATH": str(PROJECT_ROOT)}) as server:
            for n in POINTS:
                result[str(n)] = await _measure_map(bench, f"{server.url}/?n={n}")
    return result


async def _measure_map(bench: Bench, address: str) -> dict[str, Any]:
    async with bench.context() as context:  # the server meets the points; encoding 70,000 images takes its time
        watched = await hand.open_page(context, address, timeout=300)
        figures = await hand.measure(watched, bench.seconds)
    cold, warm = [], []
    for _ in range(NAVIGATIONS):
        async with fresh_profile(bench.chromium) as profile:
            first, *later = [await profile.seconds_to_map(address) for _ in range(NAVIGATIONS)]
        cold.append(first)
        warm += later
    return {"cold_s": spread(cold), "warm_s": spread(warm), **figures}


async def measure_memory(bench: Bench) -> dict[str, Any] | None:
    """Memory of page and server while the pin is dragged: after a minute, and at the end."""
    minutes = bench.minutes
    if not minutes:
        return None
    async with bench.context() as context:
        watched = await hand.open_page(context, f"{bench.server.url}/?model={MODEL}")
        await watched.cdp.send("Performance.enable")
        loop = asyncio.get_running_loop()
        began, first, n = loop.time(), None, 0
        while loop.time() < began + 60 * minutes or first is None:
            await hand.drag_pin(watched, DRAG_SECONDS, begin=n * DRAG_SECONDS)
            n += 1
            if first is None and loop.time() > began + 60:
                first = await _page_mib(watched), bench.mib()
        last = await _page_mib(watched), bench.mib()
    return {
        "minutes": minutes,
        "page_mib": [first[0], last[0]],
        "server_mib": [first[1], last[1]],
        "page_ratio": last[0] / first[0],
        "server_ratio": last[1] / first[1],
    }


async def _page_mib(watched: hand.Watched) -> float:
    await watched.cdp.send("HeapProfiler.collectGarbage")
    metrics = await watched.cdp.send("Performance.getMetrics")
    (used,) = (metric["value"] for metric in metrics["metrics"] if metric["name"] == "JSHeapUsedSize")
    return float(used) / 2**20


async def measure_gpu(bench: Bench) -> dict[str, Any] | None:
    """How many clients a GPU serves in time with the largest shipped decoder; doubled until they are too many."""
    if not resolve_device("auto").startswith("cuda"):
        return None
    shipped = [entry for entry in list_checkpoints(bench.scratch) if entry.shipped]
    largest = max(shipped, key=lambda entry: (entry.path / "model.safetensors").stat().st_size).name
    door, rounds = bench.door(largest), {}
    n, held = 16, 0
    while n <= MOST_CLIENTS:
        rounds[str(n)] = figures = await crowd.crowd(door, n, bench.seconds)
        if figures["failed"] or figures["p95_ms"] is None or figures["p95_ms"] > GPU_P95_MS:
            break
        n, held = 2 * n, n
    return {"model": largest, "clients": held, "rounds": rounds}


def train_conv(scratch: Path) -> None:
    """A small convolutional model, one epoch: what is measured is its speed."""
    dataset = "mnist" if is_available("mnist") else "digits"
    command = [sys.executable, "-m", "vae_core", "train", "--dataset", dataset, "--network", "conv", "--epochs", "1"]
    command += ["--latent-dim", "2", "--name", CONV, "--checkpoints-dir", str(scratch)]
    subprocess.run(command, cwd=PROJECT_ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
