"""A wavefield's quantities on a grid over its window, in SI units: displacement, velocity, divergence, curl, stress,
energy, residual.

Letters: G nodes along x, H along y, N = G H of them.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
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
    von_mises_stress,
)
from elastic_pinn.physics.media.material import Plane, unit_of
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.readable import percent
from elastic_pinn.run import Checkpoint, Run
from elastic_pinn.run.shot import WavefieldByElements
from elastic_pinn.storage import CHECKPOINTS, CheckpointError

FRAMES = 41  # of a movie
INSTANTS = 11  # at which the largest value is searched
ROUNDING = 1e-9  # of the window: how far the ends of an interval may be outside

Array = np.ndarray
Nodes = int | tuple[int, int]
"""Of a grid: along both axes alike, or along x and along y."""
ERRORS = {
    "error/displacement": "error_displacement",
    "error/estimated": "estimated_error_displacement",
    "error/estimated_stress": "estimated_error_stress",
}
"""Metrics of a checkpoint, relative L2, and the names that they have as attributes of exported files."""
Origin = Mapping[str, str | int | float]


class QuantityError(ElasticPinnError, ValueError):
    """An unknown quantity, a grid of a single node, or instants that a wavefield does not have: the text names what is
    legal."""


class Solid:
    """The solid of a wavefield at dimensionless places (N, 3); its moduli are computed if they are needed."""

    def __init__(self, wavefield: Model | WavefieldByElements, points: Tensor) -> None:
        self._wavefield, self._points = wavefield, points

    @cached_property
    def moduli(self) -> Moduli:
        """Numbers or (N,), dimensionless; they do not depend on time."""
        return self._wavefield.moduli(self._points)

    @property
    def plane(self) -> Plane:
        """What is zero out of the plane."""
        return self._wavefield.material.initial.plane


class Quantity(NamedTuple):
    """A quantity: its description, symbol and SI unit, whether it has a sign, the derivatives that it needs, its
    function of them and of the solid, dimensionless (N,), and the SI value of its dimensionless 1."""

    description: str
    symbol: str
    unit: str
    is_signed: bool
    derivatives: tuple[str, ...]
    of: Callable[[Derivatives, Solid], Tensor]
    scale: Callable[[Scales], float]


def _energy(u: Derivatives, solid: Solid) -> Tensor:
    """Return kinetic and strain energy, (N,)."""
    return kinetic_energy(u, solid.moduli) + strain_energy(u, solid.moduli)


def _displacement(scales: Scales) -> float:
    return scales.displacement


def _gradient(scales: Scales) -> float:
    return scales.displacement / scales.length


def _velocity(scales: Scales) -> float:
    return scales.velocity


def _stress(scales: Scales) -> float:
    return scales.stress


QUANTITIES: Mapping[str, Quantity] = {
    "u_x": Quantity("displacement along x", "$u_x$", "m", True, (), lambda u, solid: u[""][:, 0], _displacement),
    "u_y": Quantity("displacement along y", "$u_y$", "m", True, (), lambda u, solid: u[""][:, 1], _displacement),
    "magnitude": Quantity(
        "size of the displacement", "$|u|$", "m", False, (), lambda u, solid: u[""].norm(dim=1), _displacement
    ),
    "v_x": Quantity("velocity along x", "$v_x$", "m/s", True, ("t",), lambda u, solid: u["t"][:, 0], _velocity),
    "v_y": Quantity("velocity along y", "$v_y$", "m/s", True, ("t",), lambda u, solid: u["t"][:, 1], _velocity),
    "speed": Quantity(
        "size of the velocity", "$|v|$", "m/s", False, ("t",), lambda u, solid: u["t"].norm(dim=1), _velocity
    ),
    "divergence": Quantity(
        "divergence of the displacement", "div $u$", "1", True, STRAIN,
        lambda u, solid: u["x"][:, 0] + u["y"][:, 1], _gradient,
    ),
    "curl": Quantity(
        "curl of the displacement", "curl $u$", "1", True, STRAIN,
        lambda u, solid: u["x"][:, 1] - u["y"][:, 0], _gradient,
    ),
    "stress_xx": Quantity(
        "normal stress along x", "$\\sigma_{xx}$", "Pa", True, STRAIN,
        lambda u, solid: stress(u, solid.moduli)[:, 0], _stress,
    ),
    "stress_yy": Quantity(
        "normal stress along y", "$\\sigma_{yy}$", "Pa", True, STRAIN,
        lambda u, solid: stress(u, solid.moduli)[:, 1], _stress,
    ),
    "stress_xy": Quantity(
        "shear stress", "$\\sigma_{xy}$", "Pa", True, STRAIN, lambda u, solid: stress(u, solid.moduli)[:, 2], _stress
    ),
    "von_mises": Quantity(
        "von Mises stress", "von Mises stress", "Pa", False, STRAIN,
        lambda u, solid: von_mises_stress(u, solid.moduli, solid.plane), _stress,
    ),
    "energy": Quantity(
        "energy density", "energy density", "J/m3", False, (*STRAIN, "t"), _energy,
        lambda scales: scales.stress * _gradient(scales),
    ),
    "residual": Quantity(
        "size of the residual of the wave equation without a body force", "|residual| without force", "N/m3", False,
        MOTION, lambda u, solid: residual(u, solid.moduli).norm(dim=1), lambda scales: scales.force,
    ),
}  # fmt: skip
"""The quantities by name. The residual is that of the wave equation without a body force."""

BY_ELEMENTS = tuple(name for name, quantity in QUANTITIES.items() if {*quantity.derivatives} <= {"", *STRAIN, "t"})
"""Those that finite elements give: the second derivatives of quadratic ones are no good."""


class GridFields:
    """A wavefield's quantities on a grid over its window.

    nodes: of the grid, at least 2 along each axis; raises QuantityError for fewer. origin: attributes that describe the
    origin in exported files. told: what titles begin with.

    Attributes:
        x, y: of the nodes, (G,) and (H,), m. start, end: of the time window, s. origin, told: as given. regions: those
            of the materials. shape: of the domain; None: the whole window. names: of the quantities that there are.
            is_by_elements: whether finite elements solve for the wavefield.
    """

    def __init__(
        self, wavefield: Model | WavefieldByElements, nodes: Nodes = 200, origin: Origin | None = None, told: str = ""
    ) -> None:
        self._wavefield, self.origin, self.told = wavefield, origin or {}, told
        middle, half = np.array(wavefield.scales.origin), np.array(wavefield.scales.half)
        (x0, y0, self.start), (x1, y1, self.end) = (middle - half).tolist(), (middle + half).tolist()
        along_x, along_y = np.broadcast_to(nodes, 2).tolist()
        if min(along_x, along_y) < 2:
            raise QuantityError(f"nodes = {nodes}: at least 2 along each axis are needed")
        self.x, self.y = np.linspace(x0, x1, along_x), np.linspace(y0, y1, along_y)
        self.regions, self.shape = wavefield.regions, wavefield.shape
        self.is_by_elements = isinstance(wavefield, WavefieldByElements)
        self.names = BY_ELEMENTS if self.is_by_elements else tuple(QUANTITIES)

    def at(self, name: str, t: float) -> Array:
        """Return a quantity at an instant (s), (G, H) in SI units: x along the first axis; NaN outside the domain."""
        return next(self.over([name], [t]))[name]

    def over(self, names: Sequence[str], times: Sequence[float]) -> Iterator[dict[str, Array]]:
        """Yield several quantities by their names, each as `at` returns it, at several instants (s).

        It takes less time than one after another.
        """
        quantities, scales = {name: QUANTITIES[name] for name in names}, self._wavefield.scales
        ends = torch.tensor([[*self.x[[0, -1]]], [*self.y[[0, -1]]], [0.0, 0.0]], dtype=torch.float64).T  # (2, 3)
        (x0, y0, _), (x1, y1, _) = scales.dimensionless(ends).tolist()
        dtype = self._wavefield.dtype
        x, y = torch.linspace(x0, x1, len(self.x), dtype=dtype), torch.linspace(y0, y1, len(self.y), dtype=dtype)
        at = scales.dimensionless(torch.tensor([[0.0, 0.0, t] for t in times], dtype=torch.float64))[:, 2]  # (T,)
        inside = self._wavefield.contains(self.x[:, None], self.y)
        wanted = dict.fromkeys(name for quantity in quantities.values() for name in quantity.derivatives)
        points = torch.cartesian_prod(x, y, x.new_zeros(1))  # (N, 3)
        solid = Solid(self._wavefield, points)
        with torch.no_grad():
            for u in self._wavefield.derivatives_on_grids(x, y, at, wanted):
                found = {}
                for name, quantity in quantities.items():
                    values = quantity.of(u, solid).double().numpy().reshape(len(x), len(y))  # of (N,)
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
        """Return the fields on another grid; by elements the same ones, since another grid takes another solution."""
        return self if self.is_by_elements else GridFields(self._wavefield, nodes)

    def largest(self, name: str) -> float:
        """Return the largest size that a quantity has at INSTANTS times over the window, in SI units."""
        return max(float(np.nanmax(np.abs(each[name]))) for each in self.over([name], self.instants(INSTANTS)))


def require_known(names: Sequence[str], fields: GridFields | None = None) -> None:
    """Raise QuantityError for a name that is no quantity, or none of those of some fields."""
    legal, of = (fields.names, ", which finite elements give" * fields.is_by_elements) if fields else (QUANTITIES, "")
    for name in names:
        if name not in legal:
            raise QuantityError(f"quantity = {name!r}: legal are {', '.join(legal)}{of}")


def origin_of(checkpoint: Checkpoint) -> Origin:
    """Return what describes the origin of a checkpoint's fields: its run, file and step, the material, the errors that
    are known or estimated, of the checkpoint that its run ended with how that was and of what it warns, and this
    package's version."""
    path = checkpoint.path
    constants = {name: value for name, value in checkpoint.material().items() if isinstance(value, float)}
    return {
        "run": posixpath.basename(run_of(path)),
        "checkpoint": str(path),
        "step": checkpoint.step,
        **{f"material_{name}": value for name, value in constants.items()},
        **{f"material_{name}_units": unit_of(name) for name in constants},
        **_judgement_of(checkpoint),
        "elastic_pinn_version": version("elastic_pinn"),
    }


