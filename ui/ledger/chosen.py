"""What the ledger shows of a chosen row: its picture and reconstruction, its figures, and which images look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.encoded import encoded, images_of, told
from ui.ledger.columns import title_of
from ui.records import PointRecord
from ui.scores import scores
from ui.text import plain, subscript
from ui.tiles import Tile
from vae_core import LatentExplorer
from vae_core.latent.ledger import Ledger
from vae_core.latent.neighbours import nearest_k
from vae_core.latent.pixel_neighbours import PixelNeighbours

N_NEAREST = 10
N_HELD_OUT = 100
"""Held-out images whose distance to the training images is the yardstick."""
MOST_DIMENSIONS = 8
"""Of q(z|x) that are spelled out."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Near:
    """Images that are near, nearest first: rows of the ledger, and how far each is."""

    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """How far held-out images are from the training image nearest to them: median, and 5 and 95 % of them."""

    median: float
    low: float
    high: float


def reconstructions(explorer: LatentExplorer, ledger: Ledger, rows: npt.NDArray[np.int64]) -> Pixels:
    """What rows are decoded to at their mu, (n, H, W, C)."""
    labels = None if ledger.labels is None else ledger.labels[rows]
    return decoder.decode(explorer, ledger.mu[rows], told(explorer, labels))


def pictures_of(explorer: LatentExplorer, ledger: Ledger, rows: npt.NDArray[np.int64]) -> Pixels:
    """The originals of rows (n, H, W, C), or where they are not on this machine their reconstructions."""
    images = images_of(explorer, split_of(ledger))
    return reconstructions(explorer, ledger, rows) if images is None else np.moveaxis(images[rows], 1, -1)


def know_scores(explorer: LatentExplorer, ledger: Ledger) -> None:
    """Have the ELBO of whatever a pointer meets known at once: the whole ledger holds it."""
    if ledger.bound is not None:
        scores(explorer, split_of(ledger))
    else:
        encoded(explorer, split_of(ledger))


def split_of(ledger: Ledger) -> str:
    """Of which encoded images the ledger's rows are numbers: `all`, or `test` where it has no others."""
    return "all" if sum(ledger.counts[:2]) else "test"


def row_record(explorer: LatentExplorer, ledger: Ledger, row: int) -> PointRecord:
    """What a view shows of a row, without waiting for anything."""
    rows, split = np.array([row]), split_of(ledger)
    pictures, images = [reconstructions(explorer, ledger, rows)[0]], images_of(explorer, split)
    if images is not None:
        pictures.append(images[row].transpose(1, 2, 0))
    figures: dict[str, Any] = {name: float(values[row]) for name, values in ledger.figures.items()}
    facts = {
        "index": row,
        "split": split,
        "label": None if ledger.labels is None else int(ledger.labels[row]),
        "distance": 0.0,
        "mu": ledger.mu[row].tolist(),
        "sigma": None if ledger.logvar is None else np.exp(0.5 * ledger.logvar[row]).tolist(),
        **{name: figures.get(name) for name in ("log_likelihood", "kl", "elbo")},
    }
    return PointRecord(pictures, facts)


def say_row(explorer: LatentExplorer, ledger: Ledger, row: int) -> None:
    """Which image it is, its figures, and its q(z|x)."""
    split, index = ledger.place(row)
    names, label = explorer.card.data.class_names, None if ledger.labels is None else int(ledger.labels[row])
    title = f"**{split.capitalize()} image {index:,}**" + (
        f" · {plain(names[label])}" if label is not None and names else ""
    )
    if ledger.near_class is not None and ledger.disagrees[row] and names:
        title += f" · :orange[its neighbours are {plain(names[ledger.near_class[row]])}]"
    st.markdown(title)
    figures = [f"{title_of(name)} {_said(values[row])}" for name, values in ledger.figures.items()]
    mu, sd = ledger.mu[row], None if ledger.logvar is None else np.exp(0.5 * ledger.logvar[row])
    shown = range(min(len(mu), MOST_DIMENSIONS))
    codes = [f"z{subscript(i + 1)} {_said(mu[i])}" + ("" if sd is None else f" ± {sd[i]:.2f}") for i in shown]
    more = f", … ({len(mu)})" if len(mu) > MOST_DIMENSIONS else ""
    what = "q(z|x), mean ± σ" if sd is not None else "its code"
    st.caption(plain(f"{' · '.join(figures)}") + "  \n" + plain(f"{what}: {', '.join(codes)}{more}"))


def _said(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


@st.cache_data(max_entries=256, show_spinner=False)
def near_in_latent(card: str, n: int, z: tuple[float, ...], without: int | None, _ledger: Ledger) -> Near:
    """The rows whose mu are nearest to z, in units of z."""
    rows, distances = nearest_k(_ledger.mu, np.array(z), N_NEAREST + 1)
    kept = rows != without
    return Near(rows[kept][:N_NEAREST], distances[kept][:N_NEAREST])


@st.cache_data(max_entries=256, show_spinner="Comparing the pixels …")
def near_in_pixels(card: str, picture: bytes, without: int | None, _explorer: LatentExplorer, _image: Pixels) -> Near:
    """The training images that look most like an image (H, W, C): rows of the ledger, since training comes first."""
    search = training_pixels(_explorer)
    assert search is not None  # asked only where the images are
    n_train = _explorer.card.data.n_train
    left_out = without if without is not None and without < n_train else None
    rows, distances = search.nearest(np.moveaxis(_image, -1, 0)[None], min(N_NEAREST, n_train - 1), without=left_out)
    return Near(rows[0], distances[0])


def training_pixels(explorer: LatentExplorer) -> PixelNeighbours | None:
    """The training images, ready to be searched; None while they are not on this machine."""
    return _training_pixels(explorer.card.key, explorer) if images_of(explorer, "train") is not None else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _training_pixels(card: str, _explorer: LatentExplorer) -> PixelNeighbours:
    images = images_of(_explorer, "train")
    assert images is not None
    return PixelNeighbours(images[: _explorer.card.data.n_train])


@st.cache_data(max_entries=16, show_spinner="Comparing held-out images with those of training …")
def held_out(card: str, _explorer: LatentExplorer) -> HeldOut:
    """The yardstick of memorisation, of test images evenly spread over the split."""
    search, images = training_pixels(_explorer), images_of(_explorer, "test")
    assert search is not None  # asked only where the images are
    assert images is not None
    some = np.linspace(0, len(images) - 1, min(N_HELD_OUT, len(images))).astype(np.int64)
    low, median, high = np.quantile(search.nearest(images[some])[1][:, 0], [0.05, 0.5, 0.95])
    return HeldOut(float(median), float(low), float(high))


def near_tiles(ledger: Ledger, names: tuple[str, ...], near: Near) -> list[Tile]:
    """Their words: class, split and number, and how far they are."""
    found = []
    for row, distance in zip(near.rows.tolist(), near.distances, strict=True):
        label = -1 if ledger.labels is None else int(ledger.labels[row])
        split, index = ledger.place(row)
        title = names[label] if label >= 0 and names else f"{split} {index}"
        found.append(Tile(row, title, f"{distance:.3f}", label))
    return found
