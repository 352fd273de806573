"""Home without a browser: the map of the first model, doors to pages that are there, and a bare address."""

from __future__ import annotations

import ast

import numpy as np

from tests.app.conftest import ROOT, OpenApp, sent
from ui import doors
from vae_core import LatentExplorer


def test_home_greets_with_a_map_and_doors(open_app: OpenApp) -> None:
    """The shipped model on its map and in the picture, links to the pages, no chooser, an address left as it was."""
    app = open_app("home")
    assert not app.exception
    shown, picture = sent(app, "latent_map"), sent(app, "living")
    explorer = LatentExplorer.load("mnist-2d", device="cpu")
    assert shown["place"]["name"] == picture["place"]["name"]
    assert (len(explorer.latents.mu), "none") == (shown["points"]["n"], shown["tools"])
    way = np.array(picture["way"])
    np.testing.assert_array_equal(way[0], way[-1])
    assert [] == [*app.sidebar.selectbox]
    assert len(doors.DOORS) >= len(app.get("page_link")) >= 2
    assert {"model": "digits-2d"} == dict(app.query_params)


def test_every_page_has_its_place_in_the_navigation() -> None:
    """Each page's script is in one section, once: else nobody would find it."""
    shell = ast.parse((ROOT / "ui" / "shell.py").read_text())
    assigned = {ast.unparse(node.targets[0]): node.value for node in shell.body if isinstance(node, ast.Assign)}
    placed = [name for names in ast.literal_eval(assigned["SECTIONS"]).values() for name in names]
    scripts = {script.stem for script in (ROOT / "pages").glob("*.py")}
    assert sorted(scripts) == sorted(name for name in placed if name in scripts)