def _judgement_of(checkpoint: Checkpoint) -> Origin:
    """Return how far a checkpoint's wavefield is off, and the verdict on it of the run that ended with it."""
    known = checkpoint.metrics
    errors = {attribute: known[name] for name, attribute in ERRORS.items() if math.isfinite(known.get(name, math.nan))}
    return {
        **errors,
        **({"error_units": "1", "error_norm": "relative L2"} if errors else {}),
        **_verdict_on(checkpoint),
    }


def _verdict_on(checkpoint: Checkpoint) -> Origin:
    """Return how the run that ended with a checkpoint did; nothing for any other, and where that cannot be read."""
    try:
        summary = Run(run_of(checkpoint.path)).summary
    except (CheckpointError, OSError):
        return {}
    snapshot, name = checkpoint.snapshot, posixpath.basename(str(checkpoint.path))
    is_last = (summary.run_id, summary.generation, summary.checkpoint) == (
        snapshot.attributes.get("run_id"), snapshot.generation, name
    )  # fmt: skip
    if not is_last or summary.status in ("", "running"):
        return {}
    warnings = {"warnings": "; ".join(summary.warnings)} if summary.warnings else {}
    return {"verdict": f"{summary.status}: {summary.reason}", **warnings}


def error_text(checkpoint: Checkpoint) -> str:
    """Return what a title begins with about how far the network's displacement is off: "" where nobody knows, and where
    elements solve for the wavefield."""
    told = {"error/displacement": "relative L2 error", "error/estimated": "estimated error"}
    for name, error in told.items():
        if not checkpoint.is_by_elements and math.isfinite(size := checkpoint.metrics.get(name, math.nan)):
            return f"{error} of the displacement {percent(size)}: "
    return ""


def run_of(checkpoint: Path | str) -> str:
    """Return the path or URL of a checkpoint's run, or of the file's folder if it is not in a run."""
    folder = posixpath.dirname(str(checkpoint))
    return posixpath.dirname(folder) if posixpath.basename(folder) == CHECKPOINTS else folder
