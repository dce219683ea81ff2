"""Sources exert the forces and moments that they are given, and a problem with them is found, drawn and told apart."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.fingerprint import Fingerprint
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.physics.probes import probes
from elastic_pinn.physics.solutions import SourceWave

SOLID = ep.Material(2.0, 1.0, 1.3)
WINDOW = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
PULSE = ep.Ricker(2.0, 0.5)
PUSH = ep.PointForce((0.5, 0.45), (1.0, 0.5), PULSE, 0.08)
TURN = ep.MomentSource((0.4, 0.55), ((1.0, 0.3), (-0.2, 0.5)), PULSE, 0.08)
LOAD = ep.SideLoad((0.5, 1.0), (0.3, -1.0), PULSE, 0.08)
BUMP = ep.InitialPulse((0.6, 0.5), (2e-3, 1e-3), 0.08)


def problem(**parts) -> ep.Problem:
    return ep.Problem(
        **{"domain": WINDOW, "material": SOLID, "boundary": [ep.Displacement()], "initial": ep.Initial(), **parts}
    )


def cube(count: int, dimensions: int) -> Tensor:
    """Points of a unit cube, (N, K)."""
    return torch.rand(count, dimensions, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def over_the_plane(field, t: float, reach: float = 1.0, nodes: int = 401) -> tuple[Tensor, Tensor, Tensor]:
    """Values (N, 2) of a field times the area of each node, and the nodes' x and y, (N,)."""
    line = torch.linspace(0.5 - reach, 0.5 + reach, nodes, dtype=torch.float64)
    x, y = (each.flatten() for each in torch.meshgrid(line, line, indexing="ij"))
    return field(x, y, torch.full_like(x, t)) * float(line[1] - line[0]) ** 2, x, y


@pytest.mark.parametrize("t", [0.5, 0.6, 0.8])
def test_a_point_force_exerts_its_force_and_no_torque(t):
    values, x, y = over_the_plane(PUSH, t)
    strength = float(PULSE(torch.tensor(t, dtype=torch.float64)))
    assert values.sum(0).tolist() == pytest.approx([1.0 * strength, 0.5 * strength], abs=1e-12)
    torque = ((x - 0.5) * values[:, 1] - (y - 0.45) * values[:, 0]).sum()
    assert abs(float(torque)) < 1e-12


def test_a_moment_source_exerts_its_moments_and_no_force():
    values, x, y = over_the_plane(TURN, 0.5)
    assert values.sum(0).abs().max() < 1e-12
    places = torch.stack([x, y], dim=1)
    moments = values.T @ places  # [i, j]: of f_i x_j
    assert moments.flatten().tolist() == pytest.approx([1.0, 0.3, -0.2, 0.5], abs=1e-11)


def test_an_explosion_and_a_double_couple_have_the_moments_of_textbooks():
    explosion = ep.MomentSource.explosion((0.5, 0.5), 3.0, PULSE, 0.1)
    assert explosion.moment == ((3.0, 0.0), (0.0, 3.0))
    angle = 0.3
    along, normal = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    slip = ep.MomentSource.double_couple((0.5, 0.5), 3.0, PULSE, 0.1, angle)
    np.testing.assert_allclose(slip.moment, 3.0 * (np.outer(along, normal) + np.outer(normal, along)), atol=1e-15)
    pushes, x, y = over_the_plane(explosion, 0.5)
    outward = pushes[:, 0] * (x - 0.5) + pushes[:, 1] * (y - 0.5)
    assert outward.min() > -1e-18  # a positive moment pushes away from its middle


def test_a_load_on_a_side_exerts_its_force():
    x = torch.linspace(-1.0, 2.0, 3001, dtype=torch.float64)
    values = LOAD(x, torch.ones_like(x), torch.full_like(x, 0.5)) * 1e-3
    assert values.sum(0).tolist() == pytest.approx([0.3, -1.0], abs=1e-12)


