"""The problem to be solved: domain, material, conditions and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from elastic_pinn.physics.conditions import Initial, SideCondition
from elastic_pinn.physics.conditions.interface import contact
from elastic_pinn.physics.coverage import uncovered
from elastic_pinn.physics.data import Receivers, recorded
from elastic_pinn.physics.domains import Disc, Domain, Plate, Regions
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, name_of
from elastic_pinn.physics.fingerprint import VERSION, Fingerprint, is_like_version_1
from elastic_pinn.physics.identifiability import why_not_found
from elastic_pinn.physics.laws import motion
from elastic_pinn.physics.laws.statics import require_held, require_timeless
from elastic_pinn.physics.media.inclusion import Inclusion, interfaces_of, listed, require_possible
from elastic_pinn.physics.media.material import Material, names_by_region
from elastic_pinn.physics.media.medium import Medium
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.probes import probes, require_pointwise
from elastic_pinn.physics.problem_checks import check_parts, check_receivers_inside, check_sources, check_transducers
from elastic_pinn.physics.scales import Scales
from elastic_pinn.physics.shots import listed_shots, records_of_all, require_one_solid, shots_of
from elastic_pinn.physics.sources import Circle, Local, Source, UnknownPulse, local_in
from elastic_pinn.physics.statement import Statement

SCALE_POINTS = 20_000  # at which the fields are evaluated for the typical displacement: a load may be short and local


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """A forward problem, or an inverse one where the material has unknowns.

    Parameters
    ----------
    domain
        The window of space and time.
    material
        A `Material`, fixed or the start of a search, or a `Medium` that varies from place to place.
    boundary
        Conditions on the sides; a side without one is left open.
    initial
        The condition at the first instant, if known.
    force
        Body force, a function (x, y, t) -> (N, 2) in N/m3, as a `PointForce` is, or several in a list, which add up;
        None: zero.
    receivers
        Records to be met: displacement, velocity or acceleration.
    exact
        A known wavefield, a function (x, y, t) -> (N, 2) in m, or several in a list, which add up; for errors only.
    displacement_scale
        A typical displacement, m; 0: estimated from the rest.
    inclusions
        Parts of the domain that are of other materials; `material` is what is around them.
    other_shots
        Other experiments on the same solid, in the same window: problems of the same domain and material, each with
        what acts in it and with records of its own, by which its unknowns could be found alone. They are found from all
        of them; wavefield and losses are those of this problem.

    Raises
    ------
    ProblemError
        For a part of the wrong type, for sides with two conditions, for receivers outside the domain, for unknowns
        that nothing here can determine, and for other shots that are not in the same solid or have no records.
    """

    domain: Domain
    material: Material | Medium
    boundary: tuple[SideCondition, ...] | list[SideCondition] = ()
    initial: Initial | None = None
    force: Any = None
    receivers: Receivers | None = None
    exact: Field | None = None
    displacement_scale: float = 0.0
    inclusions: tuple[Inclusion, ...] | list[Inclusion] = ()
    other_shots: tuple[Problem, ...] | list[Problem] = ()

    AS_PARAMETER: ClassVar[str] = "own"  # what it means where a notebook's parameter `problem` is one

    def __post_init__(self) -> None:
        if isinstance(self.boundary, SideCondition):
            object.__setattr__(self, "boundary", (self.boundary,))
        object.__setattr__(self, "inclusions", listed(self.inclusions))
        object.__setattr__(self, "other_shots", listed_shots(self.other_shots))
        check_parts(self)
        require_possible(self.inclusions, self.domain, self.material)
        if not (self.boundary or self.initial or self.receivers):
            raise ProblemError("no boundary condition, no initial condition and no receivers: any solution would do")
        check_receivers_inside(self)
        check_sources(self)
        if self.initial:
            self.initial.require_true_rates(self.domain)
        if isinstance(self.material, Medium):
            self.material.require_sound(self.domain)
        require_pointwise(self)
        if self.domain.is_static:
            require_timeless(self)
            require_held(self)
        if reason := why_not_found(self):
            raise ProblemError(reason)
        require_one_solid(self)
        check_transducers(self)

    def __repr__(self) -> str:
        parts = {
            "domain": self.domain,
            "material": self.material,
            "boundary": list(self.boundary),
            "initial": self.initial,
            "force": self.force and name_of(self.force),
            "receivers": self.receivers,
            "exact": self.exact and name_of(self.exact),
            "displacement_scale": self.displacement_scale,
            "inclusions": list(self.inclusions),
            "other_shots": list(self.other_shots),
        }
        return f"Problem({', '.join(f'{name}={part}' for name, part in parts.items() if part)})"

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All that is required of the wavefield: the law first, then sides, interfaces, the start and the data."""
        interfaces = zip(self.inclusions, interfaces_of(self.inclusions, self.domain), strict=True)
        sides = (condition.statements(i, self.domain) for i, condition in enumerate(self.boundary))
        return (
            motion(self.domain, self.force),
            *chain.from_iterable(sides),
            *(statement for each, interface in interfaces for statement in contact(each, interface)),
            *(self.initial.statements(self.domain) if self.initial else ()),
            *((recorded(self.receivers),) if self.receivers else ()),
        )

    @property
    def open_sides(self) -> tuple[str, ...]:
        """The sides on which no condition holds, as "left", "a part of top" or "hole 1 along x"."""
        return tuple(uncovered(self.boundary, self.domain.shape).values())

    @cached_property
    def shots(self) -> tuple[Problem, ...]:
        """This problem's shot and the others, each as a problem of its own, with the same scales."""
        return shots_of(self)

    @cached_property
    def records_of_all_shots(self) -> Receivers | None:
        """The records of all shots together, those of this problem first; None without receivers."""
        return records_of_all(self)

    @property
    def recorded(self) -> Statement | None:
        """The statement that the records are met; None without receivers."""
        return next((statement for statement in self.statements if statement.samples), None)

    @cached_property
    def recorded_in_all_shots(self) -> Statement | None:
        """The statement that the records of all shots are met; None without receivers."""
        every = self.records_of_all_shots
        return recorded(every) if every and self.other_shots else self.recorded

    @cached_property
    def sources(self) -> tuple[Local, ...]:
        """What acts at one place only, inside, on a side or at the start, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(local_in(each.target) for each in self.statements)))

    @property
    def unknown_pulses(self) -> tuple[UnknownPulse, ...]:
        """The pulses of sources that are unknown, or unknown in part."""
        pulses = (source.pulse for source in self.sources if isinstance(source, Source))
        return tuple(pulse for pulse in pulses if isinstance(pulse, UnknownPulse))

    @cached_property
    def circles_beside(self) -> tuple[Circle, ...]:
        """Circles outside of the solid that touch its sides where loads act, x, y and radius of each, m."""
        found = (
            source.circle_beside(self.domain, statement.place.parts)
            for statement in self.statements
            if statement.place
            for source in local_in(statement.target)
        )
        return tuple(dict.fromkeys(circle for circle in found if circle))

    @cached_property
    def scales(self) -> Scales:
        """Units in which the numbers of this problem are of order one."""
        unit = Scales.of(self.domain, self.reference, 1.0)
        displacement = self.displacement_scale or self._largest_displacement(unit) or 1.0
        return Scales.of(self.domain, self.reference, displacement)

    @cached_property
    def reference(self) -> Material:
        """The material, or the homogeneous one of a medium's mean constants."""
        if isinstance(self.material, Material):
            return self.material
        return self.material.reference(self.domain)

    @cached_property
    def regions(self) -> Regions:
        """The regions of the domain, one material each: what is around the inclusions, and each of them."""
        return Regions(tuple(inclusion.shape for inclusion in self.inclusions))

    @property
    def discs(self) -> tuple[Disc, ...]:
        """The circles that waves are scattered by: the holes of the domain, then the circular inclusions."""
        shape = self.domain.shape
        return *(shape.holes if isinstance(shape, Plate) else ()), *self.regions.discs

    @property
    def materials(self) -> tuple[Material, ...]:
        """The material of each region, (R,); of a medium, its `reference`."""
        return self.reference, *(inclusion.material for inclusion in self.inclusions)

    @property
    def named_materials(self) -> tuple[tuple[dict[str, str], Material], ...]:
        """The material of each region, with the names of its "lambda", "mu" and "rho" among those of all regions."""
        return tuple(zip(names_by_region(self.regions.count), self.materials, strict=True))

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The names of all that is unknown of the materials: as "mu", and of several materials as "mu_2"."""
        return tuple(names[each] for names, material in self.named_materials for each in material.unknowns)

    @property
    def constants(self) -> dict[str, float]:
        """lambda (Pa), mu (Pa) and rho (kg/m3) as given, by name; of unknown ones the starts, of a medium the means."""
        values = ((m.lame_lambda, m.lame_mu, m.density) for m in self.materials)
        named = (names.values() for names in names_by_region(self.regions.count))
        return {name: each for pair in zip(named, values, strict=True) for name, each in zip(*pair, strict=True)}

    @cached_property
    def samples(self) -> Tensor | None:
        """The constants of a medium at nodes, (4, G, G) in SI units, as `Medium.samples`; None of a Material."""
        return self.material.samples(self.domain) if isinstance(self.material, Medium) else None

    def moduli(self, points: Tensor) -> Moduli | None:
        """Evaluate the moduli of a medium.

        Parameters
        ----------
        points
            x, y, t, (N, 3) in m, m, s.

        Returns
        -------
        Moduli or None
            Each (N,), dimensionless by the problem's `scales`; None of a Material.
        """
        if not isinstance(self.material, Medium):
            return None
        found = self.material.moduli(points[:, 0], points[:, 1])
        return Moduli(*(values / unit for values, unit in zip(found, self.scales.moduli, strict=True)))

    def weights_of_regions(self, statement: Statement, points: Tensor, normals: Tensor) -> Tensor | None:
        """Return the weights by which a statement's operator counts in each region.

        Parameters
        ----------
        statement
            One of the problem's.
        points
            x, y, t, (N, 3) in m, m, s.
        normals
            Unit normals, dimensionless, (N, 2), or (0, 2).

        Returns
        -------
        Tensor or None
            Weights (N, R), dimensionless. None where there is one region only.
        """
        if not self.inclusions:
            return None
        if statement.regions:
            return statement.regions(points, normals)
        return self.regions.one_hot(self.regions.index(points[:, 0], points[:, 1]))

    def stiffness(self, weights: Tensor) -> Tensor:
        """Return how stiff the stiffest region is that counts at each point.

        Parameters
        ----------
        weights
            Of the regions, dimensionless, (N, R).

        Returns
        -------
        Tensor
            P moduli relative to that of the first region, (N,).
        """
        moduli = weights.new_tensor([material.p_modulus for material in self.materials])
        return (weights.ne(0.0) * moduli).amax(1) / self.reference.p_modulus

    @cached_property
    def identity(self) -> Mapping[str, Tensor | int | str]:
        """What identifies the problem: "fingerprint" of "fingerprint_version", "data_sha256", the number of "shots"."""
        return {
            "fingerprint": self._fingerprint.numbers,
            "fingerprint_version": VERSION,
            "data_sha256": self.data_sha256,
            "shots": len(self.shots),
        }

    @property
    def stated_errors(self) -> list[float]:
        """Standard deviations that are stated of what is given, which are no part of the identity.

        Of the density (kg/m3), and of place (m), width (m) and direction (degrees) of each source of each shot.
        """
        of_sources = (astuple(source.plus_minus) for shot in self.shots for source in shot.sources)
        return [self.reference.density_plus_minus, *chain.from_iterable(of_sources)]

    def is_like(self, identity: Mapping[str, Any]) -> bool:
        """Return whether an identity is of this problem.

        Parameters
        ----------
        identity
            As `identity` returned it, on any machine, by any version up to this one.

        Returns
        -------
        bool
            Whether it is, up to rounding.
        """
        if identity["data_sha256"] != self.data_sha256:
            return False
        if identity.get("fingerprint_version", 1) == 1:
            return is_like_version_1(self, identity["fingerprint"])
        return self._fingerprint.is_like(identity["fingerprint"])

    @property
    def digest(self) -> bytes:
        """A hash of what identifies the problem to six digits, the same on any machine."""
        return sha256(self._fingerprint.rounded.numpy().tobytes()).digest()

    @cached_property
    def _fingerprint(self) -> Fingerprint:
        return Fingerprint.of(self)

    @property
    def data_sha256(self) -> str:
        """The SHA-256 of the receiver file, "" without one."""
        return self.receivers.sha256 if self.receivers else ""

    def _largest_displacement(self, unit: Scales) -> float:
        """The largest displacement (m) that the problem's fields imply, given its scales for a displacement of 1 m."""
        if self.receivers:
            sizes = ((float(np.nanmax(abs(each.corrected))), each.kind.physical) for each in self.receivers.records)
            return max(size / quantity.typical(unit) for size, quantity in sizes)
        known, others = list(probes(self)), [probe.without_sources() for probe in probes(self)]
        stated = (
            source.typical_displacement(probe.quantity, self.reference, self.domain)
            for probe in known
            for source in local_in(probe.field)
        )
        found = [(probe, probe.quantity.typical(unit)) for probe in others]
        largest = max(
            (*stated, *(float(probe.values(SCALE_POINTS).abs().max()) / one for probe, one in found)), default=0.0
        )
        return largest or max((float(probe.all_values().abs().max()) / one for probe, one in found), default=0.0)
