"""Which snapshots are kept, which plane they show, and how the maps of a run are aligned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vae_core.runs import new_run, train_here
from tests.vae_core.test_run_folder import epoch_line
from vae_core.config import ModelConfig
from vae_core.data import ImageSet
from vae_core.models import build_model
from vae_core.training.records import DecodedGrid, FixedSubset, Snapshot, save_npz
from vae_core.training.run_folder import RunFolder
from vae_core.training.shown_plane import shown_axes
from vae_core.training.snapshot_files import snapshot_arrays
from vae_core.training.snapshots import snapshot
from vae_core.training.thinning import BUDGET, LONG_RUN, MOST_RECENT, kept, recent_for
from vae_core.training.timeline import align, snapshot_of, timeline, turns

recents = st.integers(0, 6).map(lambda power: 2**power)


# -- thinning ----------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(1, 300), recents)
def test_thinning_after_each_epoch_ends_where_thinning_once_does(n: int, recent: int) -> None:
    """So a resumed run, and one that was watched, keep the same snapshots."""
    there: list[int] = []
    for epoch in range(1, n + 1):
        there = kept([*there, epoch], recent)
    assert kept(range(1, n + 1), recent) == there


@given(st.integers(1, 5000), recents)
def test_the_first_the_last_and_all_recent_ones_are_kept(n: int, recent: int) -> None:
    """The others are no more than half as many again for each doubling of the run."""
    found = kept(range(1, n + 1), recent)
    assert {1, n, *range(max(1, n - recent + 1), n + 1)} <= set(found)
    doublings = max(0, (n // recent).bit_length())
    assert len(found) <= recent + (recent // 2 + 1) * doublings + 1


@given(st.integers(1, 3_000_000))
def test_two_hundred_snapshots_of_any_size_stay_in_the_budget(n_bytes: int) -> None:
    """By fewer of the newest; below that only where a single one has megabytes."""
    recent = recent_for(n_bytes)
    assert recent == 1 or len(kept(range(1, LONG_RUN + 1), recent)) * n_bytes <= BUDGET
    assert n_bytes > 100_000 or recent == MOST_RECENT


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 50, 20)])
@pytest.mark.parametrize("latent_dim", [2, 16, 512])
def test_a_run_of_two_hundred_epochs_stays_below_20_mb(
    shape: tuple[int, int, int], latent_dim: int, isolated: Path
) -> None:
    """Of pictures that no archive makes smaller: as many files as are kept, each as large as the first."""
    run, rng = new_run(isolated, "long"), np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (1000, *shape), np.uint8))
    model = build_model(ModelConfig(latent_dim=latent_dim, hidden=(4,)), shape)
    shown = snapshot(model, images, None, epoch=1, axes=(0, 1), seed=0)
    assert shown.grid is not None
    assert shown.draws is not None
    arrays = {"reconstructions": shown.reconstructions, "draws": shown.draws, "grid": shown.grid.pictures}
    noise = {name: rng.integers(0, 256, array.shape, np.uint8) for name, array in arrays.items()}
    mu = rng.normal(size=(1000, latent_dim)).astype(np.float32)
    grid = replace(shown.grid, pictures=noise["grid"])
    shown = replace(shown, mu=mu, reconstructions=noise["reconstructions"], draws=noise["draws"], grid=grid)
    run.write_fixed(FixedSubset(rng.integers(0, 10, 1000), noise["draws"], tuple("0123456789")))
    run.write_snapshot(shown)
    n_bytes = sum(array.nbytes for array in snapshot_arrays(shown).values())
    n_kept = len(kept(range(1, 201), recent_for(n_bytes)))
    fixed, first = run.snapshots / "fixed.npz", run.snapshot_path(1)
    assert fixed.stat().st_size + n_kept * first.stat().st_size < 20_000_000
    assert n_kept >= (30 if latent_dim < 100 else 8)


def test_a_run_thins_its_snapshots(isolated: Path) -> None:
    """With each that is written; those that a later sitting has yet to write again are left alone."""
    run = new_run(isolated, "long")
    run.write_fixed(FixedSubset(None, np.zeros((1, 1, 8, 8), np.uint8)))
    images = np.zeros((1, 1, 8, 8), np.uint8)
    for epoch in range(1, 151):
        run.write_snapshot(Snapshot(epoch, np.zeros((2, 2), np.float32), images, images))
    assert kept(range(1, 151), MOST_RECENT) == run.snapshot_epochs()
    run.write_snapshot(Snapshot(149, np.zeros((2, 2), np.float32), images, images))
    assert kept(range(1, 151), MOST_RECENT) == run.snapshot_epochs()


# -- the plane ---------------------------------------------------------------------------------------------------------


def test_the_plane_is_held_until_another_dimension_says_twice_as_much() -> None:
    """A lead of a little changes nothing; twice as much takes the place of the weaker one."""
    assert (1, 3) == shown_axes([[0.1, 2.0, 0.2, 1.0]], 4)
    assert (1, 3) == shown_axes([[0.1, 2.0, 0.2, 1.0], [0.1, 2.0, 1.9, 1.0]], 4)
    assert (1, 2) == shown_axes([[0.1, 2.0, 0.2, 1.0], [0.1, 2.0, 2.1, 1.0]], 4)
    assert (0, 1) == shown_axes([[], []], 4) == shown_axes([[5.0]], 1)


@given(st.lists(st.lists(st.floats(0, 10), min_size=5, max_size=5), min_size=1, max_size=8))
def test_no_dimension_says_twice_as_much_as_a_shown_one(kl: list[list[float]]) -> None:
    """Whatever the history."""
    shown = shown_axes(kl, 5)
    assert shown[0] < shown[1]
    if len(kl) > 1:
        assert max(kl[-1]) <= 2 * max(kl[-1][i] for i in shown)
        assert sorted(kl[-1])[-2] <= 2 * min(kl[-1][i] for i in shown)


# -- alignment ---------------------------------------------------------------------------------------------------------


def turn_by(angle: float, mirrored: bool) -> np.ndarray:
    """A rotation, perhaps with a reflection."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]]) @ np.diag([1.0, -1.0 if mirrored else 1.0])


