"""The worker thread of a device, and its queue. What is decoded first, and how much at once, stands in `ui.decoder`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from time import perf_counter
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vae_core import LatentExplorer

Pixels: TypeAlias = npt.NDArray[np.uint8]
Done: TypeAlias = Callable[[Pixels | Exception, float], None]
"""Called in the worker, once, with the images (N, H, W, C) or the error, and the seconds that the decoder took."""

CHUNK_SECONDS = 0.002
"""How long a chunk of a big request may keep a pointer waiting."""

BATCH_SECONDS = 0.008
"""How long a batch of small requests may take before a big one has its turn: half a frame of a screen."""

LARGEST_CHUNK = 1024

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Request:
    """What is to be decoded: z (N, D) with labels (N,) or None, and how far that has come."""

    explorer: LatentExplorer
    z: npt.NDArray[np.float32]
    label: npt.NDArray[np.int64] | None
    done: Done
    pixels: Pixels | None = None
    n_done: int = 0
    seconds: float = 0.0

    def goes_with(self, other: Request) -> bool:
        """Whether both can be decoded in one call."""
        return self.explorer is other.explorer and (self.label is None) == (other.label is None)

    def finish(self, result: Pixels | Exception, seconds: float) -> None:
        """Hand the result over; whatever goes wrong there must not end the worker."""
        try:
            self.done(result, seconds)
        except Exception:
            logger.exception("A decoded picture could not be handed over.")


class Pace:
    """Seconds an image takes: a mean in which each call counts four fifths of the one after it, weighted by images.

    A call that took more than four times as long as the mean counts as four times: one hiccup must not take a crowd's
    batches apart, while a device that has become slower is found out within a few calls.
    """

    def __init__(self) -> None:
        self._seconds, self._images = 0.0, 0.0

    def note(self, n_images: int, seconds: float) -> None:
        """Take a measured call into account."""
        if self._images:
            seconds = min(seconds, 4 * n_images * self._seconds / self._images)
        self._seconds = 0.8 * self._seconds + seconds
        self._images = 0.8 * self._images + n_images

    def images_in(self, seconds: float) -> int:
        """How many images that time is good for, at least one; before the first measurement 16."""
        if not self._images:
            return 16
        return max(1, min(LARGEST_CHUNK, int(seconds * self._images / max(self._seconds, 1e-9))))


class Worker:
    """The queue of one device, and the thread that works it off. All methods but `_run` may be called anywhere."""

    def __init__(self, device: str) -> None:
        self._small: dict[tuple[Hashable, int], Request] = {}  # (client, lane) -> request; the oldest slot first
        self._big: dict[Hashable, dict[int, Request]] = {}  # client -> lane -> request; whose turn it is first
        self._paces: WeakKeyDictionary[LatentExplorer, Pace] = WeakKeyDictionary()
        self._changed = Condition(Lock())
        Thread(target=self._run, name=f"decoder {device}", daemon=True).start()

    def submit(self, request: Request, client: Hashable, lane: int) -> None:
        """Queue a request, in the place of the one that waits in its slot."""
        with self._changed:
            if len(request.z) <= self._pace(request.explorer).images_in(CHUNK_SECONDS):
                self._drop_big(client, lane)
                self._small[client, lane] = request
            else:
                self._small.pop((client, lane), None)
                self._big.setdefault(client, {})[lane] = request
            self._changed.notify()

    def withdraw(self, client: Hashable, lane: int | None) -> None:
        """Forget what waits in a slot, or in all of the client's."""
        with self._changed:
            if lane is not None:
                self._small.pop((client, lane), None)
                self._drop_big(client, lane)
                return
            self._big.pop(client, None)
            for slot in [slot for slot in self._small if slot[0] == client]:
                del self._small[slot]

    def _drop_big(self, client: Hashable, lane: int) -> None:
        lanes = self._big.get(client)
        if lanes is not None and lanes.pop(lane, None) is not None and not lanes:
            del self._big[client]

    def _pace(self, explorer: LatentExplorer) -> Pace:
        pace = self._paces.get(explorer)
        if pace is None:
            pace = self._paces[explorer] = Pace()
        return pace

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._small and not self._big:
                    self._changed.wait()
                batch = self._take_batch()
            if batch:
                self._decode_batch(batch)
            with self._changed:
                turn = self._take_turn()
            if turn is not None:
                self._decode_chunk(*turn)
            batch, turn = [], None  # an idle worker keeps no model alive

    def _take_batch(self) -> list[Request]:
        if not self._small:
            return []
        oldest = next(iter(self._small.values()))
        room = self._pace(oldest.explorer).images_in(BATCH_SECONDS)
        batch: list[Request] = []
        for slot, request in list(self._small.items()):
            if request.goes_with(oldest) and (not batch or len(request.z) <= room):
                batch.append(self._small.pop(slot))
                room -= len(request.z)
        return batch

    def _take_turn(self) -> tuple[Hashable, int, Request] | None:
        if not self._big:
            return None
        client = next(iter(self._big))
        lanes = self._big[client] = self._big.pop(client)  # to the end of the row
        lane, request = next(iter(lanes.items()))
        return client, lane, request

    def _decode_batch(self, batch: Sequence[Request]) -> None:
        try:
            pixels, seconds = self._decode(
                batch[0].explorer,
                np.concatenate([request.z for request in batch]) if len(batch) > 1 else batch[0].z,
                _joined([request.label for request in batch]),
            )
        except Exception as problem:
            if len(batch) == 1:
                return batch[0].finish(problem, 0.0)
            for request in batch:  # one of them spoils it; the others are not to blame
                self._decode_batch([request])
            return None
        start = 0
        for request in batch:
            request.finish(pixels[start : start + len(request.z)], seconds)
            start += len(request.z)
        return None

    def _decode_chunk(self, client: Hashable, lane: int, request: Request) -> None:
        start = request.n_done
        with self._changed:
            stop = start + self._pace(request.explorer).images_in(CHUNK_SECONDS)
        result: Pixels | Exception | None = None
        try:
            label = None if request.label is None else request.label[start:stop]
            pixels, seconds = self._decode(request.explorer, request.z[start:stop], label)
            if request.pixels is None:
                request.pixels = np.empty((len(request.z), *pixels.shape[1:]), np.uint8)
            request.pixels[start:stop] = pixels
            request.n_done, request.seconds = start + len(pixels), request.seconds + seconds
            if request.n_done == len(request.z):
                result = request.pixels
        except Exception as problem:
            result = problem
        if result is None:
            return
        with self._changed:
            wanted = self._big.get(client, {}).get(lane) is request
            if wanted:
                self._drop_big(client, lane)
        if wanted:
            request.finish(result, request.seconds)

    def _decode(
        self, explorer: LatentExplorer, z: npt.NDArray[np.float32], label: npt.NDArray[np.int64] | None
    ) -> tuple[Pixels, float]:
        start = perf_counter()
        pixels = explorer.decode_uint8(z, label)
        seconds = perf_counter() - start
        with self._changed:
            self._pace(explorer).note(len(z), seconds)
        return pixels, seconds


def _joined(labels: Sequence[npt.NDArray[np.int64] | None]) -> npt.NDArray[np.int64] | None:
    given = [label for label in labels if label is not None]
    return np.concatenate(given) if given else None
