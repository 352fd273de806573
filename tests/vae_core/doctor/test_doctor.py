"""The doctor on real folders: runs, shipped models, the command, and what it measures of a model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vae_core.runs import new_run, train_here
from tests.vae_core.test_cli import Run, refused, vae  # noqa: F401 - a fixture
from tests.vae_core.test_shipped import NAMES
from vae_core import LatentExplorer
from vae_core.checkpoints import CARD, HISTORY, SHIPPED_DIR, WEIGHTS, read_card
from vae_core.data import ImageSet
from vae_core.doctor.evidence import gather
from vae_core.doctor.examine import CHECKS, diagnose
from vae_core.doctor.measures import measure
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.training.process import run as run_here
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.steering import Change, Course, write_course
from vae_core.weights import save_weights

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_model_is_accused(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Notes at most, with the data that packages ship and without any other."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    found = diagnose(gather(SHIPPED_DIR / name))
    assert [] == [finding.sentence for finding in found.findings if finding.severity == "ailment"]


def test_a_finished_run_is_looked_at_whole(checkpoint: Path, digits: ImageSet) -> None:
    """History, codes, classes, images and measurements of a run on data that is there."""
    evidence = gather(checkpoint)
    assert (3, 1197, (1, 8, 8), True) == (
        len(evidence.history),
        evidence.n_train,
        evidence.image_shape,
        evidence.has_data,
    )
    np.testing.assert_array_equal(np.bincount(digits.train.labels), evidence.class_counts)  # type: ignore[arg-type]
    np.testing.assert_array_equal(digits.train.images, evidence.images)
    assert evidence.measures is not None
    assert evidence.measures.explained is not None


def test_explained_is_the_share_of_the_variance(checkpoint: Path, digits: ImageSet) -> None:
    """1 - mean squared error over the variance around the mean image, of the validation images at decode(mu)."""
    explorer = LatentExplorer.load(checkpoint, "cpu")
    x = digits.validation.images / 255
    error = np.mean((x - explorer.decode(explorer.encode(digits.validation.images).mu)) ** 2)
    assert 1 - error / np.mean((x - x.mean(0)) ** 2) == pytest.approx(measure(checkpoint, digits, "cpu").explained)


def test_silent_units_and_sigma_are_measured(isolated: Path, digits: ImageSet) -> None:
    """A ReLU whose bias is far below 0 is silent; of a sigma for each pixel the median over the images is told."""
    folder = new_run(isolated, "relu", {"activation": "relu", "likelihood": "gaussian", "sigma": "per-pixel"}, epochs=1)
    train_here(folder, digits)
    before = measure(folder.path, digits, "cpu")
    model = LatentExplorer.load(folder.path, "cpu").model
    bias = dict(model.named_parameters())["encoder.1.bias"]  # of 16 units, and as many in the decoder
    with torch.no_grad():
        bias.fill_(-1e3)
    old = read_card(folder.path).files.weights
    new = save_weights(model, folder.path / WEIGHTS, "float32")
    (folder.path / CARD).write_text((folder.path / CARD).read_text().replace(old, new))
    after = measure(folder.path, digits, "cpu")
    assert before.silent is not None
    assert after.silent is not None
    assert (0.5, True) == (pytest.approx(after.silent, abs=0.25), after.silent > before.silent)
    assert before.sigma is not None
    assert (64,) == before.sigma.shape
    assert (0 < before.sigma).all()


def test_a_run_that_diverged_without_a_model(isolated: Path) -> None:
    """A learning rate of 1 ends in no number and no model; the doctor says so, and lowers the rate."""
    folder = new_run(isolated, "wild", {"likelihood": "gaussian", "sigma": 0.001}, learning_rate=1.0)
    folder.write_status(
        Status(
            state="failed", message="wild: The loss or its gradient stopped being a number at epoch 1, step 1 of 10."
        )
    )
    evidence = gather(folder.path)
    assert evidence.diverged
    (finding,) = (found for found in diagnose(evidence).findings if found.severity == "ailment")
    assert "learning-rate" == finding.ailment


def test_what_a_diverging_run_says_is_understood(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of a run whose gradient stopped being a number is the one that the doctor looks for."""
    folder = new_run(isolated, "nan")
    monkeypatch.setattr("vae_core.training.learner.get_total_norm", lambda grads: torch.tensor(float("nan")))
    with pytest.raises(VaeCoreError, match="Nothing was worth keeping"):
        run_here(folder, on_status=lambda status: None, on_epoch=lambda line: None)
    assert gather(folder.path).diverged


def test_settings_changed_by_hand_are_those_that_are_judged(checkpoint: Path) -> None:
    """What a run began with is not what it ended with."""
    before = gather(checkpoint).config.training
    course = Course.of(before)
    for setting, value in (("beta", 500.0), ("learning_rate", 0.05)):
        change = Change(step=1, epoch=0.1, setting=setting, value=value)  # type: ignore[arg-type]  # two of its literals
        course = course.changed_by(change, where="test")
    write_course(checkpoint, course)
    training = gather(checkpoint).config.training
    assert (500.0, 0.05) == (training.beta, training.learning_rate) != (before.beta, before.learning_rate)


def test_a_run_that_goes_on_is_refused(run: RunFolder) -> None:
    """Of a run that is still going on there is no diagnosis."""
    with run.lock().acquire(timeout=0):
        run.write_status(Status(state="running"))
        with pytest.raises(CheckpointError, match="still going on"):
            gather(run.path)


def test_data_of_ones_own_is_not_read_on_a_strangers_word(checkpoint: Path, tmp_path: Path) -> None:
    """A card that names a path is not believed where no run of this machine was started with it."""
    (checkpoint / "run.json").unlink()
    path = tmp_path / "x.npz"
    np.savez(path, images=np.zeros((20, 8, 8), np.uint8))
    card = (checkpoint / CARD).read_text()
    (checkpoint / CARD).write_text(card.replace('"name": "digits"', f'"name": "npz:{path}"'))
    evidence = gather(checkpoint)
    assert not evidence.has_data


def test_the_command_tells_people_and_programs(vae: Run, isolated: Path) -> None:  # noqa: F811 - the fixture
    """Every check is accounted for in the document; a model that there is not is one clear line, wrong usage is 2."""
    code, document, _ = vae("doctor", "digits-2d", "--json")
    assert (0, "digits-2d", True) == (code, document["name"], document["healthy"])
    told = [finding["ailment"] for finding in document["findings"]]
    assert sorted(CHECKS) == sorted([*told, *document["well"], *document["not_examined"]])
    assert 0 == vae("doctor", "digits-2d")[0]
    assert "no checkpoint" in refused(vae("doctor", "nobody"))
    assert 2 == vae("doctor")[0]


def test_a_damaged_history_is_no_obstacle(isolated: Path) -> None:
    """Without a sound record the model is still looked at, and what needs the record is said not to be."""
    folder = Path(shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "torn"))
    (folder / HISTORY).write_text("{")
    found = diagnose(replace(gather(folder), images=None))
    assert {"over-fitting", "learning-rate", "bernoulli-on-grey"} <= found.not_examined.keys()
    assert "prior-apart" in found.well
