"""A page with one place and all that shows it, for the browser tests: view, wall, scrubbers, readout of digits-2d."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page, expect

from tests.browser.serving import AppServer, serve_app
from vae_core import LatentExplorer
from vae_core.images import to_uint8

LAUNCHER = """
import streamlit as st
from ui.live import ROUTE
app = st.App({shell!r}, routes=[ROUTE])
"""

SHELL = """
import numpy as np
import streamlit as st
from ui.decoder import decode
from ui.lifeline import lifeline
from ui.place import Place
from ui.records import nearest_record
from ui.readout import readout
from ui.scrubber import Film, scrubber
from ui.view import view
from ui.wall import wall
from vae_core import LatentExplorer
from vae_core.latent.paths import linear, slerp
from vae_core.latent.prior import sample_prior

st.set_page_config(layout="wide")

@st.cache_resource
def load():
    return LatentExplorer.load("digits-2d", device="cpu")

explorer = load()
mu = explorer.latents.mu
st.session_state.setdefault("z", mu[3])
st.session_state.setdefault("stamp", 0)
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1
if st.button("Move"):
    st.session_state.z = np.float32([-1.5, 0.25])
    st.session_state.stamp += 1

def settle(settled):
    st.session_state.z = settled.z

z = st.session_state.z
st.text(f"run {st.session_state.runs}")
st.text(f"settled {z[0]:.4f} {z[1]:.4f}")
place = Place("here", explorer, z, stamp=str(st.session_state.stamp))
names = explorer.card.data.class_names
record = nearest_record(explorer, "test", place.z)
left, right = st.columns([3, 2])
with right:
    view(place, picture=decode(explorer, place.z[None])[0], record=record, class_names=names, key="view")
with left:
    draws = sample_prior(9, explorer.latent_dim, generator=np.random.default_rng(1))
    wall(place, z=draws, pictures=decode(explorer, draws), key="wall", on_settled=settle)
films = []
for name, make in {"linear": linear, "slerp": slerp}.items():
    path = make(mu[3], mu[8], 5)
    films.append(Film(name=name, title=name, path=path, pictures=decode(explorer, path)))
scrubber(place, films, steps=5, chosen="linear", label="films", key="films", on_settled=settle)
readout(place, record=record, class_names=names, key="readout")
lifeline(explorer)
"""

PLACE = "window[Symbol.for('latent space explorer')].places.get('here')"
NO_SOCKET = """() => {
    window.RealSocket = window.WebSocket
    window.WebSocket = class {
        constructor() { setTimeout(() => this.onclose({ code: 1006, wasClean: false })) }
        close() {}
    }
    PLACE.channel.socket.close()
}""".replace("PLACE", PLACE)


@contextmanager
def serve_place(folder: Path) -> Iterator[AppServer]:
    """Serve the page; `folder` is for its scripts."""
    shell, launcher = folder / "shell.py", folder / "app.py"
    shell.write_text(SHELL)
    launcher.write_text(LAUNCHER.format(shell=str(shell)))
    with serve_app(launcher) as running:
        yield running


def ready(page: Page) -> None:
    """Wait for the pictures and for the channel."""
    for name in ("view", "wall", "readout"):
        expect(page.locator(f".{name}[data-state=ready]")).to_be_visible(timeout=30_000)
    expect(page.locator(".scrubber[data-state=ready]")).to_be_visible()
    page.wait_for_function(f"{PLACE}.channel.status === 'open'")


def pixels(page: Page, canvas: str = ".decoded") -> npt.NDArray[np.uint8]:
    """Red of each pixel of a canvas (H, W)."""
    width, data = page.locator(f"canvas{canvas}").evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            return [canvas.width, btoa(Array.from(data, byte => String.fromCharCode(byte)).join(""))]
        }"""
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, width, 4)[..., 0]


def decoded(explorer: LatentExplorer, z: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """What torch says, (H, W)."""
    return to_uint8(explorer.decode(np.asarray(z, np.float32)[None]))[0, 0]


def wait_until_shown(page: Page, z: npt.NDArray[np.float32]) -> None:
    """Wait until the picture that the page shows is of this z."""
    page.wait_for_function(
        f"z => {PLACE}.latestPicture?.[1].every((value, i) => Math.abs(value - z[i]) < 1e-5)", arg=z.tolist()
    )


def assert_shows(page: Page, explorer: LatentExplorer, z: npt.NDArray[np.float32]) -> None:
    """Check that the picture of z comes, and that its grey values are torch's own."""
    wait_until_shown(page, z)
    assert np.abs(decoded(explorer, z).astype(int) - pixels(page)).max() <= 1


def runs(page: Page) -> int:
    """How often the script has run."""
    return int(page.get_by_text("run ", exact=False).first.inner_text().split()[1])


def settled(page: Page, z: npt.NDArray[np.float32]) -> None:
    """Wait until Python has heard of z."""
    expect(page.get_by_text(f"settled {z[0]:.4f} {z[1]:.4f}")).to_be_visible()
