"""A density that no solid has is refused in SI units, and legal without dimensions."""

import pytest

import elastic_pinn as ep
from elastic_pinn.physics.media.impossible_density import why_impossible, why_impossible_in_si


@pytest.mark.parametrize("density", [5.0, 30.0, 2700.0, 22_600.0])
def test_densities_of_solids_are_passed(density):
    assert why_impossible(density, 1500.0) == why_impossible(density) == ""


@pytest.mark.parametrize(
    ("density", "meant"),
    [
        (8.5, "give 8500, if 8.5 g/cm3"),
        (2.7, "give 2700, if 2.7 g/cm3"),
        (2.7e-6, "give 2700, if 2.7e-06 kg/mm3"),
        (7.8e-9, "give 7800, if 7.8e-09 t/mm3"),
        (2.7e6, "was 2700 kg/m3, which is 2.7 g/cm3, meant?"),
        (1.185e6, "was 1185 kg/m3, which is 1.185 g/cm3, meant?"),
        (7.8e9, "was 7800 kg/m3, which is 7.8 g/cm3, meant?"),
        (1e15, "which no solid has: check its unit"),
        (1e-15, "which no solid has: check its unit"),
    ],
)
def test_others_are_told_with_what_may_be_meant(density, meant):
    solid = ep.Material.from_speeds(3000.0, 1500.0, density)
    assert meant in why_impossible(density, solid.c_p) and meant in why_impossible_in_si(solid)
    assert why_impossible_in_si(ep.Material(2.0 * density, density, density)) == "", "without dimensions"


@pytest.mark.parametrize("given", [{"density": 8.5}, {"density": 8.5, "lame_lambda": 7.5e10, "lame_mu": 1.8e10}])
def test_a_search_by_records_is_refused_before_it_begins(given, tmp_path):
    block = ep.Receivers.load("data/aluminium_receivers.h5")
    ep.Receivers(block.xy, block.time, block.displacement).save(tmp_path / "scan.h5")
    config = ep.Config(problem="receivers", data=str(tmp_path / "scan.h5"), unknowns=["lambda", "mu"], **given)
    with pytest.raises(
        ep.ConfigError, match=r"scan.h5: density = 8.5 kg/m3 beside P waves of .* m/s, which no solid has: give 8500"
    ):
        ep.problem_from(config)
