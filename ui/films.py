"""The films of the Interpolate page: the methods in words and colours, what is sent of each, what is taken away."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.palette import MODEL_COLOURS
from ui.scrubber import Figure, Film, Measure
from ui.text import plain
from ui.walks import Found, Walk
from vae_core import LatentExplorer
from vae_core.latent.paths import METHODS
from vae_core.latent.paths.files import path_bytes

TITLES = {
    "linear": "Straight line",
    "slerp": "Arc",
    "graph": "Along data",
    "geodesic": "Geodesic",
    "pixel": "Cross-fade",
}
ABOUT = {
    "linear": "z goes straight from one to the other.",
    "slerp": "z turns about the origin at a constant rate, its distance from there growing evenly.",
    "graph": "The shortest path from code to neighbouring code on the graph of the test images (10 nearest neighbours)"
    ", a step as long as the picture's change.",
    "geodesic": "The path along which the decoded picture changes least in all, as far as a search finds it.",
    "pixel": "The two pictures fade into each other. No z, no model: for contrast.",
}
COLOURS = dict(zip(("geodesic", "linear", "slerp", "graph"), MODEL_COLOURS, strict=True))
DASHES: dict[str, tuple[int, ...]] = {"linear": (7, 6), "slerp": (2, 6), "graph": (12, 4, 2, 4)}
MEASURES = (
    Measure(
        title="Length",
        about="Length of the path in pixel space: the sum of ||x' − x|| over steps so small that more would add less "
        "than 0.1 %. 1 is one pixel from black to white.",
    ),
    Measure(
        title="Unevenness",
        about="Standard deviation over mean of the steps between the film's pictures: 0 when each changes as much. The "
        "steps are even in z.",
    ),
    Measure(
        title="Density",
        about="The lowest log density of the encoded test images on the way, in nats. Red: lower than at 99 % of "
        "held-out codes; the decoder was hardly ever trained there, so do not trust its pictures.",
    ),
    Measure(title="Found in", about="Seconds that the search took on this machine; the graph of the data not counted."),
)
TRUST = (
    "Lengths are of the decoder's pictures, wherever z is: the shortest way may lead through places where it was "
    "hardly ever trained. A density in red says so; then do not trust what lies between."
)
BANDS = "The band beneath a film: how probable a small classifier finds each class, in the map's colours."
SCALES = {".png": 4, ".gif": 6, ".mp4": 6, ".csv": 1}
MIME = {".png": "image/png", ".gif": "image/gif", ".mp4": "video/mp4", ".csv": "text/csv"}


FEWEST, MOST, USUAL = 3, 60, 11
"""Pictures of a film."""


def choose_steps() -> int:
    """How many pictures a film has; the address says so, unless it is as usual."""
    wish = address.asked("steps")
    if wish is not None:
        is_number = wish.isascii() and wish.isdigit() and len(wish) < 4
        st.session_state["steps"] = min(MOST, max(FEWEST, int(wish))) if is_number else USUAL
    st.session_state.setdefault("steps", USUAL)
    steps: int = st.number_input(
        "Pictures",
        FEWEST,
        MOST,
        key="steps",
        persist_state="session",
        width=110,
        icon=":material/theaters:",
        label_visibility="collapsed",
        help="Pictures of a film, at even steps in z.",
    )
    address.write("steps", None if steps == USUAL else str(steps))
    return steps


def choose_methods(explorer: LatentExplorer) -> list[str]:
    """Pills that switch methods on and off; at least one stays. The address says which, unless it is all of them."""
    there = [name for name in METHODS if explorer.can.encode or name != "graph"]
    key = f"methods of {explorer.name}"
    if (wish := address.asked("methods")) is not None:
        st.session_state[key] = [name for name in there if name in wish.split(",")] or there
    if not st.session_state.get(key):
        st.session_state[key] = there
    chosen = st.pills(
        "Paths",
        there,
        selection_mode="multi",
        key=key,
        persist_state="session",
        format_func=TITLES.__getitem__,
        label_visibility="collapsed",
    )
    methods = [name for name in there if name in chosen] or ["linear"]
    address.write("methods", None if methods == there else ",".join(methods))
    return methods


def meaning(found: Mapping[str, Found]) -> str:
    """When not to trust the lengths; and what the bands are, where there are any."""
    has_bands = any(there.walk is not None and there.walk.probabilities is not None for there in found.values())
    return f"{TRUST} {BANDS}" if has_bands else TRUST


def films_of(found: Mapping[str, Found], threshold: float | None) -> list[Film]:
    """What the scrubber is sent of each path."""
    walks = {name: there.walk for name, there in found.items() if there.walk is not None}
    films = []
    for name, there in found.items():
        walk = there.walk
        waits = (
            plain(there.problem) if there.problem else f"finding … {there.share:.0%}" if there.share else "finding …"
        )
        films.append(
            Film(
                name=name,
                title=TITLES[name],
                about=ABOUT[name],
                colour=COLOURS.get(name, ""),
                dash=DASHES.get(name, ()),
                path=None if walk is None else walk.path.z,
                pictures=None if walk is None else walk.pictures,
                probabilities=None if walk is None else walk.probabilities,
                figures=None if walk is None else _figures(walk, walks, threshold),
                waits=waits,
                pending=walk is None and not there.problem,
            )
        )
    return films


def _figures(walk: Walk, walks: Mapping[str, Walk], threshold: float | None) -> list[Figure]:
    """A path's row of the table; the best of those with a z stands out."""
    rivals = [other.cost for other in walks.values() if other.path.z is not None]
    cost, has_z = walk.cost, walk.path.z is not None
    density = cost.lowest_density
    densities = [rival.lowest_density for rival in rivals if rival.lowest_density is not None]
    off = density is not None and threshold is not None and density < threshold
    return [
        Figure(text=f"{cost.length:.1f}", best=has_z and cost.length <= min(rival.length for rival in rivals)),
        Figure(text=f"{cost.unevenness:.2f}", best=has_z and cost.unevenness <= min(r.unevenness for r in rivals)),
        Figure(
            text="–" if density is None else f"{density:.1f}".replace("-", "−"),
            best=density is not None and not off and density >= max(densities),
            warning=f"Off the data: 99 % of held-out codes lie above {threshold:.1f}." if off else "",
        ),
        Figure(text=_seconds(cost.seconds)),
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.095 else f"{1000 * seconds:.1f} ms"


def take_away(
    explorer: LatentExplorer, found: Mapping[str, Found], numbers: list[int], chosen: str, label: int
) -> None:
    """A popover with one path's film as a file, and the lines that make it again."""
    walks = {name: there.walk for name, there in found.items() if there.walk is not None}
    with st.popover("Take away", icon=":material/download:"):
        if not walks:
            st.caption("No path has been found yet.")
            return
        names = list(walks)
        name = st.selectbox(
            "Path", names, index=names.index(chosen) if chosen in names else 0, format_func=TITLES.__getitem__
        )
        walk = walks[name]
        stem = f"{explorer.name}-{'-'.join(map(str, numbers))}-{name}"
        with st.container(horizontal=True):
            for suffix in SCALES:
                if suffix == ".csv" and walk.path.z is None:
                    continue
                st.download_button(
                    suffix[1:].upper(),
                    _maker(suffix, np.moveaxis(walk.pictures, -1, 1), walk.path.z),
                    stem + suffix,
                    MIME[suffix],
                    key=f"take {suffix} of {name}",
                    on_click="ignore",
                )
        language, lines = lines_for(explorer, walk, numbers, label)
        st.caption("Made again")
        st.code(lines, language=language, wrap_lines=True)


def _maker(suffix: str, images: npt.NDArray[np.uint8], z: npt.NDArray[np.float32] | None) -> Callable[[], bytes]:
    return lambda: path_bytes(suffix, images, z, scale=SCALES[suffix])


def lines_for(explorer: LatentExplorer, walk: Walk, numbers: list[int], label: int) -> tuple[str, str]:
    """What makes a path again, with its language: the command; of draws, which it knows nothing of, lines of Python."""
    n, method = len(walk.pictures), walk.path.method
    if explorer.can.encode:
        start, *stops, end = numbers
        via = "".join(f" --via {stop}" for stop in stops)
        told = f" --class {label}" if explorer.can.label else ""
        name = shlex.quote(explorer.name)
        suffix = "gif" if walk.path.z is None else "csv"
        return "bash", (
            f"python -m vae_core interpolate {name} --from {start}{via} --to {end} --method {method} --steps {n}{told} "
            f"--out path.{suffix}"
        )
    told = f", label={label}" if explorer.can.label else ""
    return "python", "\n".join(
        (
            "import numpy as np",
            "from vae_core import LatentExplorer",
            "from vae_core.latent.paths.find import find_path",
            "from vae_core.latent.prior import sample_prior",
            f'explorer = LatentExplorer.load("{explorer.name}")',
            f"numbers, dims = {numbers}, {explorer.latent_dim}",
            "ends = [sample_prior(1, dims, generator=np.random.default_rng(n))[0] for n in numbers]",
            f'path = find_path(explorer, ends, {n}, method="{method}"{told})',
        )
    )
