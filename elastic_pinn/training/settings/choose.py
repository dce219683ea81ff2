"""The settings of a least-squares solution, from the problem and the error that it is to have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import why_undetermined
from elastic_pinn.networks.config import NUMBERS_OF_WAVES
from elastic_pinn.physics import Plate, Problem
from elastic_pinn.readable import rounded_up
from elastic_pinn.training.settings.of_records import from_records
from elastic_pinn.training.settings.of_waveforms import ALONE, FEW, OF_WAVEFORMS, WAVES_TO
from elastic_pinn.training.settings.rims import numbers_on_rims, points_for
from elastic_pinn.training.settings.spectrum import highest
from elastic_pinn.training.settings.waves_needed import S_OF_ALL, plane_waves_needed, waves_needed_around
from elastic_pinn.training.superpositions import require_solvable

NETWORKS: Mapping[str, tuple[int, ...]] = {"plane_waves": (1,), "hole_waves": (1, 1), "potentials": (1,)}
"""In the order in which they are preferred, each with legal `hidden_layers`; random features solve anything."""

FASTER = 1.1  # by so much higher wave numbers at each level of refinement
DENSER = 1.15  # by so many more waves of each length at each level
MORE = 1.35  # times as many waves as differ, for a tolerance of a tenth
DECADE = 0.25  # more of all, for each decade of the tolerance below a tenth
PART = 1 / 20  # of the tolerance: the part of a function that may lie beyond the waves
EACH_SIDE = 0.45  # points of each condition, for each amplitude
BESIDE_LOADS = 1.5  # points of several conditions, where waves have poles just outside of a side: with 0.9, 63 % off
A_CELL = 12.0  # random features for each cell of a wave's length and period
POTENTIALS = 60, 40  # polynomials, and potentials around each hole
STATIC_FEATURES = 300
STATIC_FREQUENCY = 3.0
OF_ALL: dict[str, Any] = {
    "stages": ("last_layer",),
    "stage_steps": (),
    "steps": 1,
    "precision": "float64",
    "activation": "sin",
    "sampling": "chebyshev",
    "validation_points": 500,
    "ridge": 3e-14,
    "weight_boundary": 100.0,
}
"""What no problem changes."""
OF_TERMS = {"initial": ("initial_points", "weight_initial"), "interface": ("interface_points", "weight_interface")}
"""Fields without effect where a problem lacks a term of the loss."""


def chosen(config: Config, problem: Problem, level: float = 0.0) -> dict[str, Any]:
    """Choose the settings that a config leaves unset.

    Parameters
    ----------
    config
        With a tolerance.
    problem
        What is solved.
    level
        Of refinement, dimensionless: 0 at first, negative for coarser settings.

    Returns
    -------
    dict
        Values by the names of fields, none of which the config was given.
    """
    given = {name: getattr(config, name) for name in config.model_fields_set}
    if problem.unknowns:
        found = _of_search(config, problem, level, given)
        return {name: _rounded(value) for name, value in found.items() if name not in given}
    network = given.get("network") or _network(config, problem)
    choice = _Choice(problem, given, config.tolerance, level)
    if problem.domain.is_static:
        found = choice.potentials() if network == "potentials" else choice.static_features()
    else:
        found = choice.waves(network) if network in NUMBERS_OF_WAVES else choice.features()
    columns = {statement.column for statement in problem.statements}
    without = [name for column, names in OF_TERMS.items() if column not in columns for name in names]
    of_problem = {"network": network} | found
    found = of_problem | OF_ALL | of_problem  # in this order
    return {name: _rounded(value) for name, value in found.items() if name not in given and name not in without}


def _of_search(config: Config, problem: Problem, level: float, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a search for a material: by waveforms where sides, start and sources determine them."""
    if why_undetermined(problem):
        return from_records(problem, config.tolerance, level, given)
    network = given.get("network") or _network(config, problem)
    layers = tuple(FEW * each for each in NETWORKS.get(network, (1,)))
    found: dict[str, Any] = {"network": network, "hidden_layers": layers} | OF_WAVEFORMS
    if not level:
        return found | ALONE
    choice = _Choice(problem, given, WAVES_TO, level - 1.0)
    found |= choice.waves(network) if network in NUMBERS_OF_WAVES else choice.features()
    return OF_ALL | found


