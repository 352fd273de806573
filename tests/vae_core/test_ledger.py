"""The ledger's columns: identities, the card's own figures, and a file that is bound to its model."""

from __future__ import annotations

import io
import os
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, ShapeError
from vae_core.latent.agreement import neighbour_classes
from vae_core.latent.ledger import N_DRAWS, Ledger
from vae_core.latent.ledger_pass import LEDGER_SEED, code_ledger, make_ledger
from vae_core.latent.ledger_store import ledger_file, load_ledger, save_ledger


def ledger_of(explorer: LatentExplorer, digits: ImageSet, **settings: object) -> Ledger:
    """The ledger of the digits."""
    splits = (digits.train, digits.validation, digits.test)
    labels = np.concatenate([split.labels for split in splits if split.labels is not None])
    images = np.concatenate([split.images for split in splits])
    counts = (len(digits.train), len(digits.validation), len(digits.test))
    return make_ledger(explorer, images, labels, counts, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped digits model."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture(scope="module")
def ledger(explorer: LatentExplorer, digits: ImageSet) -> Ledger:
    """Its ledger."""
    return ledger_of(explorer, digits)


def test_the_test_splits_means_are_the_cards(explorer: LatentExplorer, ledger: Ledger) -> None:
    """ELBO, log-likelihood and KL of the test rows average to what the card says of the test split."""
    test, card = ledger.splits == 2, explorer.card.test
    for name in ("elbo", "log_likelihood", "kl"):
        figure = getattr(card, name)
        assert figure is not None
        assert figure.value == pytest.approx(float(ledger.figures[name][test].mean(dtype=np.float64)), abs=1e-4)


def test_the_bound_is_that_of_the_normalised_weights(
    explorer: LatentExplorer, digits: ImageSet, ledger: Ledger
) -> None:
    """log 1/k sum p(x|z) p(z) / q(z|x), with all constants, of a row's own draws: the first row, and the last."""
    assert ledger.logvar is not None
    assert ledger.bound is not None
    for row, image in ((0, digits.train.images[0]), (len(ledger) - 1, digits.test.images[-1])):
        stream = np.random.Generator(np.random.Philox(key=[LEDGER_SEED, row]))
        mu, scale = ledger.mu[row], np.exp(0.5 * ledger.logvar[row])
        z = mu + scale * stream.standard_normal((N_DRAWS, len(mu)), np.float32)
        weights = explorer.log_likelihood(image[None].repeat(N_DRAWS, axis=0), z)
        weights += stats.norm.logpdf(z).sum(axis=1) - stats.norm.logpdf(z, mu, scale).sum(axis=1)
        assert pytest.approx(special.logsumexp(weights) - np.log(N_DRAWS), abs=1e-3) == ledger.bound[row]


def test_the_bound_is_above_the_elbo_on_average(ledger: Ledger) -> None:
    """E[log 1/k sum w] >= E[log w] (Jensen): by more than two standard errors of the difference."""
    gap = ledger.figures["gap"].astype(np.float64)
    assert gap.mean() > 2 * gap.std() / np.sqrt(len(gap))


def test_columns_are_sums_of_each_other(ledger: Ledger) -> None:
    """KL is the sum of its dimensions, ELBO the log-likelihood less KL, the gap what is between bound and ELBO."""
    figures, by_dimension = ledger.figures, ledger.kl_by_dimension
    assert by_dimension is not None
    assert np.allclose(by_dimension.sum(axis=1), figures["kl"], atol=1e-5)
    assert np.allclose(figures["log_likelihood"] - figures["kl"], figures["elbo"], atol=1e-4)
    assert np.allclose(figures["bound"] - figures["elbo"], figures["gap"], atol=1e-4)
    assert (by_dimension >= -1e-6).all()


def test_rows_do_not_depend_on_the_pieces(explorer: LatentExplorer, digits: ImageSet, ledger: Ledger) -> None:
    """A worker that takes other pieces gets the same rows: each image has a stream of its own."""

    def odd_pieces(n: int, ask: object) -> list[object]:
        edges = [0, 1, 100, n // 2, n]
        return [ask(slice(a, b)) for a, b in pairwise(edges)]  # type: ignore[operator]

    other = ledger_of(explorer, digits, in_pieces=odd_pieces)
    assert ledger.bound is not None
    assert np.allclose(ledger.bound, other.bound, atol=1e-3)


def test_a_wrong_label_disagrees() -> None:
    """Of two clusters a point that is labelled as the other one is found, and no other."""
    generator = np.random.default_rng(0)
    codes = np.concatenate([generator.normal(0, 0.1, (40, 2)), generator.normal(5, 0.1, (40, 2))])
    labels = np.repeat([0, 1], 40)
    labels[7] = 1
    agreement, near = neighbour_classes(codes, labels)
    assert [7] == np.flatnonzero(near != labels).tolist()
    assert 0.0 == agreement[7]
    assert 1.0 == agreement[60]


def test_neighbours_of_equal_codes_are_others() -> None:
    """Where more codes than k + 1 lie in one place, no code is counted as its own neighbour for all that."""
    labels = np.array([0] + [1] * 30)
    agreement, near = neighbour_classes(np.zeros((31, 2)), labels)
    assert (0.0, 1) == (agreement[0], near[0])


def test_a_row_says_where_it_comes_from(ledger: Ledger) -> None:
    """Rows follow each other split by split; the table says the same as `place`."""
    train, validation, test = ledger.counts
    assert ("train", train - 1) == ledger.place(train - 1)
    assert ("validation", 0) == ledger.place(train)
    assert ("test", test - 1) == ledger.place(len(ledger) - 1)
    table = ledger.table(np.array([train + validation, 0]))
    assert [("test", 0), ("train", 0)] == list(zip(table["split"].tolist(), table["index"].tolist(), strict=True))
    with pytest.raises(ShapeError, match=f"no {len(ledger)}"):
        ledger.place(len(ledger))


def test_the_codes_alone_give_kl_and_agreement(explorer: LatentExplorer) -> None:
    """Without the images there are neither likelihoods nor bounds, and the card's KL all the same."""
    short = code_ledger(explorer)
    assert ["kl", "agreement"] == list(short.figures)
    assert explorer.card.test.kl is not None
    assert explorer.card.test.kl.value == pytest.approx(float(short.figures["kl"].mean()), abs=1e-4)


@pytest.mark.parametrize(("family", "columns"), [("ae", ["log_likelihood", "agreement"]), ("cvae", None)])
def test_families_have_the_columns_that_exist(
    family: str, columns: list[str] | None, digits: ImageSet, isolated: Path
) -> None:
    """An autoencoder has no KL and no bound; a conditional model, told the classes, has all, and a GAN no ledger."""
    run = new_run(isolated, family, {"family": family}, epochs=1)
    train_here(run, digits)
    explorer = LatentExplorer.load(run.path, device="cpu")
    found = ledger_of(explorer, digits)
    assert (columns or ["log_likelihood", "kl", "elbo", "bound", "gap", "agreement"]) == list(found.figures)
    save_ledger(explorer.path, found, explorer.card)
    kept = load_ledger(explorer.path, explorer.card)
    assert kept is not None
    assert list(found.figures) == list(kept.figures)


def test_a_pass_can_be_stopped(explorer: LatentExplorer, digits: ImageSet) -> None:
    """What `on_progress` raises ends it; until then the share only rises."""
    shares = list[float]()

    def told(share: float) -> None:
        shares.append(share)
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger_of(explorer, digits, on_progress=told)
    assert sorted(shares) == shares


def test_a_kept_ledger_is_the_same(explorer: LatentExplorer, ledger: Ledger) -> None:
    """Every column comes back to the last bit; that of a shipped model lies beside the new ones."""
    assert load_ledger(explorer.path, explorer.card) is None
    path = save_ledger(explorer.path, ledger, explorer.card)
    assert explorer.path not in path.parents
    kept = load_ledger(explorer.path, explorer.card)
    assert kept is not None
    assert (ledger.counts, list(ledger.figures)) == (kept.counts, list(kept.figures))
    for name, values in ledger.figures.items():
        assert np.array_equal(values, kept.figures[name])
    assert np.array_equal(ledger.disagrees, kept.disagrees)


def damaged(content: bytes, **arrays: np.ndarray) -> bytes:
    """An npz with some of its arrays replaced."""
    with np.load(io.BytesIO(content)) as npz:
        members = {name: npz[name] for name in npz.files} | arrays
    file = io.BytesIO()
    np.savez_compressed(file, **members)  # type: ignore[arg-type]
    return file.getvalue()


def test_what_is_no_ledger_of_this_model_is_refused(explorer: LatentExplorer, ledger: Ledger) -> None:
    """A cut file, a wrong shape, a figure that is no number, a class that is none, and another model's ledger."""
    path = save_ledger(explorer.path, ledger, explorer.card)
    good = path.read_bytes()
    bad = [
        good[: len(good) // 2],
        b"",
        damaged(good, mu=np.zeros((3, 2), np.float32)),
        damaged(good, bound=np.full(len(ledger), np.nan, np.float32)),
        damaged(good, near_class=np.full(len(ledger), 99, np.float32)),
        damaged(good, header=np.frombuffer(b'{"format": 1}', np.uint8)),
    ]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"digits-2d: ledger\.npz cannot be used"):
            load_ledger(explorer.path, explorer.card)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CheckpointError, match="no ordinary file"):  # to read it would take for ever
        load_ledger(explorer.path, explorer.card)
    other = LatentExplorer.load("mnist-2d", device="cpu")
    foreign = ledger_file(other.path, other.card)
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(good)
    with pytest.raises(CheckpointError, match="other weights"):
        load_ledger(other.path, other.card)
    assert zipfile.is_zipfile(io.BytesIO(good))
