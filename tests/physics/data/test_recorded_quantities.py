"""Each quantity that can be recorded: zero misfit for its own records alone, its unit in file and figures."""

import dataclasses
import math

import h5py
import numpy as np
import pytest
import torch

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics import ALUMINIUM, Displacement, Domain, Material, Medium, Problem, ProblemError, problem_from
from elastic_pinn.physics.data import RECORDED_QUANTITIES, ReceiverFileError, Receivers, Truth, noise_of
from elastic_pinn.physics.setups import ProblemConfig
from elastic_pinn.physics.solutions import GaussianPulse, PlaneWave, record_pulses
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import data_batches, draw_evenly
from tests.networks.known import model_of

UNITS = {"displacement": "m", "velocity": "m/s", "acceleration": "m/s2"}
SOLID = Material(2.0, 1.0, 1.0)
WAVE = PlaneWave("s", 2.0, 1.0, 1.0, angle=0.4, wavelength=0.5, amplitude=1e-3)
XY = np.random.default_rng(0).random((6, 2))
TIME = np.linspace(0.0, 1.0, 9)
each = pytest.mark.parametrize("name", UNITS)


def of_wave(name: str) -> np.ndarray:
    """The quantity of the wave at all receivers and times, (R, T, 2), by automatic differentiation."""
    x, y, t = (torch.from_numpy(np.broadcast_to(a, (6, 9)).reshape(-1).copy()) for a in (*XY.T[:, :, None], TIME))
    t.requires_grad_()
    values = WAVE(x, y, t)
    for _ in range(list(UNITS).index(name)):
        values = torch.stack([torch.autograd.grad(c.sum(), t, create_graph=True)[0] for c in values.unbind(1)], dim=1)
    return values.detach().numpy().reshape(6, 9, 2)


def recorded(name: str, **fields) -> Receivers:
    return Receivers(XY, TIME, **({name: of_wave(name)} | fields))


def problem_of(receivers: Receivers, **parts) -> Problem:
    window = Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    return Problem(**({"domain": window, "material": SOLID, "receivers": receivers} | parts))


def data_loss(problem: Problem) -> float:
    """The mean squared misfit of the wave at the records."""
    counts = {"interior": 4, "boundary": 4, "initial": 4}
    batches = draw_evenly(problem, counts, "uniform", np.random.default_rng(0)) | data_batches(problem)
    return Loss(problem, TrainingConfig())(model_of(problem, WAVE), batches)["data"].item()


def test_the_registry_has_the_quantities_by_their_names_and_units():
    tensors = {"strain": "1", "strain_rate": "1/s", "stress": "Pa"}
    assert {name: quantity.unit for name, quantity in RECORDED_QUANTITIES.items()} == UNITS | tensors
    assert all(quantity.name == name for name, quantity in RECORDED_QUANTITIES.items())


@each
def test_its_own_records_are_met_and_those_of_another_quantity_are_not(name):
    assert data_loss(problem_of(recorded(name))) < 1e-24
    for other in UNITS.keys() - {name}:
        assert data_loss(problem_of(recorded(name, **{name: of_wave(other)}), displacement_scale=1e-3)) > 0.1


@each
def test_the_scales_make_the_records_of_order_one_whatever_their_unit(name):
    found = data_batches(problem_of(recorded(name)))["data"].target
    assert found.abs().max() == pytest.approx(1.0)
    larger = problem_of(recorded(name, **{name: 1e6 * of_wave(name)})).scales.displacement
    assert larger == pytest.approx(1e6 * problem_of(recorded(name)).scales.displacement)


def test_a_velocity_tells_the_displacement_that_it_reaches_while_a_p_wave_crosses_the_window_halfway():
    scales = problem_of(recorded("velocity")).scales
    fastest = np.abs(of_wave("velocity")).max()
    assert scales.displacement == pytest.approx(fastest * 0.5 / SOLID.c_p)
    assert scales.velocity == pytest.approx(fastest)


