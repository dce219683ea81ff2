"""The free field of sources is added to a network in every way that it is evaluated, in its units."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import Layers
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.free_field import FreeField, WithFreeField
from elastic_pinn.networks.mean_squares import mean_squares
from elastic_pinn.networks.model import Model
from elastic_pinn.physics.elasticity import MOTION, Normal, residual, traction
from elastic_pinn.physics.scales import Scales
from elastic_pinn.physics.solutions import SourceWave
from elastic_pinn.physics.sources.source_numbers import has_numbers, numbers_of, source_of

STEEL = ep.Material(1.0e11, 8.0e10, 7800.0)
WINDOW = ep.Domain((0.0, 0.04), (0.01, 0.03), (1e-6, 9e-6))
SOURCES = [
    ep.PointForce((0.01, 0.02), (1e3, -5e2), ep.Ricker(4e5, 3.5e-6), 3e-3),
    ep.MomentSource((0.03, 0.015), ((1.0, 0.2), (-0.3, 0.5)), ep.ToneBurst(5e5, 2.0, 2e-6), 4e-3),
]
SCALES = Scales.of(WINDOW, STEEL, 2e-9)
NAMES = ("", "x", "y", "t", "xx", "xy", "yy", "tt")
CONFIG = NetworkConfig(
    network="plane_waves", hidden_layers=(30,), activation="sin", input_frequency=9.0, precision="float64"
)


PLATE = ep.Plate(ep.Rectangle((0.0, 0.04), (0.01, 0.03)), [ep.Disc((0.02, 0.022), 2e-3)])


def model(sources=tuple(SOURCES), config: NetworkConfig = CONFIG, shape: ep.Plate | None = None) -> Model:
    generator = torch.Generator().manual_seed(0)
    made = Model.create(config, STEEL, SCALES, generator, shape=shape, sources=sources)
    with torch.no_grad():
        for amplitudes in made.last_layer:
            amplitudes.normal_(generator=generator)
    return made


def points(count: int = 30) -> Tensor:
    """In SI units."""
    unit = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return WINDOW.low + unit * (WINDOW.high - WINDOW.low)


def equations(medium) -> Equations:
    """The equation of motion with the sources' force, dimensionless."""
    inside, names = SCALES.dimensionless(points()), ("", *MOTION)
    one = torch.ones(len(inside), 1, dtype=torch.float64)
    target = sum(source(*points().unbind(1)) for source in SOURCES) / SCALES.force
    return Equations(inside, names, operator_of([lambda u: residual(u, medium)], names, one), one, target)


def test_the_jet_is_that_of_the_waves_of_all_sources_in_the_units_of_the_inside():
    jet = FreeField(SOURCES, STEEL, SCALES).jet(SCALES.dimensionless(points()), NAMES)
    waves = [SourceWave(source, STEEL, WINDOW.t).derivatives(*points().unbind(1), NAMES) for source in SOURCES]
    for name, values in zip(NAMES, jet, strict=True):
        unit = 2e-9 / np.prod([SCALES.time if axis == "t" else SCALES.length for axis in name])
        expected = sum(wave[name] for wave in waves) / unit
        assert (values - expected).abs().max() < 1e-9 * expected.abs().max()


def test_the_equation_with_the_force_is_satisfied_whatever_the_amplitudes_and_without_the_free_field_it_is_not():
    given, whole = equations(model().material()), model()
    assert whole.residuals(given).abs().max() < 1e-9 * given.target.abs().max()
    assert model(()).residuals(given).abs().max() > 0.9 * given.target.abs().max()


def test_it_is_added_in_every_way_of_evaluation():
    whole, without, given = model(), model(()), equations(model().material())
    field = FreeField(SOURCES, STEEL, SCALES)
    inside = given.points
    expected = without._trial(inside, given.names) + field.jet(inside, given.names)
    trial = whole._trial
    assert isinstance(trial, WithFreeField)
    torch.testing.assert_close(trial(inside, given.names), expected)
    torch.testing.assert_close(trial.without_gradients(inside, given.names), expected.detach())
    torch.testing.assert_close(whole.squares(given), given.misfit(expected).square().sum(1).detach())
    x, y = (torch.linspace(-0.9, 0.9, 5, dtype=torch.float64) * side for side in SCALES.extent[:2])
    grid = torch.cartesian_prod(x, y, x.new_tensor([0.3]))
    at_grid = whole.derivatives(grid, NAMES)
    for name, values in next(whole.derivatives_on_grids(x, y, x.new_tensor([0.3]), NAMES)).items():
        torch.testing.assert_close(values, at_grid[name].detach(), rtol=1e-9, atol=1e-9)


