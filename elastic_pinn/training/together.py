"""A run on several processes from its start to its end: how it is led, and how it is helped with."""

from __future__ import annotations

import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.training.control import Control
from elastic_pinn.training.optimizers.flat import put
from elastic_pinn.training.processes import LostProcessError, Processes, leave
from elastic_pinn.training.session import Session


@dataclass(frozen=True)
class Start:
    """The run that helpers are to help with, and the generator of its points as it was before the last draw."""

    config: str
    generator_state: Mapping[str, Any]
    draws: int


@dataclass(frozen=True)
class End:
    """Where the run lies, and the error that ended it, if one did."""

    run_dir: Path
    error: BaseException | None


@contextmanager
def led(processes: Processes, run_dir: Path, control: Control) -> Iterator[None]:
    """Lead a run: the helpers hear how it ended. A signal to end, which torchrun hands on to all, is a stop first."""
    if not processes.has_helpers:
        with _in_order(control.stop, is_patient=False):
            yield
        return
    with _in_order(control.stop):
        try:
            yield
        except LostProcessError:
            leave()
            raise
        except BaseException as error:
            processes.tell(End(run_dir.resolve(), _portable(error)))
            raise
        processes.tell(End(run_dir.resolve(), None))


def call_helpers(session: Session) -> None:
    """Let the helpers make the same session, before its first evaluation."""
    if session.processes.has_helpers:
        sampler = session.sampler
        start = Start(session.config.to_json(), sampler.generator_state, sampler.draws)
        session.processes.tell(start, len(session.objective.position()))


def help_along(processes: Processes, problem: Problem) -> Path:
    """Help with a run until it ends, and return where it lies. Raises what ended it at the leader's."""
    with _in_order(lambda: None):
        try:
            news = processes.hear()
            if isinstance(news, Start):
                _evaluate_when_called(_helping_session(processes, problem, news))
                news = processes.hear()
        except BaseException:
            leave()
            raise
    if news.error:
        raise news.error
    return news.run_dir


def _helping_session(processes: Processes, problem: Problem, start: Start) -> Session:
    session = Session(Config.from_json(start.config), problem, processes)
    session.sampler.restore(start.generator_state, start.draws)
    return session


def _evaluate_when_called(session: Session) -> None:
    """Work out the loss and its gradients, of this process's share of the points, wherever the leader does."""
    for draws, position in session.processes.calls(len(session.objective.position())):
        while session.sampler.draws < draws:
            session.sampler.resample()
        put(session.parameters, position)
        session.objective.forget()
        session.objective()


@contextmanager
def _in_order(stop: Callable[[], None], is_patient: bool = True) -> Iterator[None]:
    """Have a signal to end this process wait for the run, which it stops; only a main thread can.

    is_patient: whether the same signal again waits, too, since torchrun may hand on what the terminal sent already.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, frame: object) -> None:
        if number in held and not is_patient:
            signal.signal(number, before[number])
            signal.raise_signal(number)
        held.append(number)
        stop()

    before: dict[int, Any] = {number: signal.signal(number, hold) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
    if held:
        signal.raise_signal(held[0])


def _portable(error: BaseException) -> BaseException:
    """The error, or what it says where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
