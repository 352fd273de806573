"""The command `vary`, as a shell sees it."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae_core.test_cli import Run, refused, vae  # noqa: F401 - a fixture
from vae_core import LatentExplorer
from vae_core.config import DataConfig
from vae_core.data import ImageSet, load_dataset
from vae_core.images import png_bytes, to_uint8
from vae_core.vary import read_image

DIGITS = ("digits-2d", "--device", "cpu")


@pytest.fixture
def pictures(tmp_path: Path, digits: ImageSet) -> Path:
    """A folder of five PNGs of test digits, fewer than a training would take, and a file that is no picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(5):
        (folder / f"digit-{i}.png").write_bytes(png_bytes(digits.test.images[i].transpose(1, 2, 0)))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_test_image_into_a_folder(vae: Run, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    """PNGs and a table whose z decode to them; the document counts them; another call does not overwrite it."""
    arguments = ("vary", *DIGITS, "--index", 3, "--count", 5, "--spread", 1.5, "--seed", 7, "--out", tmp_path / "out")
    document = vae(*arguments, "--json")[1]
    assert (1, 5, 1.5, 7, 0) == tuple(document[key] for key in ("n_sources", "n_images", "spread", "seed", "rejected"))
    rows = rows_of((tmp_path / "out" / "variations.csv").read_text())
    explorer = LatentExplorer.load("digits-2d", "cpu")
    expected = to_uint8(explorer.decode(np.array([[row["z_1"], row["z_2"]] for row in rows], np.float32)))
    for row, image in zip(rows, expected, strict=True):
        with Image.open(tmp_path / "out" / row["file"]) as picture:
            np.testing.assert_array_equal(image[0], np.asarray(picture))
    assert all(0 <= float(row["support"]) <= 1 and float(row["distance_to_nearest"]) > 0 for row in rows)
    assert document["off_data"] == sum(int(row["off_data"]) for row in rows)
    assert "exists already and is not overwritten" in refused(vae(*arguments))


def test_a_folder_of_pictures_into_a_zip(vae: Run, pictures: Path, tmp_path: Path) -> None:  # noqa: F811
    """Each picture has its variations under its own name; what is no picture is left out; same seed, same file."""
    arguments = ("vary", *DIGITS, "--dataset", f"folder:{pictures}", "--count", 4, "--spread", 0)
    assert 1 == vae(*arguments, "--out", tmp_path / "a.zip", "--json")[1]["left_out"]
    assert 0 == vae(*arguments, "--out", tmp_path / "b.zip")[0]
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    explorer, images = LatentExplorer.load("digits-2d", "cpu"), load_dataset("digits").test.images[:5]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        rows = rows_of(archive.read("variations.csv").decode())
        assert [f"digit-{i}.png" for i in range(5) for _ in range(4)] == [row["source"] for row in rows]
        for i in range(5):
            picture = np.asarray(Image.open(io.BytesIO(archive.read(rows[4 * i]["file"]))))
            expected = to_uint8(explorer.decode(explorer.encode(images[i : i + 1]).mu))[0, 0]
            assert np.abs(expected.astype(int) - picture).max() <= 1, "the reconstruction"


def test_variations_are_a_data_set_themselves(vae: Run, tmp_path: Path) -> None:  # noqa: F811
    """The table gives their labels to whoever trains on them."""
    out = tmp_path / "out"
    assert 0 == vae("vary", *DIGITS, "--index", 0, "--index", 3, "--count", 6, "--out", out)[0]
    labels = LatentExplorer.load("digits-2d", "cpu").latents.labels
    assert labels is not None
    data = load_dataset(f"folder:{out}", options=DataConfig(labels=str(out / "variations.csv")))
    assert sorted({str(labels[0]), str(labels[3])}) == list(data.class_names)
    assert (12, ()) == (len(data.train) + len(data.validation) + len(data.test), data.left_out)


def test_one_picture(vae: Run, pictures: Path, tmp_path: Path) -> None:  # noqa: F811
    """A file of the model's size is taken as it is; a large photograph of ink on paper is made like the data."""
    large = np.full((200, 160), 230, np.uint8)
    large[40:160, 70:90] = 20
    Image.fromarray(large).save(tmp_path / "one.png")
    arguments = ("vary", *DIGITS, "--image", pictures / "digit-2.png", "--image", tmp_path / "one.png")
    assert 0 == vae(*arguments, "--count", 3, "--spread", 0, "--out", tmp_path / "out")[0]
    rows = rows_of((tmp_path / "out" / "variations.csv").read_text())
    assert ["digit-2.png"] * 3 + ["one.png"] * 3 == [row["source"] for row in rows]
    explorer = LatentExplorer.load("digits-2d", "cpu")
    mu = explorer.encode(load_dataset("digits").test.images[2:3]).mu[0]
    np.testing.assert_allclose(mu, [float(rows[0][f"z_{i}"]) for i in (1, 2)], atol=1e-5)
    image = read_image(explorer, tmp_path / "one.png")
    assert (0, 255, True) == (image[..., [0, -1]].max(), image[..., 3:5].max(), image.mean(axis=(0, 2)).all()), (
        "as data"
    )


@pytest.mark.parametrize(("arguments", "said"), [
    (("--index", 100000), "has images 0 to 399"),
    (("--index", 0, "--spread", 0, "--split", "test"), "--split belongs to --dataset"),
    (("--image", "nowhere.png"), "cannot be read"),
    (("--image", __file__), "cannot be used"),
    (("--dataset", "folder:/nowhere"), "There is no folder"),
    (("--dataset", "magic"), "magic"),
    (("--index", 0, "--class", 3), "takes no class"),
    (("--index", 0, "--out", "/nowhere/a.zip"), "there is no folder"),
])  # fmt: skip
def test_errors_are_one_line(arguments: tuple[object, ...], said: str, vae: Run, tmp_path: Path) -> None:  # noqa: F811
    """What is wrong, in a sentence; nothing is left behind."""
    out = () if "--out" in arguments else ("--out", tmp_path / "out")
    assert said in refused(vae("vary", *DIGITS, *arguments, *out))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [
    "--out a", "--index 0", "--index 0 --image a --out a", "--index 0 --spread nan --out a",
    "--index 0 --count 0 --out a",
])  # fmt: skip
def test_wrong_usage_is_2(arguments: str, vae: Run) -> None:  # noqa: F811
    """What the command line does not know is answered with its usage."""
    assert 2 == vae("vary", "digits-2d", *arguments.split())[0]
