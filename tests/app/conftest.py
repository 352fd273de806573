"""The app's pages without a browser: AppTest on the shell."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.vae_core.runs import new_run, train_here
from ui import runs
from vae_core.config import Family
from vae_core.data import load_dataset
from vae_core.training.hold import hold
from vae_core.training.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
OpenApp = Callable[..., AppTest]


def sent(app: AppTest, component: str, place: int = 0) -> dict[str, Any]:
    """What the page sends to a component of that name, the first unless told; AppTest runs no JavaScript."""
    found = [element.proto for element in app.get("bidi_component") if element.proto.component_name == component]
    data: dict[str, Any] = json.loads(found[place].json)
    return data


def pixels(pictures: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """The pictures (n, H, W, C) that a component is sent."""
    shape = tuple(pictures[name] for name in ("n", "height", "width", "channels"))
    return np.frombuffer(base64.b64decode(pictures["data"]), np.uint8).reshape(shape)


@pytest.fixture
def open_app() -> Iterator[OpenApp]:
    """Give a function that runs the app on a page, with the shipped digits model unless the address says otherwise."""

    def open_app(page: str = "explore", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60)
        for name, value in ({"model": "digits-2d"} | address).items():
            app.query_params[name] = value
        return app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()

    yield open_app
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(scope="session")
def trained_families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model of digits of each family, named after it; nobody may change it."""
    home, data = tmp_path_factory.mktemp("families"), load_dataset("digits")
    for family in get_args(Family):
        train_here(new_run(home, family, {"family": family}, epochs=1), data)
    return home


@pytest.fixture
def families(trained_families: Path, isolated: Path) -> Path:
    """A folder where models are looked up, with one of each family."""
    shutil.copytree(trained_families, isolated, dirs_exist_ok=True)
    return isolated


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The runs that the page started; no process is."""
    found: list[RunFolder] = []
    monkeypatch.setattr(runs, "launch", lambda run, *, held=False: (found.append(run), held and hold(run.path)))
    return found