@given(st.floats(-np.pi, np.pi), st.booleans(), st.integers(0, 2**31))
def test_a_turned_or_mirrored_map_is_turned_back(angle: float, mirrored: bool, seed: int) -> None:
    """Exactly, by the turn's transpose."""
    points = np.random.default_rng(seed).normal(size=(50, 2)) * [2.0, 1.0]
    turn = turn_by(angle, mirrored)
    np.testing.assert_allclose(turn.T, align(points @ turn, points), atol=1e-9)


@given(st.integers(0, 2**31))
def test_no_turn_fits_better_and_nothing_is_scaled(seed: int) -> None:
    """The fit is orthogonal, also of maps that are no turns of each other, and the best of many angles."""
    rng = np.random.default_rng(seed)
    before = rng.normal(size=(30, 2))
    points = 3 * before @ turn_by(1.0, True) + rng.normal(size=(30, 2))
    turn = align(points, before)
    np.testing.assert_allclose(np.eye(2), turn @ turn.T, atol=1e-12)
    best = np.linalg.norm(points @ turn - before)
    others = [turn_by(angle, mirrored) for angle in np.linspace(0, 2 * np.pi, 60) for mirrored in (False, True)]
    assert all(best <= np.linalg.norm(points @ other - before) + 1e-9 for other in others)


def test_turns_are_chained() -> None:
    """However a map turns from epoch to epoch, aligned it stays where the first one was."""
    points = np.random.default_rng(0).normal(size=(40, 2)) * [2.0, 1.0]
    maps = [points @ turn_by(0.9 * i, i % 3 == 1) for i in range(8)]
    for at, turn in zip(maps, turns(maps), strict=True):
        np.testing.assert_allclose(points, at @ turn, atol=1e-9)


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((5, 2)), np.ones((4, 2))])
def test_without_anything_to_go_by_nothing_is_turned(points: np.ndarray) -> None:
    """No points, all at the origin, or another number of them than before."""
    assert np.array_equal(np.eye(2), align(points, np.ones((5, 2)) if len(points) == 4 else points))


# -- a run's frames ----------------------------------------------------------------------------------------------------


@pytest.fixture
def run(isolated: Path) -> RunFolder:
    """Give a run of which somebody has written what he pleased."""
    run = new_run(isolated, "made", {"latent_dim": 4})
    run.write_fixed(FixedSubset(None, np.zeros((1, 1, 8, 8), np.uint8)))
    return run


def test_older_snapshots_are_still_read(run: RunFolder) -> None:
    """Without draws and grid: their plane is that of the history; a generator's images are its draws."""
    mu, images = np.arange(8, dtype=np.float16).reshape(2, 4), np.full((3, 1, 8, 8), 7, np.uint8)
    save_npz(run.snapshot_path(1), {"mu": mu, "reconstructions": images})
    save_npz(run.snapshot_path(2), {"mu": mu[:0], "reconstructions": images})
    frames = timeline(run, [epoch_line(1, kl_per_dimension=[0.1, 1.0, 0.2, 2.0])])
    assert [(1, 3), (1, 3)] == [frame.axes for frame in frames]
    assert np.array_equal(mu[:, [1, 3]], frames[0].points)
    first, second = run.snapshot(1), run.snapshot(2)
    assert first is not None
    assert second is not None
    assert (None, None, 3) == (first.draws, first.grid, len(first.reconstructions))
    assert second.draws is not None
    assert (3, 0) == (len(second.draws), len(second.reconstructions))


