"""The Compare page without a browser: what is chosen, what is shown of it, and what is left out with its reason."""

from __future__ import annotations

import csv
import io
import shutil
from html import unescape
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from tests.vae_core.runs import new_run, train_here
from ui.compare.carry import ANCHORS, DRAWS, LEADER, draw, journey, path_csv, strips_of
from ui.compare.choice import Compared
from ui.compare.pictures import along_axis, reconstructions, samples, worst
from ui.compare.strips import ORIGINALS, Strip, labelled_png
from ui.compare.take import chosen_csv, maps_png
from ui.known_figures import known_figures
from ui.latent_map import MapClick
from vae_core import LatentExplorer
from vae_core.card import Measure
from vae_core.checkpoints import CARD, SHIPPED_DIR, WEIGHTS, read_card
from vae_core.data import load_dataset
from vae_core.metrics.store import save_figures


def compare(open_app: OpenApp, *models: str) -> AppTest:
    """The page for these models."""
    app = open_app("compare", models=",".join(models))
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    """All captions and messages of the page."""
    return "\n".join(element.value for element in (*app.main.caption, *app.info, *app.warning, *app.error))


def titles(app: AppTest) -> list[str]:
    """All names of maps and strips, in their order."""
    texts = [element.proto.body for element in app.get("html") if "<small>" in element.proto.body]
    return [unescape(text.split("</span> ")[-1].removeprefix("<small>").removesuffix("</small>")) for text in texts]


def maps(app: AppTest) -> list[str]:
    """The names above the maps: each says what the model is."""
    return [title for title in titles(app) if "-D " in title]


def films(app: AppTest) -> list[str]:
    """The names above the films of the path."""
    return [title for title in titles(app) if ": " in title and "-D " not in title]


def strips(app: AppTest) -> list[str]:
    """The names of all other strips."""
    return [title for title in titles(app) if ": " not in title]


def compared(folder: Path) -> Compared:
    """A model as the page has it."""
    explorer = LatentExplorer.load(folder, "cpu")
    return Compared(explorer, known_figures(folder, explorer.card), "#123456")


def test_two_models_side_by_side(open_app: OpenApp, families: Path) -> None:
    """Table, originals and both reconstructions, the same z and samples of both; the address keeps the choice."""
    app = compare(open_app, "digits-2d", "ae")
    assert ["digits-2d: 2-D VAE", "ae: 2-D AE"] == maps(app)
    assert [ORIGINALS, *["digits-2d", "ae"] * 3] == strips(app)
    assert ["", "digits-2d", "ae"] == list(app.table[0].value.columns)
    assert "digits-2d,ae" == app.query_params["models"]
    assert "some draw z from a distribution and some take a point" in text_of(app)


def test_the_better_one_is_marked(open_app: OpenApp, families: Path) -> None:
    """Stored figures stand in the table, the better one with a mark; the one not measured is called so."""
    for name, value in (("vae", 0.2), ("ae", 0.6)):
        measure = Measure(value=value, standard_error=0.01)
        save_figures(families / name, read_card(families / name), {"ssim": measure})
    table = compare(open_app, "vae", "ae", "dae").table[0].value.set_index("")
    vae, ae, dae = table.loc["SSIM ↑"]
    assert ("0.20\u00a0±\u00a00.01", ":gray[not measured]") == (vae, dae)
    assert "badge" in ae
    assert "0.60" in ae


def test_every_family_can_be_compared(open_app: OpenApp, families: Path) -> None:
    """A decoder alone, one that takes a class, and one of points stand beside each other; what they lack is said."""
    app = compare(open_app, "gan", "cvae", "info-vae", "ae")
    assert "gan has no encoder" in text_of(app)
    assert ["gan: 2-D GAN", "cvae: 2-D CVAE", "info-vae: 2-D INFO-VAE", "ae: 2-D AE"] == maps(app)
    assert [ORIGINALS, "cvae", "info-vae", "ae", "gan"] == strips(app)[:5]
    assert "None" not in app.table[0].value.to_string()


