"""Sweeps: what they consist of, that each run is trained once however often they are killed, and what is refused."""

from __future__ import annotations

import json
import math
import multiprocessing
import shlex
import signal
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs.command import run
from tests.vae_core.runs import new_run, run_command, small_config
from vae_core import sweep_command
from vae_core.arguments import build_parser
from vae_core.cli import main
from vae_core.config import to_json
from vae_core.errors import CheckpointError, ConfigError, VaeCoreError
from vae_core.training import sweep_process
from vae_core.training.process import Interrupted, create_run
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.sweep import MOST_RUNS, Value, parse_value, value_text
from vae_core.training.sweep_folder import SWEEP, SweepFolder, create_sweep, list_sweeps
from vae_core.training.sweep_folder import sweep_command as command_of
from vae_core.training.sweep_process import run_sweep
from vae_core.training.sweep_table import SweepRow, grouped, ranked, sweep_rows

Refused = Callable[[dict[str, Any]], object]


def new_sweep(name: str, varied: dict[str, tuple[Value, ...]], **training: Any) -> SweepFolder:
    """Make the folder of a sweep of small models of digits on the CPU."""
    return create_sweep(
        small_config(**{"epochs": 1, **training}), varied, name=name, image_shape=(1, 8, 8), n_classes=10, device="cpu"
    )


TWO = {"beta": (0.5, 4), "latent_dim": (2,)}


def test_every_combination_has_a_run_of_its_own(isolated: Path) -> None:
    """Three betas by two dimensions are six configurations, named by their values, and nothing is trained yet."""
    members = new_sweep("tour", {"beta": (0.5, 1, 4), "latent_dim": (2, 8)}).members()
    assert [(b, d) for b in (0.5, 1.0, 4.0) for d in (2, 8)] == [member.values for member in members]
    found = [(member.config.training.beta, member.config.model.latent_dim) for member in members]
    assert [member.values for member in members] == found
    assert "tour-beta-0.5-latent-dim-2" == members[0].name
    assert ["tour"] == [path.name for path in isolated.iterdir()]
    assert ["tour"] == [sweep.name for sweep in list_sweeps()]


def test_names_too_long_become_numbers() -> None:
    """Where the values would not fit into a name the runs are counted."""
    sweep = new_sweep("s" * 50, {"learning_rate": (0.001, 0.002)})
    assert [f"{'s' * 50}-001", f"{'s' * 50}-002"] == [member.name for member in sweep.members()]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("beta", (0.1, 1.0, 1e-05)),
        ("latent_dim", (2, 16)),
        ("hidden", ((512, 256), (64,))),
        ("schedule", ("one-cycle", "constant")),
        ("sigma", ("learned", 0.25)),
    ],
)
def test_values_survive_the_command_line(field: str, values: tuple[Value, ...]) -> None:
    """A value is read back from the text that names and commands have of it."""
    assert values == tuple(parse_value(field, value_text(value)) for value in values)


def test_the_command_makes_the_same_sweep(isolated: Path) -> None:
    """The command in sweep.json gives the same configurations again."""
    plan = new_sweep("one", {"hidden": ((16,), (8, 4)), "beta": (0.5, 1)}, kl_warmup=0.5).plan()
    argv = shlex.split(plan.command)
    assert ["python", "-m", "vae_core", "sweep"] == argv[:4]
    sweep, _ = sweep_command._new_sweep(vars(build_parser().parse_args([*argv[3:], "--name", "two"])))
    again = sweep.plan()
    assert plan.axes == again.axes
    one, two = (SweepFolder(isolated / name).members() for name in ("one", "two"))
    assert [member.config for member in one] == [member.config for member in two]
    assert command_of(plan.base, plan.axes, complete=True) == argv[:-2]


