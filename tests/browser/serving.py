"""Serve a Streamlit script from a process of its own; used by the browser tests and the benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT_ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


@dataclass(frozen=True)
class AppServer:
    """A running server: where it listens, its process, what it has printed so far, and where its new runs go."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path
    checkpoints_dir: Path | None = None

    def log(self) -> str:
        """Everything the server has written to stdout and stderr."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def serve_app(
    script: Path, *, env: Mapping[str, str] | None = None, args: Sequence[str] = (), port: int | None = None
) -> Iterator[AppServer]:
    """Run `streamlit run script` on the loopback address until the block is left.

    Parameters
    ----------
    script : Path
        The script or `st.App` launcher; `.streamlit/config.toml` of the project applies.
    env : mapping, optional
        Environment variables to set on top of this process's own.
    args : sequence of str
        Further options of `streamlit run`, such as `["--server.maxUploadSize", "1"]`.
    port : int, optional
        Where it listens; by default on a free port.

    Yields
    ------
    AppServer
        Once it answers. RuntimeError with its output when it ends or stays silent instead.
    """
    port = port or _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), *args]
    with TemporaryDirectory(prefix="app-server-") as folder:
        log_file = Path(folder) / "log.txt"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        server = AppServer(f"http://127.0.0.1:{port}", process, log_file)
        try:
            _wait_until_healthy(server)
            yield server
        finally:
            _stop(process)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(server: AppServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server ended with {server.process.returncode} at its start:\n{server.log()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"The server did not answer within {START_SECONDS:.0f} s:\n{server.log()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
