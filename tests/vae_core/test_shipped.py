"""The shipped models: there, small, sound, as README says, and made by the commands of the Makefile."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR, read_card

ROOT = Path(__file__).resolve().parents[2]
FIRST = ("digits-2d", "fashion-2d", "mnist-16d", "mnist-2d")
NAMES = (
    *FIRST,
    *(f"mnist-2d-{what}" for what in ("ae", "beta0.1", "beta8", "cvae", "dae", "gan", "gaussian")),
    "shapes-6d",
)


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_decodes(name: str) -> None:
    """A shipped model opens whole, with the codes of its test split, and decodes them into images in [0, 1]."""
    explorer = LatentExplorer.load(SHIPPED_DIR / name, device="cpu")
    n_codes = explorer.card.data.n_test if explorer.can.encode else 0
    assert (n_codes, explorer.latent_dim) == explorer.latents.mu.shape
    z = explorer.latents.mu[:100] if n_codes else np.random.default_rng(0).standard_normal((100, explorer.latent_dim))
    images = explorer.decode(z, 3 if explorer.can.label else None)
    assert 0 <= images.min() < images.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small(name: str) -> None:
    """A shipped model takes at most 4 MB."""
    assert 4_000_000 >= sum(file.stat().st_size for file in (SHIPPED_DIR / name).rglob("*") if file.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_the_makefile_makes_it(name: str) -> None:
    """The options in the Makefile are those that the card's command records."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    options = re.search(rf"^OPTIONS_{name} *:= (.*)$", makefile.replace("\\\n", " "), flags=re.MULTILINE)
    assert options is not None
    recorded = set(shlex.split(read_card(SHIPPED_DIR / name).run.command))
    small = re.search(r"^SMALL := (.*)$", makefile, flags=re.MULTILINE)
    assert small is not None
    wanted = shlex.split(options[1].replace("$(SMALL)", small[1]))
    assert set(wanted) <= recorded
    rate = wanted[wanted.index("--learning-rate") + 1] if "--learning-rate" in wanted else "0.001"
    dtype = wanted[wanted.index("--weights-dtype") + 1] if "--weights-dtype" in wanted else "float16"
    assert {"--learning-rate", rate, "--seed", "0", "--threads", "1", "--weights-dtype", dtype} <= recorded


def test_readme_tells_their_figures() -> None:
    """The test ELBOs in README's table are the cards', standard errors and all."""
    readme = (ROOT / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([\w.-]+)` \|.*\| (\S+ ± \S+) \|$", readme, flags=re.MULTILINE))
    elbos = {name: read_card(SHIPPED_DIR / name).test.elbo for name in NAMES}
    expected = {name: f"{elbo.value:.2f} ± {elbo.standard_error:.2f}" for name, elbo in elbos.items() if elbo}
    assert {name: text.replace("-", "\u2212") for name, text in expected.items()} == told


STUB = """#!/bin/sh
echo "$*" >> calls
mkdir -p checkpoints/local/digits-2d-new && cd checkpoints/local/digits-2d-new || exit
echo "$*" >> model.safetensors
[ -e ../../../power ] && touch card.json latents.npz history.jsonl
"""


@pytest.mark.skipif(not shutil.which("make"), reason="make was not found, so `make checkpoints` was not tried")
def test_make_goes_on_where_it_was_cut_short_and_begins_anew_after_the_end(tmp_path: Path) -> None:
    """A training run cut short is resumed; what it made is copied and swept, so that the next call trains again."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(STUB)
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    (tmp_path / ".venv" / ".stamp-app").touch()

    def make() -> int:
        command = ["make", "--silent", "checkpoint-digits-2d"]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode

    assert 2 == make()
    (tmp_path / "power").touch()
    assert (0, 0) == (make(), make())
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [False, True, False] == ["--resume" in call for call in calls]
    assert [calls[2]] == (tmp_path / "checkpoints" / "digits-2d" / "model.safetensors").read_text().splitlines()
    assert [] == list((tmp_path / "checkpoints" / "local").iterdir())


def test_digits_figures_are_those_of_the_stored_weights() -> None:
    """Measured anew, the test split gives the shipped codes and the card's ELBO: both belong to these weights."""
    from vae_core.data import load_dataset
    from vae_core.metrics.elbo import elbo_parts, split_figures

    explorer = LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")
    data = load_dataset("digits")
    assert explorer.card.data.checksum == data.checksum
    np.testing.assert_allclose(explorer.latents.mu, explorer.encode(data.test.images).mu, atol=1e-5)
    figures = split_figures(elbo_parts(explorer.model, torch.from_numpy(np.array(data.test.images))))
    assert explorer.card.test.elbo.value == pytest.approx(figures.elbo.value, abs=1e-3)
