"""The worker thread of a device, and its queue. What is decoded first, and how much at once, stands in `ui.decoder`."""

from __future__ import annotations

import atexit
import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from time import perf_counter
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ui.background import Background
from ui.pace import Pace
from vae_core import LatentExplorer

Pixels: TypeAlias = npt.NDArray[np.uint8]
Done: TypeAlias = Callable[[Pixels | Exception, float], None]
"""Called in the worker, once, with the images (N, H, W, C) or the error, and the seconds that the decoder took."""

CHUNK_SECONDS = 0.001
"""How long a chunk of a big request may keep a pointer waiting."""

END_SECONDS = 2.0
"""How long the end of the process waits for a piece that is being done."""

BATCH_SECONDS = 0.008
"""How long a batch of small requests may take before a big one has its turn: half a frame of a screen."""

BACKGROUND_SECONDS = 0.05
"""How long background work stands still at most, however many pictures are asked for: it has a few hundredths."""

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


class Worker:
    """The queue of one device, and the thread that works it off. All methods but `_run` may be called anywhere."""

    def __init__(self, device: str) -> None:
        # client -> lane -> request; whose turn it is first, and of a client the oldest slot first
        self._small: dict[Hashable, dict[int, Request]] = {}
        self._big: dict[Hashable, dict[int, Request]] = {}
        self._background: deque[Background[Any]] = deque()
        self._soon: deque[Background[Any]] = deque()  # of it, what a hand waits for
        self._soon_was_last = False
        self._background_at = 0.0  # when its last piece was done
        self._paces: WeakKeyDictionary[LatentExplorer, Pace] = WeakKeyDictionary()
        self._changed = Condition(Lock())
        self._ends = False
        self._thread = Thread(target=self._run, name=f"decoder {device}", daemon=True)
        self._thread.start()
        # A thread that Python cuts off within torch's C++, as it does with daemons, takes the process down: an abort.
        atexit.register(self.end)

    def submit(self, request: Request, client: Hashable, lane: int) -> None:
        """Queue a request, in the place of the one that waits in its slot."""
        with self._changed:
            is_small = len(request.z) <= self._pace(request.explorer).images_in(CHUNK_SECONDS)
            queue, other = (self._small, self._big) if is_small else (self._big, self._small)
            _drop(other, client, lane)
            queue.setdefault(client, {})[lane] = request
            self._changed.notify()

    def withdraw(self, client: Hashable, lane: int | None) -> None:
        """Forget what waits in a slot, or in all of the client's."""
        with self._changed:
            for queue in (self._small, self._big):
                if lane is None:
                    queue.pop(client, None)
                else:
                    _drop(queue, client, lane)

    def in_background(self, work: Background[Any]) -> None:
        """Have a piece of it done whenever nobody waits for a picture, and now and then when somebody does."""
        with self._changed:
            (self._soon if work.soon else self._background).append(work)
            self._changed.notify()

    def end(self) -> None:
        """Do nothing more, and wait for what is being done."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        self._thread.join(END_SECONDS)

    def _pace(self, explorer: LatentExplorer) -> Pace:
        pace = self._paces.get(explorer)
        if pace is None:
            pace = self._paces[explorer] = Pace()
        return pace

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._small or self._big or self._background or self._soon or self._ends):
                    self._changed.wait()
                if self._ends:
                    return
                batch = self._take_batch()
            if batch:
                self._decode_batch(batch)
            with self._changed:
                turn = self._take_turn()
            if turn is not None:
                self._decode_chunk(*turn)
            with self._changed:
                work = self._take_background()
            if work is not None:
                self._go_on(work)
            batch, turn, work = [], None, None  # an idle worker keeps no model alive

    def _take_batch(self) -> list[Request]:
        """What goes with the one whose turn it is: one request of each client.

        More of them only if nobody else waits, and no more than a chunk: somebody else may come.
        """
        batch: list[Request] = []
        room = room_for_more = 0
        while True:
            served = []
            for client, lanes in self._small.items():
                for lane, request in lanes.items():
                    if not batch:
                        pace = self._pace(request.explorer)
                        room, room_for_more = pace.images_in(BATCH_SECONDS), pace.images_in(CHUNK_SECONDS)
                    elif not request.goes_with(batch[0]) or len(request.z) > room:
                        continue
                    batch.append(request)
                    room -= len(request.z)
                    served.append((client, lane))
                    break
            others_wait = len(served) < len(self._small)
            for client, lane in served:
                lanes = self._small.pop(client)
                del lanes[lane]
                if lanes:
                    self._small[client] = lanes  # to the end of the row
            room = min(room, room_for_more - sum(len(request.z) for request in batch))
            if others_wait or not served or room <= 0:
                return batch

    def _take_turn(self) -> tuple[Hashable, int, Request] | None:
        if not self._big:
            return None
        client = next(iter(self._big))
        lanes = self._big[client] = self._big.pop(client)  # to the end of the row
        lane, request = next(iter(lanes.items()))
        return client, lane, request

    def _take_background(self) -> Background[Any] | None:
        if not (self._background or self._soon) or (
            (self._small or self._big) and perf_counter() - self._background_at < BACKGROUND_SECONDS
        ):
            return None
        queues = (self._background, self._soon) if self._soon_was_last else (self._soon, self._background)
        queue = queues[0] or queues[1]
        self._soon_was_last = queue is self._soon
        return queue.popleft()

    def _go_on(self, work: Background[Any]) -> None:
        goes_on = work.go_on()
        self._background_at = perf_counter()
        if goes_on:
            self.in_background(work)  # behind the others

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
                _drop(self._big, client, lane)
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


def _drop(queue: dict[Hashable, dict[int, Request]], client: Hashable, lane: int) -> None:
    lanes = queue.get(client)
    if lanes is not None and lanes.pop(lane, None) is not None and not lanes:
        del queue[client]


def _joined(labels: Sequence[npt.NDArray[np.int64] | None]) -> npt.NDArray[np.int64] | None:
    given = [label for label in labels if label is not None]
    return np.concatenate(given) if given else None
