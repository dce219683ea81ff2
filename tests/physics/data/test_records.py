"""Records hold directions, gaps, clocks, noise, gains and delays, and become equations that are true."""

import math
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.data import RECORDED_QUANTITIES, noise_of, noises_of
from elastic_pinn.physics.data.channel_names import channel_names, own_name
from elastic_pinn.physics.data.faulty_channels import faulty_channels
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import PlaneWave
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import data_batches, draw_evenly
from tests.networks.known import model_of

SOLID = ep.Material(2.0, 1.0, 1.0)
WAVE = PlaneWave("s", 2.0, 1.0, 1.0, angle=0.4, wavelength=0.5, amplitude=1e-3)
XY = np.random.default_rng(0).random((6, 2))
TIME = np.linspace(0.1, 0.9, 9)


def of_wave(quantity: str, instants: np.ndarray = TIME) -> np.ndarray:
    """All components at all receivers and times, (6, T, K), by automatic differentiation."""
    kind = RECORDED_QUANTITIES[quantity]
    at = np.broadcast_arrays(*XY.T[:, :, None], instants)
    point = {name: torch.from_numpy(each.copy()).requires_grad_() for name, each in zip("xyt", at, strict=True)}
    u = {"": WAVE(*(each.reshape(-1) for each in point.values()))}
    for names in kind.derivatives:
        found = u[""]
        for name in names:
            grads = [torch.autograd.grad(c.sum(), point[name], create_graph=True)[0] for c in found.unbind(-1)]
            found = torch.stack(grads, dim=-1).reshape(-1, 2)
        u[names] = found
    return kind.of(u, Moduli.of(2.0, 1.0, 1.0)).detach().numpy().reshape(*at[0].shape, -1)


def problem_of(*records: ep.Records, **parts) -> ep.Problem:
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    receivers = ep.Receivers(records=records)
    return ep.Problem(**({"domain": window, "material": SOLID, "receivers": receivers} | parts))


def data_loss(problem: ep.Problem) -> float:
    """The mean squared misfit of the wave at the records, relative to that of no wave."""
    counts = {"interior": 4, "boundary": 4, "initial": 4}
    batches = draw_evenly(problem, counts, "uniform", np.random.default_rng(0)) | data_batches(problem)
    loss = Loss(problem, TrainingConfig())(model_of(problem, WAVE), batches)["data"].item()
    return loss / (problem.recorded.counts * batches["data"].target.square().sum(1).mean().item())


KINDS = pytest.mark.parametrize("quantity", RECORDED_QUANTITIES)


@KINDS
def test_all_components_of_a_wave_are_met(quantity):
    records = ep.Records(quantity, of_wave(quantity), XY, TIME)
    assert data_loss(problem_of(records)) < 1e-20
    assert data_loss(problem_of(replace(records, values=1.01 * records.values))) == pytest.approx(1e-4, rel=0.05)


@KINDS
def test_parts_of_it_along_directions_of_each_receiver_are_met_with_gains_delays_clocks_and_gaps(quantity):
    rng = np.random.default_rng(1)
    along, gain, delay = rng.standard_normal((6, 3, 2)), rng.uniform(0.5, 2.0, (6, 3)), rng.uniform(0.0, 0.05, (6, 3))
    gain[2] *= -1.0
    clock = np.sort(rng.uniform(0.1, 0.9, (6, 9)), axis=1)
    n = along / np.linalg.norm(along, axis=2, keepdims=True)
    x, y = n[..., 0], n[..., 1]
    parts = n if len(of_wave(quantity)[0, 0]) == 2 else np.stack([x * x, y * y, 2 * x * y], axis=-1)  # (6, 3, K)
    values = np.stack(
        [
            gain[:, c, None] * np.einsum("rtk,rk->rt", of_wave(quantity, clock - delay[:, c, None]), parts[:, c])
            for c in range(3)
        ],
        axis=-1,
    )
    values[rng.random(values.shape) < 0.2] = np.nan
    values[4, :, 1] = np.nan
    records = ep.Records(quantity, values, XY, clock, along, gain=gain, delay=delay)
    assert data_loss(problem_of(records)) < 1e-20
    assert data_loss(problem_of(replace(records, delay=0.0))) > 1e-4
    assert data_loss(problem_of(replace(records, gain=np.abs(gain)))) > 1e-3


