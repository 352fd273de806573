"""Data sets: a name becomes an `ImageSet`, or a `DataError` that says what to do."""

from vae_core.data.catalogue import DATASETS, DatasetSpec, data_dir, is_available
from vae_core.data.fetch import fetch_dataset
from vae_core.data.image_set import ImageSet, Split
from vae_core.data.load import load_dataset

__all__ = [
    "DATASETS",
    "DatasetSpec",
    "ImageSet",
    "Split",
    "data_dir",
    "fetch_dataset",
    "is_available",
    "load_dataset",
]
