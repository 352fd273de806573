"""The page Ledger in a browser, as a user goes about it: make it, sort, filter, click, look, take away."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import downloaded, z_of
from tests.browser.map_page import wait_for
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.latent.ledger import Ledger
from vae_core.latent.ledger_store import load_ledger


def table_of(page: Page, n: int) -> Locator:
    """Give the table once it shows so many rows; the one before it may stay on the page for a moment."""
    expect(page.locator(f".ledger-table[data-state='ready'][data-rows='{n}']")).to_have_count(1, timeout=60_000)
    expect(table := page.locator(".ledger-table")).to_have_count(1, timeout=60_000)
    return table


def first_rows(table: Locator, n: int = 5) -> list[int]:
    """Read the first rows' numbers from top to bottom."""
    return [int(table.locator(f".row[data-at='{at}']").get_attribute("data-row") or -1) for at in range(n)]


def made_ledger(app_server: AppServer, explorer: LatentExplorer) -> Ledger:
    """The ledger that the server has kept."""
    found = load_ledger(explorer.path, explorer.card, app_server.checkpoints_dir)
    assert found is not None
    return found


def test_from_making_it_to_a_wrong_label(app_server: AppServer, open_page: OpenPage) -> None:
    """Make the ledger, sort it, filter it, click a row: its pictures, its pin, its neighbours, its address, its CSV."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    page = open_page(f"{app_server.url}/ledger?model=digits-2d")
    table_of(page, 400)
    page.get_by_role("button", name="Make the ledger of 1,797 images").click()
    table = table_of(page, 1797)
    ledger = made_ledger(app_server, explorer)
    figures, labels = ledger.figures, ledger.labels
    assert labels is not None
    assert np.argsort(figures["elbo"], kind="stable")[:5].tolist() == first_rows(table)
    # Sorted by a click on a head, upwards, then downwards.
    table.locator("[data-column='gap']").click()
    expect(table).to_have_attribute("data-order", "gap")
    assert np.argsort(figures["gap"], kind="stable")[:5].tolist() == first_rows(table)
    table.locator("[data-column='gap']").click()
    expect(table).to_have_attribute("data-order", "-gap")
    expected = np.argsort(-figures["gap"], kind="stable")
    assert expected[:5].tolist() == first_rows(table)
    # Scrolled to the end: the last row is drawn there, and far fewer than all.
    table.locator(".body").evaluate("body => body.scrollTop = body.scrollHeight")
    expect(table.locator(".row[data-at='1796']")).to_have_attribute("data-row", str(expected[-1]))
    assert table.locator(".row").count() < 60
    # Only those that disagree with their neighbours.
    page.get_by_text("Wrong label?").click()
    rows = expected[ledger.disagrees[expected]]
    table = table_of(page, len(rows))
    # A click shows the image, and moves the pin of the map to its mu.
    table.locator(".row[data-at='2']").click()
    row = int(rows[2])
    split, index = ledger.place(row)
    expect(page.get_by_text(f"{split.capitalize()} image {index:,}")).to_be_visible()
    wait_for(page, "ready")
    page.wait_for_function("row => location.search.includes(`row=${row}`)", arg=row)
    expect(page.locator(".tiles button[aria-pressed='true']").first).to_have_attribute("data-row", str(row))
    assert np.allclose(ledger.mu[row], z_of(page), atol=1e-3)
    drawn = page.locator(".view canvas.original").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data].filter((_, i) => i % 4 === 0)"
    )
    digits = load_dataset("digits")
    images = np.concatenate([part.images for part in (digits.train, digits.validation, digits.test)])
    assert images[row].reshape(-1).tolist() == drawn
    # Its neighbours: nearest codes first, and one of them can be looked at next.
    near = np.argsort(np.linalg.norm(ledger.mu - ledger.mu[row], axis=1), kind="stable")
    near = near[near != row]
    tiles = page.get_by_role("group", name="Nearest in latent space").locator("button")
    assert str(near[0]) == tiles.first.get_attribute("data-row")
    expect(page.get_by_text("Learned by heart?")).to_be_visible()
    # What is shown can be taken away.
    text = downloaded(page, lambda: page.get_by_role("button", name=f"CSV of these {len(rows):,}").click()).decode()
    found = list(csv.DictReader(io.StringIO(text)))
    assert [list(ledger.place(int(one))) for one in rows] == [[one["split"], int(one["index"])] for one in found]
    # Its address leads back to the same order, filter and row.
    again = open_page(page.url)
    table = table_of(again, len(rows))
    assert rows[:5].tolist() == first_rows(table)
    expect(again.get_by_text(f"{split.capitalize()} image {index:,}")).to_be_visible()
    tiles.first.click()
    page.wait_for_function("row => location.search.includes(`row=${row}`)", arg=int(near[0]))


def test_keys_walk_through_the_rows(app_server: AppServer, open_page: OpenPage) -> None:
    """Arrow keys choose the next row, the picture follows, on a phone's screen too."""
    page = open_page(f"{app_server.url}/ledger?model=digits-2d&order=image", size=(390, 844))
    expect(table := page.locator(".ledger-table[data-state='ready']")).to_be_visible(timeout=60_000)
    table.locator(".body").focus()
    first, *_, third = first_rows(table, 3)
    page.keyboard.press("ArrowDown")
    expect(table.locator(f".row[data-row='{first}']")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(table.locator(f".row[data-row='{third}']")).to_have_attribute("aria-selected", "true")
    page.wait_for_function("row => location.search.includes(`row=${row}`)", arg=third)


def test_a_groups_panel_and_files(app_server: AppServer, open_page: OpenPage) -> None:
    """A group of the address: its panel says what it is, and each of its files holds just these images."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    page = open_page(f"{app_server.url}/?model=digits-2d&group=-1,-1,1,-1,1,1,-1,1")
    wait_for(page, "ready")
    mu, test = explorer.latents.mu, load_dataset("digits").test
    rows = np.flatnonzero((np.abs(mu) < 1).all(axis=1))
    page.get_by_role("button", name=f"{len(rows)} chosen").click()
    expect(page.get_by_text("Decoded mean code")).to_be_visible()
    expect(page.get_by_text("From the centroid")).to_be_visible()
    distance = np.linalg.norm(mu[rows] - mu[rows].mean(axis=0), axis=1).mean()
    expect(page.get_by_text(f"{distance:.3f}", exact=True)).to_be_visible()

    def take(title: str) -> bytes:
        return downloaded(page, lambda: page.get_by_role("button", name=re.compile(f"{title}$")).click())

    found = list(csv.DictReader(io.StringIO(take("CSV").decode())))
    assert rows.tolist() == [int(one["index"]) for one in found]
    with np.load(io.BytesIO(take("NPZ"))) as npz:
        assert np.array_equal(mu[rows], npz["mu"])
        assert np.array_equal(test.images[rows], npz["images"])
    with zipfile.ZipFile(io.BytesIO(take("PNG"))) as archive:
        assert len(rows) == len(archive.namelist())
        for row in rows[:3]:
            picture = np.asarray(Image.open(io.BytesIO(archive.read(f"test-{row:05d}.png"))))
            assert np.array_equal(test.images[row, 0], picture)
