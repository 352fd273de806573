"""The shortest path on the graph of the data: from code to neighbouring code, a step as long as the picture's change.

A k-nearest-neighbour graph of samples stands for the surface they lie on, and its shortest paths for geodesics
(Isomap: Tenenbaum, de Silva and Langford 2000, "A global geometric framework for nonlinear dimensionality reduction").
Here neighbours are sought in z, and an edge weighs the distance of its ends' decoded pictures: so the path keeps to
where codes lie, and changes the picture as little as it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors

from vae_core.errors import ConfigError
from vae_core.latent.pieces import OnProgress

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

N_NEIGHBOURS = 10
MOST_CODES = 10_000
"""Nodes; of more test images the first ones."""
EDGES_AT_ONCE = 4096
"""Their pictures' differences, 13 MB of float32 for MNIST."""
SHORTEST = 1e-12
"""An edge's least weight: a sparse matrix takes a weight of 0 for no edge."""


@dataclass(frozen=True, eq=False)
class CodeGraph:
    """The codes of the test split, and who is whose neighbour; made by `graph_of`.

    Attributes
    ----------
    codes : ndarray of float64, shape (n, D)
        Without repetitions.
    pictures : ndarray of float32, shape (n, P)
        Each code decoded, P = C H W.
    edges : ndarray of int64, shape (m, 2)
        Each once; together they connect all codes.
    weights : ndarray of float64, shape (m,)
        ||x_i - x_j|| of the ends' pictures, in units of a pixel's full range.
    """

    codes: Doubles
    pictures: npt.NDArray[np.float32]
    edges: Indices
    weights: Doubles


_graphs: WeakKeyDictionary[LatentExplorer, dict[int | None, CodeGraph]] = WeakKeyDictionary()
_lock = Lock()


def graph_of(
    explorer: LatentExplorer, label: int | None = None, on_progress: OnProgress = lambda share: None
) -> CodeGraph:
    """The graph of a model's codes, which is built once as long as the model is open (about a second for 10,000).

    Each code is linked with its 10 nearest; parts that hang together only within themselves are then linked by the
    shortest bridges in z.

    Parameters
    ----------
    explorer : LatentExplorer
    label : int, optional
        The class, for a model that takes one: the decoder was told it, so the codes of that class alone are the data.
    on_progress : callable
        Told the share that is done; what it raises ends the work.

    Raises
    ------
    ConfigError
        When the model has no encoder, so that there are no codes.
    """
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so there are no codes whose graph a path could follow.")
    with _lock:
        known = _graphs.setdefault(explorer, {})
        if label not in known:
            known[label] = _built(explorer, label, on_progress)
        return known[label]


def graph_curve(
    explorer: LatentExplorer, start: npt.NDArray[np.float32], end: npt.NDArray[np.float32], label: int | None = None
) -> npt.NDArray[np.float32]:
    """The shortest path from `start` to `end`, (M, D): the two themselves, and between them codes alone.

    `start` and `end` need not be codes: each is a node for the time being, linked with its 10 nearest codes.

    Raises
    ------
    ConfigError
        When the model has no encoder.
    """
    graph = graph_of(explorer, label)
    n = len(graph.codes)
    ends = np.stack([start, end]).astype(np.float64)
    _, near = cKDTree(graph.codes).query(ends, k=min(N_NEIGHBOURS, n))
    near = near.reshape(2, -1)
    pictures = explorer.decode(ends, label).reshape(2, -1)
    links = np.stack([np.repeat([n, n + 1], near.shape[1]), near.ravel()], axis=1)
    lengths = np.linalg.norm(pictures[links[:, 0] - n] - graph.pictures[links[:, 1]], axis=1)
    edges = np.concatenate([graph.edges, links])
    weights = np.concatenate([graph.weights, np.maximum(lengths, SHORTEST)])
    table = csr_array((weights, (edges[:, 0], edges[:, 1])), shape=(n + 2, n + 2))
    _, before = dijkstra(table, directed=False, indices=n, return_predecessors=True)
    way = [n + 1]
    while way[-1] != n:
        way.append(int(before[way[-1]]))
    inner = graph.codes[way[-2:0:-1]]
    return np.concatenate([ends[:1], inner, ends[1:]]).astype(np.float32)


def _built(explorer: LatentExplorer, label: int | None, on_progress: OnProgress) -> CodeGraph:
    mu, labels = explorer.latents.mu, explorer.latents.labels
    if label is not None and labels is not None and (labels == label).any():
        mu = mu[labels == label]
    codes = np.unique(mu[:MOST_CODES].astype(np.float64), axis=0)
    k = min(N_NEIGHBOURS, len(codes) - 1)
    pairs = np.zeros((0, 2), np.int64)
    if k:
        near = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
        pairs = np.stack([np.repeat(np.arange(len(codes)), k), near.ravel()], axis=1)
    edges = _bridged(codes, np.unique(np.sort(pairs, axis=1), axis=0))
    on_progress(0.3)
    pictures = explorer.decode(codes, label).reshape(len(codes), -1)
    on_progress(0.7)
    weights = np.empty(len(edges))
    for first in range(0, len(edges), EDGES_AT_ONCE):
        one, other = edges[first : first + EDGES_AT_ONCE].T
        weights[first : first + EDGES_AT_ONCE] = np.linalg.norm(pictures[one] - pictures[other], axis=1)
        on_progress(0.7 + 0.3 * first / len(edges))
    return CodeGraph(codes, pictures, edges, np.maximum(weights, SHORTEST))


def _bridged(codes: Doubles, edges: Indices) -> Indices:
    """The edges, and the shortest one between each part and the others until all hangs together."""
    while True:
        table = csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(codes), len(codes)))
        n_parts, part = connected_components(table, directed=False)
        if n_parts == 1:
            return edges
        bridges = []
        for number in range(1, n_parts):  # each part but one, so that every round at least halves their number
            inside, outside = np.flatnonzero(part == number), np.flatnonzero(part != number)
            distances, nearest = cKDTree(codes[outside]).query(codes[inside])
            at = int(distances.argmin())
            bridges.append(sorted((int(inside[at]), int(outside[nearest[at]]))))
        edges = np.unique(np.concatenate([edges, bridges]), axis=0)
