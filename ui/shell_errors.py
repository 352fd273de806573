"""What a visitor sees when a page fails: a sentence, never a traceback."""

from __future__ import annotations

import logging

import streamlit as st

from ui.text import plain
from vae_core.errors import VaeCoreError

logger = logging.getLogger(__name__)


def show_script_error(problem: Exception) -> bool:
    """Show an error that a script did not handle; for `st.App(on_script_error=…)`.

    Errors of vae_core are written for people and shown as they are; anything else is a bug, whose traceback goes to
    the server's log.
    """
    if isinstance(problem, VaeCoreError):
        st.error(plain(str(problem)), icon=":material/error:")  # it may quote a stranger's file
        return True
    logger.error("A page failed.", exc_info=problem)
    st.error(
        "Something in this page went wrong, and it is not your doing. Reload the page, or choose another model; the "
        "server's log has the details.",
        icon=":material/error:",
    )
    return True
