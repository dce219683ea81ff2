"""One of the shots of a run: what acts in it, what was recorded, and its wavefield.

The wavefield of the only one is that of the network. Where there are several, or where the network takes no part,
finite elements solve for the waves in the material that was found, as in training, at the places that are asked for.

Letters: N places, T instants, K pulses of the source, G, H nodes of a grid along x and y.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.error_estimate import ErrorsInFoundMaterial, still
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES, Receivers
from elastic_pinn.physics.data.channel_names import shown_name
from elastic_pinn.physics.setups import ProblemMaker

if TYPE_CHECKING:
    from elastic_pinn.run.checkpoint import Checkpoint

Array = np.ndarray

SOLVED_BY = ("network", "elements")
"""Of a run of one shot, and of others."""

SLOPES = ("", "x", "y")
"""Of a displacement: itself, and its derivatives by place."""

ORDERS = (0, 1, 2)
"""Of derivatives by time that elements give."""


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
    wavefield : Model or WavefieldByElements
        Its wavefield.
    """

    name: str
    problem: Problem
    receivers: Receivers | None
    wavefield: Model | WavefieldByElements

    @property
    def predict(self) -> Callable[..., Array]:
        """As `Checkpoint.predict`: from x, y, t and the name of a quantity."""
        return self.wavefield.predict

    @property
    def solved_by(self) -> str:
        """ "network" or "elements"."""
        return SOLVED_BY[isinstance(self.wavefield, WavefieldByElements)]

    @property
    def told(self) -> str:
        """What a title begins with: nothing of a run of one shot."""
        return f"shot {shown_name(self.name)}: " if self.name else ""


