"""What the codes of images are worth: whether classes and neighbourhoods survive in them, and how many are used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError
from vae_core.metrics.elbo import measure
from vae_core.metrics.spread import chosen_rows, measures

ACTIVE_VARIANCE = 0.01
"""Variance of mu over the images above which a dimension is active (Burda et al. 2016, section 5.2)."""


def knn_accuracy(
    train_codes: npt.ArrayLike,
    train_labels: npt.NDArray[np.int64],
    codes: npt.ArrayLike,
    labels: npt.NDArray[np.int64],
    *,
    k: int = 10,
) -> Measure:
    """Share of images whose class is that of most of their k nearest training images, by Euclidean distance of codes.

    A draw between classes goes to the lower one (scikit-learn's KNeighborsClassifier).

    Parameters
    ----------
    train_codes, train_labels : arrays of shape (M, D) and (M,)
        Of the training split; at least k.
    codes, labels : arrays of shape (N, D) and (N,)
        Of images that the training did not see.

    Raises
    ------
    ShapeError
        When there are none, fewer than k to choose from, or the shapes do not fit.
    """
    from sklearn.neighbors import KNeighborsClassifier

    known = finite_rows(train_codes, "The training codes")
    asked = finite_rows(codes, "The codes", known.shape[1])
    if len(known) < k or not len(asked) or len(known) != len(train_labels) or len(asked) != len(labels):
        raise ShapeError(
            f"kNN accuracy needs at least {k} training codes, some codes, and a label for each, but there are "
            f"{len(known)} with {len(train_labels)} labels and {len(asked)} with {len(labels)}."
        )
    found = KNeighborsClassifier(n_neighbors=k).fit(known, train_labels).predict(asked)
    return measure((found == labels).astype(np.float64))


def trustworthiness(
    images: npt.NDArray[np.generic],
    codes: npt.ArrayLike,
    *,
    k: int = 10,
    most: int = 2000,
    generator: np.random.Generator,
) -> Measure:
    """Whether neighbours in latent space are neighbours in pixel space too: 1 when all are, about 0.5 by chance.

    Venna & Kaski (2001): every one of an image's k nearest codes that is not among its k nearest images costs
    by how far down it is among these. Euclidean distances on both sides. As it takes a table of all pairs, at most
    `most` images are asked, evenly spread over those given; the figure depends on how many they are.

    Parameters
    ----------
    images : array of shape (N, C, H, W)
    codes : array of shape (N, D)
    generator : numpy.random.Generator
        Cuts the images into the 5 parts that the standard error comes from (`vae_core.metrics.spread`).

    Raises
    ------
    ShapeError
        When the lengths differ, or there are too few images: a fifth of them must be more than 2 k.
    """
    from sklearn.manifold import trustworthiness as score

    z = finite_rows(codes, "The codes")
    if len(images) != len(z) or min(len(z), most) <= 10 * (k + 1):
        raise ShapeError(
            f"Trustworthiness needs a code for each image and more than {10 * (k + 1)} images, but there are "
            f"{len(z)} codes for {len(images)}."
        )
    rows = chosen_rows(len(z), most)
    pixels, z = images[rows].reshape(len(rows), -1).astype(np.float64), z[rows]
    (found,) = measures(
        lambda some: [score(pixels[some], z[some], n_neighbors=k)], len(rows), n_parts=5, generator=generator
    )
    return found


def active_units(mu: npt.ArrayLike) -> Measure:
    """Number of latent dimensions whose mu varies over the images: Var > 0.01 (Burda et al. 2016, section 5.2).

    Parameters
    ----------
    mu : array of shape (N, D)
        Posterior means, N of at least 2.

    Returns
    -------
    Measure
        A count; it has no standard error.

    Raises
    ------
    ShapeError
        When there are fewer than two.
    """
    rows = finite_rows(mu, "The codes")
    if len(rows) < 2:
        raise ShapeError(f"A variance needs at least two codes, but there are {len(rows)}.")
    count = np.count_nonzero(rows.astype(np.float64).var(axis=0, ddof=1) > ACTIVE_VARIANCE)
    return Measure(value=float(count), standard_error=None)
