"""The app's pages without a browser: AppTest on the shell."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
OpenApp = Callable[..., AppTest]


def picture(app: AppTest, place: int) -> npt.NDArray[np.uint8]:
    """The page's picture with that number, as it is sent to the browser: (H, W) grey values."""
    header, _, content = app.image[place].value[0].partition(",")
    assert header == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.fixture
def open_app() -> Iterator[OpenApp]:
    """Give a function that runs the app on a page, with the shipped digits model unless the address says otherwise."""

    def open_app(page: str = "explore", **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60)
        for name, value in ({"model": "digits-2d"} | address).items():
            app.query_params[name] = value
        app.run()
        if page != "explore":
            app.switch_page(str(ROOT / "pages" / f"{page}.py"))
            app.run()
        return app

    yield open_app
    st.cache_resource.clear()
    st.cache_data.clear()
