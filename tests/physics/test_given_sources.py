"""Every number that is given of a source is changed by itself, and nothing else of the problem."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.given_sources import changed_sources
from elastic_pinn.physics.sources import Pulse

PULSE = ep.Ricker(1.0, 1.5)
FORCE = ep.PointForce((0.4, 0.5), (1.0, 0.0), PULSE, width=0.1)
AROUND = "the source at (0.4, 0.5) m"


def problem(*, force=None, top=None, velocity=None, shot="") -> ep.Problem:
    sides = [ep.Traction(top, sides="top"), ep.Displacement(sides="bottom")]
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 4.0))
    time = np.linspace(0.0, 4.0, 9)
    values = np.random.default_rng(len(shot) + (shot == "b")).standard_normal((3, 9, 2))
    where = [(0.2, 0.2), (0.5, 0.7), (0.8, 0.4)]
    records = ep.Receivers(records=[ep.Records("displacement", values, where, time, noise=0.1, shot=shot)])
    receivers, unknowns = (records, ("mu",)) if shot else (None, ())
    material = ep.Material(2.0, 1.0, 1.0, unknowns)
    return ep.Problem(domain, material, sides, ep.Initial(velocity=velocity), force, receivers)


def changes(of: ep.Problem) -> dict[str, tuple[str, ep.Problem]]:
    """By what is another: the step in words, and the only shot's problem."""
    found = list(changed_sources(of))
    assert {each.source for each in found} == {f"the source at ({of.sources[0].at[0]:g}, {of.sources[0].at[1]:g}) m"}
    return {each.step.what: (each.step.told(), each.problems[0]) for each in found}


def test_a_force_is_made_wider_moved_turned_and_shorter():
    found = changes(problem(force=FORCE))
    assert {what: step for what, (step, _) in found.items()} == {
        "width": "10 % larger",
        "place along x": "0.01 m further",
        "place along y": "0.01 m further",
        "direction": "turned by 5 degrees",
        "pulse": "2 % shorter",
    }
    wider, right, up, turned, faster = (each.sources[0] for _, each in found.values())
    assert wider.width == pytest.approx(0.11) and (wider.at, wider.force, wider.pulse) == (FORCE.at, FORCE.force, PULSE)
    assert right.at == pytest.approx((0.41, 0.5)) and up.at == pytest.approx((0.4, 0.51)) and up.width == FORCE.width
    angle = math.radians(5.0)
    assert turned.force == pytest.approx((math.cos(angle), math.sin(angle))) and turned.at == FORCE.at
    assert faster.pulse == ep.Ricker(1.0 / 0.98, 1.5) and faster.force == FORCE.force


def test_an_estimate_is_told_in_steps_of_either_sign():
    found = {each.step.what: each.step for each in changed_sources(problem(force=FORCE))}
    assert found["width"].told(-1.8) == "18 % smaller" and found["width"].told(0.46) == "4.6 % larger"
    assert found["place along x"].told(-2.0) == "0.02 m less far" and found["pulse"].told(-3.0) == "6 % longer"
    assert found["direction"].told(-0.5) == "turned by -2.5 degrees"
    assert found["width"].told(-30.0) == "more than 90 % smaller", "so far from small changes it is no number"
    assert found["direction"].told(300.0) == "turned by more than 45 degrees"
    assert found["place along x"].told(99.0) == "more than 0.09 m further"


def test_a_load_is_moved_along_its_side_alone():
    load = ep.SideLoad((0.4, 1.0), (0.0, -1.0), PULSE, width=0.1)
    assert [*changes(problem(top=load))] == ["width", "place along x", "direction", "pulse"]


def test_what_is_at_an_edge_is_moved_the_other_way():
    step, moved = changes(problem(top=ep.SideLoad((1.0, 1.0), (0.0, -1.0), PULSE, width=0.1)))["place along x"]
    assert step == "0.01 m less far" and moved.sources[0].at == pytest.approx((0.99, 1.0))
    step, moved = changes(problem(force=replace(FORCE, at=(0.4, 0.995))))["place along y"]
    assert step == "0.01 m less far" and moved.sources[0].at == pytest.approx((0.4, 0.985))


