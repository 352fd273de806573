"""The Interpolate page in a real browser: paths compared, scrubbed all at once, and taken away in every form."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlsplit

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE, ready, z_of
from tests.browser.map_page import window_spot
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.images import enlarge, montage, to_uint8
from vae_core.latent.neighbours import nearest
from vae_core.latent.paths import METHODS
from vae_core.latent.paths.find import find_path

INTERPOLATE = PLACE.format(page="interpolate")
N = 11


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """Give the model that the pages show."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture
def page(app_server: AppServer, open_page: OpenPage) -> Page:
    """Open the page on two test images and wait until all paths are found."""
    opened = open_page(f"{app_server.url}/interpolate?model=digits-2d&anchors=3,8")
    ready(opened, "interpolate")
    all_found(opened)
    return opened


def all_found(page: Page) -> None:
    """Wait until no path is being looked for."""
    expect(page.locator(".scrubber[data-state=ready]")).to_be_visible()
    expect(page.locator(".scrubber .waits")).to_have_count(0, timeout=30_000)


def at_step(page: Page, step: float) -> tuple[float, float]:
    """Where a step of the films lies in the window, in the second row."""
    box = page.locator(".scrubber .strip").bounding_box()
    assert box is not None
    tile = page.locator(".scrubber .thumb").evaluate("thumb => thumb.offsetWidth - 8")
    return box["x"] + tile / 2 + step / (N - 1) * (box["width"] - tile), box["y"] + 80


def live(page: Page, row: int) -> npt.NDArray[np.int64]:
    """The live picture of a path, (8, 8)."""
    read = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 8, 8).data)"
    return np.reshape(page.locator(".lives canvas").nth(row).evaluate(read), (8, 8, 4))[..., 0]


def test_one_hand_moves_all_paths(page: Page, explorer: LatentExplorer) -> None:
    """While the frame is dragged each path's live picture is what torch says of it there, between two steps too."""
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight <= innerHeight"), "it fits"
    assert len(METHODS) == page.locator(".costs tr").count() - 1
    ends = explorer.latents.mu[[3, 8]]
    page.mouse.move(*at_step(page, 0))
    page.mouse.down()
    page.mouse.move(*at_step(page, 4.5), steps=8)
    page.wait_for_timeout(400)
    step = page.get_by_role("slider", name="Along the paths").get_attribute("aria-valuenow") or "0"
    assert 5.5 == pytest.approx(float(step), abs=0.11)
    for row, method in enumerate(METHODS[:4]):
        z = find_path(explorer, ends, N, method=method).z
        assert z is not None
        near = [to_uint8(explorer.decode((1 - s) * z[4:5] + s * z[5:6]))[0, 0] for s in np.linspace(0.4, 0.6, 41)]
        assert min(np.abs(picture.astype(int) - live(page, row)).max() for picture in near) <= 2
    page.mouse.up()
    straight = find_path(explorer, ends, N, method="linear").z
    assert straight is not None
    assert pytest.approx(((straight[4] + straight[5]) / 2).tolist(), abs=0.05) == z_of(page, "interpolate")


def test_another_path_is_chosen_and_one_switched_off(page: Page, explorer: LatentExplorer) -> None:
    """z goes over to the chosen path; a path that is switched off leaves films, table, map and address."""
    page.mouse.click(*at_step(page, 5))
    page.locator(".names button", has_text="Geodesic").click()
    z = find_path(explorer, explorer.latents.mu[[3, 8]], N, method="geodesic").z
    assert z is not None
    page.wait_for_function(f"z => {INTERPOLATE}.pin.every((v, i) => Math.abs(v - z[i]) < 0.05)", arg=z[5].tolist())
    page.get_by_test_id("stButtonGroup").get_by_role("button", name="Arc").click()
    expect(page.locator(".costs tr")).to_have_count(len(METHODS))
    expect(page.locator(".scrubber .names")).not_to_contain_text("Arc")
    page.wait_for_function("new URLSearchParams(location.search).get('methods') === 'linear,graph,geodesic,pixel'")