def _rounded(value: Any) -> Any:
    """A number with the digits that are shown."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _network(config: Config, problem: Problem) -> str:
    """The first network that can solve the problem; where loads act on sides, one with waves beside these."""
    first = ("hole_waves",) if problem.circles_beside else ()
    for name in (*first, *NETWORKS):
        layers = NETWORKS[name]
        has_holes = name == "potentials" and isinstance(problem.domain.shape, Plate)
        fields = {"network": name, "hidden_layers": layers * (2 if has_holes else 1), "activation": "sin"}
        try:
            require_solvable(config.model_copy(update=fields), problem)
        except ConfigError:
            continue
        return name
    return "random_features"


@dataclass(frozen=True)
class _Choice:
    """What is chosen for a problem: given are fields of the config by their names."""

    problem: Problem
    given: Mapping[str, Any]
    tolerance: float
    level: float

    @cached_property
    def more(self) -> float:
        """By how many times more of all are taken for the tolerance and the level."""
        decades = max(0.0, -math.log10(10.0 * self.tolerance))
        return DENSER**self.level * (1.0 + DECADE * decades)

    @cached_property
    def highest(self) -> tuple[float, float]:
        """The highest wave number and frequency at this level, dimensionless; 0 where nothing is known."""
        wave_number, omega = highest(self.problem, PART * self.tolerance)
        scales, faster = self.problem.scales, FASTER**self.level
        return faster * wave_number * scales.length, faster * omega * scales.time

    @property
    def frequency(self) -> float:
        """The network's greatest wave number."""
        return float(self.given.get("input_frequency", self.highest[0] or 1.0))

    def points(self, layers: Sequence[int], inside: int, sides: float, start: float, contacts: float) -> dict[str, Any]:
        """The layers, unless they are given, and numbers of points for each of their amplitudes or neurons.

        sides: of all conditions together, but for each at least so many that waves around a hole are met on its rim.
        """
        count = sum(self.given.get("hidden_layers", layers))
        return {
            "hidden_layers": tuple(layers),
            "interior_points": inside or math.ceil(2.5 * count),
            "boundary_points": math.ceil(count * max(sides / max(1, len(self.problem.boundary)), EACH_SIDE)),
            "initial_points": math.ceil(start * count),
            "interface_points": math.ceil(contacts * count),
            "weight_interface": 100.0,
        }

    def waves(self, network: str) -> dict[str, Any]:
        """Of sums of waves."""
        problem, greatest, length = self.problem, self.frequency, self.problem.scales.length
        from_rest = problem.initial is not None and problem.initial.is_rest
        in_time = min(greatest, self.highest[1] or greatest) if from_rest else greatest / 1.5
        in_time = self.given.get("time_frequency") or in_time
        of_s_waves = 0.667 if from_rest else 0.5
        given = self.given.get("s_wave_fraction") or of_s_waves
        s_fraction = S_OF_ALL if given == of_s_waves else given  # MORE was measured with the one beside the other
        differing = plane_waves_needed(problem, greatest / length, in_time / length, s_fraction)
        outer, *inner = (rounded_up(max(1.0, MORE * self.more) * count) for count in differing)
        layers = [max([outer, *inner])]
        if network == "hole_waves":
            around = rounded_up(max(1.0, self.more) * waves_needed_around(problem, greatest / length))
            layers = [outer, around, *([max(inner)] if inner else [])]
        sides = BESIDE_LOADS if problem.circles_beside and len(problem.boundary) > 1 else 0.8
        return self.points(layers, inside=20, sides=sides, start=0.3, contacts=0.3) | {
            "input_frequency": greatest,
            "time_frequency": in_time,
            "s_wave_fraction": of_s_waves,
            "weight_initial": 100.0 if from_rest else 1000.0,
        }

    def features(self) -> dict[str, Any]:
        """Of random features."""
        problem, radians = self.problem, self.frequency / (2.0 * math.pi)
        x, y, duration = (problem.domain.high - problem.domain.low).tolist()
        extents = x / problem.scales.length, y / problem.scales.length, duration / problem.scales.time
        cells = math.prod(extent * radians + 1.0 for extent in extents)
        layers = [rounded_up(A_CELL * self.more**2 * cells)]
        return self.points(layers, inside=0, sides=1.2, start=0.4, contacts=0.3) | {
            "input_frequency": self.frequency,
            "weight_initial": 100.0,
        }

    def potentials(self) -> dict[str, Any]:
        """Of a homogeneous plate at rest."""
        shape, more = self.problem.domain.shape, 2.0**self.level
        polynomials, around = (rounded_up(more * each) for each in POTENTIALS)
        layers = [polynomials, *([len(shape.holes) * around] if isinstance(shape, Plate) else [])]
        found = self.points(layers, inside=20, sides=2.0 * len(self.problem.boundary), start=0.0, contacts=0.0)
        if isinstance(shape, Plate):
            around = math.ceil(self.given.get("hidden_layers", layers)[1] / len(shape.holes))
            on_rims = (points_for(around, numbers) for numbers in numbers_on_rims(self.problem).values())
            found["boundary_points"] = max(found["boundary_points"], *on_rims)
        return found

    def static_features(self) -> dict[str, Any]:
        """Of any other plate at rest."""
        layers = [rounded_up(STATIC_FEATURES * self.more**3)]
        frequency = self.given.get("input_frequency", STATIC_FREQUENCY * FASTER**self.level)
        return self.points(layers, inside=0, sides=1.0, start=0.0, contacts=0.3) | {"input_frequency": frequency}
