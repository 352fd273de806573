"""A disk that is full, a folder that is closed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.bad_inputs.command import ROOT, contents, run, the_error, weights_of
from vae_core.checkpoints import CARD, HISTORY, LATENTS, WEIGHTS
from vae_core.training.run_folder import RESUME

TRAIN = ["train", "--hidden", "16", "--threads", "1", "--epochs", "3", "--checkpoints-dir"]


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sha256 of the weights of a run that nothing befell."""
    home = tmp_path_factory.mktemp("uninterrupted")
    assert 0 == run([*TRAIN, str(home), "--name", "run"])
    return weights_of(home / "run")


@pytest.mark.parametrize(
    ("file_name", "nth"), [(RESUME, 1), (RESUME, 2), (WEIGHTS, 1), (WEIGHTS, 2), (HISTORY, 2), (LATENTS, 1), (CARD, 1)]
)
def test_full_disk_costs_nothing_that_was_saved(
    file_name: str,
    nth: int,
    uninterrupted: str,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A disk that fills up at any file ends the run with a sentence; with room again it resumes to the same bits."""
    n_written = 0
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        nonlocal n_written
        if target.name == file_name:
            n_written += 1
            if n_written == nth:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert 1 == run([*TRAIN, str(out), "--name", "run"])
    assert "No space left on device" in the_error(capsys.readouterr().err, 1)
    assert [] == list((out / "run").rglob("*.tmp"))
    assert 0 == run(["train", "--resume", "--name", "run", "--checkpoints-dir", str(out)])
    assert uninterrupted == weights_of(out / "run")
    assert 0 == run(["show", "run", "--checkpoints-dir", str(out)])


def test_really_full_disk(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A disk of 160 KB fills up in the middle of a run, which goes on once there is more of it."""

    def mount(*options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(out)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    if not shutil.which("mount") or mount("size=160k") != 0:
        pytest.skip("a small disk cannot be mounted here, so a really full one was not tried")
    try:
        command = [*TRAIN[:-1], "--name", "run", "--checkpoints-dir", str(out)]
        command[command.index("3")] = "60"
        assert 1 == run(command)
        assert "No space left on device" in the_error(capsys.readouterr().err, 1)
        assert 0 == mount("remount", "size=8m")
        assert 0 == run(["train", "--resume", "--name", "run", "--checkpoints-dir", str(out)])
        assert 0 == run(["show", "run", "--checkpoints-dir", str(out)])
    finally:
        subprocess.run(["umount", str(out)], check=True)


AS_ANOTHER = """
import json, os, sys
import rich, sklearn.datasets
import vae_core.commands, vae_core.explorer, vae_core.report, vae_core.training.loop, vae_core.training.process
from vae_core.cli import main
if os.geteuid() == 0:  # root may do everything, so another user tries; what he may not read is imported already
    os.setuid(65534)
for argv in json.loads(sys.argv[1]):
    print(main(argv))
"""


def test_closed_folders(pristine: Path) -> None:
    """Where permission lacks, each command says so in a sentence and changes nothing."""
    place = Path(tempfile.mkdtemp())  # not pytest's own folder, into which no other user may go
    home = Path(shutil.copytree(pristine, place / "home"))
    before = contents(home)
    commands = {
        ("show", "tiny"): "tiny: card.json cannot be read (Permission denied)",
        ("decode", "stopped", "--z=0,0", "--out", f"{home}/a.png"): "no permission to write to its folder",
        ("train", "--name", "new"): "cannot be made: Permission denied",
        ("train", "--resume", "--name", "stopped"): "Permission denied",
    }
    argvs = [[*argv, "--checkpoints-dir", str(home)] for argv in (*commands, ("list",))]
    try:
        place.chmod(0o755)
        (home / "tiny").chmod(0)
        home.chmod(0o555)
        command = [sys.executable, "-c", AS_ANOTHER, json.dumps(argvs)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
        home.chmod(0o755)
        (home / "tiny").chmod(0o755)
        assert "Traceback" not in done.stderr
        assert ["1", "1", "1", "1", "0"] == [line for line in done.stdout.splitlines() if line in ("0", "1")]
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        for said, error in zip(commands.values(), errors, strict=True):
            assert said in error
            assert "Unexpected" not in error
        assert before == contents(home)
    finally:
        shutil.rmtree(place)