@pytest.mark.parametrize(
    ("varied", "says"),
    [
        ({"bet": (1, 2)}, "cannot vary 'bet'; it can vary family, network"),
        ({"threads": (1, 2)}, "cannot vary 'threads'"),
        ({"beta": (1, 1.0)}, "beta over the same value twice"),
        ({"beta": (1, -1)}, "beta"),
        ({"latent_dim": (2, 2.5)}, "latent_dim"),
        ({"noise": ("masking", "gaussian")}, "makes no difference to family vae"),
        ({"family": ("vae", "ae"), "beta": (1, 2)}, "makes no difference to family ae"),
        ({"sigma": (0.1, 0.2)}, "the likelihood is bernoulli"),
        ({"seed": tuple(range(MOST_RUNS)), "beta": (1, 2)}, f"at most {MOST_RUNS} runs, but these values make 200"),
    ],
)
def test_what_cannot_be_varied_is_said(varied: dict[str, tuple[Value, ...]], says: str, isolated: Path) -> None:
    """Each in a sentence, before anything is made."""
    with pytest.raises(ConfigError, match=says):
        new_sweep("no", varied)
    assert [] == list(isolated.iterdir())


# -- training ----------------------------------------------------------------------------------------------------------

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["sklearn.datasets", "vae_core.cli", "vae_core.data.load", "vae_core.training.loop"])


def begun(isolated: Path) -> dict[str, tuple[float, bytes]]:
    """When each checkpoint was written, and its card."""
    return {path.parent.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in isolated.glob("*/card.json")}