@pytest.mark.parametrize("radius", [0.2, 0.20001, 0.2004])  # as coordinates are rounded
@pytest.mark.parametrize("degrees", [0.0, 20.0, 45.0])
def test_a_load_on_a_rim_is_moved_along_it(degrees, radius):
    angle = math.radians(degrees)
    at = (0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle))
    load = ep.SideLoad(at, (-1.0, 0.0), PULSE, width=0.05)
    shape = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), [ep.Disc((0.5, 0.5), 0.2)])
    domain = ep.Domain(shape=shape, t=(0.0, 4.0))
    sides = [ep.Traction(load, sides="hole 1"), ep.Displacement(sides="bottom")]
    found = changes(ep.Problem(domain, ep.Material(2.0, 1.0, 1.0), sides, ep.Initial()))
    assert [*found] == ["width", "place along its side", "direction", "pulse"]
    step, moved = found["place along its side"]
    assert step == "0.005 m further anticlockwise"
    assert math.dist(moved.sources[0].at, at) == pytest.approx(0.005, rel=0.02)
    assert math.dist(moved.sources[0].at, (0.5, 0.5)) == pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize(
    ("moment", "is_turned"),
    [(((1.0, 0.0), (0.0, 1.0)), False), (((1.0, 0.0), (0.0, -1.0)), True), (((1e-9, 0.0), (0.0, -1e-9)), True)],
)
def test_a_moment_has_a_direction_unless_it_pushes_evenly(moment, is_turned):
    found = changes(problem(force=ep.MomentSource((0.4, 0.5), moment, PULSE, width=0.1)))
    assert ("direction" in found) == is_turned
    if is_turned:
        [turned] = found["direction"][1].sources
        s, c = math.sin(math.radians(10.0)), math.cos(math.radians(10.0))
        np.testing.assert_allclose(turned.moment, moment[0][0] * np.array([[c, s], [s, -c]]))


def test_a_pulse_at_the_start_has_no_length():
    found = changes(problem(velocity=ep.InitialPulse((0.4, 0.5), (0.0, 1.0), width=0.1)))
    assert [*found] == ["width", "place along x", "place along y", "direction"]
    assert found["width"][1].initial.velocity.width == pytest.approx(0.11)


class Own(Pulse):
    """A user's own, which is no dataclass."""

    frequency, interval, highest_frequency, breaks = 1.0, (1.0, 2.0), 2.0, ()

    def __call__(self, t):
        return torch.where((t > 1.0) & (t < 2.0), torch.sin(math.pi * (t - 1.0)) ** 2, 0.0)

    def rate(self, t):
        return torch.where((t > 1.0) & (t < 2.0), math.pi * torch.sin(2.0 * math.pi * (t - 1.0)), 0.0)


@pytest.mark.parametrize(
    ("pulse", "is_shorter"),
    [
        (ep.Gaussian(0.2, 1.5), True),
        (ep.ToneBurst(2.0, 3.0), True),
        (ep.KnownShape(PULSE, "amplitude"), True),
        (ep.UnknownWavelet(1.0, 0.6), False),
        (Own(), False),
    ],
    ids=["gaussian", "tone burst", "known shape", "unknown", "own"],
)
def test_a_pulse_that_is_known_is_made_shorter(pulse, is_shorter):
    found = changes(problem(top=ep.SideLoad((0.4, 1.0), (0.0, -1.0), pulse, width=0.1)))
    assert ("pulse" in found) == is_shorter
    if is_shorter:
        [source] = found["pulse"][1].sources
        assert source.pulse.highest_frequency == pytest.approx(pulse.highest_frequency / 0.98)


def test_a_burst_has_a_number_of_cycles():
    burst = ep.ToneBurst(2.0, 3.0)
    found = changes(problem(top=ep.SideLoad((0.4, 1.0), (0.0, -1.0), burst, width=0.1)))
    step, longer = found["number of cycles"]
    assert step == "10 % larger" and longer.sources[0].pulse.cycles == pytest.approx(3.3)
    assert longer.sources[0].pulse.frequency == burst.frequency


