"""The Model page's figures: every family opens without a hole, and what was measured, or cannot be, stands there."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.app.conftest import OpenApp
from ui import measure
from ui.measuring import Measurement
from vae_core.card import Measure
from vae_core.checkpoints import read_card
from vae_core.config import Family
from vae_core.families import CAPABILITIES
from vae_core.metrics.catalogue import NotMeasured, names_of
from vae_core.metrics.store import FILE, save_figures


@pytest.mark.parametrize("family", get_args(Family))
def test_every_family_has_a_page(open_app: OpenApp, families: Path, family: Family) -> None:
    """No error, no hole: the figures that the family has, a sentence for those it has not, and what it is in words."""
    app = open_app("model", model=family)
    assert not app.exception
    assert [] == [error.value for error in app.error]
    can = CAPABILITIES[family]
    assert (3 if can.posterior else 1 if can.likelihood else 0) == len(app.metric)
    texts = [element.value for element in (*app.markdown, *app.caption, *app.metric, *app.code)]
    texts += [table.value.to_string() for table in app.table]
    assert not any("None" in text or "nan" in text.split() for text in texts)
    assert can.posterior == any("KL of each latent dimension" in text for text in texts)
    assert can.posterior != any("no ELBO" in text for text in texts)
    assert ("β in training" in "".join(texts)) == (family not in ("ae", "dae", "gan", "iwae"))
    exports = [button.key for button in app.button if (button.key or "").startswith("export")]
    assert (["export encoder"] if can.encode else []) + ["export decoder"] == exports


def test_measured_figures_stand_there_by_group(open_app: OpenApp, families: Path) -> None:
    """A value with its error, unit and direction; a group that does not apply says why; the rest is not measured."""
    no_factors = dict.fromkeys(names_of(["disentanglement"]), NotMeasured("The factors are not known."))
    ssim = {"squared_error": Measure(value=0.25, standard_error=0.01), "ssim": Measure(value=0.5, standard_error=0.02)}
    save_figures(families / "vae", read_card(families / "vae"), ssim | no_factors)
    app = open_app("model", model="vae")
    rows = {row.iloc[0]: list(row.iloc[1:]) for table in app.table for _, row in table.value.iterrows()}
    assert ["0.50\u00a0±\u00a00.02", ":gray[higher is better]"] == rows["SSIM"]
    assert "lower is better" in rows["Squared error"][1]
    captions = [caption.value for caption in app.main.caption]
    assert any("Does not apply: The factors are not known." in caption for caption in captions)
    assert "Not measured yet: tighter bound, latent space, samples." in captions


def test_damaged_figures_are_a_sentence(open_app: OpenApp, families: Path) -> None:
    """The page opens, says what is wrong, and offers to measure anew."""
    (families / "vae" / FILE).write_text("{")
    app = open_app("model", model="vae")
    assert not app.exception
    assert any(FILE.replace(".", "\\.") in warning.value or FILE in warning.value for warning in app.warning)
    assert "measure" in [button.key for button in app.button]


def test_data_that_is_not_here_is_said(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and no button that could not do what it says."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    app = open_app("model", model="mnist-2d")
    assert any("MNIST is not on this machine, so nothing more" in caption.value for caption in app.main.caption)
    assert "measure" not in [button.key for button in app.button]


def test_measuring_goes_on_and_can_be_stopped(
    open_app: OpenApp, families: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button begins what is missing; until it ends there is a bar with a stop, in every session."""
    asked: list[object] = []

    class Endless(Measurement):
        """One that goes on until it is stopped."""

        under_way = False

        def begin(self, folder: Path, groups: object, device: str) -> None:
            asked.append((folder, groups, device))
            self.under_way, self.said, self.share = True, "measuring ssim", 0.4

        def stop(self) -> None:
            self.under_way = False

    one = Endless()
    monkeypatch.setattr(measure, "measurement", lambda weights: one)
    app = open_app("model", model="vae")
    app.button(key="measure").click().run()
    assert [(families / "vae", ["bound", "reconstruction", "latent", "samples", "disentanglement"], "cpu")] == asked
    other = open_app("model", model="vae")
    for session in (app, other):
        assert "measure" not in [button.key for button in session.button]
        assert "stop measuring vae" in [button.key for button in session.button]
    other.button(key="stop measuring vae").click().run()
    assert not other.exception
    assert "measure" in [button.key for button in other.button]
