"""Doubts name what of recordings can hardly be so, with the mend, and nothing that is sound."""

import logging
import re

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.data.readers.arrivals import arrivals_of
from elastic_pinn.physics.data.readers.doubts import doubts
from elastic_pinn.physics.data.readers.summary import summary
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses


@pytest.fixture(scope="module")
def block() -> ep.Receivers:
    """The aluminium block, with P waves of 6371 m/s."""
    return ep.Receivers.load("data/aluminium_receivers.h5")


def scaled(block: ep.Receivers, length=1.0, time=1.0, value=1.0, **fields) -> ep.Receivers:
    return ep.Receivers(length * block.xy, time * block.time, value * block.displacement, **fields)


def test_sound_recordings_raise_no_doubt(block):
    assert doubts(scaled(block)) == []
    for name in ("plate_receivers", "plate_force_receivers"):
        assert doubts(ep.Receivers.load(f"data/{name}.h5")) == []


def test_even_times_that_were_rounded_are_doubted_and_uneven_ones_are_not(block):
    def of(time):
        return [each for each in doubts(ep.Receivers(block.xy, time, block.displacement)) if each.startswith("times ")]

    step = 0.027e-6
    even = step * np.arange(len(block.time))
    for digits in (0.3 * step, 0.7 * step):
        [doubt] = of(digits * np.rint(even / digits))
        assert f"rounded to {digits:.2g} s, it seems" in doubt and f"of a step, {step:.3g} s" in doubt
    as_written = np.array([float(f"{each:.2E}") for each in 0.0123e-6 + even])  # so many digits, whatever the size
    assert len(of(as_written)) == 1
    rng = np.random.default_rng(0)
    for fine in (even, even + 0.3 * step * rng.random(len(even)), even * (1.0 + even / even[-1])):
        assert of(fine) == []
    assert of(np.append(even[: len(even) // 2], even[len(even) // 2 :] + step)) == [], "a gap"


def test_more_noise_than_all_that_was_recorded_is_doubted(block):
    size = np.sqrt(np.mean(block.displacement**2))
    for times, is_told in ((0.9, False), (1.1, True), (150.0, True)):
        found = doubts(ep.Receivers(block.xy, block.time, block.displacement, noise=times * size))
        told = f"a noise of {times * size:.3g} m is stated, and the root mean square of all that was recorded is"
        assert any(each.startswith(told) for each in found) == is_told


@pytest.mark.parametrize(("stated", "is_told"), [(0.4, True), (0.6, False), (1.7, False), (2.5, True)])
@pytest.mark.parametrize("is_by_channel", [False, True])
def test_another_noise_than_before_the_first_arrival_is_doubted(stated, is_told, is_by_channel):
    """Waves at 50 kHz from 20 us on, of 8 lasers with offsets and noise of 0.5 mm/s, or of 0.5 to 5 mm/s."""
    time, rows = 5e-7 * np.arange(-60, 160), np.arange(8)
    since = time - 2e-6 * rows[:, None]
    level = 0.5e-3 * (1.0 + rows * is_by_channel)[:, None]  # (R, C)
    values = np.where(since > 0.0, 0.2 * np.sin(2 * np.pi * 5e4 * since), 0.0) + 1e-3 * rows[:, None]
    values = values + level * np.random.default_rng(0).standard_normal(values.shape)
    xy = np.stack([6e-3 * rows, 0.0 * rows], axis=1)
    records = ep.Records("velocity", values, xy, time, ["y"], noise=stated * level)
    found = [each for each in doubts(ep.Receivers(records=records)) if "before the first arrival" in each]
    ratios = [float(re.search(r"before the first arrival, (.*) times as much: check noise", each)[1]) for each in found]
    assert ratios == [pytest.approx(1.0 / stated, rel=0.1)] * is_told
    assert is_by_channel or all(f"a noise of {stated * 5e-4:.3g} m/s is stated, and" in each for each in found)


def test_a_line_across_the_way_of_a_wave_raises_no_doubt(block):
    line = block.xy[:, 0] == 0.0  # its middle is reached first, and its ends hardly later
    doubted = ep.Receivers(block.xy[line], block.time, block.displacement[line])
    assert doubts(doubted) == []
    assert "which no solid has" in doubts(ep.Receivers(1e3 * doubted.xy, doubted.time, doubted.recorded))[0]


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"length": 1e3}, "were length_unit mm"),  # positions in mm called m: km/us
        ({"time": 1e6}, "were time_unit us"),
        ({"time": 1e-6}, "which no solid has"),
        ({"value": 1e9}, "displacements of 67.* m are larger than the receivers' extent"),
        ({"value": 1e-30}, "check value_unit"),
    ],
)
def test_a_wrong_unit_is_doubted_with_the_mend(wrong, mend, block):
    assert any(re.search(mend, text) for text in doubts(scaled(block, **wrong)))