@each
def test_a_file_holds_it_with_its_unit_and_gives_it_back(name, tmp_path):
    truth = Truth({"lambda": 2.0, "mu": 1.0, "rho": 1.0}, **{name: of_wave(name)})
    saved = recorded(name, noise=1e-4, truth=truth)
    saved.save(tmp_path / "receivers.h5")
    found = Receivers.load(tmp_path / "receivers.h5")
    assert found.quantity is RECORDED_QUANTITIES[name] and f"{name} of 6 at 9 times" in repr(found)
    assert f"noise 0.0001 {UNITS[name]};" in repr(found)
    np.testing.assert_array_equal(found.recorded, of_wave(name))
    np.testing.assert_array_equal(found.truth.recorded, of_wave(name))
    assert found.noise == 1e-4 and found.noise_relative == saved.noise_relative
    with h5py.File(tmp_path / "receivers.h5") as file:
        assert file["records/1/values"].attrs["units"].decode() == UNITS[name]
        assert file[f"truth/{name}"].attrs["units"].decode() == UNITS[name]


def test_the_noise_of_a_velocity_is_seen_in_its_own_unit():
    noise = 1e-4 * np.random.default_rng(1).standard_normal((6, 200, 2))
    slow = np.sin(9.0 * np.linspace(0.0, 1.0, 200))[None, :, None]
    seen = noise_of(Receivers(XY, np.linspace(0.0, 1.0, 200), velocity=slow + noise))
    assert seen.origin == "estimated outside the band" and seen.level == pytest.approx(1e-4, rel=0.1)


def test_none_and_two_quantities_are_refused():
    with pytest.raises(ValueError, match="nothing is recorded, where one of displacement, velocity, acceleration"):
        Receivers(XY, TIME)
    with pytest.raises(ValueError, match="displacement and velocity is recorded"):
        recorded("velocity", displacement=of_wave("displacement"))
    truth = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
    with pytest.raises(ValueError, match="displacement and velocity is recorded"):
        Truth(truth, of_wave("displacement"), velocity=of_wave("velocity"))
    assert Truth(truth).records == []


def test_a_truth_of_another_quantity_is_refused():
    truth = Truth({"lambda": 2.0, "mu": 1.0, "rho": 1.0}, of_wave("displacement"))
    with pytest.raises(ValueError, match="the truth is displacement, where velocity is recorded"):
        recorded("velocity", truth=truth)