@pytest.mark.parametrize("pulse", [PULSE, ep.Gaussian(0.2, 1.5), ep.ToneBurst(2.0, 3.0, 0.9)])
def test_a_sought_origin_time_is_counted_from_the_same_instant(pulse):
    sought = ep.KnownShape(pulse, "origin_time", 0.3)
    found = changes(problem(top=ep.SideLoad((0.4, 1.0), (0.0, -1.0), sought, width=0.1)))
    for what in {"pulse", "number of cycles"} & {*found}:
        assert found[what][1].sources[0].pulse.lead == pytest.approx(sought.lead, rel=1e-12), what


def test_of_one_that_acts_beside_others_strength_and_time_are_changed_where_they_are_not_sought():
    other = ep.PointForce((0.7, 0.3), (0.0, 5.0), ep.ToneBurst(2.0, 3.0, 0.5), width=0.1)
    found = {(each.source, each.step.what): each for each in changed_sources(problem(force=[FORCE, other]))}
    stronger, later = (found[AROUND, what].problems[0].sources for what in ("strength", "time"))
    assert replace(FORCE, force=(1.05, 0.0)) in stronger and other in stronger and other in later
    moved = 0.05 / PULSE.highest_frequency
    assert replace(FORCE, pulse=ep.Ricker(1.0, 1.5 + moved)) in later
    assert found[AROUND, "time"].step.told() == f"{moved:.2g} s later"
    [burst] = (each for each in found["the source at (0.7, 0.3) m", "time"].problems[0].sources if each != FORCE)
    assert burst.pulse.start == pytest.approx(0.5 + 0.05 / other.pulse.highest_frequency)
    both = ("amplitude", "origin_time")
    sought = replace(FORCE, pulse=ep.KnownShape(PULSE, both, 0.3))
    changed = {each.step.what for each in changed_sources(problem(force=[sought, other])) if each.source == AROUND}
    assert not {"strength", "time"} & changed and "pulse" in changed


def test_of_several_sources_one_is_changed_and_the_scales_stay():
    other = ep.PointForce((0.7, 0.3), (0.0, 5.0), PULSE, width=0.1)
    stated = problem(force=[FORCE, other])
    found = list(changed_sources(stated))
    assert {each.source for each in found} == {AROUND, "the source at (0.7, 0.3) m"}
    for each in found:
        changed = each.problems[0]
        assert changed.scales == stated.scales
        assert {*changed.sources} & {FORCE, other} == ({other} if each.source == AROUND else {FORCE})


def test_what_is_stated_of_each_number_is_told_in_its_steps_and_changes_none_of_them():
    sure = ep.PlusMinus(at=0.03, width=0.005, direction=10.0)
    found = {each.step.what: each for each in changed_sources(problem(force=replace(FORCE, plus_minus=sure)))}
    exact = {each.step.what: each for each in changed_sources(problem(force=FORCE))}
    stated = {"width": 0.5, "place along x": 3.0, "place along y": 3.0, "direction": 2.0, "pulse": 0.0}
    assert {what: each.plus_minus for what, each in found.items()} == pytest.approx(stated)
    assert not any(each.plus_minus for each in exact.values()) and found["width"].place == FORCE.at
    for what, each in found.items():
        assert each.problems[0].sources == exact[what].problems[0].sources, "one that is moved may be near to an edge"


def test_an_uncertain_place_is_changed_however_near_an_edge_is():
    load = ep.SideLoad((0.4, 1.0), (0.0, -1.0), PULSE, width=0.1, plus_minus=ep.PlusMinus(at=0.399))
    assert [each.plus_minus > 0.0 for each in changed_sources(problem(top=load))] == [False, True, False, False]
    moment = ep.MomentSource((0.4, 0.5), ((1.0, 0.0), (0.0, -1.0)), PULSE, 0.1, ep.PlusMinus(direction=5.0))
    found = {each.step.what: each.plus_minus for each in changed_sources(problem(force=moment))}
    assert found["direction"] == pytest.approx(1.0)
    start = ep.InitialPulse((0.4, 0.5), (0.0, 1.0), 0.1, ep.PlusMinus(width=0.01))
    found = {each.step.what: each.plus_minus for each in changed_sources(problem(velocity=start))}
    assert found["width"] == pytest.approx(1.0) and not found["direction"]


