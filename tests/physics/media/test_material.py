"""Every material that is tried is a stable solid, and SI values go in and come out."""

import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import ProblemError
from elastic_pinn.physics.media.material import ALUMINIUM, Material
from elastic_pinn.physics.unknowns import MaterialParameters

SIZES = (-1e30, -50.0, -3.0, -0.2, 0.0, 0.2, 3.0, 50.0, 1e30)
each_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def searched(unknowns, dtype=torch.float64, **values) -> MaterialParameters:
    module = MaterialParameters(Material(5.76e10, 2.6e10, 2700.0, unknowns, unknown_range=10.0), dtype)
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).fill_(value)
    return module


def test_the_waves_of_aluminium_have_the_speeds_of_a_textbook():
    assert pytest.approx(6371.2, abs=0.05) == ALUMINIUM.c_p  # sqrt((57.6 + 2 * 26) GPa / 2700 kg/m3)
    assert pytest.approx(3103.2, abs=0.05) == ALUMINIUM.c_s  # sqrt(26 GPa / 2700 kg/m3)
    assert pytest.approx(1.096e11) == ALUMINIUM.p_modulus
    assert pytest.approx(7.49333e10, rel=1e-5) == ALUMINIUM.bulk_modulus


@pytest.mark.parametrize("lame_lambda", [-0.66e10, -1.0, 0.0, 5.76e10, 1e15])
def test_speeds_and_engineering_constants_give_the_solid_back(lame_lambda):
    solid = Material(lame_lambda, 1e10, 2700.0)
    nu = lame_lambda / (2.0 * (lame_lambda + 1e10))
    by_speeds = Material.from_speeds(solid.c_p, solid.c_s, 2700.0)
    by_young = Material.from_young(2.0e10 * (1.0 + nu), nu, 2700.0)
    for given in (by_speeds, by_young):
        assert given.lame_mu == pytest.approx(1e10, rel=1e-12) and given.density == 2700.0
        assert given.p_modulus == pytest.approx(solid.p_modulus, rel=1e-9)  # 1 - 2 nu loses digits near 0.5
    assert by_speeds.lame_lambda == pytest.approx(lame_lambda, rel=1e-12, abs=1e-4)


def test_engineering_constants_are_those_of_a_textbook():
    steel = Material.from_young(200e9, 0.25, 7850.0)  # then lambda = mu = 2 E / 5
    assert (steel.lame_lambda, steel.lame_mu) == (80e9, 80e9)
    assert Material.from_young(7e10, 0.0, 2700.0) == Material(0.0, 3.5e10, 2700.0)
    assert Material.from_speeds(5.0, 3.0, 2.0) == Material(14.0, 18.0, 2.0)


def test_what_else_a_material_is_given_is_passed_on():
    others = {"unknowns": ("lambda", "mu"), "unknown_range": 3.0, "damping": 2.0, "plane": "stress"}
    assert Material.from_speeds(5.0, 3.0, 2.0, **others) == Material(14.0, 18.0, 2.0, **others)
    assert Material.from_young(200e9, 0.25, 7850.0, **others) == Material(80e9, 80e9, 7850.0, **others)


@pytest.mark.parametrize(
    ("make", "given", "fault"),
    [
        (Material.from_young, (1.0, 0.5, 1.0), "E = 1 Pa, nu = 0.5; .* nu above -1 and below 0.5"),
        (Material.from_young, (1.0, -1.0, 1.0), "nu above -1 and below 0.5"),
        (Material.from_young, (-1.0, -2.0, 1.0), "E must be positive"),
        (Material.from_young, (1.0, math.nan, 1.0), "poisson_ratio = nan: it must be finite"),
        (Material.from_speeds, (1.0, 1.0, 1.0), r"c_p above sqrt\(4/3\) c_s"),
        (Material.from_speeds, (-2.0, 1.0, 1.0), r"c_p above sqrt\(4/3\) c_s"),
        (Material.from_speeds, (2.0, 0.0, 1.0), "c_s must be positive"),
        (Material.from_speeds, (2.0, 1.0, -1.0), "rho"),
        (Material.from_speeds, (2.0, "1", 1.0), "c_s = '1': one number is needed"),
    ],
)
def test_speeds_and_engineering_constants_of_no_stable_solid_are_refused(make, given, fault):
    with pytest.raises(ProblemError, match=fault):
        make(*given)


@pytest.mark.parametrize("nu", [-1.0 + 1e-12, 0.5 - 1e-12])
def test_every_ratio_of_a_stable_solid_is_legal(nu):
    assert Material.from_young(1.0, nu, 1.0).bulk_modulus > 0


@pytest.mark.parametrize("constants", [(1.0, 0.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0), (-0.7, 1.0, 1.0)])
def test_a_solid_that_would_fall_apart_is_refused(constants):
    with pytest.raises(ValueError, match=r"no stable solid.*must be positive"):
        Material(*constants)


@pytest.mark.parametrize("value", [math.nan, math.inf, "soft", "2700", True, None, (1.0, 2.0)])
def test_what_is_no_finite_number_is_refused_by_name(value):
    with pytest.raises(ProblemError, match=r"lame_mu = .*(finite|one number is needed)"):
        Material(1.0, value, 1.0)