def test_a_click_adds_a_stop_and_the_address_restores_it(
    page: Page, explorer: LatentExplorer, open_page: OpenPage
) -> None:
    """With the switch on, the test image nearest to the click becomes a stop; so it is in another session."""
    page.get_by_test_id("stCheckbox").locator("label").filter(has_text="Clicks add stops").click()
    page.wait_for_timeout(500)
    page.mouse.click(*window_spot(page, 0.3, 0.4))
    page.wait_for_function("new URLSearchParams(location.search).get('anchors')?.split(',').length === 3")
    expect(page.get_by_role("spinbutton", name="Test image no.")).to_have_count(3)
    stop = int(parse_qs(urlsplit(page.url).query)["anchors"][0].split(",")[1])
    (index,), _ = nearest(explorer.latents.mu, [[0.3, 0.4]])
    distance = np.linalg.norm(explorer.latents.mu[stop] - [0.3, 0.4])
    assert distance <= np.linalg.norm(explorer.latents.mu[index] - [0.3, 0.4]) + 0.1
    all_found(page)
    assert [f"3,{stop},8"] == parse_qs(urlsplit(page.url).query)["anchors"]
    assert str(stop) == page.get_by_role("spinbutton", name="Test image no.").nth(1).input_value()
    other = open_page(page.url)
    ready(other, "interpolate")
    all_found(other)
    assert str(stop) == other.get_by_role("spinbutton", name="Test image no.").nth(1).input_value()


def taken(page: Page, button: str) -> bytes:
    """What a button of the open popover hands out."""
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=button).click()
    return download.value.path().read_bytes()


@pytest.mark.parametrize("method", ["linear", "geodesic", "pixel"])
def test_what_is_taken_away_opens_again(
    method: str, app_server: AppServer, open_page: OpenPage, explorer: LatentExplorer
) -> None:
    """A strip and a GIF to the last grey value, an MP4 nearly, each there and back; a CSV with z in full."""
    page = open_page(f"{app_server.url}/interpolate?model=digits-2d&anchors=3,8&methods={method}")
    ready(page, "interpolate")
    all_found(page)
    page.get_by_role("button", name="Take away").click()
    path = find_path(explorer, explorer.latents.mu[[3, 8]], N, method=method)
    pictures = to_uint8(path.images)
    strip = np.asarray(Image.open(io.BytesIO(taken(page, "PNG"))))
    assert np.array_equal(montage(pictures, columns=N, scale=4)[..., 0], strip)
    there_and_back = enlarge(pictures.transpose(0, 2, 3, 1), 6)[[*range(N), *range(N - 2, 0, -1)], ..., 0]
    assert_is_film_of(there_and_back, Image.open(io.BytesIO(taken(page, "GIF"))))
    with av.open(io.BytesIO(taken(page, "MP4"))) as film:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in film.decode(video=0)])
    assert there_and_back.shape == frames.shape
    assert np.abs(frames.astype(int) - there_and_back).mean() < 4
    if path.z is None:
        expect(page.get_by_test_id("stPopoverBody").get_by_role("button", name="CSV")).to_have_count(0)
    else:
        rows = np.loadtxt(io.BytesIO(taken(page, "CSV")), delimiter=",", skiprows=1, dtype=np.float32)
        np.testing.assert_array_equal(np.arange(1, N + 1), rows[:, 0])
        np.testing.assert_allclose(path.z, rows[:, 1:], atol=1e-5)
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text(f"--from 3 --to 8 --method {method} --steps {N}")


def assert_is_film_of(pictures: npt.NDArray[np.uint8], film: Image.Image) -> None:
    """Check a GIF of pictures (n, H, W), to the last grey value."""
    expected = [pictures[0]]
    for picture in pictures[1:]:
        if not np.array_equal(expected[-1], picture):  # equal frames in a row are stored as one
            expected.append(picture)
    assert len(expected) == film.n_frames  # type: ignore[attr-defined]
    milliseconds = 0
    for number, picture in enumerate(expected):
        film.seek(number)
        milliseconds += film.info["duration"]
        assert np.array_equal(picture, np.asarray(film.convert("L")))
    assert 80 * len(pictures) == milliseconds
