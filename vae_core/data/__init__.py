"""Data sets: a name becomes an `ImageSet`, or a `DataError` that says what to do."""

from vae_core.data.catalogue import DATASETS, DatasetSpec, data_dir, default_epochs, is_available
from vae_core.data.fetch import fetch_dataset
from vae_core.data.image_set import ImageSet, LeftOut, Split, left_out_csv
from vae_core.data.load import image_shape, load_dataset
from vae_core.data.own_name import absolute_options, absolute_spec, is_own, own_name_of, short_name, title_of
from vae_core.data.preview import Preview, inspect

__all__ = [
    "DATASETS",
    "DatasetSpec",
    "ImageSet",
    "LeftOut",
    "Preview",
    "Split",
    "absolute_options",
    "absolute_spec",
    "data_dir",
    "default_epochs",
    "fetch_dataset",
    "image_shape",
    "inspect",
    "is_available",
    "is_own",
    "left_out_csv",
    "load_dataset",
    "own_name_of",
    "short_name",
    "title_of",
]
