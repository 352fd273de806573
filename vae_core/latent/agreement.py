"""Whether an image has the class of its neighbours in latent space: wrong labels have not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ShapeError
from vae_core.latent.pieces import OnProgress

N_NEIGHBOURS = 10
QUERIES_AT_ONCE = 256
"""So few that whoever waits for this process's other threads waits some milliseconds."""


def neighbour_classes(
    codes: npt.ArrayLike,
    labels: npt.NDArray[np.int64],
    *,
    k: int = N_NEIGHBOURS,
    on_progress: OnProgress = lambda share: None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """For each code, the classes of its k nearest others, by Euclidean distance.

    Parameters
    ----------
    codes : array_like, shape (N, D)
        N of at least k + 1.
    labels : int64 array of shape (N,)
        Not negative.
    k : int
    on_progress : callable
        Told the share that is done; an error that it raises ends the search.

    Returns
    -------
    agreement : float32 array of shape (N,)
        Share of the k that have the code's own label.
    near_class : int64 array of shape (N,)
        The class that most of them have: of several the code's own if it is one of them, else the lowest.

    Raises
    ------
    ShapeError
        When the shapes do not fit, or there are too few.
    """
    from sklearn.neighbors import NearestNeighbors

    points = finite_rows(codes, "The codes")
    if len(points) <= k or len(labels) != len(points):
        raise ShapeError(
            f"The {k} nearest others need at least {k + 1} codes with a label each, but there are {len(points)} codes "
            f"and {len(labels)} labels."
        )
    search = NearestNeighbors(n_neighbors=k + 1).fit(points)
    agreement, near_class = np.empty(len(points), np.float32), np.empty(len(points), np.int64)
    n_classes = int(labels.max()) + 1
    for start in range(0, len(points), QUERIES_AT_ONCE):
        on_progress(start / len(points))
        rows = np.arange(start, min(start + QUERIES_AT_ONCE, len(points)))
        found = search.kneighbors(points[rows], return_distance=False)
        # Itself is among them, or as many that lie exactly where it does: then the last is left out.
        itself = found == rows[:, None]
        itself[~itself.any(axis=1), -1] = True
        classes = labels[found[~itself].reshape(len(rows), k)]
        counts = np.zeros((len(rows), n_classes), np.int64)
        np.add.at(counts, (np.arange(len(rows))[:, None], classes), 1)
        own = counts[np.arange(len(rows)), labels[rows]]
        agreement[rows] = own / k
        near_class[rows] = np.where(own == counts.max(axis=1), labels[rows], counts.argmax(axis=1))
    return agreement, near_class
