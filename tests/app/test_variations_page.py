"""The page Variations and the grid of styles without a browser: what Python sends, and what an address restores."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from tests.app.families import FAMILIES, bring_family
from tests.app.test_interpolate_page import tiles
from tests.app.test_own_image_page import drawn
from ui.variation_words import command
from ui.variations import Settings
from vae_core import LatentExplorer
from vae_core.latent.variation_sources import sources_of_codes
from vae_core.latent.variations import vary


def walled(app: AppTest) -> dict[str, Any]:
    """What the wall is sent, once the variations are made."""
    for _ in range(100):
        if any(element.proto.component_name == "wall" for element in app.get("bidi_component")):
            return sent(app, "wall")
        time.sleep(0.1)
        app.run()
    raise AssertionError("no wall")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_varied(
    open_app: OpenApp, isolated: Path, tmp_path_factory: pytest.TempPathFactory, family: str
) -> None:
    """The wall shows what torch decodes at the z that the library draws, as the source's own class."""
    name = bring_family(tmp_path_factory.getbasetemp(), isolated, family)
    app = open_app("variations", model=name, source="7", spread="2", count="9", seed="5")
    wall = walled(app)
    assert [] == [*app.exception, *app.error, *app.warning]
    explorer = LatentExplorer.load(name, device="cpu", checkpoints_dir=isolated)
    sources = sources_of_codes(explorer, [7])
    expected = vary(explorer, sources, 9, spread=2, generator=np.random.default_rng(5))
    np.testing.assert_allclose(expected.z, wall["z"], rtol=1e-5, atol=1e-6)
    assert np.abs(expected.images[:, 0].astype(int) - tiles(wall["sheet"], 9)).max() <= 1
    (marks,) = sent(app, "latent_map")["markers"]
    assert ("Variations", 9) == (marks["name"], len(marks["xy"]))
    assert (9 if explorer.can.encode else 0) == sum("support" in note for note in wall["notes"])
    assert explorer.can.encode == ("from the source" in wall["notes"][0] and "training image" in wall["notes"][0])
    assert ("7", "2", "9", "5") == tuple(app.query_params[key] for key in ("source", "spread", "count", "seed"))


@pytest.fixture
def explorer() -> LatentExplorer:
    """The shipped digits model."""
    return LatentExplorer.load("digits-2d", device="cpu")


def test_ones_own_image_is_varied(open_app: OpenApp, explorer: LatentExplorer) -> None:
    """What was drawn on Bring an image can be chosen here; without it the address' wish is declined in a sentence."""
    app = open_app("variations", source="own")
    assert any("no image of yours" in info.value for info in app.info)
    app.session_state["own drawing of 1"] = drawn()
    app.session_state["varied of digits-2d"] = "own"
    app.run()
    wall = walled(app)
    assert not app.exception
    assert "own" == app.query_params["source"]
    assert any("--image own.png" in code.value for code in app.code)
    assert 36 == len(wall["z"])


@pytest.mark.parametrize("asked", [
    {"source": "100000", "spread": "99", "count": "0", "seed": "-1", "show": "<b>", "only": "x"},
    {"source": "9" * 5000, "spread": "nan", "count": "1e3", "seed": "9" * 40},
    {"source": "²", "spread": "", "count": ""},
])  # fmt: skip
def test_a_hostile_address_shows_the_usual(open_app: OpenApp, asked: dict[str, str]) -> None:
    """What is no setting is the usual one."""
    app = open_app("variations", **asked)
    assert 36 == len(walled(app)["z"])
    assert [] == [*app.exception, *app.error]
    assert "0" == app.query_params["source"]
    assert not {"spread", "count", "seed", "show", "only"} & set(app.query_params)


def test_the_command_makes_the_same(explorer: LatentExplorer) -> None:
    """All settings that matter stand in it."""
    sources = sources_of_codes(explorer, [7])
    said = command(explorer, sources, Settings(1.5, 9, 3, is_draw=True, supported_only=True))
    assert (
        "python -m vae_core vary digits-2d --index 7 --count 9 --spread 1.5 --seed 3 --draw --supported-only "
        "--out variations.zip" == said
    )


def test_styles_by_classes(open_app: OpenApp, isolated: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Opened by its button, closed by it, restored by the address; its rows are steps from z or draws of the prior."""
    name = bring_family(tmp_path_factory.getbasetemp(), isolated, "cvae")
    app = open_app(model=name, z="0.5,-1", **{"class": "3"})
    assert not [e for e in app.get("bidi_component") if e.proto.component_name == "class_grid"]
    (button,) = (button for button in app.button if button.label == "Styles × classes")
    button.click().run()
    grid = sent(app, "class_grid")
    assert ([[-2, 0], [-1, 0], [0, 0], [1, 0], [2, 0]], True) == (grid["rows"], grid["relative"])
    assert (10, 3, "z1") == (len(grid["classes"]), grid["place"]["label"], app.query_params["styles"])
    (box,) = (box for box in app.selectbox if box.label == "Down the rows")
    box.set_value("draws").run()
    grid = sent(app, "class_grid")
    assert (False, 5, "draws") == (grid["relative"], len(grid["rows"]), app.query_params["styles"])
    (button,) = (button for button in app.button if button.label == "Close styles")
    button.click().run()
    assert not app.exception
    assert "styles" not in app.query_params
    assert not [e for e in app.get("bidi_component") if e.proto.component_name == "class_grid"]


def test_no_styles_without_classes(open_app: OpenApp) -> None:
    """A model that takes no class has neither button nor grid, whatever the address asks."""
    app = open_app(styles="z1")
    assert not app.exception
    assert "styles" not in app.query_params
    assert not [button for button in app.button if button.label == "Styles × classes"]