def test_several_quantities_are_met_together_and_each_is_weighed_by_its_noise():
    each = [
        ep.Records(name, of_wave(name), XY, TIME, noise=size) for name, size in (("velocity", 2.0), ("stress", 5.0))
    ]
    problem = problem_of(*each)
    assert data_loss(problem) < 1e-20
    samples, scales = problem.recorded.samples, problem.scales
    batch = data_batches(problem)["data"]
    stress = batch.channels[:, 0] >= 12
    assert batch.target.shape == (54 * 5, 1) and stress.sum() == 54 * 3
    unit = scales.velocity
    torch.testing.assert_close(batch.target[stress, 0] * unit * 5.0 / 2.0, torch.from_numpy(each[1].values.ravel()))
    assert samples.names[0] == "velocity 0 x" and samples.names[-1] == "stress 11 xy", "rows of all receivers"
    assert noise_of(problem.receivers).level == pytest.approx(2.0)


def test_noise_by_channel_or_sample_counts_by_its_inverse_square():
    noise = np.full((6, 2), 1.0)
    noise[:, 1] = 3.0
    by_channel = ep.Records("velocity", of_wave("velocity"), XY, TIME, noise=noise)
    by_sample = replace(by_channel, noise=np.repeat(noise[:, None], 9, axis=1))
    level = (0.5 * (1.0 + 1.0 / 9.0)) ** -0.5
    for records in (by_channel, by_sample):
        batch = data_batches(problem_of(records))["data"]
        assert noise_of(ep.Receivers(records=records)).level == pytest.approx(level)
        parts = batch.sensitivity.abs().amax(1)
        assert parts[batch.channels[:, 0] % 2 == 0].numpy() == pytest.approx(level)
        assert parts[batch.channels[:, 0] % 2 == 1].numpy() == pytest.approx(level / 3.0)


def test_noise_that_is_stated_of_one_quantity_only_makes_that_of_all_unknown_and_weighs_by_size():
    stated = ep.Records("velocity", of_wave("velocity"), XY, TIME, noise=1e-4)
    receivers = ep.Receivers(records=[stated, ep.Records("strain", of_wave("strain"), XY, TIME)])
    assert noise_of(receivers).origin == "unknown"
    batch = data_batches(problem_of(*receivers.records))["data"]
    sizes = [batch.target[kept].square().mean() for kept in (batch.channels[:, 0] < 12, batch.channels[:, 0] >= 12)]
    assert sizes[1] == pytest.approx(sizes[0])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"directions": "y", "values": of_wave("velocity")[..., 1]},
        {"directions": [(0.6, 0.8), (0.0, 1.0)], "noise": np.full((6, 2), 0.1), "shot": "left"},
        {"quantity": "stress", "values": of_wave("stress")[..., [2, 0]], "directions": ("xy", "xx")},
        {"time": np.where(np.arange(9) > 6, np.nan, TIME + np.zeros((6, 1))),
         "values": np.where(np.arange(9)[:, None] > 6, np.nan, of_wave("velocity")),
         "gain": np.full((6, 2), -2.0), "delay": 0.01, "noise": np.full((6, 9, 2), 0.1)},
    ],
)  # fmt: skip
def test_a_file_gives_all_of_it_back_and_plain_h5py_reads_it(changes, tmp_path):
    records = ep.Records(**({"quantity": "velocity", "values": of_wave("velocity"), "xy": XY, "time": TIME} | changes))
    other = ep.Records("displacement", of_wave("displacement"), XY, TIME)
    ep.Receivers(records=[other, records], title="both").save(tmp_path / "data.h5")
    found = ep.Receivers.load(tmp_path / "data.h5")
    assert len(found.records) == 2 and found.records[0].is_complete
    for name in ("quantity", "shot"):
        assert getattr(found.records[1], name) == getattr(records, name)
    for name in ("values", "xy", "time", "parts", "noise", "gain", "delay"):
        np.testing.assert_array_equal(getattr(found.records[1], name), getattr(records, name))
    with h5py.File(tmp_path / "data.h5") as file:
        group = file["records/2"]
        assert group.attrs["quantity"].decode() == records.quantity and group.attrs["shot"].decode() == records.shot
        assert group["values"].attrs["units"].decode() == records.kind.unit
        components = group["directions"].attrs["components"].decode().split()
        assert components == list(records.kind.components) and group["directions"].shape[-1] == len(components)


