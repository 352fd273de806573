"""Whoever decodes asks here: one worker thread per device, so that the requests of a crowd become batches.

The live channel (`submit`) and the pages' scripts (`decode`) share the worker. A request is small when its images take
no longer than 2 ms, as measured on this model: what a pointer asks for. Small ones that wait for the same model are
decoded as one batch, of each client one; who asks for another model has the next batch. Big ones (grids, strips) are
decoded in chunks of that length; between two chunks small ones go first, and big ones of several clients take turns.
What pages want to know of all images of a split (`in_background`) is computed in pieces of that length when nobody
waits for a picture, and about every 50 ms when somebody does; every second piece is of what a hand waits for, if any.

A request waits in a slot, its client's lane: a newer one of that lane takes its place, and with it its turn. So the
queue is bounded by the number of lanes, and whoever asks often does not wait longer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ui.background import Background
from ui.decoder_worker import Done, Pixels, Request, Worker
from vae_core import LatentExplorer
from vae_core.inputs import checked_z

Part = TypeVar("Part")

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


def in_background(
    explorer: LatentExplorer, n_images: int, ask: Callable[[slice], Part], *, soon: bool = False
) -> Future[list[Part]]:
    """Have something asked of a model for many images, a few at a time, without keeping anybody's picture waiting.

    Parameters
    ----------
    explorer : LatentExplorer
    n_images : int
        At least one.
    ask : callable
        From a slice of these images to what is wanted of them; called in the worker.
    soon : bool
        A hand waits for it: every second piece is one of these, however much else there is to do.

    Returns
    -------
    Future of a list
        What `ask` gave, slice after slice, or its error.
    """
    work = Background(n_images, ask, soon=soon)
    _worker(explorer.device).in_background(work)
    return work.future


def _worker(device: str) -> Worker:
    worker = _workers.get(device)
    if worker is None:
        with _workers_lock:
            worker = _workers.get(device) or _workers.setdefault(device, Worker(device))
    return worker
