"""The page Sweeps through AppTest: the form, the list, the table and the maps, and what may be done with a sweep."""

from __future__ import annotations

import base64
import csv
import io
import shutil
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from tests.vae_core.runs import small_config
from tests.vae_core.test_sweep import new_sweep
from ui.sweeps import manage
from ui.sweeps.grid import best_of
from ui.sweeps.table import csv_of
from vae_core.training.run_folder import Status
from vae_core.training.sweep import value_text
from vae_core.training.sweep_folder import SWEEP, SweepFolder, create_sweep, list_sweeps
from vae_core.training.sweep_process import run_sweep
from vae_core.training.sweep_table import SweepGroup, sweep_rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep of two betas by two seeds, trained once; nobody may change it."""
    home = tmp_path_factory.mktemp("sweeps")
    sweep = create_sweep(
        small_config(epochs=1), {"beta": (0.5, 4), "seed": (0, 1)}, name="tour", image_shape=(1, 8, 8), n_classes=10,
        device="cpu", checkpoints_dir=home,
    )  # fmt: skip
    run_sweep(sweep)
    return home


@pytest.fixture
def tour(trained: Path, isolated: Path) -> SweepFolder:
    """A copy of that sweep and its runs where the app looks."""
    shutil.copytree(trained, isolated, dirs_exist_ok=True)
    return SweepFolder(isolated / "tour")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The sweeps that the page started; no process is."""
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(manage, "launch", lambda folder, command: found.append((folder.name, command)))
    return found


def said(app: AppTest) -> str:
    """All that the page says in boxes, captions and plain text."""
    assert not app.exception
    return "\n".join(str(element.value) for element in (*app.error, *app.warning, *app.caption, *app.markdown))


def test_the_form_makes_a_sweep(open_app: OpenApp, launched: list[tuple[str, str]]) -> None:
    """Start makes the folder with what was entered, base and axes, and starts one process."""
    app = open_app("sweeps")
    app.text_input(key="sweep beta").set_value("1, 8").run()
    app.number_input(key="train epochs").set_value(3).run()
    app.text_input(key="train sweep_name").set_value("mine").run()
    assert "Start 4 runs" == app.button(key="sweep start").label
    app.button(key="sweep start").click().run()
    assert not app.exception
    assert [("mine", "sweep")] == launched
    plan = SweepFolder.find("mine").plan()
    assert [("beta", (1.0, 8.0)), ("latent_dim", (2, 8))] == [(axis.field, axis.values) for axis in plan.axes]
    assert ("digits", 3) == (plan.base.dataset, plan.base.training.epochs)


def test_what_cannot_be_varied_is_said_before_the_start(open_app: OpenApp, launched: list[tuple[str, str]]) -> None:
    """A bad value is named, and there is nothing to press."""
    app = open_app("sweeps")
    app.text_input(key="sweep beta").set_value("1, x").run()
    assert "beta" in app.error[0].value
    assert app.button(key="sweep start").disabled
    assert [] == launched + list_sweeps()


def test_the_best_stands_on_top(open_app: OpenApp, tour: SweepFolder) -> None:
    """The table is sorted by the figure chosen, seeds taken together; the maps have the values at their heads."""
    figures = {"kl": dict[str, list[float]](), "log_likelihood": dict[str, list[float]]()}
    for row in sweep_rows(tour):
        for name, of in figures.items():
            of.setdefault(value_text(row.member.values[0]), []).append(row.figures[name])
    app = open_app("sweeps", best="kl")
    table, kl = app.dataframe[0].value, figures["kl"]
    assert sorted(kl, key=lambda beta: sum(kl[beta])) == list(table["Beta"])  # the least on top
    assert ["2 of 2"] * 2 == list(table["Runs"])
    assert [pytest.approx(statistics.mean(kl[beta])) for beta in table["Beta"]] == list(table["KL"])
    assert [pytest.approx(statistics.stdev(kl[beta])) for beta in table["Beta"]] == list(table["± over seeds"])
    app.selectbox(key="sweep figure").set_value("log_likelihood").run()
    found = figures["log_likelihood"]
    best = max(found, key=lambda beta: sum(found[beta]))
    assert best == app.dataframe[0].value["Beta"][0]
    grid = sent(app, "sweep_grid")
    assert (["0.5", "4"], "Beta") == (grid["columns"], grid["column_title"])
    assert [best == beta for beta in grid["columns"]] == [cell["best"] for cell in grid["cells"][0]]
    assert [3 * 400] * 2 == [len(base64.b64decode(cell["points"])) for cell in grid["cells"][0]]
    assert "log_likelihood" == app.query_params["best"]


