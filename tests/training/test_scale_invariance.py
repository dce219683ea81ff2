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


@pytest.mark.slow
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


def plate(length: float, stress: float, density: float, displacement: float) -> ep.Problem:
    """A plate with all that a plate can have, in units of the given sizes: each kind of side, source and contact."""
    time, load = length * (density / stress) ** 0.5, stress * displacement
    outline = ep.Rectangle((0.0, 2.0 * length), (0.0, length))
    shape = ep.Plate(outline, [ep.Disc((1.3 * length, 0.55 * length), 0.15 * length)])
    solid = ep.Material(2.0 * stress, stress, density, ("mu",), damping=0.3 / time)
    other = ep.Material(4.0 * stress, 1.5 * stress, 1.2 * density)
    pulse, width = ep.Ricker(2.0 / time, 0.6 * time), 0.08 * length
    at = [(0.5 * length, length), (0.9 * length, 0.4 * length), (0.7 * length, 0.7 * length)]
    xy = length * np.array([[0.2, 0.3], [1.0, 0.6], [1.5, 0.9]])
    times = time * np.linspace(0.0, 1.0, 4)
    recorded = np.sin(np.arange(24.0)).reshape(3, 4, 2) * displacement / time
    moment = load * length * np.array([[1.0, 0.2], [0.1, -0.5]])
    return ep.Problem(
        domain=ep.Domain(shape=shape, t=(0.0, time)),
        material=solid,
        boundary=[
            ep.Traction(ep.SideLoad(at[0], (0.1 * load, -load), pulse, width), "top"),
            ep.Absorbing(sides="left"),
            ep.Displacement(sides="bottom"),
            ep.Symmetry("right"),
            ep.Traction(sides="hole 1"),
        ],
        initial=ep.Initial(velocity=ep.InitialPulse(at[1], (displacement / time, 0.0), width)),
        force=[ep.PointForce(at[1], (load, 0.5 * load), pulse, width), ep.MomentSource(at[2], moment, pulse, width)],
        receivers=ep.Receivers(xy, times, velocity=recorded, noise=0.1 * displacement / time),
        inclusions=[
            ep.Inclusion(ep.Disc((0.4 * length, 0.4 * length), 0.12 * length), other),
            ep.Inclusion(ep.Rectangle((1.7 * length, 2.0 * length), (0.0, length)), other, "slip"),
        ],
    )


def plate_at_rest(length: float, stress: float, density: float, displacement: float) -> ep.Problem:
    """A thin plate with a hole at rest, which is pulled, in units of the given sizes."""

    def pull(x, y, t):
        return torch.stack([torch.sin(x / length), torch.ones_like(x)], dim=-1) * stress * displacement / length

    def weight(x, y, t):
        return torch.stack([0.0 * x, -y / length], dim=-1) * stress * displacement / length**2

    shape = ep.Plate(ep.Disc((0.0, 0.0), length), [ep.Disc((0.3 * length, 0.2 * length), 0.25 * length)])
    return ep.Problem(
        domain=ep.Domain(shape=shape),
        material=ep.Material(2.0 * stress, stress, density, plane="stress"),
        boundary=[
            ep.Displacement(sides=ep.Part("rim", 3.0, 4.0)),
            ep.Traction(pull, ep.Part("rim", 4.0, 3.0 + 2.0 * np.pi)),
            ep.Traction(sides="hole 1"),
        ],
        force=weight,
    )


@pytest.mark.parametrize("made", [pytest.param(plate, marks=pytest.mark.slow), plate_at_rest])
@pytest.mark.parametrize("stages", [{}, {"stages": ["lbfgs"]}])
def test_the_same_plate_in_other_units_has_the_same_losses(tiny, tmp_path, made, stages):
    config = tiny(steps=20, precision="float64", learning_rate=0.01, validate_every=5, interior_points=60, **stages)
    unit = ep.train(config, tmp_path / "unit", made(1.0, 1.0, 1.0, 1.0)).history()
    columns = [name for name in unit if name.startswith("loss/") or name == "grad_norm"]
    assert len(columns) == {plate: 8, plate_at_rest: 5}[made] and unit["loss/total"].nunique() == 20
    for name in ("aluminium in SI", "aluminium in mm, us and mg"):
        history = ep.train(config, tmp_path / name, made(*UNITS[name])).history()
        for column in columns:
            np.testing.assert_allclose(history[column], unit[column], rtol=1e-5, err_msg=f"{name} {column}")
