"""Which data sets there are, and where their files lie.

Nothing here imports torchvision: pages ask these questions on every rerun.
"""

from __future__ import annotations

import difflib
import os
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from vae_core.data.own_name import KINDS, is_own, parse_own
from vae_core.data.shapes import SHAPE_NAMES
from vae_core.errors import DataError
from vae_core.files import expanded

_DIGITS = tuple(string.digits)


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """What is known of a data set before it is loaded.

    Attributes
    ----------
    image_shape : tuple of int
        (C, H, W).
    torchvision_class : str
        The class in `torchvision.datasets` that knows the set's addresses and checksums; empty for a set that
        ships with an installed package, is drawn, or cannot be downloaded.
    folder : str
        Where the files lie below the data folder, in torchvision's layout.
    files : tuple of str
        Names of the files in `folder`; those that end in .gz may also lie there unpacked.
    download : str
        What `fetch_dataset` downloads, for people.
    download_bytes : int
        Size of that.
    epochs : int
        Epochs after which a default model is past its grey beginnings; a small set needs more of them.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    torchvision_class: str
    folder: str
    files: tuple[str, ...]
    download: str
    download_bytes: int
    licence: str
    source: str
    epochs: int = 30

    @property
    def can_be_fetched(self) -> bool:
        """Whether there is an address to download the set from."""
        return bool(self.torchvision_class)


def _idx_files(train: str, test: str) -> tuple[str, ...]:
    return tuple(f"{part}-{kind}-ubyte.gz" for part in (train, test) for kind in ("images-idx3", "labels-idx1"))


_SPECS = (
    DatasetSpec(
        name="digits",
        title="Digits 8×8",
        class_names=_DIGITS,
        image_shape=(1, 8, 8),
        torchvision_class="",
        folder="",
        files=(),
        download="nothing: it comes with scikit-learn",
        download_bytes=0,
        licence="CC BY 4.0",
        epochs=150,
        source="Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998",
    ),
    DatasetSpec(
        name="mnist",
        title="MNIST",
        class_names=_DIGITS,
        image_shape=(1, 28, 28),
        torchvision_class="MNIST",
        folder="MNIST/raw",
        files=_idx_files("train", "t10k"),
        download="four .gz files",
        download_bytes=11_594_722,
        licence="CC BY-SA 3.0",
        source="LeCun, Cortes, Burges: The MNIST database of handwritten digits",
    ),
    DatasetSpec(
        name="fashion-mnist",
        title="Fashion-MNIST",
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        image_shape=(1, 28, 28),
        torchvision_class="FashionMNIST",
        folder="FashionMNIST/raw",
        files=_idx_files("train", "t10k"),
        download="four .gz files",
        download_bytes=30_878_645,
        licence="MIT",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747",
    ),
    DatasetSpec(
        name="kmnist",
        title="Kuzushiji-MNIST",
        class_names=("o お", "ki き", "su す", "tsu つ", "na な", "ha は", "ma ま", "ya や", "re れ", "wo を"),
        image_shape=(1, 28, 28),
        torchvision_class="KMNIST",
        folder="KMNIST/raw",
        files=_idx_files("train", "t10k"),
        download="four .gz files",
        download_bytes=21_240_888,
        licence="CC BY-SA 4.0",
        source="Clanuwat et al.: Deep Learning for Classical Japanese Literature, arXiv:1812.01718",
    ),
    DatasetSpec(
        name="emnist-letters",
        title="EMNIST letters",
        class_names=tuple(string.ascii_uppercase),
        image_shape=(1, 28, 28),
        torchvision_class="EMNIST",
        folder="EMNIST/raw",
        files=_idx_files("emnist-letters-train", "emnist-letters-test"),
        download="one .zip with all of EMNIST, of which only the letters are kept",
        download_bytes=561_753_746,
        licence="none stated (NIST Special Database 19)",
        source="Cohen, Afshar, Tapson, van Schaik: EMNIST, arXiv:1702.05373",
    ),
    DatasetSpec(
        name="cifar10",
        title="CIFAR-10",
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        image_shape=(3, 32, 32),
        torchvision_class="CIFAR10",
        folder="cifar-10-batches-py",
        files=(*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"),
        download="one .tar.gz file",
        download_bytes=170_498_071,
        licence="none stated",
        source="Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    ),
    DatasetSpec(
        name="binarized-mnist",
        title="Binarized MNIST",
        class_names=(),
        image_shape=(1, 28, 28),
        torchvision_class="",
        folder="binarized_mnist",
        files=("binarized_mnist.npz",),
        download="nothing: there is no address to fetch it from",
        download_bytes=0,
        licence="CC BY-SA 3.0",
        source="Salakhutdinov, Murray: On the Quantitative Analysis of Deep Belief Networks, 2008; files by Larochelle",
    ),
    DatasetSpec(
        name="shapes",
        title="Shapes",
        class_names=SHAPE_NAMES,
        image_shape=(1, 32, 32),
        torchvision_class="",
        folder="",
        files=(),
        download="nothing: it is drawn when it is needed",
        download_bytes=0,
        licence="that of this project",
        source="vae_core.data.shapes",
    ),
)

DATASETS: Mapping[str, DatasetSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every data set that can be asked for, by name."""


