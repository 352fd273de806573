"""A checkpoint as one file: packed, unpacked from whoever gave it, and refused when it is none."""

from __future__ import annotations

import io
import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vae_core import archive
from vae_core.archive import pack_checkpoint, unpack_checkpoint
from vae_core.card import Measure
from vae_core.checkpoints import read_card
from vae_core.errors import CheckpointError, ConfigError
from vae_core.explorer import LatentExplorer
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import fit_sampler
from vae_core.latent.samplers.storage import load_sampler, save_sampler
from vae_core.metrics.catalogue import Figures, NotMeasured
from vae_core.metrics.store import read_figures, save_figures

FILES = ("card.json", "model.safetensors", "latents.npz", "history.jsonl")
ONE_SENTENCE = r"^[^\n]+\.$"


def zip_of(members: list[tuple[str, bytes]]) -> bytes:
    """An archive with these names, the same one several times if asked for."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def members_of(folder: Path, prefix: str = "tiny/") -> list[tuple[str, bytes]]:
    """A checkpoint's files as an archive names them."""
    return [(prefix + name, (folder / name).read_bytes()) for name in FILES]


def test_packed_and_unpacked_it_is_the_same(checkpoint: Path, isolated: Path) -> None:
    """Byte by byte, under a new name, and it can be used."""
    new = unpack_checkpoint(pack_checkpoint(checkpoint), "copy")
    assert isolated / "copy" == new
    assert sorted(FILES) == sorted(path.name for path in new.iterdir())
    assert all((checkpoint / name).read_bytes() == (new / name).read_bytes() for name in FILES)
    assert "copy" == LatentExplorer.load("copy", "cpu").name
    assert {"tiny", "copy"} == {path.name for path in isolated.iterdir()}


def test_figures_and_samplers_go_with_it(checkpoint: Path) -> None:
    """What was measured and fitted is there where it is unpacked, and works."""
    card = read_card(checkpoint)
    figures: Figures = {"ssim": Measure(value=0.5, standard_error=0.1), "mig": NotMeasured("No factors.")}
    save_figures(checkpoint, card, figures)
    codes = Codes(np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32))
    save_sampler(checkpoint, fit_sampler("gmm", codes, generator=np.random.default_rng(0)), card)
    new = unpack_checkpoint(pack_checkpoint(checkpoint), "copy")
    assert figures == read_figures(new, card)
    draws = [load_sampler(at, "gmm", card).draw(9, generator=np.random.default_rng(1)) for at in (checkpoint, new)]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize(("file", "said"), [("figures.json", "figures.json"), ("samplers/gmm.npz", "cannot be used")])
def test_damaged_figures_or_samplers_are_not_handed_on(checkpoint: Path, file: str, said: str) -> None:
    """They are left out of what is packed, and refused in what comes from elsewhere."""
    (checkpoint / file).parent.mkdir(exist_ok=True)
    (checkpoint / file).write_bytes(b"{}")
    new = unpack_checkpoint(pack_checkpoint(checkpoint), "copy")
    assert not (new / file).exists()
    with pytest.raises(CheckpointError, match=f"^guest: .*{said}"):
        unpack_checkpoint(zip_of([*members_of(checkpoint), (f"tiny/{file}", b"{}")]), "guest")
    assert not (checkpoint.parent / "guest").exists()


def test_a_shipped_model_takes_along_what_was_made_of_it_here(shipped: Path, finished: Path, isolated: Path) -> None:
    """Its figures lie beside the new models, and are packed all the same."""
    folder = Path(shutil.copytree(finished, shipped / "tiny"))
    card, figures = read_card(folder), {"ssim": Measure(value=0.5, standard_error=0.1)}
    assert isolated in save_figures(folder, card, {**figures}).parents
    assert figures == read_figures(unpack_checkpoint(pack_checkpoint(folder), "copy"), card)


def test_a_damaged_one_is_not_handed_on(checkpoint: Path) -> None:
    """Packing checks what it packs."""
    (checkpoint / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="damaged"):
        pack_checkpoint(checkpoint)


