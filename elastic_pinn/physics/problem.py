"""What is to be solved: where, in what, under which conditions, from which data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain

import torch
from torch import Tensor

from elastic_pinn.physics.boundary import BoundaryCondition, Field, Initial, Traction, evaluate
from elastic_pinn.physics.domain import SIDES, Domain
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.material import PARAMETERS, Material
from elastic_pinn.physics.receivers import Receivers
from elastic_pinn.physics.scales import Scales

PROBES = 64
CLOSE_PROBES = 20_000  # a load may be short and local
RTOL = 1e-9  # fingerprints of one problem differ in their last bits from machine to machine


@dataclass(frozen=True, eq=False)
class Problem:
    """A forward problem, or an inverse one where the material has unknowns.

    domain: window of space and time; material: fixed, or the start of a search; boundary, initial: what is imposed
    (what is not known is not imposed); force: body force f(x, y, t), N/m3; receivers: recorded displacement to be
    met; exact: a known wavefield, for errors only; displacement_scale: a typical displacement, m, found from the rest
    if not given. Raises ProblemError for unknowns that nothing here can determine.
    """

    domain: Domain
    material: Material
    boundary: tuple[BoundaryCondition, ...] | list[BoundaryCondition] = ()
    initial: Initial | None = None
    force: Field | None = None
    receivers: Receivers | None = None
    exact: Field | None = None
    displacement_scale: float = 0.0

    def __post_init__(self) -> None:
        if not (self.boundary or self.initial or self.receivers):
            raise ProblemError("no boundary condition, no initial condition and no receivers: any solution would do")
        _check_receivers_inside(self)
        _check_identifiable(self)

    @cached_property
    def scales(self) -> Scales:
        """Units in which the numbers of this problem are of order one."""
        unit = Scales.of(self.domain, self.material, 1.0)
        return Scales.of(self.domain, self.material, self.displacement_scale or self._largest_displacement(unit) or 1.0)

    @cached_property
    def fingerprint(self) -> Tensor:
        """Numbers that tell this problem from another, (K,): its constants and parts, its data, its fields at fixed
        points.

        By values, not by source text: a field may be rewritten as long as it means the same.
        """
        material = self.material
        constants = [material.lame_lambda, material.lame_mu, material.density, material.unknown_range]
        unknown = [float(name in material.unknowns) for name in PARAMETERS]
        numbers = [*constants, *unknown, *self._structure(), *self._data_digest()]
        fields = [values.flatten() for values in self._probe(PROBES).values()]
        return torch.cat([torch.tensor(numbers, dtype=torch.float64), self.scales.as_tensor(), *fields])

    def is_like(self, fingerprint: Tensor, data_sha256: str) -> bool:
        """Whether these are the fingerprint and the data of this problem, worked out on any machine."""
        same_shape = fingerprint.shape == self.fingerprint.shape
        same = same_shape and torch.allclose(fingerprint, self.fingerprint, rtol=RTOL, atol=0.0)
        return same and data_sha256 == self.data_sha256

    @property
    def data_sha256(self) -> str:
        """The receiver file's SHA-256, "" without one."""
        return self.receivers.sha256 if self.receivers else ""

    def _structure(self) -> list[float]:
        """Which parts there are, and of each boundary condition its kind and sides: a clamped side is no free one."""
        parts = [part is not None for part in (self.initial, self.force, self.exact, self.receivers)]
        conditions = [[isinstance(c, Traction), *(side in c.sides for side in SIDES)] for c in self.boundary]
        return [float(flag) for flag in chain(parts, *conditions)]

    def _data_digest(self) -> bytes:
        """The SHA-256 of the receivers' numbers, which need not come from a file."""
        if self.receivers is None:
            return b""
        arrays = (self.receivers.xy, self.receivers.time, self.receivers.displacement)
        return sha256(b"".join(array.tobytes() for array in arrays)).digest()

    def _probe(self, n: int) -> dict[str, Tensor]:
        """Every field's values at fixed points that belong to it: name -> (n, 2), SI."""
        inside = self.domain.interior(_probe_points(3, n))
        start = self.domain.start(_probe_points(2, n))
        values = {}
        for i, condition in enumerate(self.boundary):
            points, _ = self.domain.boundary(_probe_points(2, n), condition.sides)
            values[f"{type(condition).__name__} {i}"] = evaluate(condition.value, points)
        if self.initial:
            values["initial displacement"] = evaluate(self.initial.displacement, start)
            values["initial velocity"] = evaluate(self.initial.velocity, start)
        for name, field in (("force", self.force), ("exact", self.exact)):
            if field is not None:
                values[name] = evaluate(field, inside)
        return values

    def _largest_displacement(self, unit: Scales) -> float:
        """The largest displacement (m) that the problem shows, given its scales for a displacement of 1 m."""
        if self.receivers:
            return float(abs(self.receivers.displacement).max())
        duration = 2.0 * unit.half[2]
        per_metre = {"Traction": unit.stress, "force": unit.force, "initial velocity": 1.0 / min(duration, unit.time)}
        sizes = {name: float(values.abs().max()) for name, values in self._probe(CLOSE_PROBES).items()}
        return max((size / per_metre.get(name.rstrip("0123456789 "), 1.0) for name, size in sizes.items()), default=0.0)


def _check_receivers_inside(problem: Problem) -> None:
    """Refuse data from outside the window, where the equation is not asked for: a matter of units, as a rule."""
    if problem.receivers is None:
        return
    (x, y), t = problem.receivers.xy.T, problem.receivers.time
    for name, values in (("x", x), ("y", y), ("t", t)):
        low, high = getattr(problem.domain, name)
        slack = 1e-9 * (high - low)  # rounding, where the window is what the receivers span
        if values.min() < low - slack or values.max() > high + slack:
            unit = "s" if name == "t" else "m"
            raise ProblemError(
                f"the receivers' {name} goes from {values.min():g} to {values.max():g} {unit}, outside the window's "
                f"{low:g} to {high:g} {unit}: widen the domain, or mend the units"
            )


def _check_identifiable(problem: Problem) -> None:
    """Refuse unknowns that cannot be found: without data none, and without a known force or stress only speeds."""
    unknowns = problem.material.unknowns
    if unknowns and problem.receivers is None:
        raise ProblemError(f"unknowns {list(unknowns)} need receivers: without data any material fits")
    if "rho" in unknowns and not _is_loaded(problem):
        raise ProblemError(
            "rho cannot be found from displacement alone: lambda, mu and rho times any factor give the same waves, "
            "only c_p^2 = (lambda + 2 mu) / rho and c_s^2 = mu / rho show. Fix rho, or give a known non-zero force or "
            "traction"
        )


def _is_loaded(problem: Problem) -> bool:
    """Whether a force or a traction is known to be other than zero somewhere."""
    domain = problem.domain
    loads = [evaluate(problem.force, domain.interior(_probe_points(3, CLOSE_PROBES)))]
    for condition in problem.boundary:
        if isinstance(condition, Traction):
            points, _ = domain.boundary(_probe_points(2, CLOSE_PROBES), condition.sides)
            loads.append(evaluate(condition.value, points))
    return any(bool(load.any()) for load in loads)


def _probe_points(dimensions: int, n: int) -> Tensor:
    """Fixed, well spread points of a unit cube, (n, dimensions): multiples of irrational steps, modulo 1."""
    steps = torch.tensor([0.8191725133961645, 0.6710436067037893, 0.5497004779019703], dtype=torch.float64)
    return (torch.arange(1, n + 1, dtype=torch.float64)[:, None] * steps[:dimensions] + 0.5) % 1.0
