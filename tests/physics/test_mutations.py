"""Each term of each equation counts: one that is flipped or dropped is noticed by an exact field of `make validate`.

The left side of a statement is a sum of terms: an entry of the moduli, one of the normal and one derivative of one
component. Each term that an operator has is larger than a hundredth of the problem's unit on the exact field of some
row, while the whole left side is the right one to rounding: with a term flipped or dropped, no solution of that row
would come within its goal.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.conditions.side import SideEquation
from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import AnnulusMode, HalfSpaceWave, HoleWave, SourceWave, WallReflection
from elastic_pinn.physics.statement import Statement
from tests.benchmarks.validation import ROWS
from tests.benchmarks.validation.row import SOLID
from tests.benchmarks.validation.sources import WithImage
from tests.benchmarks.validation.walls import WALLS
from tests.physics.test_elasticity import derivatives

POINTS = 30
SUFFICES = 1e-2  # of a problem's unit
Term = tuple[str, str, str, int]
"""An entry of the moduli, an entry of the normal, a derivative, and a component of the displacement."""


def places(problem: ep.Problem, statement: Statement) -> tuple[Tensor, Tensor]:
    """Points (N, 3) and normals of a statement."""
    generator = torch.Generator().manual_seed(0)
    return statement.place.at(torch.rand(POINTS, statement.place.dimensions, dtype=torch.float64, generator=generator))


def moduli_at(problem: ep.Problem, points: Tensor) -> Moduli:
    """The moduli in SI units, numbers or each (N,)."""
    if isinstance(problem.material, ep.Medium):
        return problem.material.moduli(points[:, 0], points[:, 1])
    solid = problem.material
    return Moduli.of(solid.in_plane_lambda, solid.lame_mu, solid.density, solid.damping)


def terms(
    statement: Statement | SideEquation, u: Derivatives, moduli: Moduli, normal: Normal
) -> Iterator[tuple[Term, Tensor]]:
    """Each term of the left side, (N, E)."""
    for modulus in statement.moduli or ("",):
        part = Moduli(**{modulus: getattr(moduli, modulus)}) if modulus else moduli
        for entry in statement.normals or ("",):
            at = Normal(**{entry: getattr(normal, entry)}) if entry else normal
            for name in ("", *statement.derivatives):
                for component in (0, 1):
                    alone = {each: torch.zeros_like(values) for each, values in u.items()}
                    alone[name][:, component] = u[name][:, component]
                    yield (modulus, entry, name, component), statement.operator(alone, part, at)


def has(statement: Statement | SideEquation, term: Term) -> bool:
    """Whether an operator has a term at all, whatever the field."""
    modulus, entry, name, component = term
    ones = {each: torch.zeros(1, 2, dtype=torch.float64) for each in ("", *statement.derivatives)}
    ones[name][:, component] = 1.0
    part = Moduli(**{modulus: 1.0}) if modulus else Moduli()
    return bool(statement.operator(ones, part, Normal(**{entry: 1.0}) if entry else Normal()).any())


@cache
def found(name: str) -> dict[tuple[str, Term], float]:
    """Of each term of each operator in a row: its size in the problem's units, in which the weights of the loss are."""
    (row,) = (row for row in ROWS if row.name == name)
    problem = row.problem(0.5)
    sizes: dict[tuple[str, Term], float] = {}
    for statement in problem.statements:
        if statement.place is None or statement.image_sign:
            continue
        points, normals = places(problem, statement)
        u = derivatives(problem.exact, points)
        moduli, normal = moduli_at(problem, points), Normal.of(normals) if len(normals) else Normal()
        each = dict(terms(statement, u, moduli, normal))
        unit = statement.quantity.scale(problem.scales)
        misfit = statement.operator(u, moduli, normal) / unit - statement.right_side(points, problem.scales)  # (N, E)
        assert misfit.abs().max() < (1e-5 if name == "grids" else 1e-9), f"{name}: {statement.name}"
        for term, values in each.items():
            if has(statement, term) and "<lambda>" not in statement.operator.__qualname__:  # a component of another
                key = (statement.operator.__qualname__, term)
                sizes[key] = max(sizes.get(key, 0.0), float(values.abs().max()) / unit)
    return sizes


@cache
def found_askew() -> dict[tuple[str, Term], float]:
    """The same of sides that lie askew: each kind of wall with its waves, turned by some angle."""
    sizes: dict[tuple[str, Term], float] = {}
    cos, sin = math.cos(0.6), math.sin(0.6)
    turn = torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
    moduli = Moduli.of(SOLID.lame_lambda, SOLID.lame_mu, SOLID.density)
    for wall, condition in WALLS.items():
        wave = WallReflection("s", wall, SOLID, math.radians(40.0))

        def turned(x: Tensor, y: Tensor, t: Tensor, wave=wave) -> Tensor:
            return wave(cos * x + sin * y, cos * y - sin * x, t) @ turn.T

        along, t = torch.linspace(0.0, 1.0, 2 * POINTS, dtype=torch.float64).view(2, POINTS)
        points = torch.stack([cos * along, sin * along, t], dim=1)  # on the wall, y' = 0
        normal = Normal.of(turn[:, 1].expand(POINTS, 2))
        u = derivatives(turned, points)
        for equation in condition.equations:
            each = dict(terms(equation, u, moduli, normal))
            largest = max(float(values.abs().max()) for values in each.values())
            assert equation.operator(u, moduli, normal).abs().max() < 1e-12 * max(largest, 1.0)
            for term, values in each.items():
                if has(equation, term) and largest > 1e-9:
                    sizes[equation.operator.__qualname__, term] = float(values.abs().max()) / largest
    return sizes


BY_NUMPY = (AnnulusMode, HalfSpaceWave, HoleWave, SourceWave, WithImage)
"""Exact fields that torch cannot differentiate, and whose own tests do so by differences."""


def is_simple(problem: ep.Problem) -> bool:
    """Whether it is of one known material, and has an exact field that torch can differentiate."""
    has_one = not problem.inclusions and not problem.unknowns
    return has_one and problem.exact is not None and not isinstance(problem.exact, BY_NUMPY)


SIMPLE = [row.name for row in ROWS if is_simple(row.problem(0.5))]


@pytest.mark.parametrize("name", SIMPLE)
def test_the_exact_field_satisfies_all_that_its_problem_asks(name):
    assert found(name)


@pytest.mark.slow
def test_each_term_of_each_operator_is_noticed_by_some_row():
    largest: dict[tuple[str, Term], float] = defaultdict(float)
    for sizes in [found_askew(), *map(found, SIMPLE)]:
        for key, size in sizes.items():
            largest[key] = max(largest[key], size)
    assert len(largest) > 60
    unnoticed = {key: size for key, size in largest.items() if size < SUFFICES}
    assert not unnoticed
