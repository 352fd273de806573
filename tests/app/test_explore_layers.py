"""The layer beneath Explore's map and the grid around z, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import OpenApp, sent
from tests.app.families import bring_family
from vae_core.latent.layer_kinds import LAYERS


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models lie."""
    return tmp_path_factory.mktemp("layers")


def test_nothing_lies_beneath_the_points_until_it_is_asked_for(open_app: OpenApp) -> None:
    """No layer, no work, no name in the address."""
    app = open_app()
    assert sent(app, "latent_map")["layer"] is None
    assert "layer" not in app.query_params
    assert not app.code


def test_the_address_asks_for_a_layer(open_app: OpenApp) -> None:
    """Its name, its unit, where its field is, how it is read, and the Python that makes it again."""
    app = open_app(layer="stretch")
    layer = sent(app, "latent_map")["layer"]
    assert (LAYERS["stretch"].title, LAYERS["stretch"].unit, True) == tuple(
        layer[k] for k in ("name", "unit", "logarithmic")
    )
    assert all(url.startswith("/layers/") for url in layer["urls"])
    assert any("How to read it" in caption.value for caption in app.caption)
    assert any("When not to trust it" in caption.value for caption in app.caption)
    assert 'layer_field(explorer, "stretch"' in app.code[0].value
    assert "stretch" == app.query_params["layer"]


def test_another_layer_is_another_field_of_the_same_points(open_app: OpenApp) -> None:
    """The points' key stays, so that no browser fetches them again; nothing takes the layer away."""
    app = open_app(layer="density")
    first = sent(app, "latent_map")
    app.selectbox(key="layer of digits-2d").select("prior").run()
    second = sent(app, "latent_map")
    assert first["points"] == second["points"]
    assert first["layer"]["key"] != second["layer"]["key"]
    app.selectbox(key="layer of digits-2d").select("none").run()
    assert sent(app, "latent_map")["layer"] is None
    assert "layer" not in app.query_params


@pytest.mark.parametrize("text", ["", "heat", "none", "x" * 10_000, "../density"])
def test_a_hostile_layer_is_none(open_app: OpenApp, text: str) -> None:
    """What is no layer's name shows nothing and leaves the address."""
    app = open_app(layer=text, around="1e999")
    assert not app.exception
    assert sent(app, "latent_map")["layer"] is None
    assert "layer" not in app.query_params
    assert "around" not in app.query_params


def test_without_an_encoder_what_needs_one_is_refused_and_the_rest_works(
    open_app: OpenApp, trained: Path, isolated: Path
) -> None:
    """Density and cycle error are a sentence, no error; stretch is offered; no word of where the data lies."""
    name = bring_family(trained, isolated, "gan")
    app = open_app(model=name, layer="density")
    assert not app.exception
    assert sent(app, "latent_map")["layer"] is None
    assert [f"{name} has no encoder"] == [info.value[: len(name) + 15] for info in app.info]
    assert {} == sent(app, "view")["support"]
    app.selectbox(key=f"layer of {name}").select("stretch").run()
    assert LAYERS["stretch"].title == sent(app, "latent_map")["layer"]["name"]


def test_a_class_has_a_field_and_a_region_of_its_own(open_app: OpenApp, trained: Path, isolated: Path) -> None:
    """Another class, another field; where the data lies is offered for each class."""
    name = bring_family(trained, isolated, "cvae")
    keys = [sent(open_app(model=name, layer="cycle", **{"class": c}), "latent_map")["layer"]["key"] for c in "37"]
    assert keys[0] != keys[1]
    support = sent(open_app(model=name), "view")["support"]
    assert {str(label) for label in range(10)} == set(support)
    assert 10 == len(set(support.values()))


def test_the_grid_around_z_is_for_more_than_two_dimensions(open_app: OpenApp) -> None:
    """In 16 it opens from the address with its step; in two it is not offered."""
    app = open_app(model="mnist-16d", around="4")
    assert not app.exception
    assert "principal_grid(explorer, z, n=7, step=4)" in app.code[0].value
    assert "4" == app.query_params["around"]
    app = open_app(around="4")
    assert "around" not in app.query_params
    assert "Around z" not in [button.label for button in app.button]