def test_paths_in_an_archive_lead_nowhere(checkpoint: Path, isolated: Path) -> None:
    """Whatever folders an archive names, only a checkpoint's own files are made, in their own folder."""
    members = members_of(checkpoint, "../../../")
    members += [("/etc/passwd", b"x"), ("../run.json", b"{}"), ("tiny/run.lock", b""), ("stop", b""), ("a/b/c.py", b"")]
    new = unpack_checkpoint(zip_of(members), "climber")
    assert sorted(FILES) == sorted(path.name for path in new.iterdir())
    assert {"tiny", "climber"} == {path.name for path in isolated.iterdir()}


def hostile_archives(folder: Path) -> dict[str, bytes]:
    """Files that are no checkpoint."""
    members, whole = members_of(folder), pack_checkpoint(folder)
    other_card = members[0][1].replace(b'"latent_dim": 2', b'"latent_dim": 3')
    claims = bytearray(zip_of(members))
    at = claims.rindex(b"PK\x01\x02")  # the central directory's last entry: its claim of a size
    claims[at + 24 : at + 28] = (0xFFFF_FFF0).to_bytes(4, "little")
    return {
        "empty": b"",
        "no zip": b"\x80\x04\x95" + bytes(100),
        "cut short": whole[:-40],
        "a broken stream": whole[:100] + bytes(b ^ 0xFF for b in whole[100:200]) + whole[200:],
        "an empty zip": zip_of([]),
        "no weights": zip_of([m for m in members if "safetensors" not in m[0]]),
        "two cards": zip_of([*members, ("other/card.json", members[0][1])]),
        "a card of another model": zip_of([("card.json", other_card), *members[1:]]),
        "a card that is none": zip_of([("card.json", b"[]"), *members[1:]]),
        "weights that are none": zip_of([members[0], ("model.safetensors", b"\x80pickle"), *members[2:]]),
        "a claim of gigabytes": bytes(claims),
    }  # fmt: skip


HOSTILE_ARCHIVES = (
    "empty", "no zip", "cut short", "a broken stream", "an empty zip", "no weights", "two cards",
    "a card of another model", "a card that is none", "weights that are none", "a claim of gigabytes",
)  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE_ARCHIVES)
def test_hostile_archives(kind: str, checkpoint: Path, isolated: Path) -> None:
    """One sentence each, and no trace in the folder of models."""
    content = hostile_archives(checkpoint)[kind]
    with pytest.raises(CheckpointError, match=ONE_SENTENCE) as caught:
        unpack_checkpoint(content, "guest")
    assert ".guest." not in str(caught.value)
    assert ["tiny"] == [path.name for path in isolated.iterdir()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(at=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.integers(0, 300))
def test_no_damage_gets_past(at: int, byte: int, cut: int, finished: Path, isolated: Path) -> None:
    """Any byte changed and any end cut off: refused in one sentence, or what was unpacked is whole."""
    content = bytearray(pack_checkpoint(finished))
    content[at % len(content)] = byte
    try:
        new = unpack_checkpoint(bytes(content[: len(content) - cut]), "guest")
    except CheckpointError as problem:
        refused = str(problem)
    else:
        refused = ""
        LatentExplorer.load(new, "cpu")
        shutil.rmtree(new)
    assert "\n" not in refused
    assert [] == list(isolated.iterdir())


def test_too_much_together_is_refused(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds for the sum of the files."""
    sizes = sorted((checkpoint / name).stat().st_size for name in FILES)
    monkeypatch.setattr(archive, "LARGEST_ARCHIVE", sizes[-1] + 1)
    with pytest.raises(CheckpointError, match="would unpack to"):
        unpack_checkpoint(pack_checkpoint(checkpoint), "guest")


def test_names_for_what_is_unpacked(shipped: Path, checkpoint: Path) -> None:
    """A name that is taken, here or among the shipped ones, or that is none, is refused."""
    content = pack_checkpoint(checkpoint)
    (shipped / "came-along").mkdir()
    for name in ("tiny", "came-along"):
        with pytest.raises(CheckpointError, match="already a model named"):
            unpack_checkpoint(content, name)
    with pytest.raises(ConfigError, match="cannot be used"):
        unpack_checkpoint(content, "../up")
