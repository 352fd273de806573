"""Settings changed by hand: the record, what is in force at each step, and a run that replays it bit for bit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vae_core.runs import first_of, new_run, train_here
from tests.vae_core.test_resume import Killed, left_behind
from vae_core.archive import pack_checkpoint, unpack_checkpoint
from vae_core.checkpoints import read_card
from vae_core.cli import main
from vae_core.config import TrainConfig
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, ConfigError
from vae_core.training import hands, steering
from vae_core.training.batch_record import BatchRecord, Terms, read_batch, write_batch
from vae_core.training.hold import held_at, hold, let_go
from vae_core.training.learner import Learner
from vae_core.training.run_folder import RESUME, RunFolder, Status
from vae_core.training.schedule import is_settled, kl_weight_at, learning_rate_at, weights_at
from vae_core.training.steering import RECORD, Change, Course, read_course, steerable, take_wishes, wish

ONE_SENTENCE = r"^[^\n]+$"
STEPS_PER_EPOCH = 3


def line(**unlike: Any) -> str:
    """A line of the record, with what is given instead."""
    return json.dumps({"step": 4, "epoch": 1.5, "setting": "beta", "value": 8.0} | unlike)


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """A held run looks again at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hands, "SECONDS_BETWEEN_LOOKS_WHILE_HELD", 0.0)
        yield


@pytest.fixture(scope="module")
def few(digits: ImageSet) -> ImageSet:
    """Three steps of 16 images an epoch."""
    return first_of(digits, 40, 30)


def run_of_three(home: Path, name: str, **training: Any) -> RunFolder:
    """A run of three epochs and nine steps."""
    return new_run(home, name, batch_size=16, epochs=3, **training)


def course_of(run: RunFolder) -> Course:
    """What the run's record says."""
    config = run.request().config
    return read_course(run.path, config.model.family, config.training)


def steered(run: RunFolder, few: ImageSet, wishes: dict[int, dict[str, float]]) -> None:
    """Train it, with wishes that are there when so many steps are done."""

    def press(status: Status) -> None:
        at = status.epoch * STEPS_PER_EPOCH + status.step
        if status.state == "held" and held_at(run.path) == at:
            wish(run.path, "vae", course_of(run), wishes[at])
            later = [step for step in wishes if step > at]
            hold(run.path, later[0]) if later else let_go(run.path)

    hold(run.path, min(wishes))
    assert "finished" == train_here(run, few, on_status=press).result


WISHES = {2: {"beta": 8.0}, 6: {"learning_rate": 1e-3, "kl_warmup": 3.0}}