def of_format_1(path, name: str) -> None:
    """Write the records as the versions before format 2 did."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "elastic_pinn receivers 1"
        for data_set, values, si in (("xy", XY, "m"), ("time", TIME, "s"), (name, of_wave(name), UNITS[name])):
            file[f"receivers/{data_set}"] = values
            file[f"receivers/{data_set}"].attrs["units"] = si
        file[f"receivers/{name}"].attrs["noise"] = 1e-4


@each
def test_a_file_of_format_1_is_the_same_records(name, tmp_path):
    of_format_1(tmp_path / "old.h5", name)
    old, new = Receivers.load(tmp_path / "old.h5"), recorded(name, noise=1e-4)
    assert old.noise == 1e-4 and old.quantity is new.quantity
    np.testing.assert_array_equal(old.recorded, new.recorded)
    old.save(tmp_path / "new.h5")
    assert problem_of(Receivers.load(tmp_path / "new.h5")).statements[-1].samples.sensitivity is None
    with h5py.File(tmp_path / "new.h5") as file:
        assert file.attrs["format"] == b"elastic_pinn receivers 2"


def also(name: str):
    def edit(file: h5py.File) -> None:
        file.copy("receivers/velocity", f"receivers/{name}")

    return edit


def renamed(file: h5py.File) -> None:
    file.move("receivers/velocity", "receivers/speed")


def unit(file: h5py.File) -> None:
    file["receivers/velocity"].attrs["units"] = "mm/s"


def without_noise(file: h5py.File) -> None:
    del file["receivers/velocity"].attrs["noise"]


def in_metres(file: h5py.File) -> None:
    file.move("receivers/velocity", "receivers/displacement")


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (renamed, "receivers/displacement is missing, and so are receivers/velocity and receivers/acceleration"),
        (
            also("displacement"),
            "there are receivers/displacement and receivers/velocity, where a file of this format has",
        ),
        (unit, "units of receivers/velocity is 'mm/s', where 'm/s' is needed"),
        (without_noise, r"receivers/velocity lacks the attribute noise \(standard deviation in m/s, or 0\)"),
        (in_metres, "units of receivers/displacement is 'm/s', where 'm' is needed"),
    ],
)
def test_a_wrong_file_of_velocities_is_refused_by_its_fault(tmp_path, edit, fault):
    of_format_1(tmp_path / "receivers.h5", "velocity")
    with h5py.File(tmp_path / "receivers.h5", "r+") as file:
        edit(file)
    with pytest.raises(ReceiverFileError, match=fault):
        Receivers.load(tmp_path / "receivers.h5")


def test_the_same_numbers_of_another_quantity_are_another_problem():
    same = [problem_of(recorded(name, **{name: of_wave("velocity")}), displacement_scale=1.0) for name in UNITS]
    for i, problem in enumerate(same):
        assert [problem.is_like(other.identity) for other in same] == [i == j for j in range(3)]


def test_the_material_of_a_plate_need_not_be_in_its_receiver_file(tmp_path):
    recorded("velocity").save(tmp_path / "receivers.h5")
    found = Receivers.load(tmp_path / "receivers.h5")
    assert found.material == {} and found.start == frozenset() and "start" not in repr(found)
    medium = Medium(lame_lambda=lambda x, y: 2.0 + x, lame_mu=1.0, density=1.0)
    assert problem_of(found, material=medium).recorded.quantity.unit == "m/s"
    with h5py.File(tmp_path / "receivers.h5") as file:
        assert "known" not in file
    with pytest.raises(ConfigError, match="does not have lambda, mu, rho in its group /known"):
        problem_from(ProblemConfig(problem="receivers", data=str(tmp_path / "receivers.h5")))


def test_the_start_of_a_material_that_is_not_given_is_refused():
    with pytest.raises(ValueError, match="start has mu, but there is no material with its value"):
        recorded("velocity", start="mu")


@each
def test_all_three_constants_are_not_found_from_any_motion_alone(name):
    with pytest.raises(ProblemError, match=f"cannot all be found from {name} alone"):
        problem_of(recorded(name), material=dataclasses.replace(SOLID, unknowns=("lambda", "mu", "rho")))


@pytest.mark.parametrize("name", ["velocity", "acceleration"])
def test_a_static_problem_has_no_records_of_its_motion(name):
    static = Receivers(XY, [0.0], **{name: np.ones((6, 1, 2))})
    with pytest.raises(ProblemError, match=rf"data \(recorded {name}\) needs a velocity: the domain has no t"):
        problem_of(static, domain=Domain((0.0, 1.0), (0.0, 1.0)), boundary=[Displacement()])


@each
def test_pulses_in_free_space_bring_each_quantity_exactly(name):
    pulses = (GaussianPulse((0.02, 0.03), (0.6, 0.8), 0.01, 0.1),)
    xy, time = torch.rand(3, 2, dtype=torch.float64) * 0.06, torch.linspace(1e-6, 8e-6, 5, dtype=torch.float64)
    order, step = list(UNITS).index(name), 1e-10

    def brought(t, order=0):
        return record_pulses(pulses, xy, t, ALUMINIUM.c_p, ALUMINIUM.c_s, order=order)

    if order:
        rate = (brought(time + step, order - 1) - brought(time - step, order - 1)) / (2 * step)
        assert (brought(time, order) - rate).abs().max() < 1e-6 * rate.abs().max()
    solid = {"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu, "rho": ALUMINIUM.density}
    values = brought(time, order).numpy()
    made = Receivers(xy, time, **{name: values}, pulses=pulses, truth=Truth(solid, **{name: values}))
    np.testing.assert_allclose(made.in_free_space(), values, rtol=1e-12, atol=1e-12 * np.abs(values).max())
    assert math.isfinite(made.noise_relative)
