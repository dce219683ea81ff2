"""Communication between the processes of one run, as torchrun starts them.

The process of rank 0 is the leader, the others are workers. Every process has the same points, drawn from the
same generator or sent by the leader, and evaluates the loss on its share of them, at the parameters that the leader
broadcasts; losses and gradients are summed at the leader. Only the leader has an optimizer, takes decisions, moves
points and writes files, so that the processes cannot diverge from each other. A single process behaves as if this
module did not exist.

Gradients on GPUs are summed by NCCL, with one GPU for each process; everything else uses Gloo.
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
from elastic_pinn.networks.batch import Batches
from elastic_pinn.physics import Problem

PATIENCE = timedelta(minutes=30)  # for a process that does not answer; one that died is noticed at once
REQUEST, NO_REQUEST = 1.0, 0.0  # before the parameters: whether an evaluation is requested, or a message follows

Terms = Mapping[str, Tensor]
Gradients = Sequence[Tensor]


class LostProcessError(ElasticPinnError, RuntimeError):
    """Another process of the run has ended, or did not answer in time."""


class Processes:
    """This process and all others of a run; with the defaults there are no others, and no method communicates.

    Parameters
    ----------
    rank
        The number of this process; 0 for the leader.
    count
        The number of processes.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count
        self._request_size = 0  # numbers in the next request that the workers expect; 0: they expect a message
        self._is_sum_pending = False  # whether the workers have not yet delivered the last requested evaluation

    @property
    def is_worker(self) -> bool:
        """Whether another process is the leader."""
        return self.rank > 0

    @property
    def has_workers(self) -> bool:
        """Whether this process is the leader of others."""
        return self.count > 1 and not self.is_worker

    def share(self, batches: Batches) -> Batches:
        """Select this process's part of all points."""
        if self.count == 1:
            return batches
        return {place: batch.part(self.rank, self.count) for place, batch in batches.items()}

    def request_evaluation(self, position: Tensor) -> None:
        """Ask the workers to evaluate the loss at parameters (P,)."""
        if self.has_workers:
            self._is_sum_pending = True
            self._broadcast(torch.cat([torch.tensor([REQUEST], dtype=torch.float64), position.cpu().double()]))

    def evaluation_requests(self, parameters: int) -> Iterator[Tensor]:
        """Yield the parameters (P,) of each requested evaluation, in a worker, until a message is to follow."""
        message = torch.empty(1 + parameters, dtype=torch.float64)
        while self._broadcast(message)[0] != NO_REQUEST:
            yield message[1:]

    def sum(self, terms: Terms, gradients: Gradients) -> tuple[Terms, Gradients]:
        """Sum losses and gradients over all processes; the result is valid in the leader only."""
        if self.count == 1:
            return terms, gradients
        packed = torch.cat([torch.stack(list(terms.values())), *(gradient.reshape(-1) for gradient in gradients)])
        with _translated_errors():
            dist.reduce(packed, 0)
        self._is_sum_pending = False
        scalars, *pieces = packed.split([len(terms), *(gradient.numel() for gradient in gradients)])
        summed = [piece.view_as(gradient) for piece, gradient in zip(pieces, gradients, strict=True)]
        return dict(zip(terms, scalars, strict=True)), summed

    def send(self, message: Any, parameters: int = 0) -> None:
        """Send an object to all workers, which `receive` it.

        Parameters
        ----------
        message
            Any object that can be pickled.
        parameters
            P, if the workers then wait for `evaluation_requests` with P parameters; 0 if they do not.
        """
        if self._is_sum_pending:
            leave()  # the workers wait for a sum that will not be completed
            return
        if self._request_size:
            self._broadcast(torch.full([self._request_size], NO_REQUEST, dtype=torch.float64))
        with _translated_errors():
            dist.broadcast_object_list([message])
        self._request_size = 1 + parameters if parameters else 0

    def receive(self) -> Any:
        """Receive, in a worker, the object that the leader sends."""
        message = [None]
        with _translated_errors():
            dist.broadcast_object_list(message)
        return message[0]

    def require_same(self, config: Config, problem: Problem) -> None:
        """Raise ConfigError, in all processes, unless all were given the same config and problem."""
        if self.count == 1:
            return
        found: list[Any] = [None] * self.count
        with _translated_errors():
            dist.all_gather_object(found, (config.to_json(), problem.identity))
        for rank, (text, identity) in enumerate(found):
            changes = config.differences(Config.from_json(text))
            if changes or not problem.is_like(identity):
                what = ", ".join(changes) or "problem"
                raise ConfigError(
                    f"process {rank} was given another {what} than process {self.rank}: give all the same"
                )

    def _broadcast(self, message: Tensor) -> Tensor:
        """Broadcast the leader's numbers (n,) to all processes, in place."""
        with _translated_errors():
            dist.broadcast(message, 0)
        return message


def join(device: str) -> Processes:
    """Join the group of all processes that torchrun started; without torchrun, this process alone.

    Parameters
    ----------
    device
        Of the config. With "cuda", each process uses a GPU of its own from here on, in this thread.

    Raises
    ------
    ConfigError
        If the processes cannot use that device.
    """
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        return Processes()
    if not dist.is_initialized():
        _make_process_group()
    processes = Processes(dist.get_rank(), dist.get_world_size())
    if processes.count > 1 and device != "cpu":
        _select_gpu(device)
    return processes


def _make_process_group() -> None:
    """Make a group of all processes, which lasts until this one exits, since a script may train more than once.

    The interpreter crashes if the group still exists when it shuts down. A module that torch imports later keeps a
    reference to the group of that moment, and is therefore imported first.
    """
    import torch.distributed.nn

    with _translated_errors():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    atexit.register(leave)


def leave() -> None:
    """Leave the process group; the other processes notice at once."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _select_gpu(device: str) -> None:
    here, cards = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if device != "cuda":
        raise ConfigError(f"device = {device!r} with several processes: give 'cuda', and each takes a card of its own")
    if here > cards:
        raise ConfigError(f"device = 'cuda': {here} processes on a machine with {cards} GPUs; start one for each GPU")
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Translate torch's errors of communication into a LostProcessError."""
    try:
        yield
    except RuntimeError as error:  # of torch.distributed, all are
        raise LostProcessError(
            f"another process of this run is gone, or was silent for {PATIENCE}: what it printed last may tell why"
        ) from error
