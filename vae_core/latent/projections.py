"""Codes of more than two dimensions on a plane: principal components, t-SNE, UMAP.

The first is a plane through the latent space, with an exact inverse on it. The two others are maps of neighbourhoods:
they have a place for each code that was there, and none for any other z.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from types import SimpleNamespace
from typing import Annotated, Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from vae_core.card import Measure
from vae_core.checks import finite_rows
from vae_core.config import STRICT
from vae_core.errors import ShapeError
from vae_core.latent.plane import pca_plane

Floats = npt.NDArray[np.float32]
OnProgress = Callable[[float], None]

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[Method, ...] = get_args(Method)
MOST_CODES = 10_000
"""Codes that are projected; of more, so many evenly spread ones."""

LEAST_NEIGHBOURS, MOST_NEIGHBOURS = 2, 200
DEFAULT_NEIGHBOURS = {"pca": 0, "tsne": 30, "umap": 15}
"""The defaults of van der Maaten & Hinton's code and of McInnes et al.; components have no such setting."""

MIN_DIST = 0.1
"""UMAP's least distance between points that touch, in units of the map: its authors' default."""

TRUST_SEED = 0


@checked(frozen=True, kw_only=True, config=STRICT)
class Settings:
    """What a projection depends on beside the codes; make it with `of`.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    neighbours : int
        How many neighbours of a code count: t-SNE's perplexity, UMAP's n_neighbors; 0 for principal components.
    seed : int
        Of what is random in it; 0 for principal components.
    """

    method: Method
    neighbours: Annotated[int, Field(ge=0, le=MOST_NEIGHBOURS)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]

    @classmethod
    def of(cls, method: Method, neighbours: int | None = None, seed: int = 0) -> Settings:
        """The settings, the usual number of neighbours where none is given.

        Raises
        ------
        ShapeError
            When a number is out of range.
        """
        if method == "pca":
            return cls(method=method, neighbours=0, seed=0)
        n = DEFAULT_NEIGHBOURS[method] if neighbours is None else neighbours
        if not LEAST_NEIGHBOURS <= n <= MOST_NEIGHBOURS:
            raise ShapeError(
                f"{method} takes {LEAST_NEIGHBOURS} to {MOST_NEIGHBOURS} neighbours, but {n} were asked for."
            )
        if not 0 <= seed < 2**31:
            raise ShapeError(f"A seed lies in 0 to {2**31 - 1}, but it is {seed}.")
        return cls(method=method, neighbours=n, seed=seed)


@dataclass(frozen=True, eq=False)
class Projection:
    """Codes on a plane.

    Attributes
    ----------
    settings : Settings
    xy : ndarray of float32, shape (n, 2)
        Where they lie: in units of z of principal components, in no unit of the others.
    rows : ndarray of int64, shape (n,)
        Which codes these are.
    trust : Measure
        Trustworthiness, 10 neighbours, of at most 2,000 of them: `vae_core.metrics.latent_quality.trustworthiness`
        with codes in place of pixels.
    seconds : float
        How long it took.
    """

    settings: Settings
    xy: Floats
    rows: npt.NDArray[np.int64]
    trust: Measure
    seconds: float


