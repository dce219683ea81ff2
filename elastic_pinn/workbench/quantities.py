"""A model's quantities on a grid over its window, in SI units: displacement, velocity, divergence, curl, stress,
energy, residual.

Letters: G nodes on a side, N = G G of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks import Model
from elastic_pinn.physics import Scales
from elastic_pinn.physics.elasticity import (
    MOTION,
    STRAIN,
    Derivatives,
    kinetic_energy,
    residual,
    strain_energy,
    stress,
)
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.run import Checkpoint
from elastic_pinn.storage import CHECKPOINTS

FRAMES = 41  # of a movie
INSTANTS = 11  # at which the largest value is searched
ROUNDING = 1e-9  # of the window: how far the ends of an interval may be outside

Array = np.ndarray
Origin = Mapping[str, str | int | float]


class QuantityError(ElasticPinnError, ValueError):
    """An unknown quantity, or instants that a wavefield does not have: the text names what is legal."""


class Quantity(NamedTuple):
    """A quantity: its description, symbol and SI unit, whether it has a sign, the derivatives that it needs, its
    function of them and of what gives the moduli, dimensionless (N,), and the SI value of its dimensionless 1."""

    description: str
    symbol: str
    unit: str
    is_signed: bool
    derivatives: tuple[str, ...]
    of: Callable[[Derivatives, Callable[[], Moduli]], Tensor]
    scale: Callable[[Scales], float]


def _energy(u: Derivatives, of: Callable[[], Moduli]) -> Tensor:
    """Return kinetic and strain energy, (N,)."""
    moduli = of()
    return kinetic_energy(u, moduli) + strain_energy(u, moduli)


def _displacement(scales: Scales) -> float:
    return scales.displacement


def _gradient(scales: Scales) -> float:
    return scales.displacement / scales.length


def _velocity(scales: Scales) -> float:
    return scales.velocity


def _stress(scales: Scales) -> float:
    return scales.stress


QUANTITIES: Mapping[str, Quantity] = {
    "u_x": Quantity("displacement along x", "$u_x$", "m", True, (), lambda u, m: u[""][:, 0], _displacement),
    "u_y": Quantity("displacement along y", "$u_y$", "m", True, (), lambda u, m: u[""][:, 1], _displacement),
    "magnitude": Quantity(
        "size of the displacement", "$|u|$", "m", False, (), lambda u, m: u[""].norm(dim=1), _displacement
    ),
    "v_x": Quantity("velocity along x", "$v_x$", "m/s", True, ("t",), lambda u, m: u["t"][:, 0], _velocity),
    "v_y": Quantity("velocity along y", "$v_y$", "m/s", True, ("t",), lambda u, m: u["t"][:, 1], _velocity),
    "speed": Quantity(
        "size of the velocity", "$|v|$", "m/s", False, ("t",), lambda u, m: u["t"].norm(dim=1), _velocity
    ),
    "divergence": Quantity(
        "divergence of the displacement", "div $u$", "1", True, STRAIN,
        lambda u, m: u["x"][:, 0] + u["y"][:, 1], _gradient,
    ),
    "curl": Quantity(
        "curl of the displacement", "curl $u$", "1", True, STRAIN,
        lambda u, m: u["x"][:, 1] - u["y"][:, 0], _gradient,
    ),
    "stress_xx": Quantity(
        "normal stress along x", "$\\sigma_{xx}$", "Pa", True, STRAIN, lambda u, m: stress(u, m())[:, 0], _stress
    ),
    "stress_yy": Quantity(
        "normal stress along y", "$\\sigma_{yy}$", "Pa", True, STRAIN, lambda u, m: stress(u, m())[:, 1], _stress
    ),
    "stress_xy": Quantity(
        "shear stress", "$\\sigma_{xy}$", "Pa", True, STRAIN, lambda u, m: stress(u, m())[:, 2], _stress
    ),
    "energy": Quantity(
        "energy density", "energy density", "J/m3", False, (*STRAIN, "t"), _energy,
        lambda scales: scales.stress * _gradient(scales),
    ),
    "residual": Quantity(
        "size of the residual of the wave equation without a body force", "|residual| without force", "N/m3", False,
        MOTION, lambda u, m: residual(u, m()).norm(dim=1), lambda scales: scales.force,
    ),
}  # fmt: skip
"""The quantities by name. The residual is that of the wave equation without a body force."""


class GridFields:
    """A model's quantities on a grid over its window.

    nodes: on a side. origin: attributes that describe the origin in exported files.

    Attributes:
        x, y: of the nodes, each (G,), m. start, end: of the time window, s. origin: as given. regions: those of the
            materials. shape: of the domain; None: the whole window. names: of the quantities that there are. given_by:
            what these are of, in an error.
    """

    names = tuple(QUANTITIES)
    given_by = ""

    def __init__(self, model: Model, nodes: int = 200, origin: Origin | None = None) -> None:
        self._model, self.origin = model, origin or {}
        middle, half = np.array(model.scales.origin), np.array(model.scales.half)
        (x0, y0, self.start), (x1, y1, self.end) = (middle - half).tolist(), (middle + half).tolist()
        self.x, self.y = np.linspace(x0, x1, nodes), np.linspace(y0, y1, nodes)
        self.regions, self.shape = model.regions, model.shape

    def at(self, name: str, t: float) -> Array:
        """Return a quantity at an instant (s), (G, G) in SI units: x along the first axis; NaN outside the domain."""
        return next(self.over([name], [t]))[name]

    def over(self, names: Sequence[str], times: Sequence[float]) -> Iterator[dict[str, Array]]:
        """Yield several quantities by their names, each as `at` returns it, at several instants (s).

        It takes less time than one after another.
        """
        quantities, scales = {name: QUANTITIES[name] for name in names}, self._model.scales
        ends = torch.tensor([[*self.x[[0, -1]]], [*self.y[[0, -1]]], [0.0, 0.0]], dtype=torch.float64).T  # (2, 3)
        (x0, y0, _), (x1, y1, _) = scales.dimensionless(ends).tolist()
        x, y = (torch.linspace(low, high, len(self.x), dtype=self._model.dtype) for low, high in ((x0, x1), (y0, y1)))
        at = scales.dimensionless(torch.tensor([[0.0, 0.0, t] for t in times], dtype=torch.float64))[:, 2]  # (T,)
        inside = self._model.contains(self.x[:, None], self.y)
        wanted = dict.fromkeys(name for quantity in quantities.values() for name in quantity.derivatives)
        points = torch.cartesian_prod(x, y, x.new_zeros(1))  # (N, 3)
        moduli = cache(lambda: self._model.moduli(points))  # they do not depend on time
        with torch.no_grad():
            for u in self._model.derivatives_on_grids(x, y, at, wanted):
                found = {}
                for name, quantity in quantities.items():
                    values = quantity.of(u, moduli).double().numpy().reshape(len(x), len(y))  # of (N,)
                    found[name] = np.where(inside, values * quantity.scale(scales), np.nan)
                yield found

    def instants(self, count: int, start: float | None = None, end: float | None = None) -> list[float]:
        """Return evenly spread times, s, ends included, without rounding errors: 0.15, not 0.15000000000000002.

        start, end: the first and the last, s; None: that of the window. A static problem has one. Raises QuantityError
        for a count below one, and for times outside the window or out of order.
        """
        if count < 1:
            raise QuantityError(f"frames = {count}: at least 1 is needed")
        first, last = self.start if start is None else start, self.end if end is None else end
        slack = ROUNDING * (self.end - self.start)
        if not self.start - slack <= first <= last <= self.end + slack:
            raise QuantityError(
                f"times from {first:g} s to {last:g} s: legal are times in order within the window, {self.start:g} s "
                f"to {self.end:g} s"
            )
        return [float(f"{t:.12g}") for t in np.linspace(first, last, count if last > first else 1)]

    def coarser(self, nodes: int) -> GridFields:
        """Return the fields on another grid."""
        return GridFields(self._model, nodes)

    def largest(self, name: str) -> float:
        """Return the largest size that a quantity has at INSTANTS times over the window, in SI units."""
        return max(float(np.nanmax(np.abs(each[name]))) for each in self.over([name], self.instants(INSTANTS)))


def require_known(names: Sequence[str], fields: type[GridFields] | GridFields = GridFields) -> None:
    """Raise QuantityError for a name that is not one of a network's quantities, or of those of other fields."""
    for name in names:
        if name not in fields.names:
            raise QuantityError(f"quantity = {name!r}: legal are {', '.join(fields.names)}{fields.given_by}")


def fields_of(checkpoint: Checkpoint, nodes: int) -> GridFields:
    """Return a checkpoint's fields, whose origin is its run, file and step, the material, and this package's
    version."""
    path = checkpoint.path
    constants = {name: value for name, value in checkpoint.material().items() if isinstance(value, float)}
    origin: Origin = {
        "run": run_of(path).name,
        "checkpoint": str(path),
        "step": checkpoint.step,
        **{f"material_{name}": value for name, value in constants.items()},
        **{f"material_{name}_units": unit_of(name) for name in constants},
        "elastic_pinn_version": version("elastic_pinn"),
    }
    return GridFields(checkpoint.model(), nodes, origin)


def run_of(checkpoint: Path | str) -> PurePosixPath:
    """Return the folder of a checkpoint's run, or the file's folder if it is not in a run."""
    folder = PurePosixPath(checkpoint).parent
    return folder.parent if folder.name == CHECKPOINTS else folder