@pytest.mark.parametrize(("length", "meant"), [(10.0, "length_unit mm for cm"), (100.0, "length_unit cm for m")])
def test_units_of_tens_are_doubted_with_the_numbers_and_the_speed_that_they_make(length, meant, block):
    for given in ({}, {"material": ep.Material(5.76e10, 2.6e10, 2700.0)}):
        [doubt] = doubts(scaled(block, length=length, **given))
        assert f"receivers extend over {length * 0.0849:.3g} m and times over 8e-06 s" in doubt
        [made] = re.findall(rf"{meant} \(that makes ([\d.e+]+) m/s\)", doubt)
        assert float(made) == pytest.approx(6371.0, rel=0.1)
    assert doubt.count("that makes") == 1  # beside a material no other unit fits


def plane_waves(spacing: float, frequency: float, step: float) -> ep.Receivers:
    """A tone burst of 3000 m/s across a grid, with noise before it."""
    x, y = (each.ravel() for each in np.meshgrid(spacing * np.arange(10), spacing * np.arange(4)))
    time = step * np.arange(400)
    late = time[None] - x[:, None] / 3000.0 - 100 * step
    burst = np.where((late > 0) & (late < 200 * step), np.sin(2 * np.pi * frequency * late), 0.0)
    noise = 1e-3 * np.random.default_rng(0).standard_normal((len(x), 400, 2))
    return ep.Receivers(np.stack([x, y], 1), time, velocity=burst[..., None] + noise)


def test_receivers_too_far_apart_for_the_waves_are_told():
    assert doubts(plane_waves(spacing=0.005, frequency=1e5, step=1e-6)) == []  # waves of 30 mm
    [doubt] = doubts(plane_waves(spacing=0.02, frequency=1e5, step=1e-6))
    assert doubt.startswith("receivers are 0.02 m apart, more than half of the shortest wave, 0.0")
    assert "without known sides (problem: receivers)" in doubt and "filtered" in doubt
    assert "whose sides and sources are known (problem: plate) they may be as far apart" in doubt


def test_samples_too_far_apart_for_the_waves_are_told():
    assert any("near the Nyquist frequency" in doubt for doubt in doubts(plane_waves(0.005, 4.5e5, 1e-6)))


def test_doubts_are_logged_where_recordings_are_read(block, tmp_path, caplog):
    np.savez(tmp_path / "scan.npz", displacement=block.displacement, time=block.time, xy=block.xy)
    with caplog.at_level(logging.WARNING):
        ep.Receivers.read(tmp_path / "scan.npz", directions=["x", "y"], value_unit="m", length_unit="km", time_unit="s")
    assert "which no solid has" in caplog.text


def recorded(size: float, c_p: float, c_s: float, rho: float, receivers: int, noise: float) -> ep.Receivers:
    """Two pulses in a window, with a material whose lambda and mu are 30 % off."""
    rng = np.random.default_rng(7)
    pulses = [GaussianPulse((a * size, b * size), along, size / 5.0, 0.01 * c_s / 3000.0)
              for a, b, along in ((0.35, 0.4, (1.0, 0.0)), (0.65, 0.55, (0.0, 1.0)))]  # fmt: skip
    xy = np.concatenate([[[0.0, 0.0], [size, size]], size * rng.random((receivers - 2, 2))])
    time = np.linspace(0.0, 0.85 * size / c_p, 41)
    clean = record_pulses(pulses, torch.from_numpy(xy), torch.from_numpy(time), c_p, c_s).numpy()
    values = clean + noise * np.abs(clean).max() * rng.standard_normal(clean.shape)
    mu = rho * c_s**2
    material = {"lambda": 1.3 * (rho * c_p**2 - 2.0 * mu), "mu": 0.7 * mu, "rho": rho}
    return ep.Receivers(xy, time, values, material=material, start={"lambda", "mu"})


