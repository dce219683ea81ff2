"""Every number that is given of a source is changed by itself, and nothing else of the problem."""

import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.given_sources import changed_sources
from elastic_pinn.physics.shots import shots_of

PULSE = ep.Ricker(1.0, 1.5)
FORCE = ep.PointForce((0.4, 0.5), (1.0, 0.0), PULSE, width=0.1)
AROUND = "of the source at (0.4, 0.5) m"


def problem(*, force=None, top=None, velocity=None) -> ep.Problem:
    sides = [ep.Traction(top, sides="top"), ep.Displacement(sides="bottom")]
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 4.0))
    return ep.Problem(domain, ep.Material(2.0, 1.0, 1.0), sides, ep.Initial(velocity=velocity), force)


def changes(of: ep.Problem) -> dict[str, tuple[str, ep.Problem]]:
    """By name: the step, and the only shot's problem."""
    return {each.name: (each.step, each.problems[0]) for each in changed_sources(of)}


def test_a_force_is_made_wider_moved_turned_and_shorter():
    found = changes(problem(force=FORCE))
    assert {name: step for name, (step, _) in found.items()} == {
        f"the width {AROUND}": "10 % more",
        f"the place along x {AROUND}": "0.01 m",
        f"the place along y {AROUND}": "0.01 m",
        f"the direction {AROUND}": "5 degrees",
        f"the frequency {AROUND}": "2 % more",
    }
    wider, right, up, turned, faster = (each.sources[0] for _, each in found.values())
    assert wider.width == pytest.approx(0.11) and (wider.at, wider.force, wider.pulse) == (FORCE.at, FORCE.force, PULSE)
    assert right.at == pytest.approx((0.41, 0.5)) and up.at == pytest.approx((0.4, 0.51)) and up.width == FORCE.width
    angle = math.radians(5.0)
    assert turned.force == pytest.approx((math.cos(angle), math.sin(angle))) and turned.at == FORCE.at
    assert faster.pulse == ep.Ricker(1.02, 1.5) and faster.force == FORCE.force


def test_a_load_is_moved_along_its_side_alone():
    load = ep.SideLoad((0.4, 1.0), (0.0, -1.0), PULSE, width=0.1)
    found = changes(problem(top=load))
    assert [name.partition(" of the source")[0] for name in found] == [
        "the width", "the place along x", "the direction", "the frequency",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "is_turned"), [(((1.0, 0.0), (0.0, 1.0)), False), (((1.0, 0.0), (0.0, -1.0)), True)]
)
def test_a_moment_has_a_direction_unless_it_pushes_evenly(moment, is_turned):
    found = changes(problem(force=ep.MomentSource((0.4, 0.5), moment, PULSE, width=0.1)))
    assert (f"the direction {AROUND}" in found) == is_turned
    if is_turned:
        [turned] = found[f"the direction {AROUND}"][1].sources
        s, c = math.sin(math.radians(10.0)), math.cos(math.radians(10.0))
        torch.testing.assert_close(torch.tensor(turned.moment), torch.tensor([[c, s], [s, -c]]))


def test_a_pulse_at_the_start_has_no_frequency():
    found = changes(problem(velocity=ep.InitialPulse((0.4, 0.5), (0.0, 1.0), width=0.1)))
    assert f"the direction {AROUND}" in found and not any("frequency" in name for name in found)
    assert found[f"the width {AROUND}"][1].initial.velocity.width == pytest.approx(0.11)


@pytest.mark.parametrize(
    ("pulse", "what"),
    [
        (ep.Gaussian(0.2, 1.5), "duration"),
        (ep.ToneBurst(2.0, 3.0), "frequency"),
        (ep.KnownShape(PULSE, "amplitude"), "frequency"),
        (ep.UnknownWavelet(1.0, 0.6), ""),
    ],
)
def test_a_pulse_that_is_known_is_made_shorter(pulse, what):
    load = ep.SideLoad((0.4, 1.0), (0.0, -1.0), pulse, width=0.1)
    found = [name for name in changes(problem(top=load)) if "frequency" in name or "duration" in name]
    assert found == ([f"the {what} of the source at (0.4, 1) m"] if what else [])


def test_of_several_sources_one_is_changed_and_the_scales_stay():
    other = ep.PointForce((0.7, 0.3), (0.0, 5.0), PULSE, width=0.1)
    stated = problem(force=[FORCE, other])
    for step, changed in changes(stated).values():
        assert step and changed.scales == stated.scales
        assert len({*changed.sources} & {FORCE, other}) == 1 and len(changed.sources) == 2


def test_a_source_is_changed_in_the_shots_in_which_it_acts(monkeypatch):
    one, both = problem(force=FORCE), problem(force=[FORCE, ep.PointForce((0.7, 0.3), (0.0, 5.0), PULSE, width=0.1)])
    monkeypatch.setattr(ep.Problem, "shots", property(lambda self: (one, both) if self is one else shots_of(self)))
    acting = {each.name: sorted(each.problems) for each in changed_sources(one)}
    assert acting[f"the width {AROUND}"] == [0, 1] and acting["the width of the source at (0.7, 0.3) m"] == [1]
