"""Directions to take away, as JSON, as a film strip, as z, as Python; and JSON to bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.classes import told_classes
from ui.decoder import decode
from ui.directions.kept import Kept, add_from_file
from ui.directions.permuting import tested
from ui.place import farthest
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.images import montage, png_bytes
from vae_core.latent.directions import Direction, directions_json, read_directions
from vae_core.latent.directions.find import N_PERMUTATIONS
from vae_core.tables import csv_text, numbered

STEPS = np.linspace(-3.0, 3.0, 11)
"""Of a film strip, in standard deviations of the codes along the direction, from where the pin is."""


def strip_path(explorer: LatentExplorer, direction: Direction, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The z of a film strip through z, (11, D)."""
    reach = farthest(explorer)
    return np.clip(direction.move(z, STEPS * direction.spread), -reach, reach)


def z_csv(path: npt.NDArray[np.float32]) -> bytes:
    """The z of a film strip: how far each lies along the direction, and its coordinates."""
    rows = ([f"{t:.2f}", *map(str, row)] for t, row in zip(STEPS, path, strict=True))
    return csv_text(["t_in_sd", *numbered("z", path.shape[1])], rows).encode()


def offer_files(explorer: LatentExplorer, some: Sequence[Kept], one: Kept, z: npt.NDArray[np.float32]) -> None:
    """The buttons that hand out the strip of one direction and all directions, and the Python that makes that one."""
    direction = one.direction
    file = "".join(letter if letter.isalnum() else "-" for letter in direction.name)
    path = strip_path(explorer, direction, z)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "Film strip, PNG",
            lambda: png_bytes(
                montage(
                    np.moveaxis(decode(explorer, path, told_classes(explorer, len(path))), -1, 1),
                    columns=len(path),
                    scale=4,
                )
            ),
            f"{explorer.name}-{file}.png", "image/png", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Its z, CSV", lambda: z_csv(path), f"{explorer.name}-{file}.csv", "text/csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "All directions, JSON", lambda: directions_json(explorer, [tested(explorer, kept) for kept in some]),
            f"{explorer.name}-directions.json", "application/json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    with st.expander("The Python that makes it again"):
        st.code(python_lines(explorer, one, z), language="python")
    bring(explorer)


def bring(explorer: LatentExplorer) -> None:
    """A field for a JSON file of directions, which may be anybody's."""
    key = f"directions file {st.session_state.get('directions files', 0)}"
    file = st.file_uploader(
        "Bring directions of this model (.json)", type="json", key=key, max_upload_size=1,
        help="As this page hands them out. They belong to one model, told by the checksum of its weights, and mean "
        "nothing in another one.",
    )  # fmt: skip
    if file is None:
        return
    try:
        add_from_file(explorer, read_directions(file.getvalue(), explorer))
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")
        return
    st.session_state["directions files"] = st.session_state.get("directions files", 0) + 1  # an empty field
    st.rerun()


def python_lines(explorer: LatentExplorer, one: Kept, z: npt.NDArray[np.float32]) -> str:
    """Python that makes a direction again, tests it, and decodes its film strip through z."""
    file = f"{explorer.name}-directions.json"
    method, n = one.direction.method, N_PERMUTATIONS
    names = _needed(one, {})
    removed = _remove(one, names)
    test = [] if one.source is None else [
        f"p = directions.permutation_test(mu, question, method={method!r}{removed}, n_permutations={n},",
        "                                 generator=np.random.default_rng(0))",
        f"direction = direction.with_p(p, {n})",
    ]  # fmt: skip
    told = told_classes(explorer, 1)
    lines = [
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        "from vae_core import LatentExplorer",
        "from vae_core.images import montage, png_bytes, to_uint8",
        "from vae_core.latent import directions",
        "",
        f"explorer = LatentExplorer.load({explorer.name!r})",
        "mu = explorer.latents.mu  # codes of the test images",
        *(line for other, variable in names.items() for line in _made(other, variable, names, file)),
        *_made(one, "direction", names, file),
        *test,
        "print(direction.effect)",
        "",
        f"z = {[round(float(value), 6) for value in z]}",
        f"path = direction.move(z, np.linspace({STEPS[0]:g}, {STEPS[-1]:g}, {len(STEPS)}) * direction.spread)",
        f"pictures = explorer.decode(path{'' if told is None else f', {told[0]}'})",
        f'Path("strip.png").write_bytes(png_bytes(montage(to_uint8(pictures), columns={len(STEPS)}, scale=4)))',
        f"Path({file!r}).write_bytes(directions.directions_json(explorer, [direction]))",
    ]
    return "\n".join(lines)


def _needed(one: Kept, names: dict[Kept, str]) -> dict[Kept, str]:
    """What is removed from a direction, and from that, each once and before whoever needs it, with a name for each."""
    for other in one.remove:
        if other not in names:
            _needed(other, names)
            names[other] = f"removed_{len(names) + 1}"
    return names


def _made(one: Kept, variable: str, names: dict[Kept, str], file: str) -> list[str]:
    """The lines that make a direction when what is removed from it is there."""
    name = one.direction.name
    if one.source is None:
        read = f"directions.read_directions(Path({file!r}).read_bytes(), explorer)"
        return [f"{variable} = {{one.name: one for one in {read}}}[{name!r}]"]
    settings = f"name={name!r}, method={one.direction.method!r}{_remove(one, names)}"
    return [*one.source.lines, f"{variable} = directions.find_direction(mu, question, {settings})"]


def _remove(one: Kept, names: dict[Kept, str]) -> str:
    removed = ", ".join(names[other] for other in one.remove)
    return f", remove=[{removed}]" if removed else ""
