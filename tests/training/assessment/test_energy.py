"""Energy stays where nothing lets it out, and what leaves is what passed the sides."""

import math

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.domains import Regions
from elastic_pinn.readable import percent
from elastic_pinn.training.assessment.energy import _inside, _side, energy_balance
from tests.benchmarks.validation import ROWS
from tests.physics.media.test_medium import solved
from tests.plates import PLATE, SOLVED

HOLED = ep.Plate(ep.Rectangle((0.0, 2.0), (-1.0, 1.0)), [ep.Disc((1.5, 0.0), 0.2)])
ROW = {row.name: row for row in ROWS}


def quickly(tmp_path, name: str) -> tuple[ep.Run, ep.Problem]:
    row = ROW[name]
    problem = row.problem(0.5)
    return ep.train(ep.Config(**row.fields | row.quick), tmp_path / "run", problem), problem


@pytest.mark.slow
def test_the_energy_of_a_mode_between_free_sides_is_that_of_its_formula(tmp_path):
    run, problem = quickly(tmp_path, "lame-modes")
    balance = energy_balance(run.latest().model(), problem)
    omega, amplitude = math.sqrt(2.0) * math.pi, math.pi  # of a square metre with rho = mu = 1
    assert balance.total == pytest.approx(omega**2 * amplitude**2 / 4.0, rel=1e-2)
    assert balance.kinetic == pytest.approx(balance.total[0] * np.sin(omega * balance.times) ** 2, abs=0.5)
    assert balance.imbalance < 1e-3
    assert all(abs(values).max() < 0.02 for values in balance.through_sides.values())
    picture = ep.figures.energy(run, problem=problem)
    change = f"changes by up to {percent(run.summary.energy_drift)}"
    assert picture.axes[0].get_title() == f"{change} of the largest energy, where it has to stay"
    assert [line.get_label() for line in picture.axes[0].lines] == ["kinetic", "strain", "both", "expected"]


@pytest.mark.slow
def test_what_a_wave_brings_in_through_one_side_leaves_through_the_others(tmp_path):
    run, problem = quickly(tmp_path, "absorbing-p-45")
    balance = energy_balance(run.latest().model(), problem)
    inward = {side: values[-1] for side, values in balance.through_sides.items()}
    assert inward["left"] > 0.1 and inward["bottom"] > 0.1 and inward["right"] < -0.1 and inward["top"] < -0.1
    assert balance.imbalance < 1e-3
    labels = [line.get_label() for line in ep.figures.energy(run, problem=problem).axes[0].lines]
    assert labels[-4:] == ["through left", "through right", "through bottom", "through top"]


PUSH = {
    "kind": "point_force", "at": [0.002, 0.0], "force": [0.0, -1e3], "pulse": "ricker", "frequency": 2e5,
    "width": 1.5e-3,
}  # fmt: skip
DISC = {"problem": "plate", "plate_shape": "disc", "plate_size": [0.01], "material": "aluminium", "duration": 16e-6}


@pytest.mark.slow
def test_energy_that_leaks_through_a_free_rim_is_not_expected(tmp_path):
    waves = {"network": "plane_waves", "hidden_layers": [400], "boundary_points": 260, "initial_points": 140}
    run = ep.train(ep.Config(**DISC, sources=[PUSH], **SOLVED | waves), tmp_path / "run")
    balance = energy_balance(run.latest().model(), run.problem())
    kept = balance.times > 10e-6  # when the pulse has ended
    assert np.ptp(balance.expected[kept]) < 1e-3 * balance.total.max()
    assert balance.expected[-1] == pytest.approx(balance.by_force[-1], abs=1e-2 * balance.total.max())
    assert abs(balance.through_sides["rim"]).max() > 0.1 * balance.total.max() and balance.imbalance > 0.1
    change = f"changes by up to {percent(run.summary.energy_drift)} after the last source's end at 10 µs"
    assert change in ep.figures.energy(run).axes[0].get_title()
    assert f"changes by {percent(run.summary.energy_drift)} where nothing" in run.summary.warnings[-1]


