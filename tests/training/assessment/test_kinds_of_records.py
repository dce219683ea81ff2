"""Records of every kind are inverted: one direction, gaps, strain, stress, several quantities, clocks of their own."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.fit import Fit
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics.data import RECORDED_QUANTITIES
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.assessment.linearised import Linearised
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.session import Session
from tests.training.assessment.plates import trained
from tests.training.assessment.test_recorded_quantities import SQUARE

pytestmark = pytest.mark.slow

WAVES, TRUE = StandingWaves(2.0, 1.0, 1.0), {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
WITHIN = 3.5  # ±, over about 20 values
TIMES = np.linspace(0.0, 0.6, 13)
SIDE = np.linspace(0.0, 1.0, 7)
XY = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)
WAVES_USED = {"hidden_layers": [600], "input_frequency": 7.0}
PART = 0.015  # of the largest value: the noise


def exact(quantity: str, xy: np.ndarray, times: np.ndarray) -> np.ndarray:
    """All components of a quantity at places (R, 2) and times (T,) or (R, T): (R, T, K), by autograd."""
    kind = RECORDED_QUANTITIES[quantity]
    at = np.broadcast_arrays(*xy.T[:, :, None], times)
    point = {name: torch.from_numpy(each.copy()).requires_grad_() for name, each in zip("xyt", at, strict=True)}
    u = WAVES(*point.values())  # (R, T, 2)

    def derivative(values: torch.Tensor, names: str) -> torch.Tensor:
        for name in names:
            values = torch.stack(
                [torch.autograd.grad(c.sum(), point[name], create_graph=True)[0] for c in values.unbind(-1)], dim=-1
            )
        return values

    derivatives = {name: derivative(u, name).reshape(-1, 2) for name in ("", *kind.derivatives)}
    return kind.of(derivatives, Moduli.of(2.0, 1.0, 1.0)).detach().numpy().reshape(*at[0].shape, -1)


def records(quantity: str = "velocity", part: float = PART, seed: int = 0, **changes) -> ep.Records:
    """Noisy records of a quantity at 49 receivers; changes: fields of `Records`, or a function of the values."""
    clean = exact(quantity, XY, np.nan_to_num(changes.get("time", TIMES)))
    pick: Callable = changes.pop("pick", lambda values: values)
    values = pick(clean)
    noise = changes.pop("noise", part * float(np.abs(clean).max()))
    noisy = values + np.broadcast_to(_by_sample(noise), values.shape) * np.random.default_rng(seed).standard_normal(
        values.shape
    )
    return ep.Records(quantity, **({"values": noisy, "xy": XY, "time": TIMES, "noise": noise} | changes))


def _by_sample(noise) -> np.ndarray:
    noise = np.asarray(noise)
    return noise[:, None] if noise.ndim == 2 else noise


def found(*each: ep.Records, unknowns: tuple[str, ...] = ("lambda", "mu"), **settings) -> Fit:
    problem = ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
        ep.Material(2.4, 0.85, 1.2 if "rho" in unknowns else 1.0, unknowns, 1.5),
        initial=ep.Initial.of(WAVES),
        receivers=ep.Receivers(records=each),
    )
    return trained(ep.Config(**SQUARE | WAVES_USED | settings), problem)


def require_true(fit: Fit, most: float) -> None:
    """The verdict gives ±, in which the truth is, of at most a part of each value; and the misfits are the noise."""
    assert fit.plus_minus, fit.reason
    assert fit.chi_square == pytest.approx(1.0, abs=4.0 * math.sqrt(2.0 / fit.degrees_of_freedom))
    for name, plus_minus in fit.plus_minus.items():
        assert abs(fit.values[name] - TRUE[name]) < WITHIN * plus_minus, name
        assert plus_minus < most * TRUE[name], name


def test_one_component_of_each_receiver():
    fit = found(records(directions="y", pick=lambda v: v[:, :, 1:]))
    require_true(fit, 0.03)
    assert fit.samples == round(0.9 * 49 * 13)


def test_directions_of_each_receiver_and_reversed_polarity():
    angle = np.random.default_rng(3).uniform(0.0, 2.0 * np.pi, (49, 2))
    along = np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (R, C, 2)
    gain = np.where(np.arange(49) % 5 == 0, -2.0, 1.0)[:, None] * np.ones(2)
    noise = PART * np.abs(gain) * np.abs(exact("velocity", XY, TIMES)).max()
    turned = records(
        directions=along, gain=gain, noise=noise, pick=lambda v: gain[:, None] * np.einsum("rtk,rck->rtc", v, along)
    )
    require_true(found(turned), 0.03)


def test_gaps_and_dead_channels():
    def holes(values: np.ndarray) -> np.ndarray:
        missing = np.random.default_rng(4).random(values.shape) < 0.2
        missing[7, :, 0] = missing[12, :, 1] = True
        return np.where(missing, np.nan, values)

    fit = found(records(pick=holes))
    require_true(fit, 0.03)
    assert fit.samples < 0.82 * 1274


@pytest.mark.parametrize("quantity", ["displacement", "acceleration", "strain", "strain_rate"])
def test_all_components_of_a_quantity(quantity):
    require_true(found(records(quantity)), 0.03)


def test_fibres_record_the_strain_rate_along_themselves():
    along = [(1.0, 1.0), (1.0, 0.0), (0.0, 2.0)]
    fibres = records(
        "strain_rate", directions=along, pick=lambda v: np.stack([v @ [0.5, 0.5, 1.0], v[..., 0], v[..., 1]], axis=-1)
    )
    require_true(found(fibres), 0.03)


def test_a_wavefield_of_strains_alone_is_drawn_by_displacements_without_a_deviation(tmp_path):
    problem = ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
        ep.Material(2.0, 1.0, 1.0, ("mu",)),
        initial=ep.Initial.of(WAVES),
        receivers=ep.Receivers(records=records("strain")),
    )
    run = ep.train(ep.Config(**SQUARE | {"steps": 1, "hidden_layers": [40]}), tmp_path / "run", problem=problem)
    titles = [axes.get_ylabel() for axes in ep.figures.snapshots(run, problem=problem).axes]
    assert any("u_x" in title for title in titles), titles
    assert ep.figures.data_fit(run, problem=problem).axes[0].get_title() == r"$\varepsilon_{xx}$"


def test_the_deviation_of_a_stress_counts_the_moduli_themselves():
    problem = ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
        ep.Material(2.05, 0.98, 1.0, ("lambda", "mu"), 1.3),
        initial=ep.Initial.of(WAVES),
        receivers=ep.Receivers(records=records()),
    )
    session = Session(ep.Config(**SQUARE | WAVES_USED | {"steps": 4}), problem)
    for _ in range(3):
        session.advance()
    linear, quantity = Linearised(session.trained()), RECORDED_QUANTITIES["stress"]
    point = torch.tensor([[0.3, 0.6, 0.2]], dtype=torch.float64)
    statement = quantity.statement()
    batch = Batch.of(statement, problem, point, point[:0, :2], torch.zeros(1, 3, dtype=torch.float64))
    with torch.no_grad():
        z = linear.coordinates(statement, batch)
    unknowns = session.model.unknowns
    here = gather(unknowns)
    with torch.enable_grad():
        rows = session.model.jacobian(equations_of(statement, session.model.material(), batch), unknowns)
    by_difference = []
    for step in 1e-6 * torch.eye(2, dtype=torch.float64):
        values = []
        for sign in (1.0, -1.0):
            put(unknowns, here + sign * step)
            values.append(session.model.residuals(equations_of(statement, session.model.material(), batch)).detach())
        by_difference.append((values[0] - values[1]) / 2e-6)
    put(unknowns, here)
    direct = torch.stack(by_difference, dim=-1).reshape(3, 2)
    torch.testing.assert_close(rows.detach(), direct, rtol=1e-4, atol=1e-8)
    layer = session.model.jacobian(equations_of(statement, session.model.material(), batch), session.model.last_layer)
    unseen = direct - layer.detach() @ linear.factored.solve(linear.effects)
    torch.testing.assert_close(z[:, -2:], linear.in_unit_variance(unseen), rtol=1e-3, atol=1e-8)


def test_stress_with_the_known_start_finds_all_three_constants():
    require_true(found(records("stress"), unknowns=("lambda", "mu", "rho")), 0.05)


def test_two_quantities_tell_more_than_each_alone():
    strain, velocity = records("strain", seed=1), records("velocity", part=0.1, seed=2)
    alone, both = found(velocity), found(velocity, strain)
    require_true(both, 0.03)
    least = [
        sum(found(each).plus_minus[name] ** -2.0 for each in (strain, velocity)) ** -0.5 for name in ("lambda", "mu")
    ]
    for name, together in zip(("lambda", "mu"), least, strict=True):
        assert both.plus_minus[name] < 0.7 * alone.plus_minus[name]
        assert both.plus_minus[name] < 1.2 * together


def test_clocks_of_their_own_and_late_channels():
    own = np.sort(np.random.default_rng(5).uniform(0.0, 0.55, (49, 13)), axis=1)
    own[::3, 11:] = np.nan
    late = np.where(np.arange(49) % 2, 0.04, 0.0)[:, None] * np.ones(2)
    clean = exact("velocity", XY, np.nan_to_num(own))
    noise = PART * np.abs(clean).max()
    values = np.where(
        np.isnan(own)[:, :, None], np.nan, clean + noise * np.random.default_rng(6).standard_normal(clean.shape)
    )
    stamped = own + np.where(np.arange(49) % 2, 0.04, 0.0)[:, None]
    require_true(found(ep.Records("velocity", values, XY, stamped, noise=noise, delay=late)), 0.03)


def test_noise_by_channel_is_weighed_and_not_averaged():
    size = PART * np.abs(exact("velocity", XY, TIMES)).max()
    noise = np.where(np.arange(49) % 2, 10.0, 1.0)[:, None] * size * np.ones(2)
    weighed = records(noise=noise)
    fit = found(weighed)
    require_true(fit, 0.04)
    alike = float(np.sqrt(np.mean(np.square(noise))))
    ignored = found(ep.Records("velocity", weighed.values, XY, TIMES, noise=alike))
    for name in ("lambda", "mu"):
        assert fit.plus_minus[name] < 0.5 * (ignored.plus_minus.get(name) or math.inf)


def test_the_density_s_own_uncertainty_is_counted_and_correlates_the_moduli():
    def searched(part: float) -> Fit:
        problem = ep.Problem(
            ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
            ep.Material(2.2, 0.95, 1.0, ("lambda", "mu"), 1.3, density_plus_minus=part),
            initial=ep.Initial.of(WAVES),
            receivers=ep.Receivers(records=records()),
        )
        return trained(ep.Config(**SQUARE | WAVES_USED), problem)

    known, uncertain = searched(0.0), searched(0.05)
    assert uncertain.values == known.values and uncertain.chi_square == known.chi_square
    for name, value in known.values.items():
        more = math.hypot(known.plus_minus[name], 0.05 * value)
        assert uncertain.plus_minus[name] == pytest.approx(more, rel=1e-6)
    assert known.correlations["lambda and mu"] < 0.0 < 0.9 < uncertain.correlations["lambda and mu"]
    for name, value in known.derived.items():
        more = math.hypot(value.plus_minus, 0.05 * value.value) if name == "E" else value.plus_minus
        assert uncertain.derived[name].plus_minus == pytest.approx(more, rel=1e-6), "speeds and nu are in no proportion"
    assert set(known.derived) == {"c_p", "c_s", "E", "nu"}
    assert "for rho = 1 ± 0.05 kg/m3 as given, which ± counts: where it is 1 % off, " in uncertain.text
    assert "for rho = 1 kg/m3 as given, taken as exact: where it is 1 % off, so are lambda and mu, " in known.text


def test_the_moduli_that_records_tell_are_in_proportion_to_the_density_that_is_taken_for_known():
    def with_density(density: float) -> Fit:
        problem = ep.Problem(
            ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
            ep.Material(2.2 * density, 0.95 * density, density, ("lambda", "mu"), 1.3),
            initial=ep.Initial.of(WAVES),
            receivers=ep.Receivers(records=records()),
        )
        return trained(ep.Config(**SQUARE | WAVES_USED), problem)

    right, wrong = with_density(1.0), with_density(1.05)
    assert wrong.chi_square == pytest.approx(right.chi_square, rel=1e-6), "a wrong density cannot be seen"
    for name in right.values:
        assert wrong.values[name] == pytest.approx(1.05 * right.values[name], rel=1e-5)


def test_records_that_drift_are_explained_once_the_drift_is_filtered_out():
    times = np.linspace(0.0, 8.0, 321)
    size = 10.0 * np.random.default_rng(6).standard_normal((49, 1, 2))  # of each channel its own: no wave is alike
    drifting = records(time=times, pick=lambda values: values + size * np.sin(times / 4.0)[:, None])
    filtered = ep.processing.band_pass(ep.Receivers(records=drifting), lowest=0.4)
    kept = ep.processing.cut(filtered, time=(3.4, 4.0))
    material = ep.Material(2.4, 0.85, 1.0, ("lambda", "mu"), 1.5)
    problem = ep.Problem(ep.Domain((0.0, 1.0), (0.0, 1.0), (3.4, 4.0)), material, receivers=kept)
    fit = trained(ep.Config(**SQUARE | WAVES_USED), problem)
    require_true(fit, 0.03)
