"""Exercises, checked from what the person did: a settled z, a slider, a model chosen."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.lessons import here


@dataclass(frozen=True)
class Exercise:
    """Something to do with the live parts of a step.

    Attributes
    ----------
    name : str
        One of the step's tasks.
    prompt : str
        What to do, and when it counts as done.
    hint : str
        Said after a try that was not it.
    solved : str
        Said when it is done: what there was to see.
    """

    name: str
    prompt: str
    hint: str
    solved: str

    def check(self, done: bool | None, now: str = "") -> bool:
        """Draw it, and say how it stands; True once it is solved, which it stays.

        Parameters
        ----------
        done : bool or None
            Whether what the person did solves it; None: nothing has been done yet.
        now : str
            How things stand, in a sentence with its number: "Density 12 % of the codes lie below."
        """
        if done:
            here.solve(self.name)
        solved = here.is_solved(self.name)
        with st.container(border=True, key=f"exercise-{self.name}"):
            st.markdown(f":material/fitness_center: **Exercise.** {self.prompt}")
            if now:
                st.markdown(now)
            if solved:
                st.success(f"**Solved.** {self.solved}", icon=":material/task_alt:")
            elif done is not None:
                st.info(f"**Not there yet.** {self.hint}", icon=":material/lightbulb:")
        return solved