def test_the_default_is_the_current_model_and_one_like_it(open_app: OpenApp) -> None:
    """Nothing asked for: the model of the sidebar, beside another."""
    app = open_app("compare")
    assert not app.exception
    assert "digits-2d" == app.multiselect[0].value[0]
    assert 2 == len(app.multiselect[0].value)


def test_fewer_than_two_are_too_few(open_app: OpenApp) -> None:
    """None chosen, or one: a sentence, and no picture."""
    app = compare(open_app, "digits-2d")
    assert "Choose 2 to 4 models" in app.info[0].value
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Choose 2 to 4 models" in app.info[0].value
    assert 0 == len(app.table)


def test_other_dimensions_are_left_out_of_the_same_z(open_app: OpenApp, isolated: Path) -> None:
    """A model of three dimensions has no same z, and everything else."""
    train_here(new_run(isolated, "three", {"latent_dim": 3}, epochs=1), load_dataset("digits"))
    app = compare(open_app, "digits-2d", "three")
    assert "three has 3 dimensions, not 2" in text_of(app)
    assert [ORIGINALS, "digits-2d", "three", "digits-2d", "digits-2d", "three"] == strips(app)


def test_damaged_models_are_left_out_with_their_reason(open_app: OpenApp, isolated: Path) -> None:
    """Weights that are not the card's, a card that is cut, a name that is not there: a sentence each."""
    for name in ("broken", "cut"):
        shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / name)
    (isolated / "broken" / WEIGHTS).write_bytes(b"x")
    (isolated / "cut" / CARD).write_bytes(b"{")
    app = compare(open_app, "digits-2d", "broken", "cut", "mnist-2d", "nobody", "[x](http://evil.example)")
    said = [warning.value.replace("\\", "") for warning in app.warning]
    for part in ("broken: model", "cut: card", "`nobody`", "of a name that"):
        assert 1 == sum(part in one for one in said), part
    assert not any("evil" in one for one in said)
    assert ["digits-2d: 2-D VAE", "mnist-2d: 2-D VAE"] == maps(app)


def test_missing_data_is_said(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the images are not on this machine there are no reconstructions, and a sentence; z and samples stay."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    app = compare(open_app, "mnist-2d", "mnist-16d")
    assert "MNIST is not on this machine, so there is nothing to reconstruct" in text_of(app)
    assert ORIGINALS not in strips(app)
    assert "measure" not in [button.key for button in app.button]


@pytest.mark.parametrize("way", ["random", "worst"])
def test_other_images_can_be_chosen(open_app: OpenApp, families: Path, way: str) -> None:
    """Random and worst ones: another choice than the first of each class."""
    app = compare(open_app, "digits-2d", "ae")
    before = text_of(app)
    app.button_group[0].set_value(way).run()
    assert not app.exception
    assert before != text_of(app)


def test_the_pictures_are_the_models_own(families: Path) -> None:
    """Reconstructions, the same z and samples as the explorer itself gives them, of the class asked for."""
    models = [compared(families / name) for name in ("vae", "cvae")]
    test = load_dataset("digits").test
    rows = [3, 1, 4]
    originals, *found = reconstructions(models, models[0], test.images, test.labels, rows)
    np.testing.assert_array_equal(np.moveaxis(test.images[rows], 1, -1), originals.images)
    for one, strip in zip(models, found, strict=True):
        assert test.labels is not None
        label = test.labels[rows] if one.explorer.can.label else None
        mu = one.explorer.encode(test.images[rows], label).mu
        np.testing.assert_allclose(one.explorer.decode_uint8(mu, label), strip.images, atol=1)
    z = np.zeros((11, 2), np.float32)
    z[:, 1] = np.linspace(-2, 2, 11)
    _, told = along_axis(models, 1, 2.0, 7)
    np.testing.assert_allclose(models[1].explorer.decode_uint8(z, np.full(11, 7)), told.images, atol=1)
    again = [samples(models, 5), samples(models, 5), samples(models, 6)]
    np.testing.assert_array_equal(again[0][0].images, again[1][0].images)
    assert not np.array_equal(again[0][0].images, again[2][0].images)


def test_the_worst_are_the_worst(families: Path) -> None:
    """No image that is left out is reconstructed worse, in the mean over the models, than one that is shown."""
    models, test = [compared(families / name) for name in ("vae", "ae")], load_dataset("digits").test
    chosen = worst(models, models[0], test.images, test.labels)
    errors = np.zeros(len(test.images))
    for one in models:
        decoded = one.explorer.decode(one.explorer.encode(test.images).mu)
        errors += np.square(decoded - test.images / 255).mean(axis=(1, 2, 3))
    left = np.delete(errors, chosen)
    assert 10 == len(set(chosen))
    assert errors[chosen].min() >= left.max() - 1e-3


def test_the_png_holds_every_strip(families: Path) -> None:
    """Grey and colour, large and small beneath each other, each pixel of a strip in its place."""
    grey = Strip(np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8, 1), compared(families / "vae"))
    colour = Strip(np.full((2, 64, 64, 3), 200, np.uint8))
    picture = np.asarray(Image.open(io.BytesIO(labelled_png([grey, colour], 3))))
    height, width, _ = grey.picture(3).shape
    np.testing.assert_array_equal(np.repeat(grey.picture(3), 3, axis=2), picture[26 : 26 + height, 8 : 8 + width])
    np.testing.assert_array_equal(colour.picture(3), picture[-8 - colour.picture(3).shape[0] : -8, 8 : 8 + 3 * 64 + 4])