@pytest.mark.slow
def test_where_energy_need_not_stay_the_figure_says_why(tmp_path):
    run = ep.train(ep.Config(**PLATE, **SOLVED), tmp_path / "run")
    title = " ".join(ep.figures.energy(run).axes[0].get_title().split())
    until = "until 20 µs, and the window ends at 16 µs"
    assert title.endswith(f"it need not stay: traction given on top lets energy through {until}")


@pytest.mark.slow
def test_a_wavefield_that_does_not_keep_the_equation_is_out_of_balance(tmp_path):
    problem = ROW["lame-modes"].problem(0.5)
    run = solved(tmp_path, problem, 25, 3.0)
    assert run.latest().metrics["error/displacement"] > 0.1
    assert energy_balance(run.latest().model(), problem).imbalance > 0.02


@pytest.mark.slow
def test_what_a_force_brings_and_damping_takes_is_counted(tmp_path):
    run, problem = quickly(tmp_path, "manufactured")
    balance = energy_balance(run.latest().model(), problem)
    assert abs(balance.by_force).max() > 1.0 and balance.damped[-1] > 10.0
    assert balance.imbalance < 2e-3


@pytest.mark.parametrize(
    ("shape", "area", "tolerance"),
    [
        (ep.Rectangle((1.0, 3.0), (-1.0, 0.5)), 3.0, 1e-12),
        (ep.Disc((1.0, 2.0), 0.5), math.pi / 4.0, 1e-12),
        (ep.Plate(ep.Rectangle((0.0, 2.0), (0.0, 1.0)), holes=[ep.Disc((0.5, 0.5), 0.2)]), 2.0 - 0.04 * math.pi, 1e-12),
    ],
)
def test_the_area_of_each_shape_is_that_of_geometry(shape, area, tolerance):
    (places, weights), found = _inside(shape, Regions())
    assert found == pytest.approx(area, rel=tolerance)
    assert float(weights.sum()) == pytest.approx(1.0, rel=1e-12) and shape.contains(*places.unbind(1)).all()


@pytest.mark.parametrize(
    ("shape", "inclusion", "area"),
    [
        (ep.Rectangle((0.0, 2.0), (-1.0, 1.0)), ep.Rectangle((0.0, 2.0), (0.37, 1.0)), 1.26),
        (ep.Rectangle((0.0, 2.0), (-1.0, 1.0)), ep.Rectangle((0.1, 0.9), (0.37, 0.8)), 0.344),
        (ep.Rectangle((0.0, 2.0), (-1.0, 1.0)), ep.Disc((0.7, 0.2), 0.3), 0.09 * math.pi),
        (ep.Disc((0.0, 0.0), 2.0), ep.Disc((0.7, 0.2), 0.3), 0.09 * math.pi),
        (HOLED, ep.Disc((0.7, 0.2), 0.3), 0.09 * math.pi),
    ],
)
def test_each_material_is_integrated_for_itself(shape, inclusion, area):
    regions = Regions((inclusion,))
    (places, weights), whole = _inside(shape, regions)
    inside = regions.index(*places.unbind(1)) == 1
    assert whole * float(weights[inside].sum()) == pytest.approx(area, rel=1e-4)


def test_each_material_along_a_side_is_integrated_for_itself():
    shape, regions = ep.Rectangle((0.0, 2.0), (-1.0, 1.0)), Regions((ep.Rectangle((0.0, 2.0), (0.37, 1.0)),))
    for side, expected in (("left", 0.63), ("top", 2.0), ("bottom", 0.0)):
        places, _, lengths = _side(shape, side, regions)
        inside = regions.index(*places.unbind(1)) == 1
        assert float(lengths[inside].sum()) == pytest.approx(expected, abs=1e-9)
        assert float(lengths.sum()) == pytest.approx(2.0)


def test_a_plate_at_rest_has_no_energy_over_time(tmp_path):
    problem = ROW["static-mixed"].problem(1.0)
    run = solved(tmp_path, problem, 30, 3.0)
    with pytest.raises(ValueError, match="no energy over time"):
        ep.figures.energy(run, problem=problem)
