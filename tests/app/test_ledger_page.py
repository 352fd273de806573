"""The Ledger page without a browser: what Python sends, in which order, and what an address restores."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.app.conftest import OpenApp, sent
from ui.group_files import group_csv, group_npz, group_zip
from ui.ledger.controls import rows_csv
from ui.ledger.looks import Where, chosen_rows, parse_where
from ui.routes import POINTS
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.latent.ledger import Ledger
from vae_core.latent.ledger_pass import code_ledger, make_ledger
from vae_core.latent.ledger_store import load_ledger, save_ledger


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped digits model, whose data is always there."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture(scope="module")
def ledger(explorer: LatentExplorer) -> Ledger:
    """Its ledger."""
    digits = load_dataset("digits")
    splits = (digits.train, digits.validation, digits.test)
    images = np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits if split.labels is not None])
    return make_ledger(explorer, images, labels, (len(splits[0]), len(splits[1]), len(splits[2])))


def shown(app: object) -> list[int]:
    """The rows that the table is sent, in their order."""
    blob = POINTS.get(sent(app, "ledger_table")["rows"]["url"].rpartition("/")[2])  # type: ignore[arg-type]
    assert blob is not None
    rows: list[int] = np.frombuffer(blob.content, "<u4").tolist()
    return rows


def test_it_is_made_on_the_page_and_kept(open_app: OpenApp, explorer: LatentExplorer) -> None:
    """Before, the test codes are shown; a button makes the whole, which the next visit finds."""
    app = open_app("ledger")
    assert not app.exception
    assert len(explorer.latents.mu) == sent(app, "ledger_table")["rows"]["n"]
    assert "highest KL first" in app.caption[0].value  # what comes first is what is said to
    app.button(key="make ledger").click().run()
    for _ in range(200):
        if load_ledger(explorer.path, explorer.card) is not None:
            break
        app.run()
    app.run()
    assert not app.exception
    assert 1797 == sent(app, "ledger_table")["rows"]["n"]
    assert "a low ELBO" in app.caption[0].value
    assert not [button for button in app.button if button.key == "make ledger"]


def test_worst_first_then_as_the_address_says(open_app: OpenApp, explorer: LatentExplorer, ledger: Ledger) -> None:
    """The lowest ELBO first; order, filter and row come back from the address, and stay in it."""
    save_ledger(explorer.path, ledger, explorer.card)
    app = open_app("ledger")
    assert not app.exception
    assert np.argsort(ledger.figures["elbo"], kind="stable").tolist() == shown(app)
    app = open_app("ledger", order="-kl", where="class:3,5;split:test;kl:2..", row="1500")
    assert not app.exception
    assert ledger.labels is not None
    kl, test = ledger.figures["kl"], ledger.splits == 2
    rows = np.flatnonzero(np.isin(ledger.labels, [3, 5]) & test & (kl >= 2))
    assert rows[np.argsort(-kl[rows], kind="stable")].tolist() == shown(app)
    table = sent(app, "ledger_table")
    assert ("-kl", 1500) == (table["order"], table["row"])
    assert ("-kl", "class:3,5;split:test;kl:2..", "1500") == tuple(
        app.query_params[n] for n in ("order", "where", "row")
    )


def test_a_row_has_its_pictures_its_place_and_its_neighbours(
    open_app: OpenApp, explorer: LatentExplorer, ledger: Ledger
) -> None:
    """The view is sent the very row, the map its mu as the pin, and the tiles the nearest by code and by pixels."""
    save_ledger(explorer.path, ledger, explorer.card)
    app = open_app("ledger", row="1600")
    assert not app.exception
    facts = sent(app, "view")["record"]["facts"]
    assert (1600, pytest.approx(float(ledger.figures["elbo"][1600]))) == (facts["index"], facts["elbo"])
    assert np.allclose(ledger.mu[1600], sent(app, "latent_map")["place"]["z"])
    distances = np.linalg.norm(ledger.mu - ledger.mu[1600], axis=1)
    expected = np.argsort(distances, kind="stable")
    expected = expected[expected != 1600][:10]
    assert expected.tolist() == [tile["row"] for tile in sent(app, "tiles", 1)["tiles"]]
    in_pixels = [tile["row"] for tile in sent(app, "tiles", 2)["tiles"]]
    assert max(in_pixels) < explorer.card.data.n_train
    assert any("Learned by heart?" in caption.value for caption in app.caption)


def test_without_the_data_it_says_what_is_missing(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test codes' KL, pictures decoded, and how to get the rest."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    app = open_app("ledger", model="mnist-16d")
    assert not app.exception
    assert any("python -m vae_core fetch mnist" in info.value for info in app.info)
    assert 10_000 == sent(app, "ledger_table")["rows"]["n"]
    assert "-kl" == sent(app, "ledger_table")["order"]


@pytest.mark.parametrize("family", ["ae", "dae", "cvae", "gan", "iwae"])
def test_every_family_is_shown_or_refused_in_a_sentence(open_app: OpenApp, families: Path, family: str) -> None:
    """A GAN has no ledger and the page says so; the others have one, here that of their codes."""
    app = open_app("ledger", model=family)
    assert not app.exception
    if family == "gan":
        assert any("has no encoder" in info.value for info in app.info)
    else:
        assert sent(app, "ledger_table")["rows"]["n"] == 400


@pytest.mark.parametrize(
    "text", ["", "x", "class:", "class:99,-1,²", "elbo:x..y", "elbo:nan..inf", "split:nowhere", ";" * 5000, "kl", "9:1"]
)
def test_hostile_filters_are_no_filter(text: str, explorer: LatentExplorer) -> None:
    """What is no filter of this ledger shows every row."""
    short = code_ledger(explorer)
    where = parse_where(text, short, 10)
    assert len(short) == len(chosen_rows(short, where, "image"))


def test_a_filter_comes_back_from_its_text(ledger: Ledger) -> None:
    """`parse_where` undoes `text`."""
    where = Where((1, 7), (0, 2), odd=True, ranges={"elbo": (-30.5, float("inf")), "kl": (1.0, 2.0)})
    assert where == parse_where(where.text(), ledger, 10)


@pytest.mark.parametrize(
    "address", [{"row": "99999"}, {"row": "-1"}, {"row": "x"}, {"order": "nothing"}, {"order": "--"}]
)
def test_hostile_addresses_are_left_alone(open_app: OpenApp, address: dict[str, str]) -> None:
    """A row or an order that is not there gives none, and the usual one."""
    app = open_app("ledger", **address)
    assert not app.exception
    table = sent(app, "ledger_table")
    assert ("-kl", None) == (table["order"], table["row"])


def test_the_csv_holds_what_the_table_shows(explorer: LatentExplorer, ledger: Ledger) -> None:
    """Rows in their order, all columns, class names, KL by dimension that sums to KL."""
    rows = chosen_rows(ledger, Where(odd=True), "elbo")
    found = list(csv.DictReader(io.StringIO(rows_csv(explorer, ledger, rows))))
    assert len(rows) == len(found)
    assert list(ledger.place(int(rows[0]))) == [found[0]["split"], int(found[0]["index"])]
    assert all(row["label"] != row["near_class"] for row in found)
    assert sorted(float(row["elbo"]) for row in found) == [float(row["elbo"]) for row in found]
    for row in found:
        assert float(row["kl"]) == pytest.approx(float(row["kl_1"]) + float(row["kl_2"]), abs=1e-4)


def test_a_groups_files_hold_the_group(open_app: OpenApp, explorer: LatentExplorer) -> None:
    """CSV, NPZ and ZIP of the same rows, opened again: split and index, codes, pixels."""
    rows = np.array([5, 399, 17])
    test = load_dataset("digits").test
    found = list(csv.DictReader(io.StringIO(group_csv(explorer, "test", rows))))
    assert ["5", "399", "17"] == [row["index"] for row in found]
    codes = np.array([[float(row["mu_1"]), float(row["mu_2"])] for row in found], np.float32)
    assert np.array_equal(explorer.latents.mu[rows], codes)
    with np.load(io.BytesIO(group_npz(explorer, "test", rows))) as npz:
        assert np.array_equal(test.images[rows], npz["images"])
        assert ["test"] * 3 == npz["split"].tolist()
        assert np.array_equal(explorer.latents.mu[rows], npz["mu"])
    from PIL import Image

    with zipfile.ZipFile(io.BytesIO(group_zip(explorer, "test", rows))) as archive:
        assert ["test-00005.png", "test-00399.png", "test-00017.png"] == archive.namelist()
        picture = np.asarray(Image.open(io.BytesIO(archive.read("test-00399.png"))))
    assert np.array_equal(test.images[399, 0], picture)
