"""Point forces and moments by exact waves: what they do in an unbounded solid is known, and the rest is found."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import SourceWave
from elastic_pinn.training.assessment.energy import energy_balance
from elastic_pinn.training.session import Session
from tests.benchmarks.validation.row import SOLID

WAVES = {
    "problem": "own", "network": "plane_waves", "hidden_layers": [250], "activation": "sin", "input_frequency": 6.0,
    "precision": "float64", "stages": ["last_layer"], "steps": 1, "ridge": 1e-13, "interior_points": 60,
    "boundary_points": 200, "initial_points": 150, "weight_boundary": 100.0, "weight_initial": 100.0,
    "validation_points": 200, "log_level": "error",
}  # fmt: skip
FORCE = ep.PointForce((0.5, 0.4), (1.0, 0.5), ep.Ricker(1.3, 1.0 / 1.3), 0.2)
NARROW = ep.PointForce((0.4, 0.4), (1.0, 0.5), ep.Ricker(1.3, 1.0 / 1.3), 0.1)
TURN = ep.MomentSource((0.4, 0.6), ((0.1, 0.03), (-0.02, 0.05)), ep.ToneBurst(1.5, 2.0, 0.1), 0.2)


class Unbounded:
    """The wavefield of both sources in an unbounded solid."""

    def __init__(self) -> None:
        self.waves = [SourceWave(source, SOLID, (0.0, 1.0)) for source in (FORCE, TURN)]

    def __call__(self, x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return sum(wave(x, y, t) for wave in self.waves)


def in_a_box(**changes) -> ep.Problem:
    wave, window = Unbounded(), ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    given = {"force": [FORCE, TURN], "exact": wave}
    return ep.Problem(window, SOLID, [ep.Displacement(wave)], ep.Initial(), **given | changes)


@pytest.mark.slow
def test_in_a_box_that_moves_as_an_unbounded_solid_nothing_is_left_to_be_found(tmp_path):
    run = ep.train(ep.Config(**WAVES), tmp_path / "run", problem=in_a_box())
    last = run.latest().metrics | dict(run.history().iloc[-1].dropna())
    assert last["error/displacement"] < 1e-9
    assert max(last["loss/pde"], last["loss/boundary"], last["loss/initial"]) < 1e-16
    model = ep.load_checkpoint(run.latest().path).model()
    x, y, t = np.array([0.5, 0.1]), np.array([0.4, 0.9]), np.array([0.8, 0.9])
    at = [torch.from_numpy(each) for each in (x, y, t)]
    np.testing.assert_allclose(model.predict(x, y, t), Unbounded()(*at).numpy(), rtol=1e-6, atol=1e-12)


def in_a_plate() -> ep.Problem:
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), [ep.Disc((0.7, 0.7), 0.1)])
    sides = [ep.Traction(sides=plate.outline.sides), ep.Traction(sides=plate.names)]
    return ep.Problem(ep.Domain(shape=plate, t=(0.0, 1.0)), SOLID, sides, ep.Initial(), force=NARROW)


@pytest.mark.slow
def test_a_resumed_run_in_a_plate_with_a_hole_is_the_same_bit_for_bit(tmp_path):
    small = {"network": "hole_waves", "hidden_layers": [20, 30], "stages": ["adam"], "checkpoint_every": 2}
    small |= {"boundary_points": 30, "initial_points": 30, "interior_points": 20, "resample_every": 3}
    whole = ep.train(ep.Config(**WAVES | small | {"steps": 4}), tmp_path / "whole", problem=in_a_plate())
    ep.train(ep.Config(**WAVES | small | {"steps": 2}), tmp_path / "parts", problem=in_a_plate())
    config = ep.Config(**WAVES | small | {"steps": 4})
    parts = ep.train(config, tmp_path / "parts", problem=in_a_plate(), resume="auto")
    here, there = whole.latest().model().state_dict(), parts.latest().model().state_dict()
    assert "source_1" in here and here.keys() == there.keys()
    assert all(torch.equal(here[name], there[name]) for name in here)
    columns = whole.history().columns.drop("wall_s")
    assert whole.history()[columns].equals(parts.history()[columns])
    assert (whole.predict(0.2, 0.3, 0.8, "stress") == parts.predict(0.2, 0.3, 0.8, "stress")).all()


@pytest.mark.slow
def test_what_a_force_brings_into_a_box_with_free_sides_stays_in_it(tmp_path):
    waves = {"hidden_layers": [1400], "input_frequency": 12.0, "boundary_points": 3000, "initial_points": 1500}
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    problem = ep.Problem(window, SOLID, [ep.Traction()], ep.Initial(), force=NARROW)
    run = ep.train(ep.Config(**WAVES | waves), tmp_path / "run", problem)
    balance = energy_balance(run.latest().model(), problem)
    passed = balance.total[0] + sum(balance.through_sides.values()) + balance.by_force  # by errors at the sides, too
    assert abs(balance.total - passed).max() < 3e-3 * balance.total.max()
    assert balance.imbalance < 0.05
    assert 0.05 < balance.by_force[-1] == pytest.approx(balance.total[-1], rel=0.05)


def pushed(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.sin(t), x], dim=1)


def inverse() -> dict:
    xy, t = np.array([[0.2, 0.2], [0.8, 0.3]]), np.linspace(0.1, 0.9, 12)
    receivers = ep.Receivers(xy, t, np.ones((2, 12, 2)), noise=0.1)
    return {"receivers": receivers, "material": ep.Material(1.0, 1.0, 1.0, unknowns=("rho",))}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (lambda: {"force": pushed}, "a body force that is no ep.PointForce or ep.MomentSource"),
        (lambda: {"force": [FORCE, pushed]}, "a body force that is no ep.PointForce or ep.MomentSource"),
        (
            lambda: {"inclusions": [ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.0, 0.2)), SOLID)]},
            "a body force beside inclusions",
        ),
        (inverse, "a body force while constants of the material are unknown"),
    ],
)
def test_other_forces_and_sources_in_other_problems_are_refused(changes, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        Session(ep.Config(**WAVES), in_a_box_of(**changes()))


def in_a_box_of(material: ep.Material = SOLID, **parts) -> ep.Problem:
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    return ep.Problem(window, material, [ep.Traction()], ep.Initial(), **{"force": FORCE} | parts)