def test_many_places_and_times_are_evaluated_by_each_network_s_own_way(monkeypatch: pytest.MonkeyPatch):
    # The way that keeps what gradients need takes 19 GB for the plate of plate_force_receivers.h5.
    config = CONFIG.model_copy(update={"network": "hole_waves", "hidden_layers": (20, 20)})
    for whole in (model(), model(config=config, shape=PLATE)):
        places, times = SCALES.dimensionless(points())[:, :2], torch.tensor([-0.4, 0.1, 0.4], dtype=torch.float64)
        expected = [whole._trial(torch.cat([places, t.expand(len(places), 1)], dim=1), NAMES) for t in times]
        with monkeypatch.context() as patch:
            patch.setattr(Layers, "__call__", None)
            found = whole.jets_over_time(places, times, NAMES)
            whole.squares(equations(whole.material()))
        torch.testing.assert_close(found, torch.stack(expected, dim=1).detach(), rtol=1e-9, atol=1e-9)


def test_sums_of_squares_and_their_gradients_are_those_of_the_misfits():
    whole = model()
    given, normal = equations(whole.material()), Normal.of(torch.tensor([[0.6, 0.8]], dtype=torch.float64))
    pulled = operator_of([lambda u: traction(u, whole.material(), normal)], given.names, given.target)
    moved = replace(given, operator=pulled)
    misfits = moved.misfit(whole._trial(moved.points, moved.names))
    expected = misfits.square().sum() / 30
    found = mean_squares(whole._trial, [moved]).sum()
    torch.testing.assert_close(found, expected)
    (mine,), (true,) = (torch.autograd.grad(each, whole.last_layer, retain_graph=True) for each in (found, expected))
    assert (mine - true).abs().max() < 1e-9 * true.abs().max()
    rows = whole.jacobian(moved, whole.last_layer)
    torch.testing.assert_close(2.0 * rows.T @ whole.residuals(moved) / 30, true, rtol=1e-8, atol=1e-8)


def test_a_state_alone_makes_the_same_model_again():
    whole = model()
    again = Model.from_state(CONFIG, whole.state_dict())
    x, y, t = points().numpy().T
    for quantity in ("displacement", "velocity", "stress"):
        np.testing.assert_array_equal(again.predict(x, y, t, quantity), whole.predict(x, y, t, quantity))
    with pytest.raises(ValueError, match="no source has the numbers"):
        Model.from_state(CONFIG, whole.state_dict() | {"source_1": torch.zeros(3, dtype=torch.float64)})
    with pytest.raises(ValueError, match="source_2 is not finite"):
        Model.from_state(CONFIG, whole.state_dict() | {"source_2": torch.full((14,), torch.nan, dtype=torch.float64)})


@pytest.mark.parametrize(
    "pulse",
    [
        ep.Ricker(2.0, 0.6),
        ep.Gaussian(0.1, 0.5),
        ep.ToneBurst(3.0, 2.0, 0.1),
        ep.UnknownWavelet(2.0, 0.3),
        ep.KnownShape(ep.ToneBurst(3.0, 2.0, 0.1)),
        ep.KnownShape(ep.Ricker(2.0, 0.6), ["origin_time", "amplitude"], 0.2),
    ],
)
def test_sources_are_made_again_from_their_numbers(pulse):
    for source in (
        ep.PointForce((0.1, 0.2), (0.3, 0.4), pulse, 0.5),
        ep.MomentSource((0.1, 0.2), ((0.3, 0.4), (0.6, 0.7)), pulse, 0.5),
    ):
        assert has_numbers(source) and source_of(numbers_of(source)) == source
    assert not has_numbers(ep.SideLoad((0.1, 0.2), (0.3, 0.4), pulse, 0.5))
    for wrong in ((), (2.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0), numbers_of(source)[:6]):
        with pytest.raises(ValueError, match="no source has the numbers"):
            source_of(wrong)
