"""Numbers that identify a problem, so that a run is resumed with the problem that it was started with.

By values, not by source text: a field may be rewritten as long as its values stay the same. A fingerprint holds

- the materials' constants, a sketch of each where they vary, their unknowns, the parts of the problem, the sides and
  kinds of the boundary conditions, shape and contact of the inclusions, the window, the scales, and the SHA-256 of the
  receivers' numbers;
- those of its other shots;
- of each field a sketch: its values at tens of thousands of fixed, well spread points of its place, multiplied by
  fixed random signs and added up in SUMS sums. Such sums keep distances (Johnson and Lindenstrauss,
  1984): fields that differ at a single point differ in a sum by as much, and differences at several points do not
  cancel in all sums. A field that is short or local is evaluated at more points, up to half a million.

Two fingerprints are of one problem where each number is the same up to RTOL of the size that belongs to it: of a sketch
the field's root mean square, of the window's place its extent, of lambda the P modulus. A different order
of summation or another machine makes no difference.

Version 1, that of checkpoints without a version, held each field at 64 points, and compared each number with
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.data import Records
from elastic_pinn.physics.media.material import PARAMETERS, Material
from elastic_pinn.physics.media.medium import Medium
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.probes import POINTS, probes

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

VERSION = 2
SUMS = 64
RTOL = 1e-9
DIGITS = 6
ROUNDING = 1e-3  # of the problem's scales: smaller fields count as zero
POINTS_OF_1 = 64


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """The numbers of a problem, (K,), and the size that belongs to each, (K,): zero where there is no tolerance."""

    numbers: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Compute the fingerprint of a problem."""
        scales, unknowns, structure = problem.scales, _unknowns(problem), _structure(problem)
        exact = torch.tensor([*unknowns, *structure, *_data_digest(problem)], dtype=torch.float64)
        units = scales.as_tensor()  # the window's centre, half its extents, and units
        constants = [torch.tensor(_constants(material), dtype=torch.float64) for material in problem.materials]
        numbers = [exact, *constants, units]
        sizes = [torch.zeros_like(exact), *(each.clone() for each in constants), torch.cat([units[3:6], units[3:]])]
        sizes[0][len(unknowns) : len(unknowns) + len(structure)] = min(1.0, float(units[3:5].max()))  # places, too
        for size, material in zip(sizes[1:], problem.materials, strict=False):
            size[0] = material.p_modulus
        if isinstance(problem.material, Medium):
            points = problem.domain.interior(probe_points(3, POINTS))  # (n, 3)
            for values in problem.material.constants(points[:, 0], points[:, 1]):  # each (n,)
                sketch = _sketch(values)
                numbers.append(sketch)
                sizes.append(sketch[0].expand_as(sketch))
        for probe in probes(problem):
            sketch = _sketch(probe.all_values())
            numbers.append(sketch)
            sizes.append((sketch[0] + ROUNDING * probe.quantity.typical(scales)).expand_as(sketch))
        for other in map(cls.of, problem.shots[1:]):
            numbers.append(other.numbers)
            sizes.append(other.sizes)
        return cls(torch.cat(numbers), torch.cat(sizes))

    @property
    def rounded(self) -> Tensor:
        """The numbers to DIGITS digits of their sizes, which rounding on another machine does not change."""
        step = 10.0 ** (self.sizes.log10().floor() - DIGITS)  # 0 where there is no tolerance
        return torch.where(step > 0.0, (self.numbers / step).round(), self.numbers) + 0.0  # -0.0 has other bytes

    def is_like(self, stored: Tensor) -> bool:
        """Return whether stored numbers, which may come from another machine, are those of the same problem."""
        if stored.shape != self.numbers.shape:
            return False
        return bool(((stored - self.numbers).abs() <= RTOL * self.sizes).all())


def is_like_version_1(problem: Problem, stored: Tensor) -> bool:
    """Return whether a fingerprint of version 1 is that of a problem."""
    mine = _version_1(problem)
    return stored.shape == mine.shape and torch.allclose(stored, mine, rtol=RTOL, atol=0.0)


def _sketch(values: Tensor) -> Tensor:
    """The root mean square of a field's values (n, 2) or (n,), and SUMS sums of them with random signs, (1 + SUMS,)."""
    flat = values.flatten().numpy() / np.sqrt(len(values))
    sums = (_signs(len(flat)) * flat).reshape(-1, SUMS).sum(0)
    return torch.from_numpy(np.concatenate([[np.linalg.norm(flat)], sums]))


def _signs(count: int) -> np.ndarray:
    """Fixed random signs, (count,): the lowest bits of SplitMix64 (Steele, Lea and Flood, 2014), the same for ever."""
    bits = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return 1.0 - 2.0 * ((bits ^ (bits >> np.uint64(31))) & np.uint64(1)).astype(np.float64)


def _version_1(problem: Problem) -> Tensor:
    """The fingerprint of version 1, (K,)."""
    digest = _data_digest(problem, problem.receivers.given_as if problem.receivers else {})
    numbers = [*_constants(problem.reference), *_unknowns(problem), *_structure(problem), *digest]
    fields = [probe.values(POINTS_OF_1).flatten() for probe in probes(problem)]
    return torch.cat([torch.tensor(numbers, dtype=torch.float64), problem.scales.as_tensor(), *fields])


def _constants(material: Material) -> list[float]:
    further = [material.damping, float(material.plane == "stress")]  # which problems of old did not have
    numbers = [material.lame_lambda, material.lame_mu, material.density, material.unknown_range]
    return [*numbers, *(further if any(further) else [])]


def _unknowns(problem: Problem) -> list[float]:
    return [float(name in material.unknowns) for material in problem.materials for name in PARAMETERS]


def _structure(problem: Problem) -> list[float]:
    """Which parts the problem has, and what its statements are beside their targets: a clamped side is no free one."""
    parts = [part is not None for part in (problem.initial, problem.force, problem.exact, problem.receivers)]
    shape = problem.domain.shape.numbers
    return [*map(float, parts), *shape, *chain.from_iterable(statement.identity for statement in problem.statements)]


def _data_digest(problem: Problem, types: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """The SHA-256 of the receivers' numbers, which need not come from a file; types: of their arrays, not double."""
    receivers = problem.receivers
    if receivers is None:
        return b""
    if not receivers.is_complete:
        return sha256(b"".join(part for each in receivers.records for part in _parts(each))).digest()
    name = receivers.quantity.name
    arrays = {"xy": receivers.xy, "time": receivers.time, name: receivers.recorded}
    parts = [array.astype(types.get(name, array.dtype)).tobytes() for name, array in arrays.items()]
    if name != "displacement":  # the numbers of displacements alone are the data of fingerprints of old
        parts.append(name.encode())
    return sha256(b"".join(parts)).digest()


def _parts(records: Records) -> Iterator[bytes]:
    """The numbers of records that are not x and y of a vector without gaps, with the names of what they are."""
    yield f"{records.quantity} {records.shot}".encode()
    for name in ("values", "xy", "time", "parts", "noise", "gain", "delay"):
        array = np.asarray(getattr(records, name))
        yield f"{name} {array.shape}".encode()
        yield np.where(np.isnan(array), np.nan, array).tobytes()  # of all bit patterns of NaN, one
