"""Images of one's own on the Train page: from an upload, or a path, to a model that opens."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, OpenApp, sent
from tests.app.test_train_page import sentences
from tests.vae_core.data.own_files import broken_files, picture, saved, write
from ui.train import own
from vae_core.checkpoints import list_checkpoints, read_card
from vae_core.config import DataConfig
from vae_core.training import process
from vae_core.training.run_folder import RunFolder, list_runs
from vae_core.uploads import UPLOADS

BROKEN = {name: content for name, (content, _) in broken_files().items()}
TWO_CLASSES = {
    f"{kind}/{i}.png": saved(picture(kind == "red", seed=i), "PNG") for kind in ("red", "grey") for i in range(15)
}


@pytest.fixture
def open_own(open_app: Callable[[str], AppTest]) -> Callable[[], AppTest]:
    """Give a function that brings a new visitor to the page, where they choose images of their own."""

    def open_own() -> AppTest:
        app = open_app("train")
        app.selectbox(key="train dataset").set_value("own").run()
        return app

    return open_own


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as one zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def upload(app: AppTest, *files: tuple[str, bytes]) -> None:
    """Drop files into the uploader."""
    app.file_uploader(key="train files").set_value([(name, content, "") for name, content in files]).run()


def start_tiny(app: AppTest) -> None:
    """Press Start with a tiny network and one epoch."""
    app.text_input(key="train hidden").set_value("8").run()
    app.number_input(key="train epochs").set_value(1).run()
    app.button(key="train start").click().run()
    assert not app.exception


def test_from_a_zip_to_explore(open_own: Callable[[], AppTest], open_app: OpenApp, launched: list[RunFolder]) -> None:
    """A zip of two classes and broken files: previewed, trained on, what was left out listed, the model explored."""
    app = open_own()
    assert app.button(key="train start").disabled
    upload(app, ("Red & grey.zip", zipped(TWO_CLASSES | {f"red/{name}": content for name, content in BROKEN.items()})))
    said = sentences(app).replace("\\", "")
    for part in (
        "**Red-grey.zip** · 30 images of 40×30 in colour", "24 to train with, 3 for validation, 3 for the test",
        "Found: 40×30 pixels", "2 classes: grey (15), red (15)",
    ):  # fmt: skip
        assert part in said
    assert f"{len(BROKEN)} left out" in [expander.label for expander in app.expander]
    assert sorted(f"red/{name}" for name in BROKEN) == sorted(app.dataframe[0].value["File"])
    assert "Red-grey-2d-1" == app.text_input(key="train name").placeholder
    start_tiny(app)
    (run,) = launched
    process.run(run, on_status=lambda status: None, on_epoch=lambda line: None)
    assert "Red-grey-2d-1" in [entry.name for entry in list_checkpoints()]
    assert (("grey", "red"), 24) == (read_card(run.path).data.class_names, read_card(run.path).data.n_train)
    later = open_app("train")
    assert sorted(f"red/{name}" for name in BROKEN) == sorted(later.dataframe[0].value["File"])
    assert ["grey", "red"] == sent(later, "latent_map")["classes"]
    later.button(key=f"train open {run.name}").click().run()
    assert (run.name, False) == (later.session_state["model"], bool(later.exception))


def test_many_sizes_are_counted_as_sizes(open_own: Callable[[], AppTest]) -> None:
    """Beyond the most frequent ones it is sizes that are counted, not pixels."""
    app = open_own()
    upload(app, ("many.zip", zipped({f"{i}.png": saved(picture(size=(20 + i, 30)), "PNG") for i in range(12)})))
    assert "and 6 more sizes, in pixels." in sentences(app)


def test_pictures_with_a_table(open_own: Callable[[], AppTest], launched: list[RunFolder]) -> None:
    """Several pictures with a table of classes, made grey and 16 pixels wide: the run asks for exactly that."""
    app = open_own()
    names = [f"{i}.png" for i in range(12)]
    table = "file,label\n" + "".join(f"{name},{'ab'[i % 2]}\n" for i, name in enumerate(names))
    upload(app, *((name, saved(picture(seed=i), "PNG")) for i, name in enumerate(names)), ("t.csv", table.encode()))
    app.number_input(key="train side").set_value(16).run()
    app.selectbox(key="train colour").set_value("grey").run()
    assert "**pictures.zip** · 12 images of 16×16 in grey" in sentences(app).replace("\\", "")
    assert "Conditional VAE" in app.selectbox(key="train family").options
    start_tiny(app)
    asked = launched[0].request().config
    folder = Path(asked.dataset.removeprefix("zip:")).parent
    assert DataConfig(side=16, colour="grey", labels=str(folder / "labels.csv")) == asked.data
    app.number_input(key="train side").set_value(900).run()
    assert "side" in app.error[0].value
    assert app.button(key="train start").disabled


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("pets.zip", b"no zip file")], "zip:pets.zip is no zip file, or a damaged one: pack it anew."),
        ([("a.zip", b""), ("b.zip", b"")], "but what came is 2 archives"),
        ([("one.png", saved(picture(), "PNG"))], "zip:pictures.zip has 1 usable images"),
        ([("x.npz", b"PK")], "npz:x.npz is no npz file"),
        ([("![x](http://evil.example/n.png).png", b"")], "0 usable images"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    open_own: Callable[[], AppTest], isolated: Path, files: list[tuple[str, bytes]], said: str
) -> None:
    """It stands in one box, tells nobody where uploads lie, and draws no stranger's picture."""
    app = open_own()
    upload(app, *files)
    (error,) = app.error
    assert said in error.value.replace("\\", "").replace("\u2060", "")
    assert str(isolated) not in error.value.replace("\\", "")
    assert "![x](" not in error.value
    assert app.button(key="train start").disabled


