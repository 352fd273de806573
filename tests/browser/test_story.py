"""The whole story in a real browser: explore, interpolate, sample, train, explore what was trained."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import picture, ready_map, shrunk, z_in_address
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.images import enlarge, montage, to_uint8
from vae_core.latent.neighbours import nearest
from vae_core.latent.paths import linear

DECODED = "The decoded image at z."


def go_to(page: Page, title: str) -> None:
    """Switch pages as a person does."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()


def downloaded(page: Page, button: str) -> Image.Image:
    """The picture that a download button hands out."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Image.open(io.BytesIO(download.value.path().read_bytes()))


def total_milliseconds(film: Image.Image) -> int:
    """How long all frames of a GIF stand."""
    total = 0
    for number in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(number)
        total += film.info["duration"]
    return total


def assert_shows_what_torch_says(page: Page, explorer: LatentExplorer) -> None:
    """The picture on the page is the decoded z of its address, to the last grey value."""
    expected = to_uint8(explorer.decode([z_in_address(page)]))[0]
    # The address has four digits of z; the picture was decoded from all of them.
    assert np.abs(expected.astype(int) - shrunk(picture(page, DECODED), explorer.image_shape)).max() <= 1


def test_the_whole_story(app_server: AppServer, open_page: OpenPage) -> None:
    """A newcomer moves through a latent space, takes pictures along, trains a model and moves through that."""
    page = open_page(f"{app_server.url}/?model=digits-2d")
    explorer = LatentExplorer.load("digits-2d")

    # Explore: a slider moves the picture, and the picture is what torch decodes.
    ready_map(page)
    before = picture(page, DECODED)
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(40):
        slider.press("ArrowRight")
    expect(page.get_by_text("z = (0.40, 0.00)")).to_be_visible()
    page.wait_for_url("**z=0.4*")
    assert not np.array_equal(before, picture(page, DECODED))
    assert_shows_what_torch_says(page, explorer)

    # A click on the map takes the sliders there.
    surface = page.locator(".latent-map .surface").first
    box = surface.bounding_box()
    assert box is not None
    address = page.url
    surface.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.3})
    page.wait_for_function("address => location.href !== address", arg=address)
    assert z_in_address(page)[0] < 0 < z_in_address(page)[1]
    expect(page.get_by_text(f"z = ({z_in_address(page)[0]:.2f}, ")).to_be_visible()
    assert_shows_what_torch_says(page, explorer)

    # Interpolate: another pair, the scrubber, and a picture to take away.
    go_to(page, "Interpolate")
    ready_map(page)
    page.get_by_role("button", name="Random pair").click()
    first = picture(page, "The image at step 1 of the path.")
    scrubber = page.get_by_role("slider").first
    scrubber.focus()
    scrubber.press("End")
    assert not np.array_equal(first, picture(page, "The image at step 11 of the path."))
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    with Image.open(download.value.path()) as film:
        assert film.width > 10 * film.height

    # Sample: other draws, other pictures.
    go_to(page, "Sample")
    ready_map(page)
    wall = picture(page, "A wall of 64 decoded draws.")
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_role("spinbutton", name="Seed")).not_to_have_value("0")
    page.wait_for_timeout(500)
    assert not np.array_equal(wall, picture(page, "A wall of 64 decoded draws."))

    # Train: three epochs of digits from the page; the new model is in the list and has a map.
    go_to(page, "Train")
    page.get_by_role("spinbutton", name="Epochs").fill("3")
    page.get_by_role("textbox", name="Name").fill("story")
    page.get_by_role("textbox", name="Name").press("Tab")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Open in Explore").click(timeout=90_000)
    page.wait_for_url("**model=story*")
    ready_map(page)
    expect(page.get_by_text("story · z = ")).to_be_visible()
    assert_shows_what_torch_says(page, LatentExplorer.load("story", checkpoints_dir=app_server.checkpoints_dir))


def test_address_opened_elsewhere_restores_the_view(app_server: AppServer, open_page: OpenPage) -> None:
    """Model, page and z are in the address: another browser shows the same."""
    page = open_page(f"{app_server.url}/?model=digits-2d&z=0.7,-1.1")
    ready_map(page)
    expect(page.get_by_text("digits-2d · z = (0.70, -1.10)")).to_be_visible()
    assert_shows_what_torch_says(page, LatentExplorer.load("digits-2d"))


def test_explore_fits_a_laptop_without_scrolling(app_server: AppServer, open_page: OpenPage) -> None:
    """At 1440x900 map, picture, sliders and foot line are on one screen."""
    page = open_page(f"{app_server.url}/?model=digits-2d")
    ready_map(page)
    foot = page.get_by_text("digits-2d · z = ").bounding_box()
    assert foot is not None
    assert foot["y"] + foot["height"] <= 900


def test_narrow_screen_stacks_map_picture_and_sliders(app_server: AppServer, open_page: OpenPage) -> None:
    """At 390x844 nothing is wider than the screen, and map, picture and sliders follow each other."""
    page = open_page(f"{app_server.url}/?model=digits-2d", size=(390, 844))
    tops = [
        ready_map(page).bounding_box(),
        page.get_by_alt_text(DECODED).bounding_box(),
        page.get_by_role("slider").first.bounding_box(),
    ]
    heights = [box["y"] for box in tops if box]
    assert sorted(heights) == heights
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_gif_and_png_open_again(app_server: AppServer, open_page: OpenPage) -> None:
    """What Interpolate hands out is the film of its path: a frame a step there and back, and all in one picture."""
    page = open_page(f"{app_server.url}/interpolate?model=digits-2d")
    ready_map(page)
    explorer = LatentExplorer.load("digits-2d")
    numbers = page.get_by_role("spinbutton", name="Test image no.")
    start, end = (explorer.latents.mu[int(numbers.nth(i).input_value())] for i in (0, 1))
    images = explorer.decode(linear(start, end, 11))

    film = downloaded(page, "GIF")
    there_and_back = [*range(11), *range(9, 0, -1)]
    pictures = enlarge(to_uint8(images).transpose(0, 2, 3, 1), 6)[there_and_back, ..., 0]
    expected = [pictures[0]]
    for picture_ in pictures[1:]:
        if not np.array_equal(expected[-1], picture_):  # equal frames in a row are stored as one
            expected.append(picture_)
    assert (len(expected), 80 * 20) == (film.n_frames, total_milliseconds(film))
    for number, picture_ in enumerate(expected):
        film.seek(number)
        assert np.array_equal(picture_, np.asarray(film.convert("L")))

    assert np.array_equal(montage(images, columns=11, scale=4)[..., 0], np.asarray(downloaded(page, "PNG")))


def test_a_click_beside_the_points_takes_the_nearest(app_server: AppServer, open_page: OpenPage) -> None:
    """In an empty corner of Interpolate's map no point is hit; the one nearest to the click becomes the start."""
    page = open_page(f"{app_server.url}/interpolate?model=digits-2d")
    ready_map(page)
    mu = LatentExplorer.load("digits-2d").latents.mu
    number = page.get_by_role("spinbutton", name="Test image no.").first
    before = number.input_value()
    surface = page.locator(".latent-map .surface").first
    box = surface.bounding_box()
    assert box is not None
    surface.click(position={"x": 12, "y": box["height"] - 12})
    expect(number).not_to_have_value(before)
    middle = (mu.min(axis=0) + mu.max(axis=0)) / 2
    reach = float(np.ptp(mu, axis=0).max()) / 2
    corners, _ = nearest(mu, [middle - reach * scale for scale in np.linspace(0.9, 1.3, 50)])
    assert int(number.input_value()) in corners


def test_the_server_has_nothing_to_complain_of(app_server: AppServer, open_page: OpenPage) -> None:
    """After its warm start and a visit, its log holds its address and nothing else."""
    ready_map(open_page(app_server.url))
    lines = [line.strip() for line in app_server.log().splitlines() if line.strip()]
    assert ["You can now view your Streamlit app in your browser.", f"URL: {app_server.url}"] == lines
