"""Work on many images in short pieces, which a decoder's worker does while nobody waits for a picture."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from time import perf_counter
from typing import Generic, TypeVar

from ui.pace import Pace

PIECE_SECONDS = 0.002
"""How long a piece may keep a pointer waiting."""

Part = TypeVar("Part")


class Background(Generic[Part]):
    """Asks something of all images, a few at a time.

    Parameters
    ----------
    n_images : int
    ask : callable
        From a slice of the images to what is wanted of them.
    soon : bool
        A hand waits for it: it takes turns with all that is not wanted soon, together.

    Attributes
    ----------
    future : Future of a list
        What `ask` gave, slice after slice, or its error.
    """

    def __init__(self, n_images: int, ask: Callable[[slice], Part], *, soon: bool = False) -> None:
        self.future, self.soon = Future[list[Part]](), soon
        self._n_images, self._ask = n_images, ask
        self._found, self._n_done, self._pace = list[Part](), 0, Pace()

    def go_on(self) -> bool:
        """Do a piece; False when it was the last one, or failed."""
        stop = min(self._n_images, self._n_done + self._pace.images_in(PIECE_SECONDS))
        began = perf_counter()
        try:
            self._found.append(self._ask(slice(self._n_done, stop)))
        except Exception as problem:  # whoever waits is told
            self.future.set_exception(problem)
            return False
        self._pace.note(stop - self._n_done, perf_counter() - began)
        self._n_done = stop
        if stop == self._n_images:
            self.future.set_result(self._found)
        return stop < self._n_images
