"""The processes of one run, as torchrun starts them: what they say to each other.

The first one leads. The others help: every process draws the same points from the same generator, looks at its share
of them where the leader says, and what all find is added up at the leader's. Optimizer, decisions and files are the
leader's alone, so that nothing can drift apart; and one process alone does what it would do without all this.

Gradients on GPUs are added up by NCCL, a card for each process; all else goes by Gloo.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics import Problem
from elastic_pinn.training.sampling import Batches

PATIENCE = timedelta(minutes=30)  # with a process that is silent; one that died is noticed at once
NO_CALL = 0.0  # where a call has the number of draws

Terms = Mapping[str, Tensor]
Gradients = Sequence[Tensor]


class LostProcessError(ElasticPinnError, RuntimeError):
    """Another process of the run is gone, or was silent for too long."""


class Processes:
    """This process and all others of a run; by default there are no others, and nothing here does anything.

    rank: 0 for the leader. count: how many there are.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count
        self._awaited = 0  # how many numbers the call has that the helpers wait for; 0: they wait for news
        self._owed = False  # whether they have not yet given what they were called for

    @property
    def is_helper(self) -> bool:
        """Whether another process leads."""
        return self.rank > 0

    @property
    def has_helpers(self) -> bool:
        """Whether this process leads others."""
        return self.count > 1 and not self.is_helper

    def share(self, batches: Batches) -> Batches:
        """This process's part of all points."""
        if self.count == 1:
            return batches
        return {place: batch.part(self.rank, self.count) for place, batch in batches.items()}

    def call(self, draws: int, position: Tensor) -> None:
        """Have the helpers evaluate at a position (P,), at the points of that many draws."""
        if self.has_helpers:
            self._owed = True
            self._shout(torch.cat([torch.tensor([draws], dtype=torch.float64), position.cpu().double()]))

    def calls(self, parameters: int) -> Iterator[tuple[int, Tensor]]:
        """For a helper: each call, (draws, position), until news are to come."""
        message = torch.empty(1 + parameters, dtype=torch.float64)
        while self._shout(message)[0] != NO_CALL:
            yield int(message[0]), message[1:]

    def sum(self, terms: Terms, gradients: Gradients) -> tuple[Terms, Gradients]:
        """What all processes found, added up; for a helper, who only gives, it has no meaning."""
        if self.count == 1:
            return terms, gradients
        packed = torch.cat([torch.stack(list(terms.values())), *(gradient.reshape(-1) for gradient in gradients)])
        with _connected():
            dist.reduce(packed, 0)
        self._owed = False
        scalars, *pieces = packed.split([len(terms), *(gradient.numel() for gradient in gradients)])
        summed = [piece.view_as(gradient) for piece, gradient in zip(pieces, gradients, strict=True)]
        return dict(zip(terms, scalars, strict=True)), summed

    def tell(self, news: Any, parameters: int = 0) -> None:
        """Give all helpers an object, which they `hear`. parameters: if not 0, they go on to `calls` with so many."""
        if self._owed:
            leave()  # what they wait for will not come
            return
        if self._awaited:
            self._shout(torch.full([self._awaited], NO_CALL, dtype=torch.float64))
        with _connected():
            dist.broadcast_object_list([news])
        self._awaited = 1 + parameters if parameters else 0

    def hear(self) -> Any:
        """For a helper: what the leader tells."""
        news = [None]
        with _connected():
            dist.broadcast_object_list(news)
        return news[0]

    def require_same(self, config: Config, problem: Problem) -> None:
        """Raises ConfigError, in all processes, if they were not all given the same."""
        if self.count == 1:
            return
        found: list[Any] = [None] * self.count
        with _connected():
            dist.all_gather_object(found, (config.to_json(), problem.identity))
        for rank, (text, identity) in enumerate(found):
            changes = config.differences(Config.from_json(text))
            if changes or not problem.is_like(identity):
                what = ", ".join(changes) or "problem"
                raise ConfigError(
                    f"process {rank} was given another {what} than process {self.rank}: give all the same"
                )

    def _shout(self, message: Tensor) -> Tensor:
        """The message (numbers,) as the leader has it."""
        with _connected():
            dist.broadcast(message, 0)
        return message


def joined(device: str) -> Processes:
    """All processes that torchrun started, or else this one alone.

    device: of the config; "cuda" is a card of its own for each process from here on, in this thread. Raises ConfigError
    where that cannot be.
    """
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        return Processes()
    if not dist.is_initialized():
        _make_group()
    processes = Processes(dist.get_rank(), dist.get_world_size())
    if processes.count > 1 and device != "cpu":
        _take_card(device)
    return processes


def _make_group() -> None:
    """Have a group of all processes until this one ends, for a script may train more than once.

    A group that is still there when the interpreter goes makes it crash. What torch imports of its own in time keeps
    the group of that moment for ever, and must hence come first.
    """
    import torch.distributed.nn

    with _connected():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    atexit.register(leave)


def leave() -> None:
    """Have nothing more to do with the other processes, who notice at once."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _take_card(device: str) -> None:
    here, cards = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if device != "cuda":
        raise ConfigError(f"device = {device!r} with several processes: give 'cuda', and each takes a card of its own")
    if here > cards:
        raise ConfigError(f"device = 'cuda': {here} processes on a machine with {cards} GPUs; start one for each GPU")
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


@contextmanager
def _connected() -> Iterator[None]:
    """Say in plain words that another process is gone."""
    try:
        yield
    except RuntimeError as error:  # of torch.distributed, all are
        raise LostProcessError(
            f"another process of this run is gone, or was silent for {PATIENCE}: what it printed last may tell why"
        ) from error
