"""Every family of models on Explore, Interpolate and Sample: what it can is there, what it cannot is not asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, OpenApp, pixels, sent
from tests.app.families import FAMILIES, bring_family
from tests.app.test_interpolate_page import rows, tiles
from ui import address
from vae_core import LatentExplorer
from vae_core.images import to_uint8
from vae_core.latent.paths import linear
from vae_core.latent.prior import sample_prior
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import fit_sampler
from vae_core.latent.samplers.storage import load_sampler, save_sampler

PAGES = ("explore", "interpolate", "sample")
OpenFamily = Callable[..., tuple[AppTest, LatentExplorer]]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models lie."""
    return tmp_path_factory.mktemp("families")


@pytest.fixture
def open_family(trained: Path, isolated: Path, open_app: OpenApp) -> OpenFamily:
    """Give a function that opens a page with a model of a family; also the model itself."""

    def open_family(family: str, page: str = "explore", latent_dim: int = 2, **asked: str) -> tuple[AppTest, Any]:
        name = bring_family(trained, isolated, family, latent_dim)
        return open_app(page, model=name, **asked), LatentExplorer.load(name, device="cpu")

    return open_family


def drawn(explorer: LatentExplorer, z: Any, label: int = 0) -> Any:
    """What torch makes of z, as a screen shows it, (n, H, W)."""
    return to_uint8(explorer.decode(z, label if explorer.can.label else None))[:, 0]


def texts(app: AppTest) -> list[str]:
    """All that the page says in words of its own."""
    elements = [*app.main.caption, *app.main.markdown, *app.sidebar.caption, *app.info, *app.error, *app.warning]
    sent_along = [element.proto.json for element in app.get("bidi_component")]
    return [str(element.value) for element in elements] + sent_along


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_opens_on_every_page(family: str, page: str, open_family: OpenFamily) -> None:
    """No error, no hole and no word of Python's: a map, and the picture that torch decodes at z."""
    app, explorer = open_family(family, page)
    assert [] == [*app.exception, *app.error, *app.warning]
    shown = sent(app, "view")
    assert np.array_equal(drawn(explorer, [shown["place"]["z"]]), pixels(shown["picture"])[..., 0])
    assert (0 if explorer.can.label else -1) == shown["place"]["label"]
    assert (explorer.can.encode, explorer.can.likelihood) == (shown["record"] is not None, "p(x|z)" in shown["caption"])
    assert (400 if explorer.can.encode else 0) == sent(app, "latent_map")["points"]["n"]
    for text in texts(app):
        assert not {"None", "nan", "NaN"} & set(text.replace('"', " ").split()), text[:300]
    assert explorer.can.encode or any("no encoder" in text for text in texts(app))
    assert (not explorer.can.encode) == any("A GAN has no encoder" in text for text in texts(app))


@pytest.mark.parametrize("family", ["ae", "dae"])
def test_a_model_without_posterior_has_no_kl_and_nothing_dead(family: str, open_family: OpenFamily) -> None:
    """Sliders and axes stand by the variance of the codes, and colours that need a posterior are not offered."""
    app, explorer = open_family(family, latent_dim=3)
    variances = explorer.latents.mu.astype(np.float64).var(axis=0)
    order = [int(i) for i in np.argsort(-variances)]
    rows = sent(app, "sliders")["rows"]
    assert (order, []) == ([row["own"] for row in rows["live"]], rows["dead"])
    assert f"var {variances[order[0]]:.3g}" == rows["live"][0]["note"]
    assert pytest.approx(np.median(explorer.latents.mu[:, order[0]]), abs=1e-5) == rows["live"][0]["quantiles"][50]
    assert f"{order[0] + 1},{order[1] + 1}" == app.query_params["axes"]
    (colour,) = (box for box in app.selectbox if box.label == "Colour")
    assert ["Class", "z₁", "z₂", "z₃"] == colour.options
    assert sent(app, "view")["record"]["facts"]["sigma"] is None
    (plane,) = (box for box in app.selectbox if box.label == "Plane")
    plane.set_value("pca").run()
    assert not app.exception
    assert sent(app, "latent_map")["axes"][0].startswith("1st principal component")


