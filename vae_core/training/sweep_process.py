"""The process of a sweep: it trains one run after another, on several devices as many at once.

A run is trained here as `python -m vae_core train` does it, with its own lock and its turn on the device. Whatever has
ended is left as it is, so a sweep killed at any moment is taken up again by starting it again.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from filelock import Timeout

from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.training.process import Interrupted, create_run, run, stop_signals
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.sweep import Member
from vae_core.training.sweep_folder import SweepFolder

if TYPE_CHECKING:
    from vae_core.data import ImageSet

SECONDS_BETWEEN_LOOKS = 0.25


class Watcher(Protocol):
    """Who is told how a run goes."""

    def status(self, status: Status) -> None:
        """Called a few times a second."""

    def epoch(self, line: dict[str, Any]) -> None:
        """Called with each epoch's line of the history."""


class Silent:
    """Nobody is told."""

    def status(self, status: Status) -> None:
        """Pass over it."""

    def epoch(self, line: dict[str, Any]) -> None:
        """Pass over it."""


Watch = Callable[[RunFolder], AbstractContextManager[Watcher]]


def run_sweep(
    sweep: SweepFolder,
    *,
    data: ImageSet | None = None,
    data_dir: str | None = None,
    watch: Watch = lambda _: nullcontext(Silent()),
) -> None:
    """Train in this process, and in one more for each further device, what is left of a sweep.

    Parameters
    ----------
    data : ImageSet, optional
        Its images, where they have been read already.
    data_dir : str, optional
        Where the data set lies now; by default where it lay when the sweep was made.
    watch : callable
        Given each run of this process before it is trained; what it gives back is told how the run goes.

    Raises
    ------
    Interrupted
        On SIGINT, SIGTERM or a stop file; or where somebody has stopped a run alone.
    VaeCoreError
        When it cannot begin, or a run could not be trained: the others were, all the same.
    """
    launched = sweep.process.status().state == "starting"
    try:
        lock = sweep.process.lock().acquire(timeout=2, poll_interval=0.05)
    except Timeout:
        raise CheckpointError(f"The sweep {sweep.name} is being trained by another process already.") from None
    with lock, stop_signals() as signalled:
        if not launched:  # `launch` has cleared it, and somebody may have asked since
            sweep.process.clear_stop()
        sweep.process.sweep()
        _say(sweep, "running")
        others: list[BaseProcess] = []
        try:
            plan, members = sweep.plan(), sweep.members()
            for member in members:
                sweep.run_of(member)  # refuses a stranger's before anything is trained
            begun = time.time()
            others = [_start_worker(sweep, device, data_dir, begun) for device in plan.devices[1:]]
            worker = _Worker(sweep, plan.devices[0], data, data_dir, watch, begun, lambda: bool(signalled))
            worker.to_the_end()
            while any(other.is_alive() for other in others):
                worker.look()
                time.sleep(SECONDS_BETWEEN_LOOKS)
            _close(sweep, members)
        except Interrupted:
            _say(sweep, "stopped", "Stopped; resume to go on from here.")
            raise
        except BaseException as problem:
            _say(sweep, "failed", (str(problem) or type(problem).__name__).splitlines()[0])
            raise
        finally:
            if any(other.is_alive() for other in others):
                sweep.process.ask_to_stop()
            for other in others:
                other.join()


def _close(sweep: SweepFolder, members: list[Member]) -> None:
    """Say how the sweep has ended, by what has become of its runs."""
    left = [found for member in members if not ((found := sweep.run_of(member)) and found.is_done())]
    failed = [(found.name, status) for found in left if found and (status := found.status()).state == "failed"]
    if failed:
        name, status = failed[0]
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise VaeCoreError(f"The sweep {sweep.name} is done but for {name}{more}: {status.message}")
    if left:
        raise Interrupted
    _say(sweep, "finished")


def _say(sweep: SweepFolder, state: str, message: str = "") -> None:
    sweep.process.write_status(Status(state=state, message=message, updated=time.time()))  # type: ignore[arg-type]


