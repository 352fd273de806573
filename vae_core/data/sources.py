"""Where data sets come from, and their MD5s: torchvision's classes say so, so that it stays the one who knows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_core.data.catalogue import DatasetSpec

BINARIZED_MNIST_MD5 = "e0fddb4034a264df42ab19348843fcc7"
"""The bits of binarized_mnist_{train,valid,test}.amat, eight in a byte, in a file that torchvision does not know."""


@dataclass(frozen=True)
class Archive:
    """One file to download that holds all of a set's files."""

    url: str
    md5: str

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]


def file_checksums(spec: DatasetSpec) -> dict[str, str | None]:
    """MD5 of each of the set's files by name, in the order of `spec.files`; None where its publisher gives none."""
    if spec.name == "binarized-mnist":
        return {spec.files[0]: BINARIZED_MNIST_MD5}
    known = _torchvision(spec)
    if spec.name == "cifar10":
        listed = dict([*known.train_list, *known.test_list, (known.meta["filename"], known.meta["md5"])])
    elif spec.name == "emnist-letters":
        listed = {}  # the whole archive has an MD5, its members have none
    else:
        listed = dict(known.resources)
    return {name: listed.get(name) for name in spec.files}


def archive(spec: DatasetSpec) -> Archive | None:
    """The archive that the set is published as; None when its files are published one by one."""
    known = _torchvision(spec)
    if spec.name == "cifar10":
        return Archive(known.url, known.tgz_md5)
    if spec.name == "emnist-letters":
        return Archive(known.url, known.md5)
    return None


def mirrors(spec: DatasetSpec) -> list[str]:
    """Addresses, each ending in a slash, below which the set's files are published one by one."""
    return list(_torchvision(spec).mirrors)


def has_md5(path: Path, md5: str | None) -> bool:
    """Whether the file can be read and has that MD5."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5
    except OSError:
        return False


def _torchvision(spec: DatasetSpec) -> Any:
    import torchvision.datasets  # takes seconds

    return getattr(torchvision.datasets, spec.torchvision_class)
