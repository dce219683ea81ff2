"""Where nothing brings energy or takes any, it has to stay, and a run says by how much it does not."""

import logging
from dataclasses import replace

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.readable import percent
from elastic_pinn.training.assessment.conservation import TELLING, conserved_from, energy_drift
from tests.benchmarks.validation import ROWS

WINDOW, SOLID = ep.Domain((0.0, 2.0), (0.0, 1.0), (0.0, 4.0)), ep.Material(2.0, 1.0, 1.0)
PULSE = ep.Ricker(1.0, 1.5)
LOAD, PUSH = ep.SideLoad((0.5, 1.0), (0.0, -1.0), PULSE, 0.1), ep.PointForce((1.0, 0.5), (1.0, 0.0), PULSE, 0.1)
LATER = ep.ToneBurst(2.0, 3.0, 1.5)  # ends at 3 s, and the others at 2.5 s
LOAD_LATER = ep.SideLoad((1.5, 1.0), (0.0, -1.0), LATER, 0.1)
LEFT_OF_TOP, RIGHT_OF_TOP = ep.Part("top", 0.0, 1.0), ep.Part("top", 1.0, 2.0)
OTHERS = ep.Traction(sides=("left", "right", "bottom"))
ROW = {row.name: row for row in ROWS}


def plate(**parts) -> ep.Problem:
    standard = {"domain": WINDOW, "material": SOLID, "boundary": [ep.Traction()], "initial": ep.Initial()}
    return ep.Problem(**standard | parts)


def push(x, y, t):
    return torch.stack([torch.sin(t), 0.0 * x], dim=1)


@pytest.mark.parametrize(
    ("parts", "start"),
    [
        ({}, 0.0),
        (
            {"boundary": [ep.Displacement(sides="left"), ep.Symmetry(("right", "top")), ep.Traction(sides="bottom")]},
            0.0,
        ),
        ({"boundary": [ep.Periodic("x"), ep.Periodic("y")]}, 0.0),
        ({"inclusions": [ep.Inclusion(ep.Disc((0.5, 0.5), 0.2), SOLID, "slip")]}, 0.0),
        ({"force": PUSH}, 2.5),
        ({"boundary": [ep.Traction(LOAD, "top"), ep.Traction(sides=("left", "right", "bottom"))]}, 2.5),
        ({"force": [PUSH, replace(PUSH, pulse=LATER)]}, 3.0),
        ({"boundary": [ep.Traction(LOAD_LATER, [RIGHT_OF_TOP]), ep.Traction(LOAD, [LEFT_OF_TOP]), OTHERS]}, 3.0),
        ({"force": replace(PUSH, pulse=ep.Ricker(1.0, 2.9))}, None),  # hardly any time is left
        ({"boundary": [ep.Traction(sides=("left", "right", "bottom"))]}, None),
        ({"boundary": [ep.Absorbing()]}, None),
        ({"boundary": [ep.Absorbing(sides="top"), ep.Traction(sides=("left", "right", "bottom"))]}, None),
        ({"boundary": [ep.Displacement(push)]}, None),
        ({"boundary": [ep.Traction([LOAD, push], "top"), ep.Traction(sides=("left", "right", "bottom"))]}, None),
        ({"force": push}, None),
        ({"force": [PUSH, push]}, None),
        ({"material": replace(SOLID, damping=0.1)}, None),
        ({"material": ep.Medium(2.0, 1.0, 1.0, lambda x, y: 0.1 * x)}, None),
        ({"inclusions": [ep.Inclusion(ep.Disc((0.5, 0.5), 0.2), replace(SOLID, damping=0.1))]}, None),
        ({"domain": ep.Domain((0.0, 2.0), (0.0, 1.0)), "boundary": [ep.Displacement()], "initial": None}, None),
    ],
)
def test_energy_stays_from_when_the_last_source_has_ended_and_nothing_lets_it_out(parts, start):
    found, why = conserved_from(plate(**parts))
    assert found == (start if start is None else pytest.approx(start)) and bool(why) is (start is None)


def test_a_right_wavefield_keeps_its_energy_and_its_run_says_nothing(tmp_path):
    row, problem = ROW["lame-modes"], ROW["lame-modes"].problem(0.5)
    run = ep.train(ep.Config(**row.fields | row.quick), tmp_path / "run", problem)
    assert run.summary.energy_drift < 1e-2 and run.summary.warnings == [] and "wrong" not in run.reason
    assert run.summary.energy_drift == pytest.approx(energy_drift(run.latest().model(), problem))


def test_a_wavefield_that_loses_its_energy_is_told_with_the_figure_that_shows_it(tiny, tmp_path, caplog):
    problem = plate(initial=ep.Initial(ep.InitialPulse((1.0, 0.5), (1.0, 0.0), 0.2)))
    with caplog.at_level(logging.WARNING, logger="elastic_pinn"):
        run = ep.train(tiny(steps=100, learning_rate=1e-2, interior_points=100), tmp_path / "run", problem)
    drift = run.summary.energy_drift
    told = run.summary.warnings[-1]
    assert drift > TELLING and f"changes by {percent(drift)}" in told
    assert told.endswith("ep.figures.energy(run) shows when") and run.status == "completed"
    assert run.reason.endswith("its wavefield is wrong, as its warnings say")
    assert any(f"changes by {percent(drift)}" in record.message for record in caplog.records)


def test_where_energy_may_change_a_summary_has_none(tiny, tmp_path, waves):
    run = ep.train(tiny(), tmp_path / "run", waves())
    assert run.summary.energy_drift is None and "energy_drift" not in (run.path / "summary.json").read_text()
