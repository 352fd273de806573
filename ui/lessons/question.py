"""Questions before the reveal: by a choice, by a slider, by a click on a map. Right or wrong, the reason follows.

A question is made once, at the lesson's module level; `ask` draws it and says whether what it hides may be shown:

    BETWEEN = Choice("guess", "What does the point between them decode to?", ("A 4", "A smear"), right="A smear",
                     reason="No image was ever encoded there.")
    ...
    if BETWEEN.ask():
        ...  # the reveal
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import MapPlane
from ui.latent_map import MapClick, MapMarkers, MapPoints, latent_map
from ui.lessons import here

SMALL = 320
"""Pixels that the map of an answered question takes at most: the reveal needs the room."""


@dataclass(frozen=True)
class Choice:
    """One of a few answers, one of which is right; `name` is one of the step's tasks, `reason` is said in any case."""

    name: str
    prompt: str
    options: tuple[str, ...]
    right: str
    reason: str

    def ask(self) -> bool:
        """Draw it; True once it is answered."""
        with _frame(self.name):
            answered = _answer(self.name)
            if answered is not None:
                chosen: str | None = str(answered)
                _recall(self.name, self.prompt, str(answered))
            else:
                key = here.key(f"{self.name} choice {_round(self.name)}")
                chosen = st.radio(self.prompt, self.options, index=None, key=key)
            return _conclude(
                self.name, chosen, lambda answer: answer == self.right, f"It is: {self.right}", self.reason
            )


@dataclass(frozen=True)
class Estimate:
    """A number, set with a slider; `form` is how it is written, such as "%.2f nats"."""

    name: str
    prompt: str
    low: float
    high: float
    step: float
    form: str = "%g"

    def ask(self, truth: float, *, within: float, reason: str) -> bool:
        """Draw it; True once it is answered. An answer is right when it lies no farther than `within` from `truth`."""
        with _frame(self.name):
            answered = _answer(self.name)
            middle = self.low + self.step * round((self.high - self.low) / self.step / 2)
            if answered is not None:
                slid = float(str(answered))
                _recall(self.name, self.prompt, (self.form % slid).replace("-", "−"))
            else:
                key = here.key(f"{self.name} slider {_round(self.name)}")
                slid = st.slider(self.prompt, self.low, self.high, middle, self.step, format=self.form, key=key)
            said = "It is " + (self.form % truth).replace("-", "−")
            return _conclude(self.name, slid, lambda answer: abs(float(str(answer)) - truth) <= within, said, reason)


@dataclass(frozen=True)
class Spot:
    """A place, clicked on a map that decodes nothing yet; the keyboard moves the map and Enter takes its centre."""

    name: str
    prompt: str

    def ask(
        self,
        points: MapPoints,
        plane: MapPlane,
        *,
        judge: Callable[[npt.NDArray[np.float64]], bool],
        answers: npt.ArrayLike,
        truth: str,
        reason: str,
        markers: Sequence[MapMarkers] = (),
        height: int = 440,
    ) -> bool:
        """Draw it; True once it is answered.

        Parameters
        ----------
        points, plane
            What the map shows.
        judge : callable
            From the clicked place (2,), on the plane, to whether it is right.
        answers : array_like (n, 2)
            Right places, marked afterwards.
        truth : str
            What is said after a wrong answer: "The largest hole is …".
        markers : sequence of MapMarkers
            What else is marked until it is answered.
        """
        with _frame(self.name):
            answered, pending = _answer(self.name), here.key(f"{self.name} clicked")
            clicked = answered if answered is not None else st.session_state.get(pending)
            if answered is None:
                st.markdown(self.prompt)
            else:
                x, y = np.asarray(answered, np.float64)
                _recall(self.name, self.prompt, f"({x:.2f}, {y:.2f})".replace("-", "−"))
            shown = list(markers) if answered is None else []
            if clicked is not None:
                shown.append(MapMarkers("Your prediction", np.asarray([clicked], np.float64), role="accent"))
            if answered is not None:
                shown.append(MapMarkers("Answer", answers))

            def take(click: MapClick) -> None:
                st.session_state[pending] = click.z

            latent_map(
                points,
                plane=plane.plane,
                hand="look" if answered is not None else "pick",
                axis_titles=plane.titles,
                markers=shown,
                height=height if answered is None else min(height, SMALL),
                key=here.key(f"{self.name} map"),
                on_click=take,
            )
            return _conclude(self.name, clicked, lambda at: judge(np.asarray(at, np.float64)), truth, reason)


def _frame(name: str) -> st.delta_generator.DeltaGenerator:
    return st.container(border=True, key=f"question-{name}")


def _answer(name: str) -> object:
    return st.session_state.get(here.key(f"{name} answer"))


def _recall(name: str, prompt: str, answer: str) -> None:
    """The question and what was predicted, in short, so that there is room for the reveal."""

    def again() -> None:
        del st.session_state[here.key(f"{name} answer")]
        st.session_state[here.key(f"{name} round")] = _round(name) + 1
        st.session_state.pop(here.key(f"{name} clicked"), None)

    st.markdown(prompt)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Your prediction: **{answer}**", width="content")
        st.button(
            "Answer again", key=here.key(f"{name} again"), icon=":material/replay:", type="tertiary", on_click=again
        )


def _round(name: str) -> int:
    # A widget that is asked anew takes another key, else it would come with the answer of before.
    return int(st.session_state.get(here.key(f"{name} round"), 0))


def _conclude(name: str, given: object, judge: Callable[[object], bool], truth: str, reason: str) -> bool:
    answer_key = here.key(f"{name} answer")
    answer = st.session_state.get(answer_key)
    if answer is None:
        label = "Reveal" if given is not None else "Predict first, then reveal"

        def reveal() -> None:
            st.session_state[answer_key] = given
            here.solve(name)

        st.button(label, key=here.key(f"{name} reveal"), type="primary", disabled=given is None, on_click=reveal)
        return False
    if judge(answer):
        st.success(f"**Right.** {reason}", icon=":material/check_circle:")
    else:
        st.info(f"**Not quite. {truth}.** {reason}", icon=":material/lightbulb:")
    return True
