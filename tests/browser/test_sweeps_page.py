"""The page Sweeps in a browser: from the form to the maps, which form while the runs go, and on to Explore."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.serving import AppServer


def test_from_start_to_explore(app_server: AppServer, open_page: OpenPage) -> None:
    """Two betas are trained by a process of their own; each has its map, the best its frame, and a click opens it."""
    page = open_page(f"{app_server.url}/sweeps?model=digits-2d")
    for role, label, value in (
        ("textbox", "Beta", "1, 4"),
        ("textbox", "Latent dimension", "2"),
        ("spinbutton", "Epochs", "2"),
        ("textbox", "Name", "tour"),
    ):
        field = page.get_by_role(role, name=label, exact=True)  # type: ignore[arg-type]
        field.fill(value)
        field.press("Enter")
    page.get_by_role("button", name="Start 2 runs").click()
    grid = page.locator(".sweep-grid[data-state='ready']")
    expect(grid.get_by_role("columnheader", name="Latent dimension 2")).to_be_visible(timeout=60_000)
    expect(grid.locator("button:not(:disabled)")).to_have_count(2, timeout=120_000)
    expect(grid.locator("button.best")).to_have_count(1)
    # Points are drawn, and not all over the map.
    drawn = grid.locator("canvas").first.evaluate(
        "c => [...new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)]"
        ".filter(Boolean).length / (c.width * c.height)"
    )
    assert 0.005 < drawn < 0.6
    expect(page.get_by_text("finished").first).to_be_visible(timeout=60_000)
    assert app_server.checkpoints_dir is not None
    plan = json.loads((app_server.checkpoints_dir / "tour" / "sweep.json").read_text())
    assert ["tour-beta-1-latent-dim-2", "tour-beta-4-latent-dim-2"] == plan["runs"]
    grid.locator("button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('model=tour-beta-1-latent-dim-2')")
