"""The first page in a browser: it moves until a hand comes, its doors lead on, and old links lead to Explore."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE, ready, ready_map, z_of
from tests.browser.map_page import window_spot
from tests.browser.serving import AppServer

HERE = PLACE.format(page="home")


def test_the_map_moves_until_a_hand_comes(app_server: AppServer, open_page: OpenPage) -> None:
    """z wanders until the pointer has it; the address is bare, and a door leads to Explore."""
    page = open_page(app_server.url)
    ready_map(page)
    living = page.locator(".living")
    expect(living).to_have_attribute("data-wanders", "yes")
    began = z_of(page, "home")
    page.wait_for_function(f"z => {HERE}.z.some((value, i) => Math.abs(value - z[i]) > 0.02)", arg=began)
    page.wait_for_function(f"{HERE}.latestPicture?.[0].status === 0")
    page.mouse.move(*window_spot(page, 1.5, -0.5), steps=3)
    expect(living).to_have_attribute("data-wanders", "no")
    page.wait_for_function(f"Math.abs({HERE}.z[0] - 1.5) < 0.05 && {HERE}.pin === null")
    page.wait_for_function(f"{HERE}.latestPicture?.[1] === {HERE}.z")
    assert page.url.rstrip("/") == app_server.url
    page.get_by_test_id("stMain").get_by_role("link", name="Explore").click()
    page.wait_for_url("**/explore?model=mnist-2d*")
    ready(page)


def test_who_wants_less_motion_has_none(app_server: AppServer, open_page: OpenPage) -> None:
    """Where the system asks for less motion the map stands still, its picture there."""
    page = open_page(f"{app_server.url}/_stcore/health")
    page.emulate_media(reduced_motion="reduce")
    page.goto(app_server.url)
    ready_map(page)
    expect(page.locator(".living[data-state=ready]")).to_have_attribute("data-wanders", "no")


def test_an_old_link_leads_to_explore(app_server: AppServer, open_page: OpenPage) -> None:
    """An address of the time when Explore was the first page opens Explore with its model and place."""
    page = open_page(f"{app_server.url}/?model=digits-2d&z=0.5,-1")
    assert "/explore?model=digits-2d&z=0.5,-1" in page.url.replace("%2C", ",")
    ready(page)
    assert [0.5, -1] == z_of(page)
