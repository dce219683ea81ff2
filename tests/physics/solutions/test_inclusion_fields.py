"""A wave on a circular inclusion moves by the equations of both materials and meets its contact alone."""

import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import MOTION, STRAIN, Derivatives, Normal, residual
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import HoleWave, InclusionWave, PlaneWave
from tests.physics.solutions.test_hole_fields import ring

AROUND, WITHIN = ep.Material(1.0, 1.2, 1.0), ep.Material(4.0, 4.0, 1.1)
SOLIDS = [Moduli.of(each.lame_lambda, each.lame_mu, each.density) for each in (AROUND, WITHIN)]
CENTER, RADIUS, STEP = (0.2, -0.1), 0.3, 2e-3
FIRST = (4 / 5, -1 / 5, 4 / 105, -1 / 280)  # weights of central differences of eighth order, beside the middle
SECOND = (8 / 5, -1 / 5, 8 / 315, -1 / 560)
MIDDLE = -205 / 72

each_wave = pytest.mark.parametrize(("kind", "angle"), [("p", 0.0), ("p", 0.7), ("s", 0.7)])
each_contact = pytest.mark.parametrize("contact", ["welded", "slip"])


def wave_of(kind: str, angle: float, contact: str, radius: float = RADIUS, inclusion: ep.Material = WITHIN):
    return InclusionWave(kind, AROUND, radius, CENTER, angle, wavelength=0.9, inclusion=inclusion, contact=contact)


def differences(field, points: Tensor, names: tuple[str, ...]) -> Derivatives:
    """The displacement and its derivatives by finite differences of eighth order."""
    steps = STEP * torch.eye(3, dtype=torch.float64)

    def slope(field, axis: str, at: Tensor) -> Tensor:
        step = steps["xyt".index(axis)]
        return sum(w * (field(at + i * step) - field(at - i * step)) for i, w in enumerate(FIRST, 1)) / STEP

    def at(where: Tensor) -> Tensor:
        return field(*where.unbind(1))

    u = {"": at(points)}
    for name in names:
        first, *second = name
        if second == [first]:
            step = steps["xyt".index(first)]
            sides = sum(w * (at(points + i * step) + at(points - i * step)) for i, w in enumerate(SECOND, 1))
            u[name] = (sides + MIDDLE * u[""]) / STEP**2
        elif second:
            u[name] = slope(lambda where, along=second[0]: slope(at, along, where), first, points)
        else:
            u[name] = slope(at, first, points)
    return u


def misfits(wave: InclusionWave, contact: str, solids: list[Moduli]) -> dict[str, float]:
    """The largest misfit of each statement on the circle, relative to the terms that it is the difference of."""
    disc = ep.Inclusion(ep.Disc(CENTER, RADIUS), WITHIN, contact)
    domain = ep.Domain((-1.0, 1.0), (-1.0, 1.0), (0.0, 1.0))
    problem = ep.Problem(domain, AROUND, [ep.Displacement(wave)], inclusions=[disc])
    found = {}
    for statement in [each for each in problem.statements if each.column == "interface"]:
        unit = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        at, normals = statement.place.at(unit)
        sides = [differences(field, at, STRAIN) for field in (wave.around, wave.within)]
        weights = statement.regions(at, normals)
        terms = torch.stack([
            weights[:, [i]] * statement.operator(u, solid, Normal.of(normals))
            for i, (u, solid) in enumerate(zip(sides, solids, strict=True))
        ])  # fmt: skip
        size = 2.0 * math.pi / wave.wavelength if "traction" in statement.name else 1.0
        found[statement.name] = float(terms.sum(0).abs().max() / size)
    return found


@each_contact
@each_wave
def test_it_moves_by_the_equation_of_either_material(kind, angle, contact):
    wave = wave_of(kind, angle, contact)
    for field, solid, (low, high) in zip((wave.around, wave.within), SOLIDS, ((1.05, 4.0), (0.0, 0.95)), strict=True):
        points, _ = ring(low * RADIUS, high * RADIUS, CENTER)
        u = differences(field, points, MOTION)
        assert residual(u, solid).abs().max() < 1e-9 * u["tt"].abs().max()
        assert torch.equal(wave(*points.unbind(1)), field(*points.unbind(1)))


@each_contact
@each_wave
def test_it_meets_its_contact_and_no_other_one(kind, angle, contact):
    wave, other = wave_of(kind, angle, contact), "slip" if contact == "welded" else "welded"
    assert max(misfits(wave, contact, SOLIDS).values()) < 1e-10
    assert max(misfits(wave, other, SOLIDS).values()) > 1e-2


@each_contact
@each_wave
def test_swapped_tractions_of_the_two_materials_are_noticed(kind, angle, contact):
    swapped = misfits(wave_of(kind, angle, contact), contact, SOLIDS[::-1])
    assert max(size for name, size in swapped.items() if "traction" in name) > 1e-2


@each_wave
def test_without_a_contrast_the_plane_wave_goes_on_as_it_is(kind, angle):
    wave, (points, _) = wave_of(kind, angle, "welded", inclusion=AROUND), ring(0.0, 1.0, CENTER)
    x, y, t = points.unbind(1)
    plane = PlaneWave(kind, AROUND.lame_lambda, AROUND.lame_mu, AROUND.density, angle=angle, wavelength=0.9)
    assert (wave(x, y, t) - plane(x - CENTER[0], y - CENTER[1], t)).abs().max() < 1e-12


@each_wave
def test_a_very_soft_and_light_inclusion_is_as_a_hole(kind, angle):
    soft = ep.Material(1e-7, 1e-7, 1e-7)
    hole = HoleWave(kind, AROUND, RADIUS, CENTER, angle, wavelength=0.9)
    wave, (points, _) = wave_of(kind, angle, "welded", inclusion=soft), ring(1.01 * RADIUS, 1.0, CENTER)
    assert (wave(*points.unbind(1)) - hole(*points.unbind(1))).abs().max() < 1e-5


@each_contact
def test_a_tiny_inclusion_scatters_little(contact):
    points, _ = ring(0.5, 1.0, CENTER)
    alone = wave_of("p", 0.4, "welded", inclusion=AROUND)(*points.unbind(1))
    off = [(wave_of("p", 0.4, contact, a)(*points.unbind(1)) - alone).abs().max() for a in (2e-3, 1e-3)]
    assert off[1] < 1e-3
    assert off[0] / off[1] == pytest.approx(4.0, rel=0.02)  # as its area


def test_another_contact_kind_or_radius_is_refused():
    with pytest.raises(ep.ProblemError, match="contact = 'glued'"):
        wave_of("p", 0.0, "glued")
    with pytest.raises(ep.ProblemError, match="kind 'p' or 's'"):
        wave_of("sv", 0.0, "welded")
    with pytest.raises(ep.ProblemError, match="an inclusion has a finite radius above 0 m"):
        wave_of("p", 0.0, "welded", radius=-1.0)