@pytest.mark.parametrize("angle", [0.0, 0.05, 2.0, 2.0 * math.pi - 0.05])
def test_a_load_on_a_rim_exerts_its_force_but_for_the_rim_s_curvature(angle):
    disc = ep.Domain(shape=ep.Disc((0.2, 0.1), 1.0), t=(0.0, 1.0))
    load = ep.SideLoad((0.2 + math.cos(angle), 0.1 + math.sin(angle)), (1.0, 0.0), PULSE, 0.1)
    assert load.acting_part(disc, disc.shape.parts_of(None)) == pytest.approx(1.0 + 0.1**2 / 8.0, abs=1e-4)
    half = disc.shape.parts_of([ep.Part("rim", angle, angle + 1.0)])
    assert load.acting_part(disc, half) == pytest.approx(0.5, abs=5e-3)


def test_several_sources_add_up():
    def body(x, y, t):
        return x * t, y

    points = WINDOW.interior(cube(50, 3))
    together = problem(force=[PUSH, TURN, body])
    apart = sum(each(*points.unbind(1)) for each in (PUSH, TURN)) + torch.stack(body(*points.unbind(1)), dim=1)
    torch.testing.assert_close(together.force(*points.unbind(1)), apart, rtol=1e-14, atol=0.0)
    assert problem(force=[PUSH]).force is PUSH and problem(force=()).force is None
    assert ep.Traction([LOAD]).value is LOAD
    waves = [SourceWave(each, SOLID, WINDOW.t) for each in (PUSH, TURN)]
    exact = problem(force=[PUSH, TURN], exact=waves).exact(*points.unbind(1))
    torch.testing.assert_close(exact, waves[0](*points.unbind(1)) + waves[1](*points.unbind(1)))
    start = ep.Initial([BUMP, replace(BUMP, at=(0.2, 0.2))])
    assert start.displacement(*points.unbind(1)).shape == (50, 2)


@pytest.mark.parametrize("source", [PUSH, TURN], ids=["force", "moment"])
@pytest.mark.parametrize("pulse", [PULSE, ep.ToneBurst(3.0, 2.0, 0.05), ep.Gaussian(0.1, 0.4)], ids=repr)
def test_the_typical_displacement_is_that_of_the_exact_wave(source, pulse):
    source = replace(source, pulse=pulse)
    line = torch.linspace(-0.3, 0.3, 13, dtype=torch.float64)
    x, y, t = (each.flatten() for each in torch.meshgrid(line, line, torch.linspace(0, 1, 60).double(), indexing="ij"))
    largest = SourceWave(source, SOLID, WINDOW.t)(x + source.at[0], y + source.at[1], t).norm(dim=1).max()
    assert 0.6 < problem(force=source).scales.displacement / float(largest) < 1.6


@pytest.mark.parametrize("narrow", [1e-2, 1e-4])
def test_a_source_however_narrow_and_short_counts(narrow):
    pulse = ep.Ricker(1.0 / narrow, 0.5)
    one = problem(force=ep.PointForce((0.31, 0.77), (1.0, 0.0), pulse, narrow))
    assert 1e-3 < one.scales.displacement < 1.0
    force = next(probe for probe in probes(one) if probe.name == "force")
    assert force.values(2000).abs().max() > 0.05 / (2.0 * math.pi * narrow**2)
    side = problem(boundary=[ep.Traction(ep.SideLoad((0.31, 1.0), (1.0, 0.0), pulse, narrow), "top")])
    assert side.scales.displacement == pytest.approx(2.0 * one.scales.displacement)
    load = next(probe for probe in probes(side) if probe.name == "boundary 0")
    assert load.values(2000).abs().max() > 0.05 / (math.sqrt(2.0 * math.pi) * narrow)


def test_an_initial_pulse_counts_by_its_width():
    start = problem(initial=ep.Initial(BUMP))
    assert start.scales.displacement == pytest.approx(math.hypot(2e-3, 1e-3))
    moving = problem(initial=ep.Initial(velocity=BUMP))
    assert moving.scales.displacement == pytest.approx(math.hypot(2e-3, 1e-3) * 0.08 / SOLID.c_s)


