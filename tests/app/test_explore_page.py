"""The Explore page without a browser: what Python sends to its components, and what it makes of what they report."""

from __future__ import annotations

import numpy as np
import pytest

from tests.app.conftest import OpenApp, pixels, sent
from ui import address
from ui.maps import parse_outline
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.images import to_uint8

HERE = (0.5, -1.25)


def test_address_restores_model_and_z(open_app: OpenApp) -> None:
    """Opening an address with model and z puts the page there."""
    app = open_app(z="0.5,-1.25")
    assert not app.exception
    assert list(HERE) == sent(app, "latent_map")["place"]["z"]
    assert list(HERE) == sent(app, "sliders")["place"]["z"]


@pytest.mark.parametrize("text", ["nan,nan", "1", "1,2,3", "x,y", "1e999,0", "", "9" * 100_000, "<b>,0"])
def test_hostile_z_is_refused_with_a_sentence(open_app: OpenApp, text: str) -> None:
    """A z that is not two sensible numbers gives a warning and the origin."""
    app = open_app(z=text)
    assert not app.exception
    assert [0.0, 0.0] == sent(app, "view")["place"]["z"]
    assert 1 == len(app.warning)


@pytest.mark.parametrize("name", ["../../etc", "nothing-like-it", "<script>alert(1)</script>", "x" * 10_000])
def test_hostile_model_is_refused_with_a_sentence(open_app: OpenApp, name: str) -> None:
    """An unknown model gives a warning and a model that is there."""
    app = open_app(model=name)
    assert not app.exception
    assert 1 == len(app.warning)
    assert len(app.warning[0].value) < 200


def test_the_first_picture_is_the_decoded_z(open_app: OpenApp) -> None:
    """What is sent along for the view is what the decoder makes of z, to the last grey value."""
    expected = to_uint8(LatentExplorer.load("digits-2d").decode([HERE]))[0]
    picture = pixels(sent(open_app(z="0.5,-1.25"), "view")["picture"])[0]
    assert np.array_equal(expected, np.moveaxis(picture, -1, 0))


def test_the_nearest_data_point_stands_beside_it(open_app: OpenApp) -> None:
    """The record is that of the test image whose mean is nearest: reconstruction, original, and how far it is."""
    explorer = LatentExplorer.load("digits-2d")
    distances = np.linalg.norm(explorer.latents.mu - np.array(HERE), axis=1)
    index = int(distances.argmin())
    record = sent(open_app(z="0.5,-1.25"), "view")["record"]
    assert index == record["facts"]["index"]
    assert pytest.approx(distances[index], rel=1e-5) == record["facts"]["distance"]
    reconstruction, original = pixels(record)[..., 0]
    assert np.array_equal(to_uint8(explorer.decode(explorer.latents.mu[index : index + 1]))[0, 0], reconstruction)
    assert np.array_equal(load_dataset("digits").test.images[index, 0], original)


def test_all_components_share_one_place(open_app: OpenApp) -> None:
    """Map, view, sliders and readout are sent the same place, and a rerun for another reason does not move it."""
    app = open_app(z="0.5,-1.25")
    names = ("latent_map", "view", "sliders", "readout")
    first = {(data["place"]["name"], data["place"]["stamp"]) for data in (sent(app, name) for name in names)}
    assert 1 == len(first)
    app.selectbox[0].run()
    again = sent(app, "latent_map")["place"]
    assert first == {(again["name"], again["stamp"])}


def test_the_address_restores_axes_colour_points_and_group(open_app: OpenApp) -> None:
    """How the map was looked at comes back from its address: plane, colour, images, and the outline of the group."""
    outline = "-3,-3,3,-3,3,3,-3,3"
    app = open_app(model="mnist-16d", axes="3,1", group=outline)
    assert not app.exception
    assert ["z₃", "z₁"] == sent(app, "latent_map")["axes"]
    assert [[-3, -3], [3, -3], [3, 3], [-3, 3]] == sent(app, "latent_map")["group"]
    assert ("3,1", outline) == (app.query_params["axes"], app.query_params["group"])
    mu = LatentExplorer.load("mnist-16d").latents.mu
    chosen = int((np.abs(mu[:, [2, 0]]) < 3).all(axis=1).sum())
    assert any(f"{chosen:,} images chosen" in caption.value for caption in app.caption)
    app = open_app(colour="kl", points="all")
    assert "KL" == sent(app, "latent_map")["colour"]["name"]
    assert 1797 == sent(app, "latent_map")["points"]["n"]


def test_the_principal_plane_comes_from_the_address(open_app: OpenApp) -> None:
    """An address may ask for the plane of the first two principal components; its title says what it holds."""
    app = open_app(model="mnist-16d", axes="pca")
    assert not app.exception
    mu = LatentExplorer.load("mnist-16d").latents.mu
    variances = np.linalg.eigvalsh(np.cov(mu.T))
    assert f"{variances[-2:].sum() / variances.sum():.0%}" in sent(app, "latent_map")["axes"][0]


@pytest.mark.parametrize("text", ["0,1", "1,1", "1,99", "a,b", "1", "1,2,3", "²,1", "9" * 5000, ""])
def test_hostile_axes_are_left_alone(open_app: OpenApp, text: str) -> None:
    """Axes that the model does not have give the usual ones."""
    app = open_app(model="mnist-16d", axes=text)
    assert not app.exception
    explorer = LatentExplorer.load("mnist-16d")
    first, second = np.argsort(explorer.card.test.kl_per_dimension)[::-1][:2]
    assert f"{first + 1},{second + 1}" == app.query_params["axes"]


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2,3,4", "1,2,3,4,5", "nan,0,1,1,2,2", "1e9,0,1,1,2,2", "x", "0," * 5000, "1,1," * 300 + "1,1"],
)
def test_hostile_outlines_are_no_outline(text: str) -> None:
    """What is not 3 to 256 corners of sensible size is refused."""
    assert parse_outline(text) is None


def test_a_group_of_some_classes_comes_back_as_it_was(open_app: OpenApp) -> None:
    """An outline that was drawn while classes were hidden holds the same images when its address is opened."""
    app = open_app(group="-9,-9,9,-9,9,9,-9,9;3,7")
    labels = LatentExplorer.load("digits-2d").latents.labels
    assert labels is not None
    assert any(f"{int(np.isin(labels, [3, 7]).sum()):,} images chosen" in caption.value for caption in app.caption)
    assert "-9,-9,9,-9,9,9,-9,9;3,7" == app.query_params["group"]


def test_going_back_leads_to_the_model_and_the_looks_before(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address other than the one last written is followed; looks that it does not name are the usual ones."""
    app = open_app(model="mnist-16d", axes="3,1", colour="kl")
    monkeypatch.setattr(address, "UNDERWAY_SECONDS", 0.0)
    app.query_params["axes"] = "5,2"
    del app.query_params["colour"]
    app.run()
    assert ["z₅", "z₂"] == sent(app, "latent_map")["axes"]
    assert sent(app, "latent_map")["colour"] is None
    app.query_params["model"] = "digits-2d"
    app.run()
    assert not app.exception
    assert 2 == len(sent(app, "sliders")["place"]["z"])
    assert "digits-2d" == app.sidebar.selectbox[0].value == app.query_params["model"]


def test_an_address_that_is_underway_is_not_followed(open_app: OpenApp) -> None:
    """A run that still carries the address before a change does not undo the change."""
    app = open_app()
    app.sidebar.selectbox[0].set_value("mnist-16d").run()
    app.query_params["model"] = "digits-2d"
    app.run()
    assert "mnist-16d" == app.query_params["model"]