def test_the_same_image_is_marked_in_each_map(open_app: OpenApp, families: Path) -> None:
    """Models of the same data share images and the mark; one without an encoder shares z alone, and it is said."""
    app = compare(open_app, "ae", "vae", "gan")
    ae, vae, gan = (sent(app, "latent_map", i) for i in range(3))
    assert ae["link"]["images"] == vae["link"]["images"] != gan["link"]["images"]
    assert [0, 0, None] == [one["link"]["marked"] for one in (ae, vae, gan)]
    assert ae["place"]["z"] == vae["place"]["z"] == gan["place"]["z"]
    np.testing.assert_allclose(LatentExplorer.load(families / "vae", "cpu").latents.mu[0], vae["place"]["z"])
    assert "gan is a GAN without an encoder" in text_of(app)
    app.number_input(key="compared image no").set_value(5).run()
    assert [5, 5, None] == [sent(app, "latent_map", i)["link"]["marked"] for i in range(3)]
    assert "5" == app.query_params["image"]


def test_an_address_restores_what_is_linked(open_app: OpenApp, families: Path) -> None:
    """Image, z, class, group, path and leader of an address are those of the page, and stand in its address again."""
    asked = {"image": "9", "at": "0.5,-1", "class": "3", "anchors": "4,8,2", "leader": "2", "together": "1",
             "chosen": "2:-9,-9,9,-9,9,9,-9,9"}  # fmt: skip
    app = open_app("compare", models="vae,cvae", **asked)
    assert not app.exception
    assert asked == {name: app.query_params[name] for name in asked}
    vae, cvae = (sent(app, "latent_map", i) for i in range(2))
    assert ([0.5, -1.0], 3, -1) == (cvae["place"]["z"], cvae["place"]["label"], vae["place"]["label"])
    assert (None, 4) == (vae["group"], len(cvae["group"]))
    assert "400 images chosen" in text_of(app).replace(",", "")
    mu = LatentExplorer.load(families / "cvae", "cpu").latents.mu
    np.testing.assert_allclose(mu[[4, 8, 2]], cvae["paths"][0]["xy"], rtol=1e-5)
    np.testing.assert_allclose(LatentExplorer.load(families / "vae", "cpu").latents.mu[[4, 2]],
                               np.array(vae["paths"][0]["xy"])[[0, -1]], rtol=1e-5)  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {"image": "400", "at": "nan,0", "class": "99", "anchors": "1", "leader": "7", "chosen": "9:1,2,3"},
        {"image": "-1", "at": "1", "class": "x", "anchors": "1,999", "leader": "٣", "chosen": "1:1,2,3,4"},
        {"image": "", "at": "", "class": "", "anchors": "", "leader": "", "chosen": "", "together": ""},
    ],
)
def test_a_hostile_address_is_not_believed(open_app: OpenApp, families: Path, asked: dict[str, str]) -> None:
    """What is no image, place, class, path or outline of these models is as if nothing had been asked."""
    app = open_app("compare", models="vae,cvae", **asked)
    assert not app.exception
    assert "0" == app.query_params["image"]
    assert "chosen" not in app.query_params
    assert 2 == len(app.query_params["anchors"].split(","))