@pytest.mark.parametrize(
    "other",
    [
        replace(PUSH, force=(1.0, 0.5 + 1e-6)),
        replace(PUSH, force=(-1.0, -0.5)),
        replace(PUSH, at=(0.5, 0.45 + 1e-6)),
        replace(PUSH, width=0.08 + 1e-6),
        replace(PUSH, pulse=ep.Ricker(2.0, 0.5 + 1e-6)),
        [PUSH, TURN],
        None,
    ],
)
def test_another_source_is_another_problem(other):
    one = problem(force=PUSH)
    assert one.is_like(problem(force=replace(PUSH, at=(0.5, 0.15 + 0.3))).identity)  # up to rounding
    assert not one.is_like(problem(force=other).identity)


def test_a_source_moved_alone_is_another_problem_even_where_no_fixed_point_sees_it():
    narrow = replace(PUSH, width=1e-5)
    assert not problem(force=narrow).is_like(problem(force=replace(narrow, at=(0.6, 0.45))).identity)
    start = ep.Initial(replace(BUMP, width=1e-5))
    moved = ep.Initial(replace(BUMP, width=1e-5, at=(0.3, 0.5)))
    assert not problem(initial=start).is_like(problem(initial=moved).identity)
    load = replace(LOAD, width=1e-5)
    one, other = (problem(boundary=[ep.Traction(each)]) for each in (load, replace(load, at=(0.2, 1.0))))
    assert not one.is_like(other.identity)


def test_a_quarter_of_the_points_is_near_a_source_and_the_others_are_anywhere():
    law = problem(force=PUSH).statements[0]
    points, _ = law.place.at(cube(8000, 3))
    assert WINDOW.shape.contains(points[:, 0], points[:, 1]).all()
    near = torch.hypot(points[:, 0] - 0.5, points[:, 1] - 0.45) < 4.0 * 1.5 * PUSH.width
    expected = 0.25 + 0.75 * math.pi * (6.0 * PUSH.width) ** 2
    assert near.double().mean() == pytest.approx(expected, abs=0.03)
    assert (points[:, 2] >= 0.0).all() and (points[:, 2] <= 1.0).all()


def test_points_near_a_load_are_on_its_side_with_the_side_s_normals():
    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    at = (math.cos(0.05), math.sin(0.05))  # beside where the rim begins and ends
    load = ep.SideLoad(at, (-1.0, 0.0), PULSE, 0.05)
    made = ep.Problem(disc, SOLID, [ep.Traction(load)], ep.Initial())
    place = made.statements[1].place
    points, normals = place.at(cube(4000, 2))
    torch.testing.assert_close(points[:, :2], normals, rtol=0.0, atol=1e-12)
    near = (points[:, :2] - torch.tensor(at).double()).norm(dim=1) < 0.2
    assert near.double().mean() > 0.2


def test_problems_with_sources_in_a_corner_draw_no_points_outside():
    corner = problem(force=replace(PUSH, at=(0.0, 0.0)))
    points, _ = corner.statements[0].place.at(cube(2000, 3))
    assert (points[:, :2] >= 0.0).all()


def test_the_representations_are_readable():
    text = repr(problem(force=[PUSH, TURN], boundary=[ep.Traction(LOAD, "top")], initial=ep.Initial(BUMP)))
    assert "PointForce((1, 0.5) N/m at (0.5, 0.45) m, 0.08 m wide, Ricker(2 Hz at 0.5 s)) + MomentSource((" in text
    assert "SideLoad((0.3, -1) N/m at (0.5, 1) m" in text and "InitialPulse((0.002, 0.001) at (0.6, 0.5) m" in text


@pytest.mark.slow
def test_the_figure_of_a_problem_shows_its_sources_and_their_pulses(tmp_path):
    made = problem(force=[PUSH, TURN], boundary=[ep.Traction(LOAD, "top")], initial=ep.Initial(BUMP))
    picture = ep.figures.problem(made)
    window, _, pulses = (axes for axes in picture.axes if axes.get_label() != "<colorbar>")
    labels = [text.get_text() for text in window.get_legend().get_texts()]
    assert labels[-4:] == ["1: PointForce", "2: MomentSource", "3: SideLoad", "4: InitialPulse"]
    assert pulses.get_title(loc="left") == "pulse"  # all have the same
    picture.savefig(tmp_path / "problem.png")