def test_killed_half_way_and_resumed_nothing_is_trained_twice(
    isolated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of six runs SIGKILL meets the third: the first two stay as they are, the third goes on, and all are finished."""
    options = ["--dataset", "digits", "--over", "beta=0.5,1,4", "--over", "latent-dim=2,8", "--hidden", "16"]
    options += ["--epochs", "12", "--batch-size", "64", "--threads", "1", "--name", "tour", "--device", "cpu"]
    log = isolated / "log.txt"
    process = context.Process(target=run_command, args=(["sweep", *options], log), daemon=True)
    process.start()
    third = RunFolder(isolated / "tour-beta-1-latent-dim-2")
    deadline = time.monotonic() + 60
    while process.is_alive() and len(third.history()) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.join()
    assert -signal.SIGKILL == process.exitcode, log.read_text()
    before, lines = begun(isolated), len(third.history())
    assert {"tour-beta-0.5-latent-dim-2", "tour-beta-0.5-latent-dim-8"} == before.keys()
    assert 3 <= lines < 12
    assert "interrupted" == SweepFolder(isolated / "tour").process.status().state
    assert 0 == main(["sweep", "--resume", "--name", "tour", "--json"])
    written = capsys.readouterr()
    document = json.loads(written.out.splitlines()[-1])
    assert {"finished"} == {row["state"] for row in document["runs"]}
    assert {(beta, d) for beta in (0.5, 1.0, 4.0) for d in (2, 8)} == {
        (row["values"]["beta"], row["values"]["latent_dim"]) for row in document["runs"]
    }
    elbos = [row["test"]["elbo"] for row in document["runs"]]
    assert sorted(elbos, reverse=True) == elbos
    after = begun(isolated)
    assert before == {name: after[name] for name in before}
    assert 6 == len(after)
    # Of the third run only what had not been saved was trained again: of what it had begun 9 epochs at the most.
    assert 12 == len(third.history())
    assert 4 * 12 + 12 - lines >= written.err.count("train ELBO") - 1
    assert 0 == main(["sweep", "--resume", "--name", "tour", "--json"])
    assert after == begun(isolated)


def test_a_stop_reaches_the_run_and_a_resumed_sweep_goes_on(isolated: Path) -> None:
    """The sweep's stop file ends the run under way, with its state saved; resumed, both are brought to their end."""
    sweep = new_sweep("tour", {"beta": (0.5, 4)}, epochs=40)  # longer than it takes to look for a stop

    class Stopping(sweep_process.Silent):
        def epoch(self, line: dict[str, Any]) -> None:
            sweep.process.ask_to_stop()

    with pytest.raises(Interrupted):
        run_sweep(sweep, watch=lambda _: nullcontext(Stopping()))
    assert "stopped" == sweep.process.status().state
    assert ["stopped", None] == [row.status and row.status.state for row in sweep_rows(sweep)]
    run_sweep(sweep)
    assert "finished" == sweep.process.status().state
    assert ["finished"] * 2 == [row.status and row.status.state for row in sweep_rows(sweep)]


def test_a_run_that_fails_does_not_keep_the_others(isolated: Path) -> None:
    """One that diverges before there is anything to keep is told at the end; the others are trained."""
    sweep = new_sweep("tour", {"learning_rate": (1.0, 0.001)}, schedule="constant", batch_size=16)
    first = sweep.members()[0]
    broken = create_run(first.config, name=first.name, device="cpu", shape=(1, 8, 8))
    (broken.path / "resume.safetensors").write_bytes(b"damaged")
    with pytest.raises(VaeCoreError, match=r"is done but for tour-learning-rate-1: tour-learning-rate-1: "):
        run_sweep(sweep)
    assert ["failed", "finished"] == [row.status and row.status.state for row in sweep_rows(sweep)]
    assert "failed" == sweep.process.status().state


def test_a_run_of_somebody_else_is_left_alone(isolated: Path) -> None:
    """A folder of a run's name that asks for something else is no part of the sweep: it says so and trains nothing."""
    sweep = new_sweep("tour", TWO)
    new_run(isolated, "tour-beta-4-latent-dim-2", epochs=7)
    with pytest.raises(CheckpointError, match="is not the run that this sweep asks for"):
        run_sweep(sweep)
    assert not (isolated / "tour-beta-0.5-latent-dim-2").exists()


def test_two_processes_do_not_share_a_sweep(isolated: Path) -> None:
    """The second one is refused while the first holds the lock."""
    sweep = new_sweep("tour", TWO)
    with sweep.process.lock(), pytest.raises(CheckpointError, match="being trained by another process already"):
        run_sweep(sweep)


def test_a_worker_waits_for_what_others_train(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that another process holds is not begun; it counts as done when that has brought it to its end."""
    monkeypatch.setattr(sweep_process, "SECONDS_BETWEEN_LOOKS", 0.01)
    sweep = new_sweep("tour", TWO)
    worker = sweep_process._Worker(
        sweep, "cpu", None, None, lambda _: pytest.fail("it was begun"), time.time(), lambda: False
    )
    members = sweep.members()
    runs = [create_run(member.config, name=member.name, device="cpu", shape=(1, 8, 8)) for member in members]
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:  # its process leaves without a model: tried in this sitting, and not tried again
            for run in runs:
                run.write_status(Status(state="stopped", updated=time.time()))

    monkeypatch.setattr(worker, "look", look)
    with runs[0].lock(), runs[1].lock():
        worker.to_the_end()
    assert len(looks) >= 3


# -- damaged and hostile files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plan: plan.update(extra=1), "extra"),
        (lambda plan: plan.pop("axes"), "axes"),
        (lambda plan: plan.update(schema_version=2), "schema_version"),
        (lambda plan: plan["axes"].clear(), "axes"),
        (lambda plan: plan["axes"][0].update(field="__class__"), "cannot vary '__class__'"),
        (lambda plan: plan["axes"][0].update(values=[math.inf, 1.0]), "axes"),
        (lambda plan: plan["axes"][0].update(values=[-1.0, 1.0]), "beta"),
        (
            lambda plan: plan.update(axes=[{"field": f, "values": list(range(1, 101))} for f in ("beta", "seed")]),
            "runs",
        ),
        (lambda plan: plan.update(runs=["../outside", "b"]), "names were expected that folders can have"),
        (lambda plan: plan.update(runs=["same", "same"]), "names were expected"),
        (lambda plan: plan.update(runs=["tour", "b"]), "names were expected"),
        (lambda plan: plan.update(runs=["a"]), "names were expected"),
        (lambda plan: plan.update(image_shape=[1, 8, 9000]), "image_shape"),
        (lambda plan: plan["base"]["model"].update(latent_dim=10**9), "latent_dim"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(
    change: Refused, says: str, isolated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever sweep.json has become, the command says what is wrong with it, and touches nothing."""
    sweep = new_sweep("tour", TWO)
    plan = json.loads((sweep.path / SWEEP).read_text())
    change(plan)
    (sweep.path / SWEEP).write_text(json.dumps(plan))
    assert 1 == main(["sweep", "--resume", "--name", "tour"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: tour: sweep.json")
    assert says in said
    assert ["tour"] == [path.name for path in isolated.iterdir()]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b" " * (1 << 21)])
def test_what_is_no_sweep_is_refused(content: bytes, isolated: Path) -> None:
    """A file that is cut short, no JSON, or far too long."""
    sweep = new_sweep("tour", TWO)
    (sweep.path / SWEEP).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"^tour: sweep\.json[^\n]*$"):
        sweep.members()


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        ("", 1, "needs something to vary"),
        ("--over beta", 1, "a setting and its values were expected"),
        ("--over beta=", 1, "a setting and its values were expected"),
        ("--over beta=1 --over beta=2", 1, "was given twice"),
        ("--over beta=1,2 --beta 3", 1, "--beta and --over beta= were given"),
        ("--over beta=one", 1, "beta"),
        ("--over beta=1,2 --name ../x", 1, "cannot be used"),
        ("--over beta=1,2 --device cpu,cpu", 1, "names a device twice"),
        ("--resume", 1, "needs the --name"),
        ("--resume --name nothing", 1, "There is no sweep named 'nothing'"),
        ("--resume --name x/y", 1, "cannot be used"),
        ("--over", 2, "expected one argument"),
    ],
)
def test_a_wrong_command_is_answered_in_a_sentence(
    argv: str, code: int, says: str, isolated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage leaves nothing behind."""
    assert code == run(["sweep", *argv.split()])
    assert says in capsys.readouterr().err
    assert [] == list(isolated.iterdir())


def test_a_resumed_sweep_keeps_its_settings(isolated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another value with --resume is refused, and so is a second sweep of the same name."""
    new_sweep("tour", TWO)
    assert 1 == main(["sweep", "--resume", "--name", "tour", "--beta", "2"])
    assert "leave --beta out" in capsys.readouterr().err
    with pytest.raises(CheckpointError, match="already a model, run or sweep named 'tour'"):
        new_sweep("tour", {"seed": (0, 1)})


# -- the table ---------------------------------------------------------------------------------------------------------


def test_seeds_are_taken_together_and_the_best_stands_on_top() -> None:
    """Mean and standard deviation over the seeds; more ELBO, less time; who has no figure yet comes last."""
    sweep = new_sweep("tour", {"seed": (0, 1), "beta": (1, 2, 3)})
    elbos = {(0, 1.0): -3.0, (1, 1.0): -5.0, (0, 2.0): -1.0, (1, 2.0): -2.0}
    rows = [
        SweepRow(member, None, None, None, {"elbo": elbos[member.values], "seconds": -elbos[member.values]})  # type: ignore[index]
        if member.values in elbos
        else SweepRow(member, None, None, None, {})
        for member in sweep.members()
    ]
    groups = ranked(grouped(rows, ["seed", "beta"]), "elbo")
    assert [(2.0,), (1.0,), (3.0,)] == [group.values for group in groups]
    assert (-1.5, statistics.stdev([-1, -2])) == (groups[0].mean["elbo"], groups[0].spread["elbo"])
    assert [(2.0,), (1.0,), (3.0,)] == [group.values for group in ranked(groups, "seconds")]
    assert {} == groups[2].mean


def test_the_plan_survives_its_file() -> None:
    """What is read back is what was written."""
    sweep = new_sweep("tour", {"hidden": ((16,), (8, 4)), "schedule": ("one-cycle", "constant")})
    assert (sweep.path / SWEEP).read_bytes() == to_json(sweep.plan())