SOLIDS = {
    "gel": (0.02, 4.5, 2.0, 1000.0, 64, 0.03),
    "tissue": (5e-3, 12.0, 5.0, 1000.0, 400, 0.1),
    "ground": (100.0, 600.0, 300.0, 1900.0, 36, 0.03),
    "aluminium": (0.06, 6400.0, 3100.0, 2700.0, 8, 0.01),
    "steel": (1.0, 5900.0, 3200.0, 7800.0, 100, 0.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLIDS)
def test_a_unit_that_is_a_thousand_off_is_doubted_beside_a_material_and_no_other(name):
    solid = recorded(*SOLIDS[name])
    given = {"material": solid.material, "start": solid.start}
    assert doubts(solid) == []
    for changed in ({"time": 1e3}, {"length": 1e-3}):
        [first, *_] = doubts(scaled(solid, **changed, **given))
        assert "time_unit us for ms (or ms for s)" in first and "length_unit m for mm" in first
        assert "material that is given" in first
    for changed in ({"time": 1e-3}, {"length": 1e3}):
        [first, *_] = doubts(scaled(solid, **changed, **given))
        assert "length_unit mm for m or time_unit ms for us (or s for ms) (that makes " in first


def test_values_that_strain_a_solid_too_much_are_doubted():
    block = recorded(*SOLIDS["aluminium"])
    given = {"material": block.material, "start": block.start}
    [doubt] = doubts(scaled(block, value=1e4, **given))
    assert "is a strain of 0.0" in doubt and "was a smaller value_unit meant, as nm for um (or um for mm)?" in doubt
    assert doubts(scaled(block, value=1e2, **given)) == []
    velocity = np.gradient(block.displacement, block.time, axis=1)
    for quantity, values in {"velocity": velocity, "acceleration": np.gradient(velocity, block.time, axis=1)}.items():
        of_quantity = {size: ep.Receivers(records=ep.Records(quantity, size * values, block.xy, block.time), **given)
                       for size in (1.0, 1e5)}  # fmt: skip
        assert doubts(of_quantity[1.0]) == [] and "is a strain of" in doubts(of_quantity[1e5])[0]
    strain = np.concatenate([velocity, velocity[..., :1]], axis=-1) / np.abs(velocity).max()
    for quantity, size in {"strain": 1e-2, "stress": 1e9}.items():
        made = ep.Receivers(records=ep.Records(quantity, size * strain, block.xy, block.time), **given)
        assert "is a strain of" in doubts(made)[0] and "value_unit" in doubts(made)[0]
        made = ep.Receivers(records=ep.Records(quantity, 1e-3 * size * strain, block.xy, block.time), **given)
        assert doubts(made) == []


def test_slow_waves_are_those_of_gels_alone_unless_a_material_tells_of_them(block):
    [doubt] = doubts(scaled(block, time=1e3))
    assert re.match(r"waves arrive at 6\.\d+ m/s, as in gels and soft tissue alone, of which a material", doubt)
    assert doubts(scaled(block, time=1e3, material=ep.Material.from_speeds(6.37, 3.1, 1000.0))) == []
    assert doubts(recorded(0.02, 4.5, 2.0, 1000.0, 64, 0.001)) == []


@pytest.mark.parametrize("case", [(12.0, 620.0, 260.0, 1900.0, 64, 0.01), (0.048, 6072.0, 3127.0, 4430.0, 64, 0.01)])
def test_recordings_of_which_few_receivers_see_waves_arrive_tell_no_speed(case):
    """What looks like an arrival there, at some receivers, would be waves several times too fast."""
    on_way = recorded(*case)
    [records] = on_way.records
    arrivals = arrivals_of(records)
    assert np.isfinite(arrivals.first).sum() > 0 and not len(arrivals.speeds)
    [line] = [each for each in summary(on_way) if each.startswith("first arrivals: ")]
    assert re.match(r"first arrivals: at \d+ of 64 receivers; at the others none is seen", line)
    assert not any("arrive" in doubt for doubt in doubts(scaled(on_way)))


@pytest.mark.parametrize(
    ("material", "told"),
    [
        ((75.0, 18.0, 2.7), ["density is 2.7 kg/m3.*was 2.7 g/cm3 meant?", "lame_mu is 18 Pa, softer.*was 18 GPa"]),
        ((75e9, 18e9, 2.7), ["density is 2.7 kg/m3, where solids have 25 to 25000"]),
        ((75e9, 18e9, 2.7e6), ["density is 2.7e.06 kg/m3.*check its unit"]),
        ((75.0, 18e9, 2700.0), ["lame_lambda is 75 Pa beside lame_mu of 1.8e.10 Pa.*as GPa"]),
        ((75e12, 18e12, 2700.0), ["P waves run at 2.03e.05 m/s in the material that is given, which no solid has"]),
        ((0.0, 18e9, 2700.0), []),
    ],
)
def test_constants_that_no_solid_has_are_doubted_as_numbers_without_their_unit(block, material, told):
    found = doubts(scaled(block, material=ep.Material(*material)))
    assert len(found) == len(told) and all(re.match(each, one) for each, one in zip(told, found, strict=True))


def test_receivers_that_are_nearly_at_one_place_are_doubted(block):
    xy = block.xy.copy()
    xy[1] = xy[0] + 1e-6
    [doubt] = doubts(ep.Receivers(xy, block.time, block.displacement))
    assert doubt.startswith("receivers at (0, 0) m are 1.4e-06 m apart, where others are 0.006 m")
