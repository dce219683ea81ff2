"""Inside, every number is of order one, and the way back to SI is exact."""

import pytest
import torch

from elastic_pinn.physics import ALUMINIUM, Domain, Material, Scales

DOMAIN = Domain((0.01, 0.07), (-0.02, 0.02), (1e-6, 9e-6))
SCALES = Scales.of(DOMAIN, ALUMINIUM, 2e-9)


def test_length_is_half_the_longer_side_and_time_what_p_waves_take_for_it():
    assert SCALES.length == pytest.approx(0.03)
    assert SCALES.time == pytest.approx(0.03 / ALUMINIUM.c_p)
    assert Scales.of(Domain((0.0, 1.0), (0.0, 4.0), (0.0, 1.0)), ALUMINIUM, 1.0).length == 2.0


def test_displacement_over_length_times_p_modulus_is_stress():
    assert SCALES.displacement == 2e-9
    assert SCALES.stress == pytest.approx(1.096e11 * 2e-9 / 0.03)
    assert SCALES.velocity == pytest.approx(2e-9 / SCALES.time)


def test_force_is_stress_over_length_and_density_times_acceleration():
    assert SCALES.force == pytest.approx(SCALES.stress / 0.03)
    assert SCALES.force == pytest.approx(2700 * 2e-9 / SCALES.time**2)


def test_the_window_is_centred_and_its_longer_side_goes_from_minus_one_to_one():
    corners = torch.stack([DOMAIN.low, DOMAIN.high])
    inside = SCALES.dimensionless(corners)
    half_time = 4e-6 / SCALES.time
    assert inside[1].tolist() == pytest.approx([1.0, 2 / 3, half_time])
    assert inside[0].tolist() == pytest.approx([-1.0, -2 / 3, -half_time])
    assert inside[1].tolist() == pytest.approx(SCALES.extent)


def test_the_numbers_in_a_checkpoint_give_the_scales_back_exactly():
    assert Scales.from_tensor(SCALES.as_tensor()) == SCALES


def test_other_units_give_the_same_inside():
    # lengths in mm, times in us, masses such that stress is in GPa
    domain = Domain((10.0, 70.0), (-20.0, 20.0), (1.0, 9.0))
    scales = Scales.of(domain, Material(57.6, 26.0, 2.7), 2e-6)  # GPa us2 / mm2 = 1000 kg/m3
    assert scales.extent == pytest.approx(SCALES.extent, rel=1e-12)
