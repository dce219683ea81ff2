"""One of the shots of a run: what acts in it, what was recorded, and its wavefield.

The wavefield of the only one is that of the network. Where there are several, or where the network takes no part,
finite elements solve for the waves in the material that was found, as in training, at the places that are asked for.

Letters: N places, T instants, K pulses of the source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from elastic_pinn.error_estimate import ErrorsInFoundMaterial, still
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import VECTORS, Receivers
from elastic_pinn.physics.setups import ProblemMaker

if TYPE_CHECKING:
    from elastic_pinn.run.checkpoint import Checkpoint

Array = np.ndarray

ORDERS = {name: order for order, name in enumerate(VECTORS)}
"""Of the derivative by time that each vector is."""

SOLVED_BY = ("network", "elements")
"""Of a run of one shot, and of others."""


class Shot(NamedTuple):
    """One shot of a checkpoint.

    Attributes
    ----------
    name : str
        As in `Checkpoint.shots`.
    problem : Problem
        What acts in it, as a problem of one shot.
    receivers : Receivers or None
        What was recorded, corrected by gains that were found.
    predict : callable
        As `Checkpoint.predict`: from x, y, t and the name of a quantity.
    solved_by : str
        "network" or "elements".
    """

    name: str
    problem: Problem
    receivers: Receivers | None
    predict: Callable[..., Array]
    solved_by: str

    @property
    def told(self) -> str:
        """What a title begins with: nothing of a run of one shot."""
        return f"shot {self.name}: " if self.name else ""


def has_several_shots(checkpoint: Checkpoint, problem: Problem | ProblemMaker | None) -> bool:
    """Return whether a checkpoint is of several shots.

    It tells how many there are; one of an earlier version does by its problem, and of one of the user's own that is not
    given there is taken to be one.
    """
    count = checkpoint.snapshot.state.get("problem", {}).get("shots")
    if count is None and problem is None and checkpoint.config.problem == "own":
        return False
    return bool(checkpoint.problem(problem).other_shots if count is None else count > 1)


class WavefieldByElements:
    """The wavefield of a shot in the material of a model, solved for by finite elements.

    Parameters
    ----------
    problem
        What acts in it, and its receivers.
    model
        With the material.
    wavelet
        Delays (s) and coefficients of the pulses that make up its source's, (2, K); None where that is known.
    """

    def __init__(self, problem: Problem, model: Model, wavelet: Array | None) -> None:
        self._problem, self._still = problem, still(problem)
        self._still.material.load_state_dict(model.material.state_dict())
        self._wavelet = np.array([[0.0], [1.0]]) if wavelet is None else wavelet
        self._solved: tuple[dict[tuple[float, ...], int], Callable[[Array], Array]] = {}, np.asarray

    def predict(self, x: Any, y: Any, t: Any, quantity: str = "displacement") -> Array:
        """Predict a quantity of the wavefield: see `Checkpoint.predict`.

        Parameters
        ----------
        x, y, t
            Positions in m and times in s, of shapes (...,) that broadcast.
        quantity
            "displacement" (m), "velocity" (m/s) or "acceleration" (m/s2).

        Returns
        -------
        ndarray
            The quantity, (..., 2).

        Raises
        ------
        ValueError
            Outside the window, and for another quantity.
        """
        if quantity not in ORDERS:
            raise ValueError(
                f"quantity = {quantity!r}: legal are {', '.join(ORDERS)}, which finite elements give of a shot"
            )
        x, y, t = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, y, t)))
        self._still.require_inside(x, y, t)
        places, place = np.unique(np.stack([x.ravel(), y.ravel()], axis=1), axis=0, return_inverse=True)
        times, time = np.unique(t.ravel(), return_inverse=True)
        at, rows = self._at(places)
        scales, first = self._problem.scales, self._problem.domain.t[0]
        column, total = 2 * ORDERS[quantity], np.zeros((*x.shape, 2))
        for delay, coefficient in self._wavelet.T:
            since = times - first - delay
            found = at(since.clip(min=0.0) / scales.time)[:, rows, column : column + 2]  # (T, N, 2)
            if delay:
                found[since < 0.0] = 0.0  # at rest until the pulse acts
            total += coefficient * found[time.reshape(-1), place.reshape(-1)].reshape(total.shape)
        return total * VECTORS[quantity].physical.scale(scales)

    @torch.no_grad()
    def _at(self, places: Array) -> tuple[Callable[[Array], Array], list[int]]:
        """The wavefield and its rates as a function of dimensionless times since the first, (T, P, 6), at places among
        which some (N, 2), m, are, and the rows of these.

        The receivers are always among them: they are asked for again and again.
        """
        wanted, (rows, at) = list(map(tuple, places.tolist())), self._solved
        if not rows.keys() >= {*wanted}:
            recorded = self._problem.receivers.places.tolist() if self._problem.receivers else []
            every = list(dict.fromkeys([*map(tuple, recorded), *wanted]))
            errors = ErrorsInFoundMaterial(self._problem, np.array(every), self._still)
            rows = {each: row for row, each in enumerate(every)}
            at = errors.of(self._still, tuple(ORDERS.values()))
            self._solved = rows, at
        return at, [rows[each] for each in wanted]
