"""The number of torch's threads during training."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from elastic_pinn.config import ConfigError

logger = logging.getLogger(__name__)

_IMPORTED_BY = os.getpid()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Set the number of torch's threads in the block, or keep torch's choice for 0.

    In a fork of a process that had loaded torch it is one: OpenMP's threads do not survive a fork, and waiting for them
    would never end. Raises ConfigError there if more than one are requested.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(_possible(count, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _possible(count: int, usual: int) -> int:
    if os.getpid() == _IMPORTED_BY or (count or usual) == 1:
        return count or usual
    why = "this process was forked from one that had loaded torch, whose threads do not survive that"
    more = "for more, start it by multiprocessing's 'spawn' or 'forkserver', or as a program of its own"
    if count:
        raise ConfigError(f"threads = {count}: {why}, and training would wait for them for ever: give 1; {more}")
    logger.warning("training with 1 thread, not %d: %s; %s", usual, why, more)
    return 1