def test_a_grid_gives_the_start(tmp_path):
    nodes = np.linspace(0.0, 1.0, 41)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    field = ep.GridField(nodes, nodes, np.stack([np.sin(3 * x + y), np.cos(x - 2 * y)], axis=-1))
    points = cube(30, 3)
    found = problem(initial=ep.Initial(field)).initial.displacement(*points.unbind(1))
    exact = torch.stack([torch.sin(3 * points[:, 0] + points[:, 1]), torch.cos(points[:, 0] - 2 * points[:, 1])], dim=1)
    assert (found - exact).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        ((41, 41), r"shape \(41, 41\), where \(nodes in x, nodes in y, 2\)"),
        ((2, 41, 41), r"\(2, 41, 41\)"),
        ((41, 40, 2), "x and y need"),
    ],
)
def test_arrays_of_other_shapes_are_refused(shape, fault):
    nodes = np.linspace(0.0, 1.0, 41)
    with pytest.raises(ep.ProblemError, match=fault):
        ep.GridField(nodes, nodes, np.zeros(shape))


def test_a_grid_that_is_not_finite_or_too_small_is_refused():
    nodes, values = np.linspace(0.0, 0.5, 11), np.zeros((11, 11, 2))
    with pytest.raises(ep.ProblemError, match=r"it reaches from x = 0 to 0.5 m, and is needed"):
        problem(initial=ep.Initial(ep.GridField(nodes, nodes, values)))
    values[3, 4, 1] = math.nan
    with pytest.raises(ep.ProblemError, match="not finite"):
        ep.GridField(nodes, nodes, values)


LATE, OFF_THE_TOP = replace(PUSH, pulse=ep.Ricker(2.0, 0.3)), replace(LOAD, at=(0.5, 0.9))
STATIC = ep.Domain((0.0, 1.0), (0.0, 1.0))
HOLED = ep.Domain(shape=ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), [ep.Disc((0.5, 0.5), 0.2)]), t=(0.0, 1.0))