def test_a_damaged_snapshot_is_left_out_and_a_replaced_one_is_not_shown(run: RunFolder) -> None:
    """The frames around it stay; a frame shows its own file or nothing."""
    grid = DecodedGrid((0, 2), 3.0, np.zeros((4, 1, 8, 8), np.uint8))
    images = np.zeros((1, 1, 8, 8), np.uint8)
    for epoch in (1, 2, 3):
        run.write_snapshot(Snapshot(epoch, np.full((2, 4), epoch, np.float32), images, images, grid))
    run.snapshot_path(2).write_bytes(b"PK\x03\x04 nothing")
    frames = timeline(run, [])
    assert [1, 3] == [frame.epoch for frame in frames]
    found = snapshot_of(frames[1])
    assert found is not None
    assert found.grid is not None
    assert ((0, 2), 3.0) == (found.grid.axes, found.grid.reach)
    run.write_snapshot(Snapshot(3, np.zeros((2, 4), np.float32), images, images, grid))
    assert snapshot_of(frames[1]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"mu": np.zeros(3)},
        {"mu": np.full((2, 4), np.inf)},
        {"reconstructions": np.zeros((1, 2, 8, 8), np.uint8)},
        {"draws": np.zeros((1, 1, 8, 8), np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_no_snapshot(change: dict[str, np.ndarray], run: RunFolder) -> None:
    """A file may be a stranger's."""
    images = np.zeros((1, 1, 8, 8), np.uint8)
    save_npz(run.snapshot_path(1), {"mu": np.zeros((2, 4)), "reconstructions": images, "draws": images, **change})
    assert run.snapshot(1) is None
    assert [] == timeline(run, [])


@pytest.mark.parametrize(
    "change", [{"axes": np.array([0, 4])}, {"reach": np.array(-1.0)}, {"grid": np.zeros((3, 1, 8, 8), np.uint8)}]
)
def test_a_grid_that_does_not_fit_is_left_out(change: dict[str, np.ndarray], run: RunFolder) -> None:
    """The rest of the snapshot is shown."""
    images = np.zeros((4, 1, 8, 8), np.uint8)
    sound = {"mu": np.zeros((2, 4)), "reconstructions": images, "draws": images, "grid": images}
    save_npz(run.snapshot_path(1), {**sound, "axes": np.array([0, 2]), "reach": np.array(3.0), **change})
    found = run.snapshot(1)
    assert found is not None
    assert found.grid is None


@pytest.mark.parametrize(
    "model", [{"latent_dim": 1}, {"latent_dim": 5}, {"family": "cvae"}, {"family": "gan"}, {"family": "ae"}]
)
def test_every_family_has_a_grid_and_draws(model: dict[str, object], isolated: Path, digits: ImageSet) -> None:
    """The grid is what the stored decoder makes of its places; draws are the same z in each epoch."""
    run = new_run(isolated, "any", dict(model), epochs=2)
    train_here(run, digits)
    first, last = run.snapshot(1), run.snapshot(2)
    assert first is not None
    assert last is not None
    assert last.grid is not None
    assert last.draws is not None
    assert (121, 12) == (len(last.grid.pictures), len(last.draws))
    assert np.abs(last.draws.astype(int) - np.asarray(first.draws)).max() < 255
    assert [1, 2] == [frame.epoch for frame in timeline(run, run.history())]


def test_the_grid_is_what_the_decoder_makes_of_its_places(isolated: Path, digits: ImageSet) -> None:
    """From the top left: -reach along the first dimension, +reach along the second."""
    from vae_core.explorer import LatentExplorer

    run = new_run(isolated, "grid", epochs=1)
    train_here(run, digits)
    found = run.snapshot(1)
    assert found is not None
    assert found.grid is not None
    reach = found.grid.reach
    explorer = LatentExplorer.load(run.path, "cpu")
    expected = explorer.decode([[-reach, reach], [reach, reach], [0, 0], [-reach, -reach]]) * 255
    np.testing.assert_allclose(expected, found.grid.pictures[[0, 10, 60, 110]], atol=0.51)
