"""Pictures of one's own, encoded in a script and by the live channel; drawings as a browser sends them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.families import train_family
from tests.ui.live_client import encode_request
from tests.ui.test_live import client, digits, url  # noqa: F401 - fixtures
from ui import stoppable
from ui.canvas.drawing import read_drawing
from ui.own_encoding import recipe_of, see, squared_error, switches_of
from ui.search import Search
from vae_core import LatentExplorer
from vae_core.data.recipe import RECIPES, SWITCHES, prepare
from vae_core.errors import ConfigError, ShapeError
from vae_core.images import to_uint8
from vae_core.metrics.elbo import posterior_kl


def picture(side: int = 56) -> Any:
    """A thick L, light on black."""
    drawn = np.zeros((side, side, 1), np.uint8)
    drawn[side // 5 : -side // 5, side // 4 : side // 3] = 255
    drawn[-side // 3 : -side // 5, side // 4 : -side // 4] = 200
    return drawn


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where small models are made."""
    return tmp_path_factory.getbasetemp()


def test_the_channel_encodes_what_the_explorer_does(url: str, digits: LatentExplorer) -> None:  # noqa: F811
    """mu and sigma are those of the prepared image, the pictures its steps and decode(mu), the KL the closed form."""
    with client(url, digits) as (page, model):
        answer = page.ask(encode_request(model, picture(), switches=7, number=9))
    steps = prepare(picture(), digits.image_shape, RECIPES["digits"], SWITCHES)
    found = digits.encode(steps[-1].image[None])
    assert found.logvar is not None
    assert (9, 0) == (answer.number, answer.status)
    assert ["", *SWITCHES] == answer.facts["steps"]
    np.testing.assert_allclose(found.mu[0], answer.facts["mu"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.exp(0.5 * found.logvar[0]), answer.facts["sigma"], rtol=1e-4)
    assert pytest.approx(posterior_kl(found.mu, found.logvar)[0], rel=1e-4) == answer.facts["kl"]
    assert pytest.approx(answer.facts["log_likelihood"] - answer.facts["kl"]) == answer.facts["elbo"]
    pictures = [step.image.transpose(1, 2, 0) for step in steps]
    assert np.array_equal(pictures, answer.pixels[:-1])
    x_hat = to_uint8(digits.decode(found.mu))[0].transpose(1, 2, 0)
    assert np.abs(x_hat.astype(int) - answer.pixels[-1]).max() <= 1


def test_an_empty_picture_has_no_place(digits: LatentExplorer) -> None:  # noqa: F811
    """There are its steps, and no mu; the text is JSON all the same."""
    found = see(digits, np.zeros((56, 56, 1), np.uint8), SWITCHES)
    assert (4, None) == (len(found.pictures), found.facts["mu"])
    assert found.facts == json.loads(found.text)


@pytest.mark.parametrize("family", ["ae", "cvae", "gan"])
def test_every_family_says_what_it_can(families: Path, family: str) -> None:
    """An autoencoder gives a point and no KL, a cvae needs a class, a gan prepares the picture and no more."""
    explorer = LatentExplorer.load(train_family(families, family), device="cpu")
    found = see(explorer, picture(), SWITCHES, 3 if explorer.can.label else -1)
    assert explorer.can.encode == (found.facts["mu"] is not None)
    assert explorer.can.posterior == (found.facts["sigma"] is not None) == (found.facts["elbo"] is not None)
    if explorer.can.encode:
        assert pytest.approx(squared_error(found.image, found.pictures[-1])) == found.facts["squared_error"]
    with pytest.raises(ShapeError, match="class"):
        see(explorer, picture(), SWITCHES, -1 if explorer.can.label else 3)


def test_switches_are_bits() -> None:
    """1 invert, 2 crop, 4 centre, and all sums of them."""
    assert [(), ("invert",), ("crop",), ("invert", "crop")] == [switches_of(n) for n in range(4)]
    assert SWITCHES == switches_of(7)


def sent(side: int = 8, channels: int = 1, **other: Any) -> dict[str, Any]:
    """What a browser sends of a drawing."""
    texts = {
        name: base64.b64encode(bytes(side * side * n)).decode() for name, n in (("pixels", channels), ("cover", 1))
    }
    return {"drawn": {**texts, "switches": 7, "stamp": "abc", **other}}


def test_a_drawing_is_read() -> None:
    """Its pixels, cover, switches and stamp; its name is that of its content."""
    drawing = read_drawing(sent(side=9, channels=3), 3)
    assert drawing is not None
    assert ((9, 9, 3), (9, 9), 7, "abc") == (drawing.pixels.shape, drawing.cover.shape, drawing.switches, drawing.stamp)
    other = read_drawing(sent(side=9, channels=3, stamp="d", switches=3), 3)
    assert other is not None
    assert drawing.id != other.id


@pytest.mark.parametrize(
    "state",
    [
        None, {}, {"drawn": 3}, sent(channels=3), sent(side=3), sent(side=257), sent(switches=8), sent(switches=True),
        sent(switches="7"), sent(stamp="<b>"), sent(stamp="x" * 33), sent(stamp=None), sent(pixels="§"), sent(pixels=7),
        sent(cover="AAAA"), sent(cover="AAA"), sent(cover=None), sent(pixels="A" * 10_000_000),
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_passed_over(state: Any) -> None:
    """Whatever comes from a browser."""
    assert read_drawing(state, 1) is None


def test_recipes_are_for_known_sets_alone(digits: LatentExplorer) -> None:  # noqa: F811
    """By the data set that the card names."""
    assert RECIPES["digits"] is recipe_of(digits)


def test_a_search_tells_how_far_it_is_and_can_be_stopped() -> None:
    """It ends at its next step when it is asked to, and says in a sentence what went wrong."""

    def endless(told: Any) -> None:
        while True:
            told(0.5)

    search = Search(endless)
    search.wait(0.05)
    assert search.is_going_on
    search.stop()
    search.wait(5)
    assert (False, 0.5, True, None) == (search.is_going_on, search.share, search.stop_asked, search.result)

    def wrong(told: Any) -> None:
        raise ConfigError("It cannot be.")

    failed = Search(wrong)
    failed.wait(5)
    assert ("It cannot be.", None) == (failed.problem, failed.result)


def test_nothing_goes_on_when_the_process_ends() -> None:
    """What has begun is stopped at its next step: a thread that is cut off within torch takes the process down."""

    def endless(told: Any) -> None:
        while True:
            told(0.5)

    search = Search(endless)
    stoppable.end_all()
    assert not search.is_going_on