def wavefield_of(
    checkpoint: Checkpoint, shot: str | int = "", problem: Problem | ProblemMaker | None = None
) -> Model | WavefieldByElements:
    """Return the wavefield that `Checkpoint.predict` is of; arguments as there.

    Raises what `Checkpoint.shot` does.
    """
    is_of_network = not (
        checkpoint.is_by_elements or (checkpoint.fits_waveforms and has_several_shots(checkpoint, problem))
    )
    return checkpoint.model() if shot == "" and is_of_network else checkpoint.shot(shot, problem).wavefield


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

    Attributes
    ----------
    scales, shape, regions, material, dtype, contains, moduli
        As of a Model.
    """

    def __init__(self, problem: Problem, model: Model, wavelet: Array | None) -> None:
        self._problem, self._still = problem, still(problem)
        self._still.material.load_state_dict(model.material.state_dict())
        self._wavelet = np.array([[0.0], [1.0]]) if wavelet is None else wavelet
        self._solved: dict[tuple[str, ...], _Solution] = {}
        self._on_grid: _Solution | None = None
        self.scales, self.shape, self.regions = problem.scales, self._still.shape, self._still.regions
        self.material, self.dtype = self._still.material, self._still.dtype
        self.contains, self.moduli = self._still.contains, self._still.moduli

    def predict(self, x: Any, y: Any, t: Any, quantity: str = "displacement") -> Array:
        """Predict a quantity of the wavefield: see `Checkpoint.predict`.

        Strains and stresses are by derivatives of the elements' shape functions, which are less exact than the
        displacement.

        Parameters
        ----------
        x, y, t
            Positions in m and times in s, of shapes (...,) that broadcast.
        quantity
            "displacement" (m), "velocity" (m/s) or "acceleration" (m/s2), of x and y; "strain" (1), "strain_rate"
            (1/s) or "stress" (Pa), of xx, yy and xy.

        Returns
        -------
        ndarray
            The quantity, (..., 2) of a vector and (..., 3) of a tensor.

        Raises
        ------
        ValueError
            Outside the window, and for another quantity.
        """
        if quantity not in RECORDED_QUANTITIES:
            raise ValueError(f"quantity = {quantity!r}: legal are {', '.join(RECORDED_QUANTITIES)}")
        wanted = RECORDED_QUANTITIES[quantity]
        x, y, t = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, y, t)))
        self._still.require_inside(x, y, t)
        places, place = np.unique(np.stack([x.ravel(), y.ravel()], axis=1), axis=0, return_inverse=True)
        times, time = np.unique(t.ravel(), return_inverse=True)
        slopes = SLOPES if any(name.strip("t") for name in wanted.derivatives) else SLOPES[:1]
        found = self._derivatives(self._at(places, slopes), times, ("", *wanted.derivatives))
        at = time.reshape(-1), place.reshape(-1)
        u = {name: torch.from_numpy(each[at]) for name, each in found.items()}  # each (N, 2)
        points = torch.from_numpy(np.stack([x.ravel(), y.ravel(), t.ravel()], axis=1))  # (N, 3)
        moduli = self.moduli(self.scales.dimensionless(points)) if wanted.moduli else None
        with torch.no_grad():
            return wanted.of(u, moduli).numpy().reshape(*x.shape, -1) * wanted.physical.scale(self.scales)

    @torch.no_grad()
    def derivatives_on_grids(
        self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]
    ) -> Iterator[dict[str, Tensor]]:
        """Compute the displacement and its derivatives on a grid at some times, as `Model.derivatives_on_grids`.

        It is solved once on a grid. Values outside of the solid are NaN.
        """
        points = torch.cartesian_prod(x, y, x.new_zeros(1))  # (G H, 3)
        places = self.scales.in_si(points)[:, :2].numpy()
        inside = self.contains(*places.T)
        places = places[inside]
        if self._on_grid is None or not np.array_equal(self._on_grid.places, places):
            self._on_grid = self._solution(places, SLOPES)
        solution, names = self._on_grid, ("", *wanted)
        for t in self.scales.in_si(times[:, None] * times.new_tensor([0.0, 0.0, 1.0]))[:, 2].numpy():
            found = {name: np.full((len(inside), 2), np.nan) for name in names}
            for name, (values,) in self._derivatives(solution, np.array([t]), names).items():
                found[name][inside] = values
            yield {name: torch.from_numpy(values) for name, values in found.items()}

    def _derivatives(self, solution: _Solution, times: Array, names: Sequence[str]) -> dict[str, Array]:
        """Derivatives of the displacement by their names at times (T,), s, dimensionless, each (T, N, 2)."""
        columns = {name: self._column(name, solution.slopes) for name in names}
        found = {name: np.zeros((len(times), len(solution.rows), 2)) for name in names}
        for delay, coefficient in self._wavelet.T:
            since = times - self._problem.domain.t[0] - delay
            every = solution.at(since.clip(min=0.0) / self.scales.time)[:, solution.rows]  # (T, N, 2 S orders)
            if delay:
                every[since < 0.0] = 0.0  # at rest until the pulse acts
            for name, column in columns.items():
                found[name] += coefficient * every[..., column : column + 2]
        return found

    @staticmethod
    def _column(name: str, slopes: Sequence[str]) -> int:
        """Where a derivative is among those that elements give."""
        return 2 * (name.count("t") * len(slopes) + slopes.index(name.strip("t")))

    def _at(self, places: Array, slopes: tuple[str, ...]) -> _Solution:
        """The solution at some places (N, 2), m, with some slopes at least.

        The receivers are always solved for: they are asked for again and again.
        """
        wanted = list(map(tuple, places.tolist()))
        for known in self._solved.values():
            if {*slopes} <= {*known.slopes} and known.numbers.keys() >= {*wanted}:
                break
        else:
            recorded = self._problem.receivers.places.tolist() if self._problem.receivers else []
            every = list(dict.fromkeys([*map(tuple, recorded), *wanted]))
            self._solved[slopes] = known = self._solution(np.array(every), slopes)
        return known._replace(rows=np.array([known.numbers[each] for each in wanted]))

    @torch.no_grad()
    def _solution(self, places: Array, slopes: tuple[str, ...]) -> _Solution:
        """Solve for the wavefield at places (N, 2), m."""
        errors = ErrorsInFoundMaterial(self._problem, places, self._still, slopes)
        numbers = {each: row for row, each in enumerate(map(tuple, places.tolist()))}
        return _Solution(places, numbers, np.arange(len(places)), slopes, errors.of(self._still, ORDERS))


class _Solution(NamedTuple):
    """What elements give at places (P, 2), m, by which they have numbers, and of which the rows (N,) are wanted: from
    dimensionless times since the first, (T,), to all orders of all slopes, (T, P, 2 S orders)."""

    places: Array
    numbers: dict[tuple[float, ...], int]
    rows: Array
    slopes: tuple[str, ...]
    at: Callable[[Array], Array]