UNSURE, LITTLE, FAR_ALONG = (ep.PlusMinus(at=each) for each in (0.5, 0.05, 0.51))  # of 0.45 and 0.5 m to sides
BESIDE = ep.Disc((0.5, 0.2), 0.22)
HOLED_BESIDE = ep.Domain(shape=ep.Plate(ep.Rectangle((0.0, 1.0), (-0.5, 1.0)), [BESIDE]), t=(0.0, 1.0))


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"force": replace(PUSH, at=(1.2, 0.5))}, r"at \(1.2, 0.5\) m.* lies outside the Rectangle"),
        ({"force": PUSH, "domain": HOLED}, r"at \(0.5, 0.45\) m.* lies in hole 1 of the Plate"),
        ({"force": [PUSH, replace(TURN, at=(0.5, -0.1))]}, "MomentSource.* lies outside"),
        ({"force": replace(PUSH, pulse=ep.Ricker(2.0, 3.0))}, "acts from 2.5 to 3.5 s, outside the window's 0 to 1 s"),
        ({"force": replace(PUSH, pulse=ep.ToneBurst(10.0, 3.0, -0.4))}, "acts from -0.4 to -0.1 s, outside"),
        ({"force": PUSH, "domain": STATIC, "initial": None}, "has a pulse, and nothing depends on time here"),
        ({"force": LATE}, r"% of its peak at the window's first instant, 0 s, where all is at rest.* 0.2 s later"),
        ({"force": LOAD}, r"in Pa, is given as the body force, in N/m3: it belongs on a side, in Traction\("),
        ({"boundary": [ep.Traction(PUSH)]}, r"in N/m3, is given as the value of a side \(traction given\), in Pa: it "),
        ({"boundary": [ep.Displacement(LOAD)]}, r"in Pa, is given as the value of a side \(displacement given\), in m"),
        ({"initial": ep.Initial(PUSH)}, r"given as the initial displacement, in m: it belongs in Problem\(force="),
        ({"force": BUMP}, r"is given as the body force, in N/m3: it belongs in Initial\(\.\.\.\) or in Initial\(velo"),
        ({"initial": ep.Initial(replace(BUMP, at=(2.0, 0.0)))}, "InitialPulse.* lies outside"),
        ({"boundary": [ep.Traction(OFF_THE_TOP, "top")]}, r"not on the side top, whose nearest place is \(0.5, 1\) m"),
        ({"boundary": [ep.Traction(LOAD, ["left", "right"])]}, "not on the side left, right"),
        ({"force": replace(PUSH, plus_minus=UNSURE)}, r"PointForce.* m, .*at_plus_minus = 0.5 m: so far away along y"),
        ({"initial": ep.Initial(replace(BUMP, plus_minus=UNSURE))}, "InitialPulse.*at_plus_minus = 0.5 m"),
        ({"force": replace(PUSH, plus_minus=LITTLE), "domain": HOLED_BESIDE}, "PointForce.*at_plus_minus = 0.05 m"),
        (
            {"boundary": [ep.Traction(replace(LOAD, plus_minus=FAR_ALONG), "top")]},
            "at_plus_minus = 0.51 m: so far away along its side is no place of it; at most 0.497 m is legal here",
        ),
        ({"force": replace(PUSH, at=(0.02, 0.5), plus_minus=LITTLE)}, "along x lies .* at most 0.0199 m is legal here"),
        ({"force": replace(PUSH, at=(0.0, 0.0), plus_minus=LITTLE)}, "it is in a corner, where its place is exact"),
        ({"force": replace(PUSH, at=(0.0, 0.98), plus_minus=LITTLE)}, "along y lies .* at most 0.0199 m is legal here"),
        ({"force": [PUSH, 9.81]}, r"force\[1\] is a float"),
        ({"force": [PUSH, None]}, r"force\[1\] is None"),
    ],
)
def test_a_source_that_cannot_act_as_it_is_meant_to_is_refused(parts, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        problem(**parts)


def test_a_source_that_may_be_off_within_the_solid_is_no_other_problem():
    push, load = (
        replace(PUSH, plus_minus=ep.PlusMinus(at=0.44, width=0.07, direction=44.0)),
        replace(LOAD, plus_minus=ep.PlusMinus(at=0.49)),
    )
    stated, exact = (
        problem(force=force, boundary=[ep.Traction(side, "top")]) for force, side in ((push, load), (PUSH, LOAD))
    )
    assert Fingerprint.of(stated).is_like(Fingerprint.of(exact).numbers)
    assert stated.sources == (push, load) != exact.sources


def test_a_pulse_under_way_is_legal_where_the_start_is_not_rest_or_not_known():
    problem(force=LATE, initial=ep.Initial(BUMP))
    problem(force=LATE, initial=None)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: replace(PUSH, width=0.0), r"PointForce: width = 0 m: it must be above 0"),
        (lambda: replace(PUSH, width=-0.1), r"PointForce: width = -0.1 m"),
        (lambda: replace(PUSH, at=(math.nan, 0.0)), r"PointForce: at = nan: it must be finite"),
        (lambda: replace(PUSH, at=0.5), r"PointForce: at = 0.5: two numbers in m are needed"),
        (lambda: replace(PUSH, force=(1.0, math.inf)), r"PointForce: force = inf"),
        (lambda: replace(PUSH, force=1.0), r"PointForce: force = 1.0: two numbers in N/m"),
        (lambda: replace(PUSH, pulse=lambda t: t), r"PointForce: pulse = .* is needed"),
        (lambda: replace(TURN, moment=(1.0, 2.0)), r"moment = \[1.0, 2.0\]: two rows of two"),
        (lambda: replace(TURN, moment=((1.0, math.nan), (0.0, 0.0))), r"two rows of two finite numbers"),
        (lambda: replace(TURN, moment="explosion"), r"MomentSource: moment holds"),
        (lambda: replace(LOAD, force=None), r"SideLoad: force = None"),
        (lambda: replace(BUMP, amplitude=(1.0,)), r"InitialPulse: amplitude = "),
        (lambda: replace(BUMP, plus_minus=0.1), r"InitialPulse: plus_minus = 0.1: ep.PlusMinus\(at="),
        (lambda: replace(PUSH, plus_minus=ep.PlusMinus(width=0.08)), r"width_plus_minus = 0.08 m of a width of 0.08 m"),
        (lambda: ep.PlusMinus(at=-0.1), r"at_plus_minus = -0.1: 0 or more is legal"),
        (lambda: ep.PlusMinus(at=math.nan), r"at_plus_minus = nan: it must be finite"),
        (lambda: ep.PlusMinus(direction=45.0), r"direction_plus_minus = 45: below 45 degrees is legal"),
        (lambda: replace(TURN, moment=((2.0, 1.0), (-1.0, 2.0)), plus_minus=ep.PlusMinus(direction=5.0)),
         r"direction_plus_minus = 5 degrees of the moment .*turned, it is the same"),
    ],
)  # fmt: skip
def test_numbers_that_no_source_has_are_refused_by_their_name(make, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        make()


def test_a_source_fixes_the_factor_of_the_moduli():
    t = np.linspace(0.0, 1.0, 5)
    xy = np.array([[0.2, 0.2], [0.8, 0.8]])
    receivers = ep.Receivers(xy, t, np.ones((2, 5, 2)), 0.0, {"lambda": 2.0, "mu": 1.0, "rho": 1.3}, frozenset())
    unknown = replace(SOLID, unknowns=("lambda", "mu", "rho"))
    with pytest.raises(ep.ProblemError, match="cannot all be found"):
        ep.Problem(WINDOW, unknown, receivers=receivers)
    ep.Problem(WINDOW, unknown, receivers=receivers, force=replace(PUSH, width=1e-4))


def test_a_load_may_be_on_the_rim_of_a_hole():
    load = replace(LOAD, at=(0.5, 0.3), width=0.03)
    made = problem(domain=HOLED, boundary=[ep.Traction(load, "hole 1")])
    points, normals = made.statements[1].place.at(cube(500, 2))
    torch.testing.assert_close((points[:, :2] - 0.5) / 0.2, -normals, rtol=0.0, atol=1e-12)
    assert ((points[:, :2] - torch.tensor([0.5, 0.3])).norm(dim=1) < 0.2).double().mean() > 0.45


def test_plates_of_aluminium_have_sources_in_their_own_units():
    made = ep.Problem(
        ep.Domain((0.0, 0.04), (0.0, 0.02), (0.0, 12e-6)),
        ALUMINIUM,
        [ep.Traction(ep.SideLoad((0.01, 0.02), (0.0, -1e3), ep.Ricker(2e5, 5e-6), 1e-3), "top")],
        ep.Initial(),
    )
    assert 1e-9 < made.scales.displacement < 1e-7


def test_a_run_with_sources_goes_on_bit_for_bit_and_with_no_other_source(tmp_path, tiny):
    made = problem(force=[PUSH, TURN], boundary=[ep.Traction(LOAD, "top")], initial=ep.Initial(velocity=BUMP))
    fields = {"resampling": "r3", "resample_every": 2}
    whole = ep.train(tiny(steps=6, **fields), tmp_path / "whole", made)
    ep.train(tiny(steps=3, **fields), tmp_path / "parts", made)
    moved = replace(made, force=[PUSH, replace(TURN, at=(0.41, 0.55))])
    with pytest.raises(ep.ConfigError, match="not the one"):
        ep.train(tiny(steps=6, **fields), tmp_path / "parts", moved, resume="auto")
    parts = ep.train(tiny(steps=6, **fields), tmp_path / "parts", made, resume="auto")
    one, other = (run.latest().model().state_dict() for run in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)
