"""Each kind of bad input as a user meets it: train() names what is wrong, where, and what is legal, and leaves nothing
behind."""

import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep

WIDTH, HEIGHT, DURATION = 0.04, 0.02, 12e-6
OUTLINE = ep.Rectangle((0.0, WIDTH), (0.0, HEIGHT))
HOLE = ep.Disc((0.026, 0.009), 0.003)
STEEL = ep.Material(1.0e11, 8.0e10, 7800.0)
PULSE = ep.Ricker(2e5, 5e-6)
TIMES = np.linspace(0.0, DURATION, 5)


def plate(holes=(HOLE,), **parts) -> ep.Problem:
    """A plate of aluminium with a hole, all of its sides free, with some parts changed."""
    shape = ep.Plate(OUTLINE, list(holes)) if holes else OUTLINE
    standard = {
        "domain": ep.Domain(shape=shape, t=(0.0, DURATION)),
        "material": ep.physics.ALUMINIUM,
        "boundary": [ep.Traction()],
        "initial": ep.Initial(),
    }
    return ep.Problem(**standard | parts)


def receivers(*places, time=TIMES, size=1e-9) -> ep.Receivers:
    return ep.Receivers(np.array(places), time, np.full((len(places), len(time), 2), size))


def nowhere(x, y, t):
    """No number, but in one corner alone."""
    return torch.where(x > 0.039, math.nan, 1e-9), 0.0 * y