def dataset_spec(name: str) -> DatasetSpec:
    """The entry of that name.

    Raises
    ------
    DataError
        When there is none; the message lists the names and suggests a close one.
    """
    if name in DATASETS:
        return DATASETS[name]
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1)
    hint = f", did you mean {close[0]}?" if close else "."
    own = ", ".join(f"{kind}:PATH" for kind in KINDS)
    raise DataError(
        f"There is no data set {name[:200]!r}{hint} The data sets are {', '.join(DATASETS)}; data of your own is {own}."
    )


OWN_EPOCHS = 100
"""As `DatasetSpec.epochs`, for data of one's own, which is mostly small."""


def default_epochs(name: str) -> int:
    """Epochs for a run that names none.

    Raises
    ------
    DataError
        When there is no data set of that name.
    """
    return OWN_EPOCHS if is_own(name) else dataset_spec(name).epochs


def data_dir(explicit: str | os.PathLike[str] | None = None) -> Path:
    """The folder where data sets lie: `explicit`, else the variable VAE_DATA_DIR, else `data` in the project's root."""
    if explicit is None:
        explicit = os.environ.get("VAE_DATA_DIR") or Path(__file__).parents[2] / "data"
    return expanded(explicit).absolute()


def is_file(path: Path) -> bool:
    """Whether a file is there; False, too, in a folder that may not be looked into."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where permission lacks


def missing_files(spec: DatasetSpec, folder: Path) -> list[str]:
    """Names of the set's files that are in `folder` neither as they are nor unpacked."""
    return [name for name in spec.files if not (is_file(folder / name) or is_file(folder / name.removesuffix(".gz")))]


def is_available(name: str, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether the data set's files are there; only their presence is looked at, not their content.

    Data of one's own (`folder:PATH` and the like) is there when something lies at its path.

    Raises
    ------
    DataError
        When there is no data set of that name.
    """
    if is_own(name):
        _, path = parse_own(name)
        return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where permission lacks
    spec = dataset_spec(name)
    return not missing_files(spec, set_folder(spec, data_dir))


def set_folder(spec: DatasetSpec, explicit: str | os.PathLike[str] | None) -> Path:
    """The folder that holds the set's own files."""
    return data_dir(explicit) / spec.folder


def two_ways_out(spec: DatasetSpec) -> str:
    """The end of a sentence that says how to come by a set that is missing."""
    if not spec.can_be_fetched:
        return (
            f"it cannot be downloaded from here; put {spec.folder}/{spec.files[0]} into that data folder, or point "
            "VAE_DATA_DIR or --data-dir at one that has it."
        )
    return (
        f"run `python -m vae_core fetch {spec.name}` where there is a network, or point VAE_DATA_DIR or --data-dir "
        f"at a folder that has {spec.folder}/{spec.files[0]} and the set's other files, in torchvision's layout."
    )
