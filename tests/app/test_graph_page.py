"""The page Inside one image, without a browser."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import OpenApp, sent
from tests.app.families import bring_family
from ui.graph.asked import Asked
from ui.graph.words import lines, tensors_npz
from vae_core import LatentExplorer

ROOT = Path(__file__).resolve().parents[2]


def open_graph(open_app: OpenApp, **address: str) -> Any:
    """The app on the page, as its address asks."""
    app = open_app("explore", **address)
    app.switch_page(str(ROOT / "pages" / "graph.py"))
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("family", ["vae", "ae", "cvae", "gan"])
def test_each_family_has_its_graph(
    open_app: OpenApp, isolated: Path, tmp_path_factory: pytest.TempPathFactory, family: str
) -> None:
    """The boxes are those that the family has, every input is a box before it, and what can be moved is the draw."""
    app = open_graph(open_app, model=bring_family(tmp_path_factory.getbasetemp(), isolated, family))
    data = sent(app, "graph")
    names = [box["name"] for box in data["boxes"]]
    assert all(names.index(other) < names.index(box["name"]) for box in data["boxes"] for other in box["inputs"])
    expected = {"vae": "epsilon", "ae": None, "cvae": "epsilon", "gan": "z"}[family]
    assert expected == data["moved"]
    assert (family in ("vae", "cvae")) == ("ELBO" in names)
    assert (family != "gan") == ("x" in names)


def test_the_address_restores_image_draw_and_box(open_app: OpenApp) -> None:
    """What the address asks for is what the boxes hold; what is nonsense in it is left aside."""
    app = open_graph(open_app, source="5", epsilon="0.50,-1.25", box="mu")
    data = sent(app, "graph")
    found = {box["name"]: box for box in data["boxes"]}
    assert "mu" == data["chosen"]
    columns = found["z"]["table"]["columns"]
    rows = np.array(found["z"]["table"]["rows"])
    np.testing.assert_allclose([0.5, -1.25], rows[:, columns.index("epsilon")])
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    np.testing.assert_allclose(explorer.latents.mu[5], rows[:, columns.index("mu")], atol=2e-3)
    assert "5" == app.query_params["source"]
    odd = sent(open_graph(open_app, source="<b>", epsilon="1,2,3", box="x" * 5000, seed="-1"), "graph")
    assert "z" == odd["chosen"]


def test_what_is_taken_away_is_the_same_again() -> None:
    """The Python lines compute the tensors of the file."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    image = explorer.decode(explorer.latents.mu[[3]])[0]
    asked = Asked(3, image, False, None, 0, np.array([0.25, -0.5], np.float32))
    boxes = asked.boxes(explorer)
    scope: dict[str, Any] = {}
    exec("\n".join(lines(explorer, asked)), scope)
    with np.load(io.BytesIO(tensors_npz(boxes))) as file:
        assert {box.name for box in boxes} == set(file.files)
        for box in scope["boxes"]:
            np.testing.assert_allclose(file[box.name], box.values, rtol=1e-5, atol=1e-6)
