"""Whoever decodes asks here: one worker thread per device, so that the requests of a crowd become batches.

The live channel (`submit`) and the pages' scripts (`decode`) share the worker. A request is small when its images take
no longer than `CHUNK_SECONDS`, as measured on this model: what a pointer asks for. Small ones that wait for the same
model are decoded as one batch. Big ones (grids, strips) are decoded in chunks of that length; between two chunks small
ones go first, and the big ones of several clients take turns.

A request waits in a slot, its client's lane: a newer one of that lane takes its place, and with it its turn. So the
queue is bounded by the number of lanes, and whoever asks often does not wait longer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from time import perf_counter
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vae_core import LatentExplorer
from vae_core.inputs import checked_z

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


_workers: dict[str, Worker] = {}
_workers_lock = Lock()


def submit(
    explorer: LatentExplorer,
    z: npt.NDArray[np.float32],
    label: npt.NDArray[np.int64] | None,
    done: Done,
    *,
    client: Hashable,
    lane: int,
) -> None:
    """Have z decoded soon, unless the client withdraws it or asks for something newer in the same lane.

    Parameters
    ----------
    explorer : LatentExplorer
    z : ndarray of float32, shape (N, D)
    label : ndarray of int64, shape (N,), or None
    done : callable
        Called once, in the worker, with the images (N, H, W, C) or the error, and the seconds that the decoder took
        for the call that held them (for a big request, for all its chunks). Never called for one that was replaced.
        It must be quick.
    client : hashable
        Who asks: big requests take turns by client.
    lane : int
        Of the client's requests in a lane only the newest waits.
    """
    _worker(explorer.device).submit(Request(explorer, z, label, done), client, lane)


def withdraw(client: Hashable, lane: int | None = None) -> None:
    """Forget what a client waits for, in one lane or, when that is None, in all of them."""
    for worker in list(_workers.values()):
        worker.withdraw(client, lane)


def decode(explorer: LatentExplorer, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Pixels:
    """Decode and wait for it; for scripts.

    Parameters
    ----------
    explorer : LatentExplorer
    z : array of shape (N, D)
    label : array of shape (N,), optional

    Returns
    -------
    ndarray of uint8, shape (N, H, W, C)
        The mean of p(x|z), rounded to 0 … 255.

    Raises
    ------
    ShapeError
        When z has another shape or is not finite, or the label is none that the model takes.
    """
    points = checked_z(z, explorer.latent_dim, explorer.name)
    future: Future[Pixels] = Future()

    def done(result: Pixels | Exception, _: float) -> None:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)

    labels = None if label is None else np.asarray(label, np.int64)
    submit(explorer, points, labels, done, client=future, lane=0)
    return future.result()


def _worker(device: str) -> Worker:
    worker = _workers.get(device)
    if worker is None:
        with _workers_lock:
            worker = _workers.get(device) or _workers.setdefault(device, Worker(device))
    return worker


def _joined(labels: Sequence[npt.NDArray[np.int64] | None]) -> npt.NDArray[np.int64] | None:
    given = [label for label in labels if label is not None]
    return np.concatenate(given) if given else None
