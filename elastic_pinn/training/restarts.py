"""When an optimizer that searches along lines starts anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Restarts:
    """The restarts of optimizers that search along lines: at the start of a stage, at intervals, and when demanded.

    every: steps from one to the next; 0: there are none.
    """

    def __init__(self, every: int) -> None:
        self._every, self._is_demanded = every, False
        self._last = -1  # the step before which the last one was

    def demand(self) -> bool:
        """Have the next step begin with one, if there are any; return whether there are."""
        self._is_demanded = bool(self._every)
        return self._is_demanded

    def forget(self) -> None:
        """Demand none: another stage begins."""
        self._is_demanded = False

    def begin(self, step: int, since: int) -> bool:
        """Return whether one is due before a step, so many after the start of its stage, which is then made.

        A step that is made once more, as it was cancelled, begins with none.
        """
        if not self._every or self._last == step or (since % self._every and not self._is_demanded):
            return False
        self._is_demanded, self._last = False, step
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` continues from."""
        return {"restart_demanded": self._is_demanded, "restarted": self._last}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set what `state_dict` returned; a checkpoint of an earlier version has nothing of it."""
        self._is_demanded, self._last = state.get("restart_demanded", False), state.get("restarted", -1)
