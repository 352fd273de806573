"""What a visitor can take away of a model: one file with everything, parts for other runtimes, lines to copy."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from ui.model_card import reproducing_command
from ui.text import plain
from vae_core import CheckpointError, LatentExplorer, VaeCoreError
from vae_core.archive import pack_checkpoint
from vae_core.checkpoints import LATENTS, PROJECT_ROOT, checked_bytes, read_card
from vae_core.config import to_json
from vae_core.training.steering import RECORD

PATIENCE = 300.0
"""Seconds after which an export is given up."""


def offer_files(explorer: LatentExplorer) -> None:
    """Download buttons; whatever takes time to make is made when it is asked for."""
    card, name = explorer.card, explorer.name
    with st.container(horizontal=True):
        st.download_button(
            "Checkpoint",
            lambda: pack_checkpoint(unchanged_folder(explorer)),
            f"{name}.vae.zip",
            "application/zip",
            key="take checkpoint",
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            help="Everything in one file. Drop it on this page elsewhere, and the model is there.",
        )
        st.download_button(
            "Card",
            to_json(card),
            f"{name}.json",
            "application/json",
            key="take card",
            on_click="ignore",
            icon=":material/description:",
            help="What stands on this page, as JSON.",
        )
        st.download_button(
            "Latents",
            lambda: checked_bytes(unchanged_folder(explorer), LATENTS, card.files.latents),
            f"{name}.latents.npz",
            "application/octet-stream",
            key="take latents",
            on_click="ignore",
            icon=":material/scatter_plot:",
            disabled=not explorer.can.encode,
            help="mu, logvar and labels of the test split, as far as there are such, for numpy."
            if explorer.can.encode
            else "Nothing was encoded: this model has no encoder.",
        )
    _offer_onnx(explorer)


def offer_lines(explorer: LatentExplorer) -> None:
    """The command that makes the model anew, and the lines that load it."""
    st.caption("The command that reproduces it")
    if command := reproducing_command(explorer.card):
        if (explorer.path / RECORD).exists():  # it was changed by hand while it trained
            command += f" --steering {shlex.quote(str(explorer.path / RECORD))}"
        st.code(command, language="bash", wrap_lines=True)
    else:
        st.caption("Its card holds something else than one call of this project's command line, so it is not shown.")
    st.caption("Load it in Python")
    label = ", label=0" if explorer.can.label else ""
    lines = (
        "from vae_core import LatentExplorer",
        f'explorer = LatentExplorer.load("{explorer.name}")',
        f"images = explorer.decode([[0.0] * {explorer.latent_dim}]{label})  # (1, C, H, W) in [0, 1]",
    )
    st.code("\n".join(lines), wrap_lines=True)


def unchanged_folder(explorer: LatentExplorer) -> Path:
    """The folder that a model was opened from.

    Raises
    ------
    CheckpointError
        When it holds another model by now, or none.
    """
    if read_card(explorer.path).key != explorer.card.key:
        raise CheckpointError(f"{explorer.name} has changed since this page was opened; reload the page.")
    return explorer.path


@st.fragment
def _offer_onnx(explorer: LatentExplorer) -> None:
    """A button a part that exports it, and in its place, when that is done, one that downloads it."""
    with st.container(horizontal=True):
        for part in ("encoder", "decoder") if explorer.can.encode else ("decoder",):
            made = f"onnx {part} of {explorer.card.key}"
            title = f"{part.capitalize()} as ONNX"
            help_ = "Runs without this project; compared with torch before it is handed out. Takes some seconds."
            icon = ":material/output:"
            if not st.session_state.get(made) and not st.button(title, key=f"export {part}", icon=icon, help=help_):
                continue
            try:
                content = onnx_file(explorer, part)
            except VaeCoreError as problem:
                st.error(plain(str(problem)), icon=":material/error:")
                continue
            st.session_state[made] = True
            st.download_button(
                f"Download {part}.onnx",
                content,
                f"{explorer.name}.{part}.onnx",
                "application/octet-stream",
                key=f"take {part}",
                on_click="ignore",
                icon=":material/download:",
            )


def onnx_file(explorer: LatentExplorer, part: str) -> bytes:
    """The encoder or the decoder as an ONNX file.

    Raises
    ------
    VaeCoreError
        When it cannot be exported; nothing is handed out that differs from torch.
    """
    return _onnx_file(explorer.card.key, part, explorer)


@st.cache_data(max_entries=8, show_spinner="Exporting, and comparing the result with torch …")
def _onnx_file(card: str, part: str, _explorer: LatentExplorer) -> bytes:
    # A process of its own: tracing patches torch for all threads of a process, and leaves thousands of objects behind
    # that Streamlit's garbage collection would visit on every rerun.
    with TemporaryDirectory() as place:
        out = Path(place) / "part.onnx"
        command = [sys.executable, "-m", "vae_core", "export", str(unchanged_folder(_explorer)), "--format", "onnx"]
        command += ["--part", part, "--out", str(out), "--device", "cpu"]
        try:
            done = subprocess.run(
                command,
                cwd=PROJECT_ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise VaeCoreError(f"Exporting the {part} took more than {PATIENCE:g} seconds and was given up.") from None
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}."]
            raise VaeCoreError(f"The {part} could not be exported: {said[-1].removeprefix('error: ')}")
        unchanged_folder(_explorer)  # lest what came in its place meanwhile be kept as this model's
        return out.read_bytes()