def _start_worker(sweep: SweepFolder, device: str, data_dir: str | None, begun: float) -> BaseProcess:
    # Not a fork: CUDA does not survive one.
    process = multiprocessing.get_context("spawn").Process(
        target=_be_worker, args=(str(sweep.path), device, data_dir, begun), name=f"{sweep.name} on {device}"
    )
    process.start()
    return process


def _be_worker(path: str, device: str, data_dir: str | None, begun: float) -> None:
    """Be the process of one further device; what goes wrong stands in the runs' own folders."""
    parent = multiprocessing.parent_process()
    sweep = SweepFolder(Path(path))
    with stop_signals() as signalled:
        worker = _Worker(
            sweep, device, None, data_dir, lambda _: nullcontext(Silent()), begun,
            lambda: bool(signalled) or not (parent and parent.is_alive()),
        )  # fmt: skip
        try:
            worker.to_the_end()
        except (Interrupted, VaeCoreError):
            return


class _Worker:
    """Trains runs on one device, as long as there is one that nobody has tried since `begun`."""

    def __init__(
        self,
        sweep: SweepFolder,
        device: str,
        data: ImageSet | None,
        data_dir: str | None,
        watch: Watch,
        begun: float,
        must_leave: Callable[[], bool],
    ) -> None:
        self.sweep, self.device, self.data, self.data_dir = sweep, device, data, data_dir
        self.watch, self.begun, self.must_leave = watch, begun, must_leave
        self.plan, self.members = sweep.plan(), sweep.members()
        self.tried: set[str] = set()

    def to_the_end(self) -> None:
        while left := [member for member in self.members if self._is_left(member)]:
            self.look()
            free = [member for member in left if self._is_free(member)]
            if free:
                self._train(free[0])
            else:  # others have them: whether they bring them to an end is seen when they have left
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        """Leave when that is asked for."""
        if self.must_leave() or self.sweep.process.stop_asked():
            raise Interrupted

    def _is_left(self, member: Member) -> bool:
        if member.name in self.tried:
            return False
        run = self.sweep.run_of(member)
        if run is None:
            return True
        status = run.status()
        return not run.is_done() and not (status.state in ("failed", "stopped") and status.updated >= self.begun)

    def _is_free(self, member: Member) -> bool:
        run = self.sweep.run_of(member)
        if run is None:
            return True
        its_device = run.request().device  # it was begun there, and goes on there
        return not run.is_alive() and (its_device == self.device or its_device not in self.plan.devices)

    def _train(self, member: Member) -> None:
        folder = self._folder_of(member)
        if folder is None or folder.is_alive():
            return
        self.tried.add(member.name)
        try:
            with self.watch(folder) as watcher:

                def on_status(status: Status) -> None:
                    if self.must_leave() or self.sweep.process.stop_asked():
                        folder.ask_to_stop()
                    watcher.status(status)

                run(folder, data=self._images(), data_dir=self.data_dir, on_status=on_status, on_epoch=watcher.epoch)
        except Interrupted:
            self.look()
            if not folder.stop_asked():  # a signal, and no wish that this run alone be stopped
                raise
        except VaeCoreError:
            if folder.status().state != "failed":
                raise

    def _folder_of(self, member: Member) -> RunFolder | None:
        """The run's folder, made where there is none; None where another process made it just now."""
        found = self.sweep.run_of(member)
        if found is not None:
            return found
        try:
            return create_run(
                member.config,
                name=member.name,
                device=self.device,
                data_dir=self.plan.data_dir,
                checkpoints_dir=self.sweep.path.parent,
                shape=self.plan.image_shape,
            )
        except CheckpointError:
            if self.sweep.run_of(member) is None:
                raise
            return None

    def _images(self) -> ImageSet:
        """The images, read once for all runs."""
        if self.data is None:
            from vae_core.data import load_dataset

            base = self.plan.base
            self.data = load_dataset(base.dataset, self.data_dir or self.plan.data_dir, base.data)
        return self.data