def test_masked_values_are_gaps_and_one_channel_may_be_given_without_an_axis():
    masked = np.ma.masked_array(of_wave("velocity")[..., 0], mask=(np.arange(9) == 3) & np.ones((6, 1), bool))
    records = ep.Records("velocity", masked, XY, TIME, "x")
    assert records.values.shape == (6, 9, 1) and not records.is_there[:, 3].any() and records.is_there.sum() == 48
    assert repr(records) == "Records(velocity of 6 at 9 times along x, 11 % of samples missing)"
    masked[0] = np.ma.masked  # a receiver that recorded nothing
    assert ep.Records("velocity", masked, XY, TIME, "x").told == (
        "velocity of 6 at 9 times along x, 1 of 6 receivers recorded nothing, 11 % of samples missing"
    )
    own = np.where(np.arange(9) < 6, TIME, np.nan) + np.zeros((6, 1))  # times that end before others' do
    values = np.where(np.isfinite(own), of_wave("velocity")[..., 0], np.nan)
    assert ep.Records("velocity", values, XY, own, "x").told == "velocity of 6 at 9 times along x"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"quantity": "speed"}, "quantity = 'speed': legal are displacement, velocity, acceleration, strain"),
        ({"values": of_wave("velocity")[..., :1]}, "velocity has 1 channels a receiver: directions are needed"),
        ({"directions": ("x", "xx")}, "directions has 'xx': legal are x, y, or vectors"),
        ({"directions": "x"}, r"a name or a vector for each of 2 channels is needed"),
        ({"directions": [(0.0, 0.0), (1.0, 0.0)]}, "a vector of no length"),
        ({"directions": [(0.6, 0.8, 0.0), (1.0, 0.0, 0.0)]}, r"a name or a vector for each of 2 channels is needed"),
        ({"quantity": "strain", "directions": [(0.6, 0.8, 0.0), (1.0, 0.0, 0.0)]}, "a name or a vector for each of 2"),
        ({"directions": [(np.nan, 0.0), (1.0, 0.0)]}, "a vector of no length, or that is not finite"),
        ({"xy": [[0.0, np.nan]] * 6}, "xy has values that are not finite"),
        ({"time": np.r_[TIME[:8], TIME[7]]}, "time does not increase after row 7, counted from 0"),
        ({"time": np.r_[TIME[:8], np.nan]}, "time has values that are not finite"),
        ({"time": TIME + np.zeros((5, 1))}, r"time has shape \(5, 9\)"),
        (
            {"time": np.where(np.arange(9) > 6, np.nan, TIME) + np.zeros((6, 1))},
            "of receiver 0, counted from 0, has values where",
        ),
        ({"time": TIME * np.where(np.arange(6) == 4, -1.0, 1.0)[:, None]}, "time of receiver 4 does not increase"),
        ({"values": np.full((6, 9, 2), np.nan)}, "velocity has no value: each channel is dead"),
        ({"values": np.full((6, 9, 2), np.inf)}, "velocity has infinite values: NaN is a sample"),
        (
            {"noise": np.zeros((6, 2))},
            "noise of velocity of receiver 0, channel 0, counted from 0, is 0 m/s, where it must be more than 0",
        ),
        ({"noise": np.ones(6)}, r"noise of velocity has shape \(6,\), where one number, \(6, 2\) by channel or"),
        ({"gain": 0.0}, "the gain of velocity is 0, where it must be other than 0"),
        ({"gain": np.ones((6, 9, 2))}, r"the gain of velocity has shape"),
        (
            {"gain": np.where(np.arange(12).reshape(6, 2) == 6, 0.0, 1.0)},
            "gain of velocity of receiver 3, channel 0, counted from",
        ),
        (
            {"delay": np.inf},
            "the delay of velocity is inf s, where it must be finite, and 0 for a channel that is on time",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(changes, fault):
    fields = {"quantity": "velocity", "values": of_wave("velocity"), "xy": XY, "time": TIME} | changes
    with pytest.raises(ep.ProblemError, match=fault):
        ep.Records(**fields)


def test_what_needs_x_and_y_of_one_quantity_says_so_for_others():
    one = ep.Records("velocity", of_wave("velocity")[..., 1], XY, TIME, "y")
    with pytest.raises(ep.ProblemError, match="these receivers have velocity of 6 at 9 times along y: x and y of"):
        _ = ep.Receivers(records=one).recorded
    both = ep.Receivers(records=[one, ep.Records("strain", of_wave("strain"), XY, TIME)])
    with pytest.raises(ep.ProblemError, match="these receivers have 2 sets of records"):
        _ = both.time
    with pytest.raises(ep.ProblemError, match="noise beside several records: state it in each of these"):
        replace(both, noise=1.0)
    assert both.places.shape == (12, 2) and both.span == (0.1, 0.9) and both.samples == 54 * 4
    assert both.whose(7) == (1, 1)


def test_two_shots_are_two_wavefields():
    one = ep.Records("velocity", of_wave("velocity"), XY, TIME, shot="left")
    with pytest.raises(ep.ProblemError, match="the records are of the shots 'left' and 'right'"):
        problem_of(one, replace(one, shot="right", values=one.values**2))


def test_a_recorded_stress_tells_the_factor_only_beside_the_motion():
    every = ep.Material(2.0, 1.0, 1.0, ("lambda", "mu", "rho"))
    stress, strain = (ep.Records(name, of_wave(name), XY, TIME) for name in ("stress", "strain"))
    with pytest.raises(ep.ProblemError, match="lambda, mu and rho cannot all be found from stress alone"):
        problem_of(stress, material=every)
    assert problem_of(stress, strain, material=every).unknowns == ("lambda", "mu", "rho")
    assert problem_of(stress, material=every, initial=ep.Initial.of(WAVE)).unknowns == ("lambda", "mu", "rho")


def test_records_that_differ_in_anything_are_another_problem():
    one = ep.Records("velocity", of_wave("velocity"), XY, TIME, [(0.6, 0.8), (1.0, 0.0)])
    first = problem_of(one, displacement_scale=1.0)
    assert first.is_like(problem_of(replace(one), displacement_scale=1.0).identity)
    others = {
        "delay": 1e-3, "gain": 2.0, "noise": 1.0, "directions": [(0.8, 0.6), (1.0, 0.0)], "shot": "b",
        "values": np.where(np.arange(9)[:, None] == 2, np.nan, one.values), "quantity": "displacement",
    }  # fmt: skip
    for name, value in others.items():
        other = problem_of(replace(one, **{name: value}), displacement_scale=1.0)
        assert not first.is_like(other.identity), name


def test_an_uncertain_density_beside_what_tells_it_or_beside_known_moduli_is_refused():
    for unknowns in ((), ("mu",), ("mu", "rho")):
        with pytest.raises(ep.ProblemError, match=r"density_plus_minus = 0\.1 kg/m3 with the unknowns"):
            ep.Material(2.0, 1.0, 1.0, unknowns, density_plus_minus=0.1)
    both = ep.Material(2.0, 1.0, 1.0, ("lambda", "mu"), density_plus_minus=0.1)
    one = ep.Records("velocity", of_wave("velocity"), XY, TIME)
    assert problem_of(one, material=both).material.density_plus_minus == 0.1
    with pytest.raises(ep.ProblemError, match="here is a known force, traction or stress: leave it out"):
        problem_of(one, material=both, force=lambda x, y, t: torch.stack([x, y], dim=1))


def test_one_gap_changes_nothing_of_what_the_data_count_beside_all_else():
    whole = ep.Records("velocity", of_wave("velocity"), XY, TIME, noise=0.1)
    values = 1.1 * whole.values
    one_gap = np.where((np.arange(108) == 17).reshape(6, 9, 2), np.nan, values)

    def loss(each: np.ndarray) -> float:
        problem = problem_of(replace(whole, values=each), displacement_scale=1e-3)
        counts = {"interior": 4, "boundary": 4, "initial": 4}
        batches = draw_evenly(problem, counts, "uniform", np.random.default_rng(0)) | data_batches(problem)
        return Loss(problem, TrainingConfig())(model_of(problem, WAVE), batches)["data"].item()

    assert loss(one_gap) == pytest.approx(loss(values), rel=0.02)


def test_what_noise_of_one_quantity_implies_for_another_does_not_hang_on_the_order_of_rows():
    noise = np.full((6, 2), 1e-3)
    noise[0] = 1.0
    first = ep.Records("velocity", of_wave("velocity"), XY, TIME, noise=noise)
    last = ep.Records("velocity", first.values, XY, TIME, noise=noise[::-1].copy())
    strain = ep.Records("strain", of_wave("strain"), XY, TIME)
    levels = [float(noises_of(ep.Receivers(records=[each, strain]))[1].flat[0]) for each in (first, last)]
    assert levels[0] == pytest.approx(levels[1])


def test_names_of_a_file_stand_beside_numbers_and_go_with_their_receivers(tmp_path):
    """Verdicts, warnings and the map by receiver named channels by numbers alone."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((6, 50, 2))
    values[4, :, 1] = 3.0  # a sensor that was not connected
    called = np.array([[f"laser {row}", f"gauge µ{row}"] for row in range(6)])
    called[5] = ["7", ""]
    records = ep.Records("velocity", values, XY, np.arange(50) / 50, names=called, noise=1.0)
    receivers = ep.Receivers(records=records, material={"lambda": 1.0, "mu": 1.0, "rho": 1.0})
    assert [each.channel for each in faulty_channels(receivers)] == ["4 y (gauge µ4)"]
    receivers.save(tmp_path / "named.h5")
    read = ep.Receivers.load(tmp_path / "named.h5")
    assert read.only.names.tolist() == called.tolist()
    assert own_name(read.only, 4) == " (laser 4, gauge µ4)"
    assert own_name(read.only, 5, 0) == " (no. 7)", "which is no row"
    assert own_name(read.only, 5, 1) == ""
    names = problem_of(read.only).recorded.samples.names
    assert names[:2] == ("0 x (laser 0)", "0 y (gauge µ0)") and names[-2:] == ("5 x (no. 7)", "5 y")
    kept = ep.processing.leave_out(read, [0, 1])
    assert own_name(kept.only, 0, 0) == " (laser 2)"
    with h5py.File(tmp_path / "named.h5", "r+") as file:
        del file["records/1/names"]
    assert ep.Receivers.load(tmp_path / "named.h5").only.names is None
    assert ep.Records("velocity", values, XY, np.arange(50) / 50, names=["a"] * 6).names[3].tolist() == ["a", "a"]
    assert replace(read, xy=XY[:2], time=np.arange(50) / 50, velocity=values[:2]).only.names is None
    assert replace(read, xy=XY[::-1].copy()).only.names is None, "which are those of other receivers"
    assert replace(read, xy=XY.tolist(), noise=2.0).only.names.tolist() == called.tolist()
    with pytest.raises(
        ep.ProblemError, match=r"names have shape \(5,\), where \(6, 2\) by channel or \(6,\) is needed"
    ):
        ep.Records("velocity", values, XY, np.arange(50) / 50, names=["a"] * 5)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (math.nan, "nan of row 4"),
        (3, "3 of row 4"),
        (b"caf\xe9", r"b'caf\\xe9' of row 4"),
        ("\ud800", r"'\\ud800' of row 4"),
        (["a"], r"\['a'\] of row 4"),
    ],
)
def test_a_name_that_is_no_text_is_refused_by_its_row(name, told):
    values = of_wave("velocity")
    by_channel = [["a", "b"] for _ in range(6)]
    by_channel[4][1] = name
    for names in (["a", "b", "c", "d", name, "f"], by_channel):
        with pytest.raises(ep.ProblemError, match=f"^names: {told}: text is needed, as 'laser 3', or None"):
            ep.Records("velocity", values, XY, TIME, names=names)


def test_none_is_no_name(tmp_path):
    records = ep.Records("velocity", of_wave("velocity"), XY, TIME, names=[None, "laser 1", "µ", "", None, "None"])
    ep.Receivers(records=records).save(tmp_path / "named.h5")
    read = ep.Receivers.load(tmp_path / "named.h5").only
    assert read.names[:, 1].tolist() == records.names[:, 0].tolist() == ["", "laser 1", "µ", "", "", "None"]
    assert ep.Records("velocity", of_wave("velocity"), XY, TIME, names=[None] * 6).names is None


def test_gains_are_found_by_numbers_whatever_channels_are_called():
    records = ep.Records("velocity", of_wave("velocity"), XY, TIME, names=[f"laser {row}" for row in range(6)])
    assert channel_names(ep.Receivers(records=records))[:3] == ["0 x", "0 y", "1 x"]