BAD = {
    "unstable material": (
        lambda: plate(material=ep.Material(-5e10, 2.6e10, 2700.0)),
        r"no stable solid: lambda = -5e\+10 Pa, mu = 2.6e\+10 Pa.* mu, rho and lambda \+ 2 mu / 3 must be positive",
    ),
    "unstable somewhere": (
        lambda: plate(material=ep.Medium(5.76e10, lambda x, y: 2.6e10 * (1.0 - 30.0 * x), 2700.0)),
        r"no stable solid at x = 0.03\d* m, y = .* m: .*lame_mu = -.*must be positive",
    ),
    "empty domain": (
        lambda: plate(domain=ep.Domain((0.04, 0.04), (0.0, 0.02), (0.0, DURATION))),
        r"domain: x = \(0.04, 0.04\) is empty: the second must be above the first",
    ),
    "no time": (
        lambda: plate(domain=ep.Domain((0.0, 0.04), (0.0, 0.02), (DURATION, 0.0))),
        r"domain: t = \(1.2e-05, 0\) is empty",
    ),
    "hole outside": (
        lambda: plate([ep.Disc((0.039, 0.01), 0.003)]),
        r"hole 1, Disc\(center=\(0.039, 0.01\), radius=0.003\), must lie inside the Rectangle.* leave some solid",
    ),
    "holes that overlap": (
        lambda: plate([HOLE, ep.Disc((0.03, 0.009), 0.003)]),
        r"hole 2, Disc\(.*, overlaps hole 1, Disc\(.*: some solid is needed between two holes",
    ),
    "inclusion across a side": (
        lambda: plate((), inclusions=[ep.Inclusion(ep.Disc((0.001, 0.01), 0.003), STEEL)]),
        r"the inclusion Disc\(.* is partly outside the domain: x = -.* may touch a side of the domain, and not cross",
    ),
    "inclusions that overlap": (
        lambda: plate((), inclusions=[ep.Inclusion(ep.Disc((x, 0.01), 0.003), STEEL) for x in (0.01, 0.012)]),
        r"the inclusions Disc\(.* and Disc\(.* overlap at x = .* m, y = .* m",
    ),
    "receivers in a hole": (
        lambda: plate(receivers=receivers((0.01, 0.01), HOLE.center, (0.025, 0.009))),
        r"a receiver at x = 0.026 m, y = 0.009 m lies in hole 1 of the Plate.*, and 1 others: receivers must be in the",
    ),
    "receiver outside": (
        lambda: plate(receivers=receivers((0.01, 0.01), (0.05, 0.01))),
        r"the receivers' x goes from 0.01 to 0.05 m, outside the window's 0 to 0.04 m",
    ),
    "receivers along the other axis": (
        lambda: plate(receivers=receivers((0.01, 0.0), (0.005, 0.035))),
        r"y goes from 0 to 0.035 m, outside.*widen the domain, or mend the units; with x and y swapped all would be",
    ),
    "receivers from the middle of the plate": (
        lambda: plate(receivers=receivers((-0.015, 0.0), (0.015, -0.008))),
        r"x goes from -0.015 to 0.015 m, .*the units; with the middle of the window as their origin all would be",
    ),
    "receivers in mm": (
        lambda: plate(receivers=receivers((10.0, 5.0), (30.0, 15.0))),
        r"the receivers' x goes from 10 to 30 m, outside.*; as numbers in mm all would be inside$",
    ),
    "records from before the trigger": (
        lambda: plate(receivers=receivers((0.01, 0.01), time=TIMES - 2e-6)),
        r": leave out what was recorded before 0 s \(ep.processing.cut, or keep_time in 07_own_data\), or mend the un",
    ),
    "times in us": (
        lambda: plate(receivers=receivers((0.01, 0.01), time=1e6 * TIMES)),
        r"outside the window's 0 to 1.2e-05 s: widen t, or mend the units; as numbers in us all would be inside$",
    ),
    "source in a hole": (
        lambda: plate(force=ep.PointForce(HOLE.center, (1e3, 0.0), PULSE, 5e-4)),
        r"PointForce\(.* lies in hole 1 of the Plate.*: `at`, in m, must be inside",
    ),
    "load off its side": (
        lambda: plate(boundary=[ep.Traction(ep.SideLoad((0.012, 0.01), (0.0, -1e3), PULSE, 1e-3), "top")]),
        r"SideLoad\(.* is not on the side top, whose nearest place is \(0.012, 0.02\) m",
    ),
    "load as a body force": (
        lambda: plate(force=ep.SideLoad((0.012, 0.02), (0.0, -1e3), PULSE, 1e-3)),
        r"SideLoad\(.*\), in Pa, is given as the body force, in N/m3: it belongs on a side, in Traction\(\.\.\., sides",
    ),
    "two conditions": (
        lambda: plate(boundary=[ep.Traction(), ep.Displacement(sides=ep.Part("top", 0.01, 0.02))]),
        "two conditions on the side top, each of which prescribes all there: give each condition sides of its own",
    ),
    "nothing": (
        lambda: plate(boundary=[], initial=None),
        "no boundary condition, no initial condition and no receivers: any solution would do",
    ),
    "nothing that holds a plate at rest": (
        lambda: plate(domain=ep.Domain(shape=OUTLINE), initial=None),
        "nothing keeps the plate from moving as a whole: it may slide along x.* Prescribe the displacement of one side",
    ),
    "records later than the window": (
        lambda: plate(receivers=receivers((0.01, 0.01), time=2.0 * TIMES)),
        r"the receivers' t goes from 0 to 2.4e-05 s, outside the window's 0 to 1.2e-05 s",
    ),
    "pulse later than the window": (
        lambda: plate(force=ep.PointForce((0.01, 0.01), (1e3, 0.0), ep.Ricker(2e5, 5e-5), 5e-4)),
        r"PointForce\(.* acts from 4.5e-05 to 5.5e-05 s, outside the window's 0 to 1.2e-05 s: mend the pulse's times",
    ),
    "a function that is no number somewhere": (
        lambda: plate(boundary=[ep.Displacement(nowhere)]),
        r"nowhere\(x, y, t\) returned values that are not finite inside the domain: at x = 0.0(39\d*|4) m, y = ",
    ),
    "the same where the records give the scale": (
        lambda: plate(boundary=[ep.Displacement(nowhere)], receivers=receivers((0.01, 0.01))),
        r"nowhere\(x, y, t\) returned values that are not finite inside the domain: at x = 0.0(39\d*|4) m, y = ",
    ),
    "an array that is no number somewhere": (
        lambda: plate(material=ep.Medium(ep.Grid(np.arange(5.0), np.arange(5.0), np.diag([math.nan] * 5)), 1e10, 2e3)),
        "Grid: values has values that are not finite",
    ),
    "records that are no numbers": (
        lambda: plate(receivers=receivers((0.01, 0.01), size=math.nan)),
        "displacement has no value: each channel is dead",
    ),
    "a place that is no number": (
        lambda: plate(force=ep.PointForce((math.nan, 0.01), (1e3, 0.0), PULSE, 5e-4)),
        "PointForce: at = nan: it must be finite",
    ),
}


@pytest.mark.parametrize(("make", "fault"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_the_words_of_who_gave_it(tiny, tmp_path, make, fault):
    with pytest.raises(ValueError, match=fault):
        ep.train(tiny(interior_points=200, boundary_points=2000), tmp_path / "run", problem=make)
    assert not (tmp_path / "run").exists()


def test_the_plate_itself_is_taken(tiny):
    assert plate().unknowns == () and plate(()).domain.shape is OUTLINE
