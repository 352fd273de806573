"""The Directions page without a browser."""

from __future__ import annotations

import json
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from ui.directions import permuting
from ui.directions.kept import Kept
from ui.directions.sources import from_class
from vae_core import LatentExplorer
from vae_core.latent.directions import class_question, find_direction


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    (button,) = (button for button in app.button if button.label == label)
    return button.click().run()


def rows(app: AppTest) -> list[dict[str, Any]]:
    """What the sliders show of the directions; none: there are no sliders."""
    there = any(element.proto.component_name == "sliders" for element in app.get("bidi_component"))
    return sent(app, "sliders")["rows"]["live"] if there else []


def test_a_class_gives_a_slider_a_row_of_figures_and_an_address(open_app: OpenApp) -> None:
    """What the slider is sent is the direction that the library finds; the address finds it again."""
    app = open_app("directions")
    assert not app.exception
    assert [] == rows(app)
    press(app, "Find")
    assert not app.exception
    explorer = LatentExplorer.load("digits-2d")
    expected = find_direction(explorer.latents.mu, class_question(explorer, 0), name="0")
    (row,) = rows(app)
    assert list(expected.vector) == row["along"]["vector"]
    assert pytest.approx([(end - expected.middle) / expected.spread for end in expected.ends]) == [
        mark["at"] for mark in row["marks"]
    ]
    assert expected.effect.d is not None
    assert f"d = {expected.effect.d.value:.2f}" in app.dataframe[0].value["Effect, 95 % interval"][0]
    (wish,) = app.query_params["directions"] if isinstance(app.query_params["directions"], list) else (
        app.query_params["directions"],
    )  # fmt: skip
    again = open_app("directions", directions=wish)
    assert [row["along"] for row in rows(app)] == [row["along"] for row in rows(again)]


def test_the_permutation_test_ends_and_its_p_is_shown(open_app: OpenApp) -> None:
    """Nobody has to ask for it."""
    app = open_app("directions", directions="class:0/c/zero")
    for _ in range(100):
        if app.dataframe[0].value["p"][0] != "not tested":
            break
        time.sleep(0.1)
        app.run()
    assert "≤ 0.005" == app.dataframe[0].value["p"][0]


def test_a_component_can_be_removed_and_a_direction_deleted(open_app: OpenApp) -> None:
    """In two dimensions what is left of one is at right angles to the other; a deleted one has no slider."""
    app = open_app("directions", directions="class:0/c/zero~class:1/c/one")
    app.multiselect[0].set_value(["zero"]).run()
    press(app, "Remove it")
    assert not app.exception
    zero, _, rest = (np.array(row["along"]["vector"]) for row in rows(app))
    assert "one without zero" == rows(app)[2]["name"]
    assert pytest.approx(0, abs=1e-9) == zero @ rest
    press(app, "Delete")
    assert ["zero", "one"] == [row["name"] for row in rows(app)]


def test_the_map_lies_on_the_plane_of_two_directions(open_app: OpenApp) -> None:
    """Its first axis is the first direction; the address says so."""
    app = open_app("directions", model="mnist-16d", directions="class:0/c/zero~class:1/c/one", onto="one~zero")
    assert not app.exception
    plane = sent(app, "latent_map")["plane"]
    assert rows(app)[1]["along"]["vector"] == plane["a"]
    assert "one" == sent(app, "latent_map")["axes"][0]
    assert pytest.approx(0, abs=1e-9) == np.dot(plane["a"], plane["b"])