def test_the_csv_has_every_run(tour: SweepFolder) -> None:
    """A line for each, with its values and its figures."""
    rows = sweep_rows(tour)
    lines = list(csv.DictReader(io.StringIO(csv_of(["beta", "seed"], rows).decode())))
    assert [row.member.name for row in rows] == [line["name"] for line in lines]
    assert [("0.5", "0"), ("0.5", "1"), ("4", "0"), ("4", "1")] == [(line["beta"], line["seed"]) for line in lines]
    assert [row.figures["elbo"] for row in rows] == [float(line["elbo"]) for line in lines]


def test_a_sweep_goes_to_the_trash_with_its_models_and_comes_back(open_app: OpenApp, tour: SweepFolder) -> None:
    """Delete moves all its folders, and Undo brings each of them back."""
    before = sorted(path.name for path in tour.path.parent.glob("[a-z]*"))
    app = open_app("sweeps")
    app.button(key="sweep delete all tour").click().run()
    assert [] == list(tour.path.parent.glob("[a-z]*"))
    assert "“tour” and 4 more are in the trash" in said(app)
    app.button(key="undo delete").click().run()
    assert before == sorted(path.name for path in tour.path.parent.glob("[a-z]*"))


def test_only_the_sweep_goes_to_the_trash(open_app: OpenApp, tour: SweepFolder) -> None:
    """Its models stay."""
    app = open_app("sweeps")
    app.button(key="sweep delete one tour").click().run()
    assert not tour.path.exists()
    assert 4 == len(list(tour.path.parent.glob("*/card.json")))


def test_stop_and_resume(open_app: OpenApp, launched: list[tuple[str, str]]) -> None:
    """Stop leaves a file that the process looks for; what was stopped can be resumed by one process."""
    sweep = new_sweep("tour", {"beta": (1, 2)})
    with sweep.process.lock():
        sweep.process.write_status(Status(state="running"))
        app = open_app("sweeps")
        assert "0 of 2 done" in app.get("progress")[0].proto.text
        app.button(key="sweep stop tour").click().run()
        assert sweep.process.stop_asked()
        assert app.button(key="sweep stop tour").disabled
    sweep.process.write_status(Status(state="stopped", message="Stopped; resume to go on from here."))
    app = open_app("sweeps")
    assert "0 of 2 runs are done. Stopped" in said(app)
    app.button(key="sweep resume tour").click().run()
    assert [("tour", "sweep")] == launched


@pytest.mark.parametrize("content", [b"{", b'{"schema_version": 9}', b"\xff" * 100])
def test_a_damaged_sweep_is_said_and_can_be_deleted(content: bytes, open_app: OpenApp) -> None:
    """One sentence, no exception, and a way to be rid of it."""
    sweep = new_sweep("tour", {"beta": (1, 2)})
    (sweep.path / SWEEP).write_bytes(content)
    app = open_app("sweeps")
    assert "tour: sweep.json" in said(app).replace("\\", "")
    app.button(key="sweep delete one tour").click().run()
    assert not sweep.path.exists()


def test_the_address_names_a_sweep(open_app: OpenApp) -> None:
    """The one asked for is shown; a name that is not there is said, and a stranger's text is not repeated."""
    new_sweep("one", {"beta": (1, 2)})
    new_sweep("two", {"beta": (1, 2)})
    for name in ("one", "two"):
        assert name == open_app("sweeps", sweep=name).radio[0].value
    assert "no sweep named `three`" in said(open_app("sweeps", sweep="three"))
    assert "evil" not in said(open_app("sweeps", sweep="[evil](http://evil.test)"))


def test_a_run_of_somebody_else_is_said(open_app: OpenApp, isolated: Path) -> None:
    """A folder of a member's name that asks for something else is no part of it."""
    new_sweep("tour", {"beta": (1, 2)})
    new_sweep("other", {"beta": (1, 2)})
    shutil.copytree(isolated / "other", isolated / "tour-beta-1")
    app = open_app("sweeps", sweep="tour")
    assert "is not the run that this sweep asks for" in said(app)


@pytest.mark.parametrize("figure", ["elbo", "seconds"])
def test_a_run_without_the_figure_is_never_the_best(figure: str, tour: SweepFolder) -> None:
    """Of a group's runs the best has the figure, whether more of it is better or less."""
    known = next(row for row in sweep_rows(tour) if figure in row.figures)
    unknown = replace(known, figures={})
    for rows in ((known, unknown), (unknown, known)):
        assert known is best_of(SweepGroup(known.member.values, rows, known.figures, {}), figure)