def test_other_data_is_not_linked_and_that_is_said(open_app: OpenApp) -> None:
    """Models of other images have neither mark nor path in common, and a sentence says so."""
    app = compare(open_app, "digits-2d", "mnist-2d")
    assert "mnist-2d has encoded other images (MNIST) than digits-2d" in text_of(app).replace("\\", "")
    assert [0, None] == [sent(app, "latent_map", i)["link"]["marked"] for i in range(2)]
    assert [] == sent(app, "latent_map", 1)["paths"]


def test_a_path_is_carried_over(open_app: OpenApp, families: Path) -> None:
    """The film of the path, those of the same images' codes, and of the same z without an encoder; a table of all."""
    app = compare(open_app, "vae", "ae", "gan")
    names = ["vae: along the path", "ae: the same images' codes", "gan: the path's own z"]
    assert [f"{ORIGINALS}: nearest to each step", *names] == films(app)
    models = [compared(families / name) for name in ("vae", "ae", "gan")]
    path = journey(models[1], models[:2], [3, 9])
    codes = models[1].explorer.latents.mu
    np.testing.assert_array_equal(codes[[3, 9]], path.z[[0, -1]])
    np.testing.assert_array_equal(models[0].explorer.latents.mu[path.indices], path.over["vae"].z)
    _, along, carried, same_z = strips_of(models, models[:2], path, 0)
    np.testing.assert_allclose(models[1].explorer.decode_uint8(path.z), along.images, atol=1)
    np.testing.assert_allclose(models[0].explorer.decode_uint8(path.over["vae"].z), carried.images, atol=1)
    np.testing.assert_allclose(models[2].explorer.decode_uint8(path.z), same_z.images, atol=1)
    rows = list(csv.DictReader(io.StringIO(path_csv(models[:2], path))))
    assert [str(i) for i in path.indices] == [row["test_image"] for row in rows]
    np.testing.assert_allclose(path.over["vae"].z[:, 1], [float(row["vae_z2"]) for row in rows], rtol=1e-6)


def test_clicks_draw_a_path(open_app: OpenApp, families: Path) -> None:
    """The first click says in which map the path is straight; numbers that are none are refused with a sentence."""
    app = compare(open_app, "vae", "ae")
    app.text_input(key="compared anchors typed").set_value("3, x").run()
    assert "A path takes 2 to 12 numbers" in text_of(app)
    app.text_input(key="compared anchors typed").set_value("3, 17").run()
    assert "3,17" == app.query_params["anchors"]
    assert "clicks draw the path" in [toggle.key for toggle in app.toggle]
    models = [compared(families / name) for name in ("vae", "ae")]
    session: dict[str, object] = {DRAWS: True}
    with patch("streamlit.session_state", session):
        for index in (5, None, 6, 7):
            draw(models[1], MapClick((0.0, 0.0), index))
            draw(models[0], MapClick((0.0, 0.0), None))
    assert ([5, 6, 7], "ae") == (session[ANCHORS], session[LEADER])


def test_the_maps_are_to_be_taken_away(families: Path) -> None:
    """All maps as one picture, as wide as there are models, and the chosen images with their codes in each."""
    models = [compared(families / name) for name in ("vae", "ae", "gan")]
    path = journey(models[0], models[:2], [3, 9])
    picture = Image.open(io.BytesIO(maps_png(models, models[:2], 3, None, path)))
    assert 3 * picture.width // 3 == picture.width > 1900
    rows = list(csv.DictReader(io.StringIO(chosen_csv(models[:2], np.array([4, 2])))))
    assert ["4", "2"] == [row["test_image"] for row in rows]
    np.testing.assert_allclose(models[1].explorer.latents.mu[2, 0], float(rows[1]["ae_mu_1"]), rtol=1e-6)