def test_without_an_encoder_there_is_a_plane_and_no_data(open_family: OpenFamily) -> None:
    """The dimensions in their own order, no principal components, no colours; looks of an address are passed over."""
    app, _ = open_family("gan", latent_dim=3, axes="pca", colour="kl", points="all", group="0,0,1,0,1,1")
    assert [] == [*app.exception, *app.error]
    assert ["Plane", "Across", "Up", "Beneath the points", "Model"] == [box.label for box in app.selectbox]
    assert "1,2" == app.query_params["axes"]
    rows = sent(app, "sliders")["rows"]
    assert ([0, 1, 2], [], {""}) == (
        [row["own"] for row in rows["live"]], rows["dead"], {row["note"] for row in rows["live"]},
    )  # fmt: skip
    assert not sent(app, "latent_map")["groups"]
    assert not {"colour", "points", "group"} & set(app.query_params)


def test_without_an_encoder_one_walks_between_draws(open_family: OpenFamily) -> None:
    """The ends are draws from the prior by their numbers, and another number is another end."""
    app, explorer = open_family("gan", "interpolate")
    (end,) = (field for field in app.number_input if field.label == "To: draw no.")
    end.set_value(41).run()
    assert not app.exception
    ends = [sample_prior(1, 2, generator=np.random.default_rng(number))[0] for number in (0, 41)]
    found = rows(app)
    assert ["linear", "slerp", "geodesic", "pixel"] == list(found), "there is no data to walk along"
    path = linear(*ends, 11)
    assert np.allclose(path, found["linear"]["path"], atol=1e-6)
    assert np.array_equal(drawn(explorer, path), tiles(sent(app, "scrubber")["film"], 11))


def test_the_class_of_the_address_is_the_pages_class(open_family: OpenFamily) -> None:
    """The picture, the films and the wall are of that class; it is offered for choice with the data's names."""
    app, explorer = open_family("cvae", z="0.5,-1", **{"class": "7"})
    chooser = sent(app, "class_chooser")
    assert (list("0123456789"), 7, True) == (chooser["names"], chooser["place"]["label"], chooser["pills"])
    assert np.array_equal(drawn(explorer, [[0.5, -1]], 7), pixels(sent(app, "view")["picture"])[..., 0])
    assert not np.array_equal(drawn(explorer, [[0.5, -1]], 3), pixels(sent(app, "view")["picture"])[..., 0])
    for page in ("interpolate", "sample"):
        app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        assert not app.exception
        assert ("7", 7) == (app.query_params["class"], sent(app, "view")["place"]["label"])
        if page == "interpolate":
            path = rows(app)["linear"]["path"]
            assert np.array_equal(drawn(explorer, path, 7), tiles(sent(app, "scrubber")["film"], 11))
        else:
            wall = sent(app, "wall")
            assert np.array_equal(drawn(explorer, wall["z"], 7), tiles(wall["sheet"], 64))


def test_a_data_point_is_drawn_as_its_own_class(open_family: OpenFamily) -> None:
    """Whichever class the page shows, the reconstruction beside it is of the image's own one."""
    app, explorer = open_family("cvae", **{"class": "7"})
    record = sent(app, "view")["record"]
    index, label = record["facts"]["index"], record["facts"]["label"]
    labels = explorer.latents.labels
    assert labels is not None
    assert label == labels[index] != 7
    assert np.array_equal(drawn(explorer, explorer.latents.mu[index : index + 1], label)[0], pixels(record)[0, ..., 0])


@pytest.mark.parametrize("text", ["10", "-1", "x", "²", "1.0", "", "9" * 5000])
def test_a_hostile_class_is_the_first_one(open_family: OpenFamily, text: str) -> None:
    """What is no class of the model is passed over, and a model that takes none has none in its address."""
    app, _ = open_family("cvae", **{"class": text})
    assert not app.exception
    assert ("0", 0) == (app.query_params["class"], sent(app, "view")["place"]["label"])
    app.sidebar.selectbox[0].set_value("digits-2d").run()
    assert "class" not in app.query_params
    assert -1 == sent(app, "view")["place"]["label"]


