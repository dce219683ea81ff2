"""Waves with a pole beside a load: where the pole is, and that a checkpoint has it."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.model import Model
from elastic_pinn.networks.plane_waves import PlaneWaves
from elastic_pinn.physics.elasticity import MOTION, residual

SOLID = ep.Material(1.0, 1.0, 1.0)
WIDE = ep.Rectangle((0.0, 2.0), (0.0, 1.0))
HOLED = ep.Plate(WIDE, [ep.Disc((1.4, 0.5), 0.2)])
PULSE = ep.Ricker(1.0, 1.0)


def problem(shape, at=(0.6, 1.0), side="top", width=0.1) -> ep.Problem:
    load = ep.SideLoad(at, (0.0, -1.0), PULSE, width)
    others = [each for each in shape.sides if each != side]
    sides = [ep.Traction(load, side), *([ep.Traction(sides=others)] if others else [])]
    return ep.Problem(ep.Domain(shape=shape, t=(0.0, 4.0)), SOLID, sides, ep.Initial())


def config(**fields) -> ep.Config:
    given = {"network": "hole_waves", "hidden_layers": [20, 60], "activation": "sin", "input_frequency": 4.0}
    return ep.Config(**{"problem": "own", "precision": "float64"} | given | fields)


def model_of(given: ep.Problem, **fields) -> Model:
    generator = torch.Generator().manual_seed(0)
    made = Model.create(config(**fields), SOLID, given.scales, generator, shape=given.domain.shape,
                        circles_beside=given.circles_beside)  # fmt: skip
    with torch.no_grad():
        for each in made.last_layer:
            each.normal_(generator=generator)
    return made


@pytest.mark.parametrize(
    ("shape", "at", "side", "middle"),
    [
        (HOLED, (0.6, 1.0), "top", (0.6, 1.15)),
        (WIDE, (0.6, 1.0), "top", (0.6, 1.15)),
        (HOLED, (0.0, 0.3), "left", (-0.15, 0.3)),
        (HOLED, (1.4, 0.7), "hole 1", (1.4, 0.55)),
        (ep.Disc((0.0, 0.0), 2.0), (0.0, -2.0), "rim", (0.0, -2.15)),
    ],
)
def test_the_circle_beside_touches_the_side_from_outside_where_the_load_is(shape, at, side, middle):
    (circle,) = problem(shape, at, side).circles_beside
    assert circle == pytest.approx((*middle, 0.15), abs=1e-6)
    x, y = (torch.tensor([each], dtype=torch.float64) for each in circle[:2])
    assert float(shape.clearance(x, y)) == pytest.approx(-0.15)


def test_a_hole_too_small_for_the_circle_has_none():
    assert problem(HOLED, (1.4, 0.7), "hole 1", width=0.2).circles_beside == ()


def test_waves_beside_a_load_satisfy_the_equation_of_motion_and_are_large_near_it_alone():
    made = model_of(problem(WIDE))
    with torch.no_grad():
        made.network.plane.amplitudes.zero_()
    unit = torch.rand(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    u = made.derivatives(problem(WIDE).scales.dimensionless(problem(WIDE).domain.interior(unit)), MOTION)
    assert residual(u, made.material()).abs().max() < 1e-9 * u["tt"].abs().max()
    near, far = (np.abs(made.predict(x, 1.0, np.linspace(0.0, 4.0, 50))).max() for x in (0.6, 1.8))
    assert near > 10.0 * far, "all amplitudes alike: waves of order 0 fall off as the root of the distance"


def test_a_checkpoint_has_the_circles_that_its_waves_are_around():
    made = model_of(problem(HOLED))
    state = made.state_dict()
    assert state["circles_beside"].tolist() == [pytest.approx([0.6, 1.15, 0.15])]
    again = Model.from_state(config(), state)
    np.testing.assert_array_equal(again.predict(0.7, 0.9, 2.0), made.predict(0.7, 0.9, 2.0))
    without = Model.from_state(config(), {name: each for name, each in state.items() if name != "circles_beside"})
    assert np.abs(without.predict(0.7, 0.9, 2.0) - made.predict(0.7, 0.9, 2.0)).max() > 0.0


def test_other_networks_have_no_use_for_them():
    assert "circles_beside" not in model_of(problem(WIDE), network="plane_waves", hidden_layers=[20]).state_dict()


@pytest.mark.slow
def test_a_run_beside_a_load_goes_on_bit_for_bit(tmp_path):
    fields = {"stages": ["adam"], "steps": 4, "checkpoint_every": 2, "interior_points": 5, "boundary_points": 60}
    whole = ep.train(config(**fields, initial_points=60, log_level="error"), tmp_path / "whole", problem(WIDE))
    half = config(**fields | {"steps": 2}, initial_points=60, log_level="error")
    ep.train(half, tmp_path / "parts", problem(WIDE))
    parts = ep.train(config(**fields, initial_points=60, log_level="error"), tmp_path / "parts", problem(WIDE),
                     resume="auto")  # fmt: skip
    place = (0.6, 1.0, np.linspace(0.0, 4.0, 9))
    np.testing.assert_array_equal(parts.predict(*place), whole.predict(*place))


@pytest.mark.parametrize(("fraction", "expected"), [(0.0, 333), (0.5, 500), (0.67, 670), (0.9, 900)])
def test_so_many_plane_waves_are_s_waves_as_is_wanted(fraction, expected):
    fields = {"network": "plane_waves", "hidden_layers": [1000], "s_wave_fraction": fraction}
    network = PlaneWaves(config(**fields), torch.Generator().manual_seed(0))
    assert int(network._kinds.sum()) == expected


@pytest.mark.parametrize(("frequency", "while_it_lasts"), [(1.0, 0.5), (0.4, 5.0 / 6.0)])
def test_points_near_a_load_are_there_after_its_pulse_too(frequency, while_it_lasts):
    """Evenly until the end, 6 s, but half of them while the pulse lasts."""
    load = ep.SideLoad((0.6, 1.0), (0.0, -1.0), ep.Ricker(frequency, 1.0 / frequency), 0.1)
    times = load.times(torch.linspace(0.0, 1.0, 10_001, dtype=torch.float64), ep.Domain(shape=WIDE, t=(0.0, 6.0)))
    assert (times[0], times[-1]) == (0.0, 6.0)
    assert (times <= load.pulse.interval[1]).double().mean().item() == pytest.approx(while_it_lasts, abs=1e-3)
