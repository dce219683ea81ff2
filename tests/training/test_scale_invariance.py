"""The unit system has no say: a problem in other units trains to the same dimensionless losses."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves

UNITLESS = (
    "loss/total",
    "loss/pde",
    "loss/boundary",
    "loss/initial",
    "loss/data",
    "loss/validation",
    "grad_norm",
    "error/displacement",
)

UNITS = {
    "aluminium in SI": (0.06, 2.6e10, 2700.0, 3e-9),
    "aluminium in mm, us and mg": (60.0, 26.0, 2.7, 3e-6),
    "rubber in SI": (40.0, 5e5, 1200.0, 0.2),
}
"""Sizes of length, stress, density and displacement."""


def problem(length: float, stress: float, density: float, displacement: float) -> ep.Problem:
    """One experiment with every kind of term, in units of the given sizes."""
    time = length * (density / stress) ** 0.5
    start = ep.Material(2.4 * stress, 0.9 * stress, density, unknowns=("lambda", "mu"))
    wave = StandingWaves(2.0 * stress, stress, density, displacement, 0.7 * displacement, length)

    def push(x, y, t):
        return torch.stack([torch.sin(x / length), t / time], dim=-1) * stress * displacement / length

    def body(x, y, t):
        return torch.stack([y / length, torch.cos(t / time)], dim=-1) * stress * displacement / length**2

    xy = length * np.array([[0.2, 0.3], [0.7, 0.6], [0.5, 0.9]])
    times = time * np.linspace(0.0, 0.8, 4)
    at = [torch.from_numpy(np.broadcast_to(a, (3, 4)).copy()) for a in (*xy.T[:, :, None], times)]
    receivers = ep.Receivers(
        xy=xy,
        time=times,
        displacement=wave(*at).numpy(),
        noise=0.0,
        material={"lambda": 2.4 * stress, "mu": 0.9 * stress, "rho": density},
        start=frozenset({"lambda", "mu"}),
    )
    return ep.Problem(
        domain=ep.Domain((0.0, length), (0.1 * length, 0.9 * length), (0.0, 0.8 * time)),
        material=start,
        boundary=(ep.Displacement(wave, ("left",)), ep.Traction(push, ("top", "right"))),
        initial=ep.Initial.of(wave),
        force=body,
        receivers=receivers,
        exact=wave,
    )


@pytest.mark.parametrize("stages", [{}, {"stages": ["lbfgs"]}])
def test_the_same_experiment_in_other_units_has_the_same_losses(tiny, tmp_path, stages):
    config = tiny(steps=20, precision="float64", learning_rate=0.01, validate_every=5, **stages)
    unit = ep.train(config, tmp_path / "unit", problem(1.0, 1.0, 1.0, 1.0)).history()
    for name, sizes in UNITS.items():
        run = ep.train(config, tmp_path / name, problem(*sizes))
        h = run.history()
        for column in UNITLESS:
            np.testing.assert_allclose(h[column], unit[column], rtol=1e-7, err_msg=f"{name} {column}")
        for column, size in (("material/lambda", sizes[1]), ("material/mu", sizes[1]), ("material/rho", sizes[2])):
            np.testing.assert_allclose(h[column] / size, unit[column], rtol=1e-8, err_msg=f"{name} {column}")
        assert unit["material/lambda"].nunique() == 20
        near = run.predict(0.4 * sizes[0], 0.5 * sizes[0], 0.0) / sizes[3]
        there = ep.Run(tmp_path / "unit").predict(0.4, 0.5, 0.0)
        np.testing.assert_allclose(near, there, rtol=1e-6)
