"""A hostile address: whatever stands in the URL, the page opens with a sentence and a model that works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.conftest import sent
from tests.bad_inputs.command import ROOT
from ui.state import parse_z


@pytest.fixture
def visit(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app, not yet opened, with `tiny` among its models."""
    monkeypatch.setenv("VAE_CHECKPOINTS_DIR", str(home))
    app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60)
    yield app.switch_page(str(ROOT / "pages" / "explore.py"))
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.mark.parametrize(
    "model",
    [
        "../../etc",
        "tiny/../tiny",
        "x" * 10_000,
        "<script>alert(1)</script>",
        "![](https://example.org/a.png)",
        "[click](https://example.org)",
        "www.example.org",
        "`a` [b](https://example.org)",
        "tiny\0",
        "",
    ],
)
def test_model_of_an_address_is_no_path_and_no_markup(visit: AppTest, model: str) -> None:
    """A model that is not there gives one warning, in which nothing of the address can be a link, a picture or HTML."""
    visit.query_params["model"] = model
    visit.run()
    assert [] == [*visit.exception, *visit.error]
    (warning,) = visit.warning
    assert "There is no model" in warning.value
    rest = warning.value.replace(f"`{model}`", "", 1)
    assert not set("<>[]()!\0") & set(rest)
    assert model == "" or model not in rest
    assert len(warning.value) < 200
    assert visit.session_state["model"] == visit.query_params["model"]


@pytest.mark.parametrize(
    "z",
    [
        "nan,nan",
        "1e999,0",
        "1",
        "1,2,3",
        "",
        ",",
        "a,b",
        "0,101",
        "٣,0,0",
        "0," * 500_000,
        "<b>0</b>,0",
        "0x1,0",
        "1_0,0,0",
    ],
)
def test_z_of_an_address_is_checked(z: str) -> None:
    """What is not two finite numbers of a sensible size is no z."""
    assert parse_z(z, 2) is None


@pytest.mark.parametrize("z", ["nan,nan", "1e999,0", "1,2,3", "0," * 100_000, "<script>,0"])
def test_bad_z_of_an_address_is_said_and_replaced(visit: AppTest, z: str) -> None:
    """A z that is none gives one warning and leaves the address; the page stands at the origin."""
    visit.query_params["model"], visit.query_params["z"] = "tiny", z
    visit.run()
    assert [] == [*visit.exception, *visit.error]
    (warning,) = visit.warning
    assert "2 numbers between -100 and 100" in warning.value
    assert "tiny" == visit.query_params["model"]
    assert "z" not in visit.query_params
    assert [0.0, 0.0] == sent(visit, "view")["place"]["z"]