def test_an_upload_outlasts_the_visit_of_another_page(
    open_own: Callable[[], AppTest], launched: list[RunFolder], isolated: Path
) -> None:
    """Who comes back finds the images as they were; when they were taken out, or swept, there are none."""
    app = open_own()
    upload(app, ("pets.zip", zipped(TWO_CLASSES)))
    app.switch_page(str(ROOT / "pages" / "model.py")).run()
    app.switch_page(str(ROOT / "pages" / "train.py")).run()
    assert "**pets.zip** · 30 images" in sentences(app).replace("\\", "")
    assert not app.button(key="train start").disabled
    (isolated / UPLOADS).rename(isolated / "elsewhere")
    app.run()
    assert "no longer on the server" in app.info[0].value
    upload(app, ("pets.zip", zipped(TWO_CLASSES)))
    assert not app.button(key="train start").disabled
    upload(app)
    assert app.button(key="train start").disabled


def test_a_path_on_this_machine(open_own: Callable[[], AppTest], launched: list[RunFolder], tmp_path: Path) -> None:
    """A folder's path is previewed and trained on where it lies; files that came since are read when asked to."""
    folder = write(tmp_path / "my pets", TWO_CLASSES)
    app = open_own()
    app.segmented_control(key="train way").set_value(own.BY_PATH).run()
    app.text_input(key="train path").set_value(str(tmp_path / "gone")).run()
    assert "expected the path of a folder" in app.error[0].value
    app.text_input(key="train path").set_value(str(folder)).run()
    assert "30 images" in sentences(app)
    write(folder / "red", {"new.png": saved(picture(), "PNG")})
    app.button(key="train read again").click().run()
    assert "31 images" in sentences(app)
    start_tiny(app)
    assert f"folder:{folder}" == launched[0].request().config.dataset


def test_no_path_where_others_can_connect(
    open_own: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Off the loopback address there is no way to name a path, and one that the session still holds is not read."""
    folder = write(tmp_path / "secret", TWO_CLASSES)
    app = open_own()
    app.segmented_control(key="train way").set_value(own.BY_PATH).run()
    app.text_input(key="train path").set_value(str(folder)).run()
    assert "30 images" in sentences(app)
    monkeypatch.setattr(own, "only_this_machine_connects", lambda: False)
    app.run()
    assert "30 images" not in sentences(app)
    assert not [field for field in app.text_input if field.key == "train path"]
    assert not app.segmented_control
    assert app.button(key="train start").disabled
    assert [] == list_runs()


@pytest.mark.parametrize(
    ("address", "hosts", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1", "localhost"], True),
        ("localhost", ["localhost", "::1"], True),
        ("0.0.0.0", ["127.0.0.1", "localhost"], False),
        (None, ["localhost"], False),
        ("192.168.0.7", ["localhost"], False),
        ("127.0.0.1", ["localhost", "lab.example.org"], False),
        ("127.0.0.1", ["*"], False),
        ("127.0.0.1", [], False),
    ],
)
def test_who_can_connect(
    monkeypatch: pytest.MonkeyPatch, address: str | None, hosts: list[str], expected: bool
) -> None:
    """Only a loopback address with nothing but loopback names is reached by this machine alone."""
    options = {"server.address": address, "server.allowedHosts": hosts}
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    assert expected == own.only_this_machine_connects()
