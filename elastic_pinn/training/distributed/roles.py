"""One run on several processes: what its leader does, and what its workers do."""

from __future__ import annotations

import logging
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.storage import kept_text
from elastic_pinn.summary import Summary
from elastic_pinn.training.distributed.processes import LostProcessError, Processes, leave
from elastic_pinn.training.optimizers.flat import put
from elastic_pinn.training.session import Session

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunStart:
    """The first message to the workers: the config, as JSON. The next ones are what `Session.share_objective` sends."""

    config: str


@dataclass(frozen=True)
class RunEnd:
    """The last message to the workers: the run directory, and the error that ended the run, if one did."""

    run_dir: Path
    error: BaseException | None


@contextmanager
def run_leader(processes: Processes, run_dir: Path, stop: Callable[[str], None]) -> Iterator[None]:
    """Run the block as the leader: at its end the workers receive how it ended.

    A signal to end the process, which torchrun passes on to all, first stops the run, by calling `stop` with the
    reason; before it has its effect, a warning tells how the run ended.
    """
    if not processes.has_workers:
        with _deferred_signals(stop, run_dir, is_patient=False):
            yield
        return
    with _deferred_signals(stop, run_dir):
        try:
            yield
        except LostProcessError:
            leave()
            raise
        except BaseException as error:
            processes.send(RunEnd(run_dir.resolve(), _picklable(error)))
            raise
        processes.send(RunEnd(run_dir.resolve(), None))


def start_workers(session: Session) -> None:
    """Have the workers make the same session, before its first evaluation."""
    if session.processes.has_workers:
        session.processes.send(RunStart(session.config.to_json()))
        session.share_objective()


def run_worker(processes: Processes, problem: Problem) -> Path:
    """Evaluate for the leader until the run ends; return its directory, or raise the error that ended it there."""
    with _deferred_signals(lambda reason: None):
        try:
            message = processes.receive()
            if isinstance(message, RunStart):
                session = Session(Config.from_json(message.config), problem, processes)
                while not isinstance(message := processes.receive(), RunEnd):
                    session.restore_objective(message)
                    _serve_evaluations(session)
        except BaseException:
            leave()
            raise
    if message.error:
        raise message.error
    return message.run_dir


def _serve_evaluations(session: Session) -> None:
    """Evaluate the loss and its gradients on this process's share of the points, wherever the leader requests it."""
    for position in session.processes.evaluation_requests(len(session.objective.position())):
        put(session.parameters, position)
        session.objective.forget()
        session.objective()


@contextmanager
def _deferred_signals(
    stop: Callable[[str], None], run_dir: Path | None = None, is_patient: bool = True
) -> Iterator[None]:
    """Defer a signal to end this process until the block has ended, and stop the run; only a main thread can.

    run_dir: of which the end is logged; None: of another process. is_patient: whether a repeated signal is deferred as
    well, since torchrun may pass on one that the terminal has sent already.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    deferred: list[int] = []

    def defer(number: int, frame: object) -> None:
        if number in deferred and not is_patient:
            signal.signal(number, before[number])
            signal.raise_signal(number)
        deferred.append(number)
        stop(f"asked to stop by {signal.Signals(number).name}")

    before: dict[int, Any] = {number: signal.signal(number, defer) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
    if deferred:
        try:
            if run_dir:
                logger.warning("%s: %s", signal.Signals(deferred[0]).name, _end_text(run_dir))
        finally:
            signal.raise_signal(deferred[0])


def _end_text(run_dir: Path) -> str:
    """What happened to a run that a signal ended, what is kept of it, and how it goes on."""
    try:
        summary = Summary.of(run_dir)
        if summary.status == "stopped":
            kept = kept_text(summary.step, summary.checkpoint)
            onward = "goes on from there" if summary.checkpoint else "begins anew"
            return f"{run_dir} was stopped at step {summary.step}; {kept}; the same call with resume='auto' {onward}"
    except (OSError, ValueError) as error:
        return f"how {run_dir} ended is not known: {' '.join(str(error).split())}"
    return f"{run_dir} was {summary.status or 'not begun'} at step {summary.step} by then"


def _picklable(error: BaseException) -> BaseException:
    """The error itself, or one with its text where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