def project(mu: npt.ArrayLike, settings: Settings, *, on_progress: OnProgress = lambda share: None) -> Floats:
    """Lay codes on a plane.

    `pca`: `vae_core.latent.plane.pca_plane`. `tsne`: van der Maaten & Hinton 2008, "Visualizing data using t-SNE",
    by interpolation (Linderman et al. 2019) from 10,000 codes on, by Barnes-Hut trees (van der Maaten 2014) below,
    begun at the principal components; openTSNE (Poličar et al. 2024). `umap`: McInnes, Healy & Melville 2018, by the
    authors' umap-learn, begun at the graph's spectral layout. The same codes and settings on the same machine give the
    same map.

    Parameters
    ----------
    mu : array_like, shape (N, D)
        At least two dimensions, and more codes than t-SNE's perplexity three times over, or than UMAP's neighbours.
    settings : Settings
    on_progress : callable
        Called with the share that is done, some times a second at the best; what it raises ends the work.

    Returns
    -------
    ndarray of float32, shape (N, 2)

    Raises
    ------
    ShapeError
        When there are too few codes or dimensions, or the codes are all one.
    """
    codes = finite_rows(mu, "The codes").astype(np.float32)
    least = {"pca": 2, "tsne": 3 * settings.neighbours + 2, "umap": settings.neighbours + 2}[settings.method]
    if codes.shape[1] < 2 or len(codes) < least:
        raise ShapeError(
            f"This projection ({settings.method}, {settings.neighbours} neighbours) needs at least {least} codes of at "
            f"least 2 dimensions, but there are {len(codes)} of {codes.shape[1]}; take fewer neighbours."
        )
    plane, _ = pca_plane(codes)
    if settings.method == "pca":
        return plane.project(codes)
    on_progress(0.0)
    found = {"tsne": _tsne, "umap": _umap}[settings.method](codes, settings, on_progress)
    on_progress(1.0)
    return np.ascontiguousarray(found, np.float32)


def trust_in(mu: npt.ArrayLike, xy: npt.ArrayLike) -> Measure:
    """Whether codes that are neighbours on the map are neighbours in the latent space: 1 when all are, 0.5 by chance.

    Raises
    ------
    ShapeError
        When there are fewer than 111 codes.
    """
    from vae_core.metrics.latent_quality import trustworthiness

    return trustworthiness(np.asarray(mu), xy, generator=np.random.default_rng(TRUST_SEED))


BEFORE = 0.1
"""Share of the work that finding the neighbours is taken for; neither library says how far it is in that."""

EXAGGERATED, PLAIN, STEP = 250, 500, 10
"""Iterations of t-SNE: openTSNE's, and after how many of them it tells."""


def _tsne(codes: Floats, settings: Settings, on_progress: OnProgress) -> npt.NDArray[np.floating]:
    from openTSNE import TSNE

    n_done = 0

    def told(*_: object) -> bool:
        nonlocal n_done
        n_done += STEP
        on_progress(min(1.0, BEFORE + (1 - BEFORE) * n_done / (EXAGGERATED + PLAIN)))
        return False  # True would end it and keep what there is

    tsne = TSNE(
        perplexity=settings.neighbours,
        early_exaggeration_iter=EXAGGERATED,
        n_iter=PLAIN,
        neighbors="exact",
        n_jobs=1,
        random_state=settings.seed,
        callbacks=told,
        callbacks_every_iters=STEP,
    )
    return np.asarray(tsne.fit(codes.astype(np.float64)))


def _umap(codes: Floats, settings: Settings, on_progress: OnProgress) -> npt.NDArray[np.floating]:
    from sklearn.neighbors import NearestNeighbors

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # that its neural variant is not there for want of TensorFlow
        from umap import UMAP

    def told(text: str) -> None:  # its only way to tell is a bar of tqdm's, here one number
        if (number := text.strip()).replace(".", "", 1).isdigit():
            on_progress(BEFORE + (1 - BEFORE) * min(1.0, float(number) / 100))

    # Exact, and at once: its own search is compiled anew in each process, which takes longer than the search.
    distances, near = NearestNeighbors(n_neighbors=settings.neighbours).fit(codes).kneighbors(codes)
    umap = UMAP(
        n_neighbors=settings.neighbours,
        min_dist=MIN_DIST,
        random_state=settings.seed,
        n_jobs=1,  # what a seed demands
        precomputed_knn=(near, distances.astype(np.float32), None),
        verbose=True,
        tqdm_kwds={"file": SimpleNamespace(write=told, flush=lambda: None), "bar_format": "{percentage:.1f}"},
    )
    with redirect_stdout(StringIO()), warnings.catch_warnings():  # `verbose` talks as well
        warnings.simplefilter("ignore", UserWarning)  # that nothing can be added to the map later
        return np.asarray(umap.fit_transform(codes))