def test_numbers_of_any_kind_are_taken():
    assert Material(np.float32(2.0), torch.tensor(1), 1) == Material(2.0, 1.0, 1.0)
    assert Material(2, 1, 1, unknowns="mu") == Material(2.0, 1.0, 1.0, unknowns=["mu"])


def test_a_solid_with_negative_lambda_may_be_stable():
    assert Material(-0.6, 1.0, 1.0).bulk_modulus > 0


def test_a_range_in_which_a_known_lambda_would_not_be_stable_is_refused():
    with pytest.raises(ValueError, match="narrow unknown_range"):
        Material(-0.5, 1.0, 1.0, unknowns=("mu",), unknown_range=2.0)
    Material(-0.5, 1.0, 1.0, unknowns=("mu",), unknown_range=1.2)
    Material(-0.5, 1.0, 1.0, unknowns=("lambda", "mu"), unknown_range=2.0)


def test_an_unheard_unknown_is_refused_with_the_legal_names():
    for unknowns in (("nu",), ("mu", "mu")):
        with pytest.raises(ValueError, match=r"unknowns .*legal are any of lambda, mu, rho, each once"):
            Material(1.0, 1.0, 1.0, unknowns=unknowns)


@pytest.mark.parametrize("unknown_range", [1.0, 0.5, -2.0, math.inf, math.nan])
def test_a_range_that_is_none_is_refused(unknown_range):
    with pytest.raises(ValueError, match=r"unknown_range = .*must be (above 1|finite)"):
        Material(1.0, 1.0, 1.0, unknown_range=unknown_range)


@each_dtype
def test_a_known_value_comes_back_to_the_last_bit(dtype):
    module = searched((), dtype)
    assert module.si() == {"lambda": 5.76e10, "mu": 2.6e10, "rho": 2700.0}
    assert not list(module.parameters())


@each_dtype
def test_a_search_starts_at_the_start(dtype):
    found = searched(("lambda", "mu", "rho"), dtype).si()
    tolerance = 10 * torch.finfo(dtype).eps
    assert found == pytest.approx({"lambda": 5.76e10, "mu": 2.6e10, "rho": 2700.0}, rel=tolerance)


@each_dtype
@pytest.mark.parametrize("unknowns", [("lambda",), ("mu",), ("lambda", "mu"), ("lambda", "mu", "rho")])
def test_every_value_tried_is_a_stable_solid_within_its_range(unknowns, dtype):
    wide = 10.0 * (1 + 1e-5)
    for bulk in SIZES:
        for shear in SIZES:
            values = {"lambda": ("log_bulk", bulk), "mu": ("log_mu", shear), "rho": ("log_rho", bulk)}
            now = searched(unknowns, dtype, **dict(values[name] for name in unknowns)).si()
            solid = Material(now["lambda"], now["mu"], now["rho"])  # refuses what is not stable
            assert 2.6e10 / wide <= solid.lame_mu <= 2.6e10 * wide
            assert 2700 / wide <= solid.density <= 2700 * wide
            if "lambda" in unknowns:
                assert ALUMINIUM.bulk_modulus / wide <= solid.bulk_modulus <= ALUMINIUM.bulk_modulus * wide


def test_a_known_value_stays_while_another_is_searched():
    assert searched(("mu",), log_mu=0.7).si()["lambda"] == 5.76e10
    assert searched(("lambda",), log_bulk=0.7).si()["mu"] == 2.6e10
    lame_lambda, _, _ = searched(("mu",), log_mu=0.7).constants()
    assert lame_lambda.item() == pytest.approx(5.76e10 / 1.096e11, rel=1e-15)


def test_a_small_parameter_is_the_relative_change():
    assert searched(("mu",), log_mu=1e-4).si()["mu"] == pytest.approx(2.6e10 * (1 + 1e-4), rel=1e-8)
    assert searched(("rho",), log_rho=-1e-4).si()["rho"] == pytest.approx(2700 * (1 - 1e-4), rel=1e-8)
    softer = searched(("lambda",), log_bulk=1e-4).si()
    assert softer["lambda"] + softer["mu"] / 1.5 == pytest.approx(ALUMINIUM.bulk_modulus * (1 + 1e-4), rel=1e-8)


def test_inside_all_is_in_units_of_the_starts_p_modulus_and_density():
    module = searched(("lambda", "mu", "rho"), log_bulk=0.3, log_mu=-0.4, log_rho=0.1)
    inside, found = [value.item() for value in module.constants()], module.si()
    units = {"lambda": 1.096e11, "mu": 1.096e11, "rho": 2700.0}
    assert [value * unit for value, unit in zip(inside, units.values(), strict=True)] == pytest.approx(
        list(found.values())
    )


@each_dtype
@pytest.mark.parametrize("unknowns", [(), ("rho",), ("mu", "lambda")])
def test_the_state_alone_rebuilds_the_material(unknowns, dtype):
    module = searched(unknowns, dtype)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.3)
    again = MaterialParameters.from_state(module.state_dict(), dtype)
    assert again.si() == module.si()
    assert [a.item() for a in again.constants()] == [b.item() for b in module.constants()]
    assert {n: p.dtype for n, p in again.named_parameters()} == {n: p.dtype for n, p in module.named_parameters()}