def test_going_back_restores_the_class(open_family: OpenFamily, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with another class than the one last written is followed: Python itself moves the place."""
    app, _ = open_family("cvae", z="0.5,-1", **{"class": "7"})
    before = sent(app, "view")["place"]
    monkeypatch.setattr(address, "UNDERWAY_SECONDS", 0.0)
    app.query_params["class"] = "2"
    app.run()
    now = sent(app, "view")["place"]
    assert (2, [0.5, -1.0], False) == (now["label"], now["z"], now["first"])
    assert now["stamp"] != before["stamp"]


def beside(app: AppTest, name: str) -> None:
    """Have a second sampler's wall shown."""
    app.selectbox(key="sampler beside").set_value(name).run()


@pytest.mark.parametrize(("family", "per_class"), [("ae", False), ("cvae", True)])
def test_a_sampler_is_fitted_from_the_page_and_draws_beside_the_prior(
    family: str, per_class: bool, open_family: OpenFamily, isolated: Path
) -> None:
    """It is stored with the model; two walls of as many draws, their marks on one map, of the class that is chosen."""
    app, explorer = open_family(family, "sample", **{"class": "7"})
    beside(app, "gmm")
    assert per_class is app.checkbox(key="fit gmm per class").value
    app.button(key="fit gmm").click().run()
    path = isolated / f"{family}-2d" / "samplers" / "gmm.npz"
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    app.run()
    app.run()
    assert [] == [*app.exception, *app.error]
    sampler = load_sampler(explorer.path, "gmm", explorer.card)
    assert per_class is bool(sampler.classes)
    z = sampler.draw(64, label=7 if per_class else None, generator=np.random.default_rng(0))
    prior, fitted = sent(app, "wall", 0), sent(app, "wall", 1)
    assert np.allclose(sample_prior(64, 2, generator=np.random.default_rng(0)), prior["z"], atol=1e-6)
    assert np.allclose(z, fitted["z"], atol=1e-6)
    assert (0, 64) == (prior["first"], fitted["first"])
    assert np.array_equal(drawn(explorer, fitted["z"], 7), tiles(fitted["sheet"], 64))
    marks = sent(app, "latent_map")["markers"]
    assert [("Prior", "contrast"), ("Gaussian mixture", "accent")] == [(mark["name"], mark["role"]) for mark in marks]
    assert any("The same decoder draws both walls" in caption.value for caption in app.main.caption)


def test_a_sampler_without_noise_has_no_temperature(open_family: OpenFamily) -> None:
    """The aggregate posterior of an encoder that gives points draws codes as they are: the slider is off."""
    app, explorer = open_family("ae", "sample")
    codes = Codes(explorer.latents.mu)
    save_sampler(explorer.path, fit_sampler("posterior", codes, generator=np.random.default_rng(0)), explorer.card)
    app.slider(key="sample temperature").set_value(0.5).run()
    app.selectbox(key="sampler").set_value("posterior").run()
    assert [] == [*app.exception, *app.error]
    assert app.slider(key="sample temperature").disabled
    z = np.array(sent(app, "wall")["z"], np.float32)
    assert np.abs(z[:, None] - explorer.latents.mu[None]).max(axis=2).min(axis=1).max() < 1e-5


def test_a_damaged_sampler_is_said_and_fitted_anew(open_family: OpenFamily) -> None:
    """One sentence, and the button that fits it again; the other wall is there."""
    app, explorer = open_family("vae", "sample")
    (explorer.path / "samplers").mkdir()
    (explorer.path / "samplers" / "kde.npz").write_bytes(b"no archive")
    beside(app, "kde")
    assert not app.exception
    (error,) = app.error
    assert "cannot be used" in error.value
    assert app.button(key="fit kde")
    assert 64 == len(sent(app, "wall")["z"])
