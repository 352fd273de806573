"""Figures on disk: to the bit and back, where they lie, whose they are, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vae_core.card import Card, Measure
from vae_core.checkpoints import SHIPPED_DIR, list_checkpoints, read_card
from vae_core.cli import main
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, ConfigError
from vae_core.metrics.catalogue import DEFINITIONS, Figures, NotMeasured, names_of
from vae_core.metrics.store import FILE, check_storable, read_figures, save_figures

SOME: Figures = {
    "squared_error": Measure(value=0.1 + 0.2, standard_error=1e-17),
    "active_units": Measure(value=2.0, standard_error=None),
    "mig": NotMeasured("The factors of “these” images are not known."),
}


@pytest.fixture
def card(checkpoint: Path) -> Card:
    """The card of `tiny`."""
    return read_card(checkpoint)


def rewritten(path: Path, **changes: Any) -> None:
    """Change fields of a stored file."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))


def test_round_trip(checkpoint: Path, card: Card) -> None:
    """Values, errors and reasons come back as they were; what was never measured is not there."""
    assert {} == read_figures(checkpoint, card)
    assert checkpoint / FILE == save_figures(checkpoint, card, SOME)
    assert SOME == read_figures(checkpoint, card)


def test_later_figures_join_the_earlier(checkpoint: Path, card: Card) -> None:
    """A group measured anew replaces its own figures alone, and all come in the catalogue's order."""
    save_figures(checkpoint, card, SOME)
    save_figures(checkpoint, card, {"mig": Measure(value=0.5, standard_error=0.1)})
    save_figures(checkpoint, card, {"kl": Measure(value=7.0, standard_error=0.1)})
    found = read_figures(checkpoint, card)
    assert Measure(value=0.5, standard_error=0.1) == found["mig"]
    assert [name for name in DEFINITIONS if name in {*SOME, "kl"}] == list(found)


def test_a_shipped_checkpoint_stays_as_it_is(isolated: Path) -> None:
    """What is measured of a shipped model lies in a hidden folder of the local ones, which no list shows."""
    shipped = SHIPPED_DIR / "digits-2d"
    card, before = read_card(shipped), sorted(shipped.iterdir())
    path = save_figures(shipped, card, SOME)
    assert isolated in path.parents
    assert before == sorted(shipped.iterdir())
    assert SOME.items() <= read_figures(shipped, card).items()
    assert [] == [entry.name for entry in list_checkpoints() if not entry.shipped]


def test_a_folder_that_is_gone_does_not_come_back(checkpoint: Path, card: Card) -> None:
    """A model that was deleted while it was measured leaves no folder with figures alone."""
    shutil.rmtree(checkpoint)
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_figures(checkpoint, card, SOME)
    assert not checkpoint.exists()


DAMAGE: dict[str, tuple[dict[str, Any], str]] = {
    "other weights": ({"weights": "0" * 64}, "other weights"),
    "other data": ({"data": "0" * 64}, "other weights or other data"),
    "another format": ({"format": 2}, "format"),
    "no number": ({"figures": {"ssim": {"value": "1", "standard_error": None}}}, "value"),
    "not finite": ({"figures": {"ssim": {"value": float("nan"), "standard_error": None}}}, "value"),
    "an error below 0": ({"figures": {"ssim": {"value": 1.0, "standard_error": -0.1}}}, "standard_error"),
    "a figure too many": ({"figures": {"beauty": {"value": 1.0, "standard_error": None}}}, "'beauty'"),
    "a field too many": ({"more": 1}, "more"),
    "value and reason": ({"figures": {"ssim": {"value": 1.0, "standard_error": None, "reason": "x"}}}, "reason"),
    "too large": ({"data": "0" * (1 << 20)}, "larger than"),
}


@pytest.mark.parametrize(("changes", "said"), DAMAGE.values(), ids=DAMAGE)
def test_what_does_not_fit_is_refused_and_replaced(
    checkpoint: Path, card: Card, changes: dict[str, Any], said: str
) -> None:
    """One sentence that names folder and file; figures measured anew take its place."""
    rewritten(save_figures(checkpoint, card, SOME), **changes)
    with pytest.raises(CheckpointError, match=said) as problem:
        read_figures(checkpoint, card)
    assert str(problem.value).startswith(f"tiny: {FILE}")
    save_figures(checkpoint, card, SOME)
    assert SOME == read_figures(checkpoint, card)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"])
def test_half_a_file_is_refused(checkpoint: Path, card: Card, content: bytes) -> None:
    """What is no JSON, or no object, gives a sentence."""
    (checkpoint / FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"^tiny: {FILE}"):
        read_figures(checkpoint, card)


def test_only_the_whole_test_split_of_the_own_data_is_stored(card: Card, digits: ImageSet) -> None:
    """Figures of a part, of another split or of other images would be compared with what they are not."""
    check_storable(card, digits, "test", None)
    for data, split, n_images in ((digits, "train", None), (digits, "test", 10)):
        with pytest.raises(ConfigError, match="whole test split"):
            check_storable(card, data, split, n_images)
    with pytest.raises(ConfigError, match="another set of images"):
        check_storable(card, replace(digits, checksum="0" * 64), "test", None)


def test_the_command_stores_group_by_group(checkpoint: Path, card: Card, capsys: pytest.CaptureFixture[str]) -> None:
    """`evaluate --save` keeps what it prints, tells how far it is, and refuses a part of the split at once."""
    assert 0 == main(["evaluate", "tiny", "--figures", "reconstruction", "--save", "--json", "--device", "cpu"])
    captured = capsys.readouterr()
    told = json.loads(captured.out.splitlines()[-1])["figures"]
    found = read_figures(checkpoint, card)
    assert names_of(["reconstruction"]) == list(found)
    assert {name: one["value"] for name, one in told.items()} == {name: one.value for name, one in found.items()}  # type: ignore[union-attr]
    assert "0% measuring squared error" == captured.err.splitlines()[0]
    assert 1 == main(["evaluate", "tiny", "--figures", "latent", "--save", "--n-images", "50", "--device", "cpu"])
    assert names_of(["reconstruction"]) == list(read_figures(checkpoint, card))
