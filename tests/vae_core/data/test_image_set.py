"""Splits, checksums, and the data set that needs no files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from vae_core.data import ImageSet, Split, load_dataset
from vae_core.data.image_set import checksum_of, held_out
from vae_core.errors import DataError


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    """Load the set that comes with scikit-learn."""
    return load_dataset("digits")


@given(st.integers(1, 300), st.integers(0, 100), st.integers(0, 100))
def test_held_out_partitions(n_images: int, first: int, second: int) -> None:
    """The groups are disjoint, each in the set's order, and with the rest they are all images."""
    first, second = min(first, n_images), min(second, max(0, n_images - first))
    groups = held_out(n_images, first, second)
    assert [first, second, n_images - first - second] == [len(group) for group in groups]
    assert list(range(n_images)) == sorted(np.concatenate(groups).tolist())
    assert all((np.diff(group) > 0).all() for group in groups)


def test_held_out_is_the_documented_rule() -> None:
    """The first group is the head of the frozen permutation, as the docstring says."""
    assert sorted(np.random.RandomState(0).permutation(50)[:7].tolist()) == held_out(50, 7)[0].tolist()


def test_digits_splits_are_all_the_images(digits: ImageSet) -> None:
    """Train, validation and test together are scikit-learn's 1,797 images, each exactly once, with its own label."""
    splits = [digits.split(name) for name in ("train", "validation", "test")]
    assert [1197, 200, 400] == [len(split) for split in splits]
    pixels, labels = load_digits(return_X_y=True)
    expected = sorted(np.column_stack([pixels, labels]).astype(int).tolist())
    ours = [np.column_stack([np.rint(s.images.reshape(-1, 64) * (16 / 255)), s.labels]) for s in splits]
    assert expected == sorted(np.concatenate(ours).astype(int).tolist())


def test_digits_use_the_whole_pixel_range(digits: ImageSet) -> None:
    """Scikit-learn's 0..16 becomes 0..255, in images of one channel."""
    assert (0, 255) == (digits.train.images.min(), digits.train.images.max())
    assert (1, 8, 8) == digits.image_shape
    assert tuple("0123456789") == digits.class_names


def test_digits_checksum_is_golden(digits: ImageSet) -> None:
    """Pixels, labels and splits stay what they were when the shipped checkpoints were trained.

    The number: python -c "from vae_core.data import load_dataset; print(load_dataset('digits').checksum)"
    """
    assert "b8e171ec114320c67da35f5d8c0ea58850c55793182ef17a731d3e6f848dd027" == digits.checksum


def test_arrays_are_read_only(digits: ImageSet) -> None:
    """Nobody who shares a cached set can change it for the others."""
    with pytest.raises(ValueError, match="read-only"):
        digits.train.images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        digits.test.labels[0] = 0


def test_checksum_sees_content_and_not_layout() -> None:
    """A copy in another memory order has the same checksum, one changed pixel or label another."""
    images = np.arange(96, dtype=np.uint8).reshape(2, 3, 4, 4)
    labels = np.array([0, 1])
    expected = checksum_of([Split(images, labels)])
    assert expected == checksum_of([Split(np.asfortranarray(images), labels)])
    changed = images.copy()
    changed[1, 2, 3, 3] += 1
    assert expected != checksum_of([Split(changed, labels)])
    assert expected != checksum_of([Split(images, labels[::-1])])


def test_unknown_split_is_refused(digits: ImageSet) -> None:
    """The message names the split asked for and those that there are."""
    with pytest.raises(DataError, match="no split 'valid': the splits are train, validation, test"):
        digits.split("valid")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 1, 8, 8), np.float32), None),
        (np.zeros((2, 8, 8), np.uint8), None),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros(3, np.int64)),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros(2, np.uint8)),
    ],
)
def test_split_refuses_other_arrays(images: np.ndarray, labels: np.ndarray | None) -> None:
    """A wrong type or shape is said in one sentence, not found out later."""
    with pytest.raises(DataError, match="must be"):
        Split(images, labels)


def test_factors_are_checked_and_read_only() -> None:
    """One row of int64 for each image, or a DataError; nobody changes them afterwards."""
    images = np.zeros((3, 1, 8, 8), np.uint8)
    split = Split(images, None, np.zeros((3, 2), np.int64))
    assert split.factors is not None
    assert not split.factors.flags.writeable
    for wrong in (np.zeros((2, 2), np.int64), np.zeros(3, np.int64), np.zeros((3, 2), np.int32)):
        with pytest.raises(DataError, match="factors must be int64 of shape"):
            Split(images, None, wrong)