@pytest.mark.parametrize(
    ("at", "what"),
    [
        ((0.0, 0.5), ["place along y"]),
        ((0.4, 1.0), ["place along x"]),
        ((0.4, 0.5), ["place along x", "place along y"]),
    ],
)
def test_a_force_on_a_side_may_be_off_along_it_alone(at, what):
    half = problem(force=replace(FORCE, at=at, plus_minus=ep.PlusMinus(at=0.01)))
    half = replace(
        half, boundary=[ep.Symmetry(sides="left"), ep.Traction(sides="top"), ep.Displacement(sides="bottom")]
    )
    assert [each.step.what for each in changed_sources(half) if each.plus_minus] == what


def test_a_force_on_a_rim_may_be_off_around_it():
    shape = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), [ep.Disc((0.5, 0.5), 0.2)])
    force = replace(FORCE, at=(0.7, 0.5), plus_minus=ep.PlusMinus(at=0.05))
    [found] = (
        each
        for each in changed_sources(replace(problem(force=force), domain=ep.Domain(shape=shape, t=(0.0, 4.0))))
        if each.plus_minus
    )
    [moved] = found.problems[0].sources
    assert found.step.what == "place along its side" and found.plus_minus == pytest.approx(5.0)
    assert moved.at == pytest.approx((0.5 + 0.2 * math.cos(0.05), 0.5 + 0.2 * math.sin(0.05)))


def test_sources_of_one_transducer_are_refused_unless_the_same_is_stated_of_them():
    sure = replace(FORCE, plus_minus=ep.PlusMinus(at=0.01, direction=5.0))
    near = replace(sure, at=(0.4, 0.5 + 1e-9), force=(0.0, 2.0))
    for other, how in [
        (replace(near, plus_minus=ep.PlusMinus(direction=5.0)), "at_plus_minus is 0.01 m of one and 0 m of the other"),
        (replace(near, plus_minus=ep.PlusMinus(0.01, 0.002, 5.0)), "width_plus_minus is 0 m of one and 0.002 m of"),
        (replace(near, plus_minus=ep.PlusMinus(0.01)), "direction_plus_minus is 5 degrees of one and 0 degrees of"),
    ]:
        with pytest.raises(ep.ProblemError, match=rf"PointForce.*0\.4, 0\.5.* are at one place.*{how}"):
            problem(force=[sure, other])
    places = {each.place for each in changed_sources(problem(force=[sure, near])) if each.plus_minus}
    assert places == {sure.at}, "one error, however its places are rounded"
    even = ep.MomentSource(sure.at, ((1.0, 0.0), (0.0, 1.0)), PULSE, FORCE.width, ep.PlusMinus(at=0.01))
    problem(force=[sure, even])  # turned, it is the same
    problem(force=[sure, replace(near, at=(0.4, 0.6), plus_minus=ep.PlusMinus())])


def test_a_transducer_of_several_shots_is_stated_alike_in_each():
    first = problem(force=replace(FORCE, plus_minus=ep.PlusMinus(at=0.01)), shot="a")
    second = problem(force=replace(FORCE, force=(0.0, 3.0)), shot="b")
    with pytest.raises(ep.ProblemError, match=r"at_plus_minus is 0.01 m of one and 0 m of the other"):
        replace(first, other_shots=[second])


def test_two_forces_at_one_place_have_names_of_their_own():
    both = [FORCE, replace(FORCE, force=(0.0, 1.0))]
    found = {(each.source, each.step.what) for each in changed_sources(problem(force=both))}
    assert len(found) == 14 and ("the source 2 at (0.4, 0.5) m", "width") in found


def test_a_source_is_changed_in_the_shots_in_which_it_acts():
    other = ep.PointForce((0.7, 0.3), (0.0, 5.0), PULSE, width=0.1)
    second = problem(force=[FORCE, other], shot="b")
    both = replace(problem(force=FORCE, shot="a"), other_shots=[second])
    found = {(each.source, each.step.what): each.problems for each in changed_sources(both)}
    wider = found[AROUND, "width"]
    assert sorted(wider) == [0, 1] and [each.width for each in wider[0].sources] == pytest.approx([0.11])
    assert {*wider[1].sources} == {*wider[0].sources, other}
    assert wider[1].scales == both.scales, "misfits of all shots have one unit"
    alone = found["the source at (0.7, 0.3) m of shot b", "width"]
    assert sorted(alone) == [1] and FORCE in alone[1].sources
