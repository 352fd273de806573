"""The timeline in a real browser: a frame is the snapshot of its epoch, played, scrubbed, and while a run goes on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from statistics import median

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.serving import AppServer
from tests.vae_core.runs import first_of, new_run, train_here
from vae_core.data import load_dataset
from vae_core.training.run_folder import RunFolder, Status

EPOCHS = 20

WATCH = """root => {
    const shown = window.shown = []
    const pixels = canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])
    }
    const note = () => {
        const made = [...root.querySelectorAll(".pairs > div > :last-child, .draws canvas")]
        shown.push([Number(root.dataset.epoch), root.dataset.snapshot, made.flatMap(pixels)])
    }
    new MutationObserver(note).observe(root, { attributeFilter: ["data-snapshot"] })
}"""
"""Note of every frame that is painted its epoch, its key, and the pixels of its reconstructions and draws."""

SCRUB = """async root => {
    const scrub = root.querySelector(".scrub")
    const times = []
    for (const epoch of [3, 17, 1, 20, 9, 10, 11, 5, 14, 2, 19, 8, 6, 12, 4, 18, 7, 13, 16, 15]) {
        const begun = performance.now()
        scrub.value = epoch
        scrub.dispatchEvent(new Event("input"))
        while (root.dataset.epoch !== String(epoch)) await new Promise(requestAnimationFrame)
        times.push(performance.now() - begun)
    }
    return times
}"""


@pytest.fixture(scope="module")
def run(app_server: AppServer) -> Iterator[RunFolder]:
    """Give a finished run of twenty epochs, trained here in seconds; the server's folder is left as it was."""
    assert app_server.checkpoints_dir is not None
    run = new_run(app_server.checkpoints_dir, "filmed", epochs=EPOCHS, batch_size=32)
    train_here(run, first_of(load_dataset("digits"), 300, 100))
    yield run
    shutil.rmtree(run.path)


def ready(page: Page, n: int) -> Locator:
    """Wait until the browser holds all n snapshots."""
    root = page.locator(".timeline[data-state=ready]")
    expect(root).to_be_visible(timeout=30_000)
    expect(root).to_have_attribute("data-held", str(n))
    return root


def expected(run: RunFolder, epoch: int) -> tuple[str, str]:
    """The hash of an epoch's snapshot, and that of its pictures' pixels."""
    snapshot = run.snapshot(epoch)
    assert snapshot is not None
    assert snapshot.draws is not None
    pictures = np.concatenate([snapshot.reconstructions, snapshot.draws])
    content = run.snapshot_path(epoch).read_bytes()
    return hashlib.sha256(content).hexdigest(), hashlib.sha256(pictures.tobytes()).hexdigest()


def test_every_frame_is_the_snapshot_of_its_epoch(app_server: AppServer, open_page: OpenPage, run: RunFolder) -> None:
    """Played forward and backward from end to end: key and pixels of each epoch are those of its own file."""
    page = open_page(f"{app_server.url}/runs?run={run.name}")
    root = ready(page, EPOCHS)
    expect(root).to_have_attribute("data-epoch", str(EPOCHS))
    root.evaluate(WATCH)
    root.get_by_role("combobox", name="Snapshots a second").select_option("15")
    for direction, end in (("forward", EPOCHS), ("backward", 1)):
        button = root.get_by_role("button", name=f"Play {direction}")
        button.click()
        expect(root).to_have_attribute("data-epoch", str(end))
        expect(button).to_have_attribute("aria-pressed", "false")
    shown = page.evaluate("window.shown")
    epochs = [epoch for epoch, _, _ in shown]
    top = epochs.index(EPOCHS)
    assert sorted(epochs[: top + 1]) == epochs[: top + 1]
    assert sorted(epochs[top:], reverse=True) == epochs[top:]
    assert {1, EPOCHS} < set(epochs)
    hashes = {epoch: expected(run, epoch) for epoch in range(1, EPOCHS + 1)}
    for epoch, key, pixels in shown:
        assert hashes[epoch] == (key, hashlib.sha256(bytes(pixels)).hexdigest())


def test_scrubbing_answers_at_once_and_the_address_keeps_the_epoch(
    app_server: AppServer, open_page: OpenPage, run: RunFolder
) -> None:
    """From a hand's movement to the painted frame; keys step; a link restores the epoch, and Python is not asked."""
    page = open_page(f"{app_server.url}/runs?run={run.name}")
    root = ready(page, EPOCHS)
    asked: list[str] = []
    # The page's own icon may come late; it has nothing to do with a hand.
    page.on("request", lambda request: asked.append(request.url) if "/media/" not in request.url else None)
    best = [min(times) for times in zip(*(root.evaluate(SCRUB) for _ in range(3)), strict=True)]
    assert median(best) <= 50, best  # ms; the best of three each: others may be busy on this machine
    assert [] == asked
    root.locator(".scrub").focus()
    for key, epoch in (("Home", 1), ("ArrowRight", 2), ("ArrowUp", 3), ("ArrowLeft", 2), ("PageUp", 12)):
        page.keyboard.press(key)
        expect(root).to_have_attribute("data-epoch", str(epoch))
    page.wait_for_url("**epoch=12**")
    page.reload()
    root = ready(page, EPOCHS)
    expect(root).to_have_attribute("data-epoch", "12")
    page.keyboard.press("Tab")
    root.locator(".scrub").focus()
    page.keyboard.press("Shift+Space")
    expect(root).to_have_attribute("data-epoch", "1", timeout=15_000)


def test_the_newest_epoch_is_followed_until_somebody_goes_elsewhere(
    app_server: AppServer, open_page: OpenPage, run: RunFolder
) -> None:
    """New snapshots of a run that goes on appear by themselves; who looks at an older one stays there."""
    assert app_server.checkpoints_dir is not None
    live = new_run(app_server.checkpoints_dir, "going-on", epochs=9)
    fixed, history = run.fixed(), run.history()
    assert fixed is not None

    def until(epoch: int) -> None:
        live.write_history(history[:epoch])
        snapshot = run.snapshot(epoch)
        assert snapshot is not None
        live.write_snapshot(snapshot)

    try:
        with live.lock():
            live.write_fixed(fixed)
            live.write_status(Status(state="running", epoch=2, epochs=9))
            for epoch in (1, 2):
                until(epoch)
            page = open_page(f"{app_server.url}/runs?run={live.name}")
            root = ready(page, 2)
            expect(root).to_have_attribute("data-epoch", "2")
            until(3)
            expect(root).to_have_attribute("data-epoch", "3", timeout=15_000)
            root.get_by_role("button", name="First epoch").click()
            until(4)
            expect(root.locator(".scrub")).to_have_attribute("max", "4", timeout=15_000)
            expect(root).to_have_attribute("data-epoch", "1")
            root.get_by_role("button", name="Newest epoch").click()
            expect(root).to_have_attribute("data-epoch", "4")
    finally:
        shutil.rmtree(live.path)
