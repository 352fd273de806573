"""No model, or one with a good card and broken weights: a sentence, and every page that can do without works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Node

from tests.app.conftest import OpenApp
from ui.text import plain
from vae_core import checkpoints
from vae_core.checkpoints import SHIPPED_DIR, WEIGHTS

NEED_A_MODEL = ("explore", "interpolate", "sample")
DAMAGED = plain("mine: model.safetensors is damaged")


@pytest.fixture
def mine(isolated: Path) -> Path:
    """Give the folder of a model of one's own, its weights cut short."""
    folder = Path(shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "mine"))
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:5000])
    return folder


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is shipped, and nothing was trained."""
    monkeypatch.setattr(checkpoints, "SHIPPED_DIR", tmp_path)


def drawn(app: AppTest) -> list[Node]:
    """All that the page shows."""
    return [node for node in app.main if node is not app.main]


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_a_page_shows_the_sentence_only(open_app: OpenApp, mine: Path, page: str) -> None:
    """Of a model that cannot be opened there is one sentence that names its file, no traceback and nothing else."""
    app = open_app(page, model="mine")
    assert not app.exception
    (error,) = app.error
    assert DAMAGED in error.value
    assert [error] == drawn(app)


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_another_model_can_be_chosen(open_app: OpenApp, mine: Path, page: str) -> None:
    """The sidebar still lists the models, and one that is in order brings the page back."""
    app = open_app(page, model="mine")
    assert "mine" == app.query_params["model"] == app.sidebar.selectbox[0].value
    app.sidebar.selectbox[0].set_value("digits-2d").run()
    assert [] == [*app.exception, *app.error]
    assert "digits-2d" == app.query_params["model"]
    assert app.get("bidi_component") or app.main.button


def test_train_works_beside_a_damaged_model(open_app: OpenApp, mine: Path) -> None:
    """The form and its button are there, under the sentence."""
    app = open_app("train", model="mine")
    assert not app.exception
    assert 1 == len(app.error)
    assert not app.button(key="train start").disabled


def test_model_offers_to_delete_a_damaged_one(open_app: OpenApp, mine: Path) -> None:
    """It is among the folders that cannot be opened; deleted, another is opened, and undo brings it back as it was."""
    app = open_app("model", model="mine")
    assert not app.exception
    assert app.file_uploader
    assert any("cannot be opened" in markdown.value for markdown in app.markdown)
    (warning,) = app.warning
    assert DAMAGED in warning.value
    app.button(key="delete damaged mine").click().run()
    assert [] == [*app.exception, *app.error, *app.warning]
    assert not mine.exists()
    assert "mine" != app.session_state["model"]
    assert app.metric
    app.button(key="undo delete").click().run()
    assert not app.exception
    assert mine.exists()


def test_a_damaged_shipped_model_cannot_be_deleted(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, mine: Path
) -> None:
    """It is listed with its sentence alone."""
    monkeypatch.setattr(checkpoints, "SHIPPED_DIR", mine.parent)
    monkeypatch.setenv("VAE_CHECKPOINTS_DIR", str(mine.parent / "local"))
    app = open_app("model", model="mine")
    assert not app.exception
    assert 1 == len(app.warning)
    assert "delete damaged mine" not in [button.key for button in app.button]


@pytest.mark.parametrize("page", NEED_A_MODEL)
@pytest.mark.usefixtures("no_models")
def test_without_any_model_a_page_says_where_to_get_one(open_app: OpenApp, page: str) -> None:
    """One sentence that names the two ways, and nothing else."""
    app = open_app(page)
    assert not app.exception
    (info,) = app.info
    assert "train one on the page Train, or bring one on the page Model" in info.value
    assert [info] == drawn(app)


@pytest.mark.usefixtures("no_models")
def test_without_any_model_one_can_be_trained_or_brought(open_app: OpenApp) -> None:
    """Train and Model are what a new place begins with."""
    train = open_app("train")
    assert [] == [*train.exception, *train.error]
    assert not train.button(key="train start").disabled
    model = open_app("model")
    assert [] == [*model.exception, *model.error]
    assert model.file_uploader