@pytest.fixture(scope="module")
def uninterrupted(few: ImageSet, impatient: None, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with three changes that nothing happened to."""
    run = run_of_three(tmp_path_factory.mktemp("steered"), "whole")
    steered(run, few, WISHES)
    return run


# -- the schedule ------------------------------------------------------------------------------------------------------

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 99), st.just("beta"), st.floats(0, 1000)),
        st.tuples(st.integers(0, 99), st.just("learning_rate"), st.floats(1e-6, 1)),
        st.tuples(st.integers(0, 99), st.just("kl_warmup"), st.floats(0, 20)),
    ),
    max_size=6,
).map(sorted)


@settings(max_examples=25, deadline=None)
@given(changes=CHANGES, step=st.integers(0, 99))
def test_a_step_heeds_the_last_change_before_it(changes: list[tuple[int, str, float]], step: int) -> None:
    """In force is what one would have by setting each value in turn, up to this step and no further."""
    config = TrainConfig(epochs=10)
    course, expected = Course.of(config), config
    for at, setting, value in changes:
        change = Change(step=at, epoch=at / 10, setting=setting, value=value)  # type: ignore[arg-type]
        course = course.changed_by(change, where="a test")
        if at <= step:
            expected = replace(expected, **{setting: value})
    assert expected == course.at(step)
    rate, weight = learning_rate_at(step, 100, expected), kl_weight_at(step, 10, expected)
    assert (rate, weight) == (learning_rate_at(step, 100, course.at(step)), weights_at(step, 10, course.at(step)).kl)


@settings(max_examples=10, deadline=None)
@given(peak=st.floats(1e-5, 1.0), step=st.integers(50, 99))
def test_a_new_learning_rate_replaces_the_peak(peak: float, step: int) -> None:
    """Under one-cycle the shape stays: after the change each rate is the old one times the ratio of the peaks."""
    config = TrainConfig(epochs=10, learning_rate=2e-3)
    change = Change(step=50, epoch=5.0, setting="learning_rate", value=peak)
    course = Course.of(config).changed_by(change, where="a test")
    old = learning_rate_at(step, 100, config)
    assert old * peak / 2e-3 == pytest.approx(learning_rate_at(step, 100, course.at(step)))
    assert learning_rate_at(49, 100, config) == learning_rate_at(49, 100, course.at(49))


def test_a_changed_beta_within_a_warm_up_is_not_yet_the_loss_asked_for() -> None:
    """A warm-up counts from the run's beginning, and what is settled is said of the settings in force."""
    course = Course.of(TrainConfig(epochs=10, kl_warmup=4.0))
    course = course.changed_by(Change(step=20, epoch=2.0, setting="beta", value=8.0), where="a test")
    assert [4.0, 8.0, 8.0] == [kl_weight_at(step, 10, course.at(step)) for step in (20, 40, 99)]
    assert [False, True] == [is_settled(weights_at(s, 10, course.at(s)), course.at(s)) for s in (39, 40)]
    assert ["beta 1 → 8"] == course.in_words


# -- the run -----------------------------------------------------------------------------------------------------------


def test_the_record_says_what_took_effect_when(uninterrupted: RunFolder) -> None:
    """Each change stands with the first step trained with it, and the history has the weights that it gave."""
    changes = [(c.step, c.epoch, c.setting, c.value) for c in course_of(uninterrupted).changes]
    third = pytest.approx(2 / 3, abs=1e-5)
    assert [(2, third, "beta", 8.0), (6, 2.0, "learning_rate", 1e-3), (6, 2.0, "kl_warmup", 3.0)] == changes
    history = uninterrupted.history()
    of_third = [8.0 * step / 9 for step in (6, 7, 8)]  # the warm-up of three epochs counts from the beginning
    assert [(1 + 1 + 8) / 3, 8.0, np.mean(of_third)] == pytest.approx([entry["kl_weight"] for entry in history])
    assert learning_rate_at(8, 9, TrainConfig(learning_rate=1e-3)) == history[-1]["learning_rate"]
    train = history[1]["train"]
    assert 8.0 * train["kl"] - train["log_likelihood"] == pytest.approx(train["loss"], rel=1e-5)
    assert [] == list((uninterrupted.path / "wishes").iterdir())
    assert 1.0 == read_card(uninterrupted.path).training.beta  # what it began with


def test_a_record_that_is_there_is_replayed(isolated: Path, few: ImageSet, uninterrupted: RunFolder) -> None:
    """A new run that is given the record, and no wishes, ends in the same bits; without it in others."""
    again, without = (run_of_three(isolated, name) for name in ("again", "without"))
    (again.path / RECORD).write_bytes((uninterrupted.path / RECORD).read_bytes())
    for run in (again, without):
        train_here(run, few)
    assert left_behind(uninterrupted) == left_behind(again)
    assert left_behind(uninterrupted) != left_behind(without)


@pytest.mark.parametrize(("setting", "value"), [("beta", 8.0), ("learning_rate", 1e-3), ("kl_warmup", 5.0)])
def test_each_setting_changes_the_training_from_its_step_on(
    setting: str, value: float, isolated: Path, few: ImageSet
) -> None:
    """Up to the epoch before the change the run is the one without it, to the bit, and from there on another."""
    plain, changed = run_of_three(isolated, "plain"), run_of_three(isolated, "changed")
    (changed.path / RECORD).write_text(line(step=3, epoch=1.0, setting=setting, value=value))
    for run in (plain, changed):
        train_here(run, few)
    same = [
        (plain.path / "snapshots" / name).read_bytes() == (changed.path / "snapshots" / name).read_bytes()
        for name in ("epoch-0001.npz", "epoch-0002.npz", "epoch-0003.npz")
    ]
    assert [True, False, False] == same


@pytest.mark.parametrize("n_steps", range(1, 9))
def test_a_steered_run_that_dies_replays_its_record(
    n_steps: int, isolated: Path, few: ImageSet, uninterrupted: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after any step with its state as old as the epoch, then resumed: the same bytes, the same record."""
    run, left, step = run_of_three(isolated, "killed"), [n_steps], Learner.step

    def step_or_die(learner: Learner, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return step(learner, *arguments)

    with monkeypatch.context() as dying:
        dying.setattr(Learner, "step", step_or_die)
        with pytest.raises(Killed):
            steered(run, few, WISHES)
    known = len(course_of(run).changes)
    let_go(run.path)
    # What had not been asked for when it died is asked for now, at the very same step.
    steered(run, few, dict(list(WISHES.items())[min(known, 2) :])) if known < 3 else train_here(run, few)
    assert left_behind(uninterrupted) == left_behind(run)
    assert (uninterrupted.path / RECORD).read_bytes() == (run.path / RECORD).read_bytes()


def test_wishes_wait_until_a_resumed_run_has_caught_up(isolated: Path) -> None:
    """Nothing is put before what is on record; the wish takes effect where the record ends."""
    run = run_of_three(isolated, "behind")
    (run.path / RECORD).write_text(line(step=4, epoch=1.333333) + "\n")
    wish(run.path, "vae", course_of(run), {"beta": 2.0})
    course, dropped = take_wishes(run.path, "vae", course_of(run), 3, STEPS_PER_EPOCH)
    assert (1, [], 1) == (len(course.changes), dropped, steering.waiting_wishes(run.path))
    course, _ = take_wishes(run.path, "vae", course, 4, STEPS_PER_EPOCH)
    assert ([8.0, 2.0], 0) == ([change.value for change in course.changes], steering.waiting_wishes(run.path))
    assert course == course_of(run)


def test_a_wish_taken_twice_is_one_change(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process killed between the record and the removal of the wish finds it again, and changes nothing more."""
    run = run_of_three(isolated, "twice")
    wish(run.path, "vae", course_of(run), {"beta": 8.0})
    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            take_wishes(run.path, "vae", course_of(run), 2, STEPS_PER_EPOCH)
    assert ["beta 1 → 8"] == course_of(run).in_words
    course, _ = take_wishes(run.path, "vae", course_of(run), 3, STEPS_PER_EPOCH)
    assert ["beta 1 → 8"] == course.in_words == course_of(run).in_words
    assert 0 == steering.waiting_wishes(run.path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not readable as JSON"),
        ("[1]", "step|object|dict|argument"),
        (line(setting="epochs"), "setting"),
        (line(value=1001.0), "beta"),
        (line(value="8"), "value"),
        ('{"step": 4, "epoch": 1.0, "setting": "beta", "value": NaN}', "value|JSON"),
        (line(setting="learning_rate", value=0.0), "learning_rate"),
        (line(step=-1), "step"),
        (line(step=1.5), "step"),
        (line(more=1), "more"),
        (line() + "\n" + line(step=3, epoch=1.0), "line 2.*before"),
        ("\n".join([line()] * 2001), "too long"),
        ("x" * ((1 << 20) + 1), "too long"),
        ("\udcff", "line 1"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(text: str, said: str, isolated: Path, few: ImageSet) -> None:
    """One sentence names the file and what is wrong, before anything is trained; the model there is stays."""
    run = run_of_three(isolated, "hostile")
    (run.path / RECORD).write_bytes(text.encode(errors="surrogateescape"))
    (run.path / "card.json").write_text("kept")
    with pytest.raises(CheckpointError, match=ONE_SENTENCE) as refused:
        train_here(run, few)
    assert str(refused.value).startswith("hostile: steering.jsonl")
    refused.match(said)
    assert "kept" == (run.path / "card.json").read_text()


@pytest.mark.parametrize("text", ["{", '{"beta": 1e9}', '{"epochs": 3}', "{}", '{"beta": "8"}', '{"noise_level": 0.5}'])
def test_a_wish_that_does_not_fit_is_dropped(text: str, isolated: Path) -> None:
    """The run goes on as it was, says so in a sentence, and the wish is gone."""
    run = run_of_three(isolated, "hostile")
    (run.path / "wishes").mkdir()
    (run.path / "wishes" / "1.json").write_text(text)
    course, dropped = take_wishes(run.path, "vae", course_of(run), 2, STEPS_PER_EPOCH)
    assert () == course.changes
    (sentence,) = dropped
    assert sentence.startswith("A wish")
    assert sentence.endswith("It was dropped.")
    assert 0 == steering.waiting_wishes(run.path)
    assert not (run.path / RECORD).exists()


def test_only_what_a_family_heeds_can_be_changed(isolated: Path) -> None:
    """An autoencoder has no beta, a run with cycles no warm-up; what is asked for all the same is refused."""
    assert ("learning_rate",) == steerable("ae", TrainConfig()) == steerable("gan", TrainConfig())
    assert ("beta", "learning_rate") == steerable("vae", TrainConfig(kl_cycles=2))
    assert ("beta", "learning_rate", "kl_warmup") == steerable("cvae", TrainConfig())
    with pytest.raises(ConfigError, match=r"beta changes nothing in this run \(ae\); learning_rate would"):
        wish(isolated, "ae", Course.of(TrainConfig()), {"beta": 2.0})
    with pytest.raises(ConfigError, match="beta"):
        wish(isolated, "vae", Course.of(TrainConfig()), {"beta": -1.0})
    assert [] == list(isolated.iterdir())


def test_the_record_goes_with_the_checkpoint(uninterrupted: RunFolder, isolated: Path) -> None:
    """A checkpoint given away as one file has its changes; one whose record does not fit is refused."""
    content = pack_checkpoint(uninterrupted.path)
    new = unpack_checkpoint(content, "copy", isolated)
    card = read_card(new)
    assert course_of(uninterrupted) == read_course(new, card.model.family, card.training)
    (new / RECORD).write_text(line(value=-1.0))
    with pytest.raises(CheckpointError, match=r"^other: steering.jsonl, line 1: beta.*"):
        unpack_checkpoint(pack_checkpoint(new), "other", isolated)


# -- step by step ------------------------------------------------------------------------------------------------------


def test_step_by_step_changes_nothing(isolated: Path, few: ImageSet) -> None:
    """Held before each step and after each epoch, looked at from both sides, a run ends in the bits of one in peace."""
    whole, stepped = run_of_three(isolated, "whole"), run_of_three(isolated, "stepped")
    records: list[BatchRecord] = []
    held: list[int] = []
    train_here(whole, few)

    def press(status: Status) -> None:
        if status.state != "held":
            return
        at = status.epoch * STEPS_PER_EPOCH + status.step
        held.append(at)
        record = read_batch(stepped.path)
        if at:
            assert record is not None
            records.append(record)
        hold(stepped.path, at + 1)

    hold(stepped.path)
    assert "finished" == train_here(stepped, few, on_status=press).result
    assert left_behind(whole) == left_behind(stepped)
    assert list(range(9)) == held
    assert list(range(1, 9)) == [record.step for record in records]
    assert [16, 16, 8] == [record.n_images for record in records[:3]]
    for record in records:
        for terms in (record.before, record.after):
            assert terms.loss == pytest.approx(terms.kl - terms.log_likelihood, rel=1e-5)
        assert record.after.loss < record.before.loss  # a small step against the gradient
        assert record.gradient_norm > 0
        assert (8, 1, 8, 8) == record.images.shape == record.was.shape == record.now.shape
        assert not np.array_equal(record.was, record.now)
    # The terms before the steps of an epoch are those that its training line averages.
    sums = sum(record.before.loss * record.n_images for record in records[:3])
    assert sums / 40 == pytest.approx(stepped.history()[0]["train"]["loss"], rel=1e-5)


@pytest.mark.parametrize("family", ["gan", "cvae", "ae"])
def test_one_batch_of_each_kind_of_family_can_be_looked_at(family: str, isolated: Path, digits: ImageSet) -> None:
    """Also where there is no encoder, a class to give, or no KL."""
    few = first_of(digits, 40, 30)
    seen: list[BatchRecord | None] = []
    run = new_run(isolated, family, {"family": family}, epochs=1, batch_size=16)

    def press(status: Status) -> None:
        if status.state == "held":
            seen.append(read_batch(run.path))
            let_go(run.path)

    hold(run.path, 1)
    train_here(run, few, on_status=press)
    (record,) = seen
    assert record is not None
    has = {"gan": (0, None, None), "cvae": (8, float, float), "ae": (8, float, None)}[family]
    kinds = [None if term is None else float for term in (record.before.log_likelihood, record.before.kl)]
    assert has == (len(record.images), *kinds)
    assert (8, 1, 8, 8) == record.was.shape == record.now.shape


def test_a_held_run_can_be_stopped_and_takes_wishes(isolated: Path, few: ImageSet) -> None:
    """While it waits it hears what is asked for, and stops when it is told to, with its place saved."""
    run = run_of_three(isolated, "held")

    def press(status: Status) -> None:
        if status.state == "held" and not status.message:
            wish(run.path, "vae", course_of(run), {"beta": 8.0})
        elif status.state == "held":
            assert "From epoch 1, batch 2: beta 1 → 8." == status.message
            run.ask_to_stop()

    hold(run.path, 1)
    assert "stopped" == train_here(run, few, on_status=press).result
    assert (run.path / RESUME).exists()
    assert [1] == [change.step for change in course_of(run).changes]


def test_a_forgotten_hold_gives_its_device_back(isolated: Path, few: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so long without a press the run is saved and stopped, and says why."""
    monkeypatch.setattr(hands, "LONGEST_HOLD", 0.2)
    run = run_of_three(isolated, "forgotten")
    hold(run.path, 4)
    outcome = train_here(run, few)
    assert "stopped" == outcome.result
    assert "resume to go on" in outcome.message
    let_go(run.path)
    assert "finished" == train_here(run, few).result


def test_a_held_run_does_not_compute(isolated: Path, few: ImageSet) -> None:
    """Half a second of waiting takes a small part of it in processor time, and none of it counts as training."""
    run = run_of_three(isolated, "idle")
    times: list[tuple[float, float]] = []

    def press(status: Status) -> None:
        times.append((time.monotonic(), time.thread_time()))
        if status.state == "held":
            looks = iter(range(100))
            monkey.setattr(hands, "held_at", lambda folder: None if next(looks) == 5 else 0)

    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(hands, "SECONDS_BETWEEN_LOOKS_WHILE_HELD", 0.1)
        hold(run.path)
        train_here(run, few, on_status=press)
    (began, busy), (ended, then) = times[:2]
    assert ended - began > 0.5
    assert then - busy < 0.5 * (ended - began)
    assert read_card(run.path).run.seconds < ended - began + 5


@pytest.mark.parametrize(("text", "at"), [("7", 7), ("", 0), ("-3", 0), ("x" * 100, 0), ("²", 0)])
def test_a_hold_that_cannot_be_read_holds_now(text: str, at: int, isolated: Path) -> None:
    """The file is there, so somebody wants the run to wait."""
    (isolated / "hold").write_text(text)
    assert at == held_at(isolated)
    let_go(isolated)
    assert held_at(isolated) is None


def test_a_damaged_batch_is_none(isolated: Path) -> None:
    """Whatever lies in its place is passed over; what was written comes back."""
    images, terms = np.zeros((3, 1, 8, 8), np.uint8), Terms(2.0, -1.5, None)
    record = BatchRecord(7, 16, 1e-3, 1.0, 0.5, terms, terms, images, images, images)
    write_batch(isolated, record)
    again = read_batch(isolated)
    assert again is not None
    assert (record.step, record.before, record.after) == (again.step, again.before, again.after)
    for damage in (b"", b"PK", (isolated / "batch.npz").read_bytes()[:-30]):
        (isolated / "batch.npz").write_bytes(damage)
        assert read_batch(isolated) is None
    write_batch(isolated, replace(record, images=record.images[:2]))
    assert read_batch(isolated) is None


def test_the_command_makes_the_same_changes_again(
    isolated: Path, uninterrupted: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """`train --steering` begins with the record, `show` tells it; one that does not fit makes no run."""
    record = uninterrupted.path / RECORD
    words = "train --dataset digits --hidden 4 --epochs 1 --batch-size 1024 --threads 1 --device cpu --name new"
    assert 0 == main([*words.split(), "--steering", str(record)])
    assert record.read_bytes() == (isolated / "new" / RECORD).read_bytes()
    capsys.readouterr()
    assert 0 == main(["show", "new", "--json"])
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"step": 6, "epoch": 2.0, "setting": "kl_warmup", "value": 3.0} == shown["changes"][-1]
    bad = isolated / "bad.jsonl"
    bad.write_text(line(value=-1.0))
    for file, said in ((bad, "line 1: beta"), (isolated / "none.jsonl", "cannot be read")):
        assert 1 == main([*words.replace("new", "other").split(), "--steering", str(file)])
        assert said in capsys.readouterr().err
    assert not (isolated / "other").exists()
    assert 1 == main(["train", "--resume", "--name", "new", "--steering", str(record)])
    assert "leave --steering out" in capsys.readouterr().err
