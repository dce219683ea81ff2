"""A plane wave at an interface satisfies the equation and the contact, and notices where either is another one."""

import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.conditions.interface import CONTACTS, INSIDE, OUTSIDE
from elastic_pinn.physics.elasticity import Normal, residual
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import Refraction
from tests.physics.test_elasticity import derivatives
from tests.physics.test_mutations import has, terms

FIRST, SECOND = ep.Material(1.0, 1.2, 1.0), ep.Material(4.0, 4.0, 1.1)
SOLIDS = [Moduli.of(each.lame_lambda, each.lame_mu, each.density) for each in (FIRST, SECOND)]
BESIDE = 1e-9

ANGLES = [("p", 0), ("p", 30), ("s", 0), ("s", 30), ("s", 50)]  # at 30 and 50 degrees some waves creep along


def wave_of(kind: str, degrees: float, contact: str) -> Refraction:
    return Refraction(kind, FIRST, SECOND, contact, math.radians(degrees), wavelength=0.9)


def points(low: float, high: float) -> torch.Tensor:
    unit = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return torch.tensor([0.0, low, 0.0]) + torch.tensor([2.0, high - low, 1.0]) * unit


def misfits(wave: Refraction, contact: str, solids: list[Moduli]) -> dict[str, float]:
    """The largest misfit of each statement at the interface, relative to the terms that it is the difference of."""
    layer = ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.0, 1.0)), SECOND, contact)
    domain = ep.Domain((0.0, 2.0), (-1.0, 1.0), (0.0, 1.0))
    problem = ep.Problem(domain, FIRST, [ep.Displacement(wave)], inclusions=[layer])
    found = {}
    for statement in [each for each in problem.statements if each.column == "interface"]:
        at, normals = statement.place.at(points(0.0, 1.0)[:, :2])
        sides = [derivatives(wave, at + way * torch.tensor([0.0, BESIDE, 0.0])) for way in (-1.0, 1.0)]
        weights = statement.regions(at, normals)
        terms = torch.stack([
            weights[:, [i]] * statement.operator(u, solid, Normal.of(normals))
            for i, (u, solid) in enumerate(zip(sides, solids, strict=True))
        ])  # fmt: skip
        size = 2 * math.pi / wave.wavelength if "traction" in statement.name else 1.0
        found[statement.name] = float(terms.sum(0).abs().max() / size)
    return found


@pytest.mark.parametrize("contact", ["welded", "slip"])
@pytest.mark.parametrize(("kind", "degrees"), ANGLES)
def test_the_field_satisfies_the_equation_in_both_materials(kind, degrees, contact):
    wave = wave_of(kind, degrees, contact)
    for moduli, at in zip(SOLIDS, (points(-1.0, -0.01), points(0.01, 1.0)), strict=True):
        u = derivatives(wave, at)
        assert residual(u, moduli).abs().max() < 1e-11 * u["tt"].abs().max() + 1e-11


@pytest.mark.parametrize("contact", ["welded", "slip"])
@pytest.mark.parametrize(("kind", "degrees"), ANGLES)
def test_the_field_satisfies_its_contact_and_no_other_one(kind, degrees, contact):
    wave = wave_of(kind, degrees, contact)
    assert max(misfits(wave, contact, SOLIDS).values()) < 1e-6
    if (kind, degrees) != ("p", 0):  # which slips on nothing
        other = "slip" if contact == "welded" else "welded"
        assert max(misfits(wave, other, SOLIDS).values()) > 1e-2


@pytest.mark.parametrize("contact", ["welded", "slip"])
@pytest.mark.parametrize(("kind", "degrees"), ANGLES)
def test_swapped_tractions_of_the_two_materials_are_noticed(kind, degrees, contact):
    wave = wave_of(kind, degrees, contact)
    swapped = misfits(wave, contact, SOLIDS[::-1])
    if (kind, degrees, contact) != ("s", 0, "slip"):  # where there is no traction at all
        assert max(size for name, size in swapped.items() if "traction" in name) > 1e-2
    for modulus in ("lame_lambda", "lame_mu"):
        wrong = [SOLIDS[0], SOLIDS[1]._replace(**{modulus: 1.1 * getattr(SOLIDS[1], modulus)})]
        if (kind, degrees) == ("p", 0) or (kind == "p" and contact == "welded"):
            assert max(misfits(wave, contact, wrong).values()) > 1e-3


def traces_on_an_askew_interface(kind: str, contact: str) -> tuple[list[dict[str, torch.Tensor]], Normal]:
    """The wavefield's derivatives just below and above an interface that is turned by 0.6 radians, and the normal."""
    cos, sin = math.cos(0.6), math.sin(0.6)
    turn = torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
    wave = wave_of(kind, 30, contact)

    def turned(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return wave(cos * x + sin * y, cos * y - sin * x, t) @ turn.T

    along, t = torch.linspace(0.0, 1.0, 60, dtype=torch.float64).view(2, 30)
    at = torch.stack([cos * along, sin * along, t], dim=1)
    beside = torch.cat([BESIDE * turn[:, 1], turn.new_zeros(1)])
    return [derivatives(turned, at + way * beside) for way in (-1.0, 1.0)], Normal.of(turn[:, 1].expand(30, 2))


@pytest.mark.parametrize(("contact", "count"), [("welded", 24), ("slip", 32)])
def test_each_term_of_each_contact_is_noticed_on_both_sides(contact, count):
    largest: dict[tuple, float] = {}
    for kind in ("p", "s"):
        sides, normal = traces_on_an_askew_interface(kind, contact)
        for equation in CONTACTS[contact]:
            below, above = 0, 1
            counted = {INSIDE: [above], OUTSIDE: [below]}.get(equation.name, [below, above])
            jump = sum((-1) ** side * equation.operator(sides[side], SOLIDS[side], normal) for side in counted)
            assert jump.abs().max() < 1e-6
            for side in counted:
                for term, values in terms(equation, sides[side], SOLIDS[side], normal):
                    if has(equation, term):
                        key = (equation.name, side, term)
                        largest[key] = max(largest.get(key, 0.0), float(values.abs().max()))
    assert len(largest) == count
    assert min(largest.values()) > 1e-2


def test_without_a_contrast_nothing_is_reflected_and_all_of_it_passes():
    below, above = Refraction("s", FIRST, FIRST, "welded", math.radians(25)).waves
    assert [abs(wave.amplitude) for wave in (*below, *above)] == pytest.approx([1.0, 0.0, 0.0, 0.0, 1.0], abs=1e-12)


def test_at_a_right_angle_amplitudes_are_those_of_the_impedances():
    (_, reflected, _), (through, _) = Refraction("p", FIRST, SECOND, "welded").waves
    first, second = FIRST.density * FIRST.c_p, SECOND.density * SECOND.c_p
    assert through.amplitude == pytest.approx(2 * first / (first + second), abs=1e-12)
    assert reflected.amplitude == pytest.approx((second - first) / (first + second), abs=1e-12)  # along -y


@pytest.mark.parametrize("wrong", [{"kind": "q"}, {"contact": "glued"}, {"angle": math.pi / 2}])
def test_impossible_waves_are_refused(wrong):
    with pytest.raises(ep.ProblemError):
        Refraction(**{"kind": "p", "below": FIRST, "above": SECOND} | wrong)