def test_the_python_lines_make_the_same_direction(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run as they stand, with what was removed before: the file they write holds the page's vector, and a strip."""
    outline = "0,0,2,0,2,2,0,2"
    app = open_app("directions", directions=f"group:1,2:{outline};0,1,2/r/group~class:1/c/one~class:0/c/rest/group")
    assert not app.exception
    script = tmp_path / "again.py"
    script.write_text(app.code[0].value)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    (made,) = json.loads((tmp_path / "digits-2d-directions.json").read_text())["directions"]
    assert np.allclose(rows(app)[2]["along"]["vector"], made["vector"])
    assert made["effect"]["p_value"] is not None
    assert (tmp_path / "strip.png").stat().st_size > 100


@pytest.mark.parametrize(
    "wish",
    ["class:99/c/x", "class:0/z/x", "group:1,2:0,0/c/x", "group:pca:0,0,1,1,0,1/c/x", "x" * 5000, "class:0/c/", "///",
     "class:0/c/a~class:0/c/a", "class:0/c/a/nobody", "class:0/c/ ",
     "~".join([*(f"class:0/c/a{i}" for i in range(17)), "class:1/c/b" + "".join(f"/a{i}" for i in range(17))]),
     "class:0:0/r/a", "%ff%00/c/x"],
)  # fmt: skip
def test_a_forged_address_is_a_sentence(open_app: OpenApp, wish: str) -> None:
    """What is none is left out, and the page says how many."""
    app = open_app("directions", directions=wish, onto="a~b", analogy="1,2,999999")
    assert not app.exception
    assert any("cannot be found" in box.value for box in app.warning)


def test_an_analogy_goes_where_its_sum_is(open_app: OpenApp) -> None:
    """A - B + C of the codes, from the address; the button puts the pin there."""
    app = open_app("directions", analogy="5,9,20")
    press(app, "Go there")
    mu = LatentExplorer.load("digits-2d").latents.mu
    assert np.allclose(mu[5] - mu[9] + mu[20], sent(app, "view")["place"]["z"], atol=1e-5)


@pytest.mark.parametrize("family", ["gan", "ae", "cvae"])
def test_every_kind_of_model_has_its_page(open_app: OpenApp, families: Path, family: str) -> None:
    """Without an encoder directions come in files alone; told the class, the page says what to expect."""
    app = open_app("directions", model=family)
    assert not app.exception
    texts = [box.value for box in [*app.info, *app.caption]]
    assert ("gan" == family) == any("no encoder, so there are no codes" in text for text in texts)
    assert ("cvae" == family) == any("z holds the style alone" in text for text in texts)
    if family != "gan":
        press(app, "Find")
        assert not app.exception
        assert 1 == len(rows(app))


def test_the_python_lines_of_a_long_chain_are_few(open_app: OpenApp) -> None:
    """A direction that others are removed from, which others are removed from: each is made once."""
    names = [f"d{i}" for i in range(10)]
    chain = [f"class:{i}/c/{name}" + "".join(f"/{other}" for other in names[:i]) for i, name in enumerate(names)]
    app = open_app("directions", model="mnist-16d", directions="~".join(chain))
    assert not app.exception
    n = len(rows(app))
    assert n > 5
    assert n == app.code[0].value.count("directions.find_direction(")


def test_permutation_tests_wait_in_line_and_end_when_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time, however many an address asks for; the others are given up once their page has gone."""
    explorer = LatentExplorer.load("digits-2d")
    began = at_once = most = 0

    def slow(*given: object, on_progress: Callable[[float], None], **more: object) -> float:
        nonlocal at_once, most, began
        began, at_once = began + 1, at_once + 1
        most = max(most, at_once)
        try:
            for _ in range(3):
                time.sleep(0.05)
                on_progress(0.5)
        finally:
            at_once -= 1
        return 0.5

    monkeypatch.setattr(permuting, "permutation_test", slow)
    monkeypatch.setattr(permuting, "UNWANTED", 0.25)
    source = from_class(explorer, 0, None)
    found = find_direction(explorer.latents.mu, source.question, name="0")
    tests = [permuting.Permuting() for _ in range(12)]
    for test in tests:
        test.test(explorer, Kept(found, source))
    while any(test.is_going_on for test in tests):
        time.sleep(0.02)
    assert 1 == most
    assert 0 < began < 12
    assert [] == [test.problem for test in tests if test.problem]
