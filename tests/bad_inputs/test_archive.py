"""A checkpoint file from anywhere: nothing but a sound one becomes a model, and nothing is written beside it."""

from __future__ import annotations

import io
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from tests.bad_inputs.command import contents
from tests.bad_inputs.damage import edit_card, seal
from vae_core.archive import unpack_checkpoint
from vae_core.checkpoints import CARD, LATENTS, WEIGHTS, read_card, read_latents
from vae_core.errors import VaeCoreError
from vae_core.unzip import LARGEST_ARCHIVE

Members = list[tuple[str, bytes]]


def zipped(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members, in this order, names as they are."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def sound(pristine: Path) -> Members:
    """The members of a sound checkpoint."""
    return [(name, (pristine / "tiny" / name).read_bytes()) for name in (CARD, WEIGHTS, LATENTS)]


def refused(content: bytes, home: Path, name: str = "brought") -> str:
    """The sentence with which a file is refused; nothing on the disk has changed."""
    before = contents(home.parent)
    with pytest.raises(VaeCoreError) as caught:
        unpack_checkpoint(content, name, home)
    assert before == contents(home.parent)
    assert not [path for path in home.iterdir() if path.name.startswith((".brought", "brought"))]
    return str(caught.value)


def test_paths_of_an_archive_lead_nowhere(sound: Members, home: Path) -> None:
    """Members with paths out of the folder are taken for what their last part says, or not at all."""
    elsewhere = [("../../evil", b"x"), ("/etc/evil", b"x"), ("..\\evil", b"x"), ("a/../../b", b"x")]
    content = zipped([*elsewhere, *((f"../../../tmp/{name}", data) for name, data in sound)])
    before = contents(home.parent)
    folder = unpack_checkpoint(content, "brought", home)
    assert home / "brought" == folder
    new = contents(home.parent).keys() - before.keys()
    assert {f"home/brought/{name}" for name in (CARD, WEIGHTS, LATENTS)} == new


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "This is no checkpoint file"),
        (b"PK\x03\x04" + bytes(500), "This is no checkpoint file"),
        (zipped([]), "card.json, model.safetensors, latents.npz not in it"),
        (zipped([("inner.zip", zipped([(CARD, b"{}")]))]), "not in it"),
        (zipped([(CARD, b"{}"), (CARD, b"{}")]), "more than once"),
        (zipped([(CARD, b"{}"), (f"deep/{CARD}", b"{}")]), "more than once"),
        (zipped([(CARD, b"{}"), (WEIGHTS, b""), (LATENTS, b"")]), "schema_version"),
    ],
    ids=["empty", "torn", "no members", "nested", "twice", "twice in folders", "no card"],
)
def test_other_files_are_refused(file: bytes, says: str, home: Path) -> None:
    """What is no archive of a checkpoint is refused with the reason."""
    assert says in refused(file, home)


def test_damaged_archives_are_refused(sound: Members, home: Path) -> None:
    """Cut short anywhere, or with a bit flipped where the content lies, an archive is refused."""
    content = zipped(sound)
    for size in range(0, len(content) - 1, len(content) // 20):
        refused(content[:size], home)
    for i in range(60, len(content) // 2, len(content) // 20):
        refused(content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :], home)


def test_encrypted_members_are_refused(sound: Members, home: Path) -> None:
    """An archive that asks for a password is refused."""
    content = bytearray(zipped(sound))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1  # the flag for encryption
    assert "This is no checkpoint file" in refused(bytes(content), home)


def test_claims_are_held_against_the_limit(sound: Members, home: Path) -> None:
    """An archive that unpacks to more than a checkpoint may have is refused before it is unpacked."""
    content = zipped([*sound[:1], (WEIGHTS, bytes(LARGEST_ARCHIVE)), sound[2]])
    tracemalloc.start()
    says = refused(content, home)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "would unpack to" in says
    assert peak < 20 * 2**20


def test_a_lie_about_a_size_is_found_out(sound: Members, home: Path) -> None:
    """A member that says it is small is not unpacked beyond what it says."""
    content = zipped([sound[0], (WEIGHTS, bytes(32 << 20)), sound[2]])
    size = (32 << 20).to_bytes(4, "little")
    assert content.count(size) == 2
    tracemalloc.start()
    assert "This is no checkpoint file" in refused(content.replace(size, (9720).to_bytes(4, "little")), home)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_latents_are_held_against_the_limit_too(home: Path) -> None:
    """However many codes a card claims, latents that unpack to more than a checkpoint may have are not unpacked."""
    folder, buffer = home / "tiny", io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("mu.npy", "w") as member:
            for _ in range(LARGEST_ARCHIVE >> 20):
                member.write(bytes(1 << 20))
        archive.writestr("logvar.npy", b"x")
    seal(folder, LATENTS, buffer.getvalue())
    edit_card(folder, "data", "n_test", value=2_000_000)
    edit_card(folder, "model", "latent_dim", value=512)
    for split in ("test", "validation"):
        edit_card(folder, split, "kl_per_dimension", value=[0.0] * 512)
    card = read_card(folder)
    tracemalloc.start()
    with pytest.raises(VaeCoreError, match="would unpack to"):
        read_latents(folder, card)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packers_are_refused(method: int, sound: Members, home: Path) -> None:
    """Packers that cannot be told where to stop are not asked to unpack."""
    assert "packed in a way" in refused(zipped(sound, method), home)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "local", ".x", "x" * 65, "a\0b", "a b", "a\n"])
def test_names_are_checked(name: str, sound: Members, home: Path) -> None:
    """A checkpoint is stored under a proper name only."""
    assert "cannot be used" in refused(zipped(sound), home, name)


def test_a_name_that_is_taken_keeps_its_model(sound: Members, home: Path) -> None:
    """A file of the name of a model that is there does not replace it."""
    assert "There is already a model named 'stopped'" in refused(zipped(sound), home, "stopped")
