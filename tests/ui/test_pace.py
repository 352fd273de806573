"""How many images fit into a time: learnt from the calls, whatever a call costs by itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from ui.pace import GROWTH, LARGEST_CHUNK, Pace

MS = 1e-3
Clock = Callable[[int], float]


def device(fixed: float, each: float, noise: float = 0.0) -> Clock:
    """Seconds that a call with n images takes, up to the fraction `noise` longer."""
    rng = np.random.default_rng(0)
    return lambda n: (fixed + each * n) * (1 + noise * rng.random())


def decode(pace: Pace, clock: Clock, n: int, seconds: float = 2 * MS) -> list[int]:
    """Sizes of the chunks in which n images are decoded."""
    sizes = []
    while n:
        sizes.append(min(n, pace.images_in(seconds)))
        pace.note(sizes[-1], clock(sizes[-1]))
        n -= sizes[-1]
    return sizes


@pytest.mark.parametrize("singles", [0, 1, 10, 1000])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("fixed", [1.2 * MS, 1.9 * MS, 5 * MS])
def test_a_fixed_cost_is_found_out(fixed: float, noise: float, singles: int) -> None:
    """Where a call costs 120 images and more, a grid of 900 takes few calls, also after nothing but single images."""
    pace, clock = Pace(), device(fixed, 0.01 * MS, noise)
    for _ in range(singles):
        pace.note(1, clock(1))
    assert len(decode(pace, clock, 900)) <= 24


@pytest.mark.parametrize("singles", [0, 300])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("each", [0.2 * MS, 0.5 * MS, 5 * MS])
def test_without_a_fixed_cost_no_chunk_takes_long(each: float, noise: float, singles: int) -> None:
    """Where only images cost, a chunk keeps the pointer waiting for about 2 ms, or for one image."""
    pace, clock = Pace(), device(0.0, each, noise)
    for _ in range(singles):
        pace.note(1, clock(1))
    sizes = decode(pace, clock, 900)[3:]
    assert 0.6 * max(1, 2 * MS / each) <= np.mean(sizes)
    assert np.quantile(sizes, 0.95) <= max(1, 2 * MS / each) * 1.1


def test_a_call_is_no_dearer_than_twice_what_it_costs_anyway() -> None:
    """Where the call alone takes longer than the time that is given, images are added until they cost as much."""
    pace = Pace()
    for n in (1, 6) * 20:
        pace.note(n, (5 + 0.5 * n) * MS)
    assert 9 <= pace.images_in(2 * MS) <= 10


def test_a_hiccup_costs_little_and_a_slower_device_is_found_out() -> None:
    """One call that takes a hundred times as long hardly matters; ten that take five times as long do."""
    pace = Pace()
    for n in (100, 20) * 10:
        pace.note(n, n * 0.1 * MS)
    assert 20 == pace.images_in(2.05 * MS)
    pace.note(1, 5.0)
    assert 15 <= pace.images_in(2.05 * MS) <= 20
    for n in (20, 10) * 20:
        pace.note(n, n * 0.5 * MS)
    assert 4 == pace.images_in(2.05 * MS)
    assert 1 == pace.images_in(1e-9)


def test_it_feels_its_way() -> None:
    """Before the first call 16; after that no call is much larger than what was seen, nor than the largest at all."""
    pace = Pace()
    assert 16 == pace.images_in(1.0)
    sizes = decode(pace, device(MS, 0.0), 20_000, 1.0)
    assert all(later <= GROWTH * earlier for earlier, later in pairwise(sizes))
    assert LARGEST_CHUNK == max(sizes)


def test_small_calls_on_a_slower_device_promise_no_bargain() -> None:
    """Single images that have become slower than grids were do not make the next grid's chunk larger than grown."""
    pace = Pace()
    decode(pace, device(1.2 * MS, 0.01 * MS), 900)
    for _ in range(3):
        pace.note(1, 6 * MS)
    assert decode(pace, device(6 * MS, 0.05 * MS), 900)[0] <= GROWTH * 120
