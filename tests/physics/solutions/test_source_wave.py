"""The exact wave of a source satisfies the equation of motion with the source's force, and is found from it."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.solutions import SourceWave

SOLID = ep.Material(2.0, 1.0, 1.3)
WINDOW = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
FIRST = {-3: -1 / 60, -2: 3 / 20, -1: -3 / 4, 1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
SECOND = {-3: 1 / 90, -2: -3 / 20, -1: 3 / 2, 0: -49 / 18, 1: 3 / 2, 2: -3 / 20, 3: 1 / 90}
STEP = 4e-3
SOURCES = [
    ep.PointForce((0.5, 0.45), (1.0, 0.5), ep.Ricker(2.0, 0.5), 0.1),
    ep.PointForce((0.5, 0.45), (1.0, 0.5), ep.ToneBurst(3.0, 2.0, 0.05), 0.1),
    ep.MomentSource((0.5, 0.45), ((1.0, 0.3), (-0.2, 0.5)), ep.Gaussian(0.1, 0.4), 0.1),
    ep.MomentSource.explosion((0.5, 0.45), 1.0, ep.ToneBurst(3.0, 2.0, 0.05), 0.1),
]
each_source = pytest.mark.parametrize("source", SOURCES, ids=repr)


def points() -> Tensor:
    """Points (N, 3), the source's own place and one beside it among them."""
    found = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found[:2, :2] = torch.tensor([[0.5, 0.45], [0.51, 0.45]])
    found[:, 2] = 0.05 + 0.9 * found[:, 2]
    return found


def differences(wave) -> dict[str, Tensor]:
    """Second derivatives (N, 2) by central differences of sixth order."""

    def at(dx: int = 0, dy: int = 0, dt: int = 0) -> Tensor:
        return wave(*(points() + STEP * torch.tensor([dx, dy, dt])).unbind(1))

    return {
        "tt": sum(c * at(dt=i) for i, c in SECOND.items()) / STEP**2,
        "xx": sum(c * at(dx=i) for i, c in SECOND.items()) / STEP**2,
        "yy": sum(c * at(dy=i) for i, c in SECOND.items()) / STEP**2,
        "xy": sum(a * b * at(i, j) for i, a in FIRST.items() for j, b in FIRST.items()) / STEP**2,
    }


@each_source
def test_the_wave_satisfies_the_equation_with_the_source(source):
    u = differences(SourceWave(source, SOLID, (0.0, 1.0)))
    grad_div = torch.stack([u["xx"][:, 0] + u["xy"][:, 1], u["xy"][:, 0] + u["yy"][:, 1]], dim=1)
    left = 1.3 * u["tt"] - 3.0 * grad_div - 1.0 * (u["xx"] + u["yy"])
    force = source(*points().unbind(1))
    size = force.abs().max()
    assert (left - force).abs().max() < 1e-7 * size  # the differences' own error
    assert (left + force).abs().max() > size


@each_source
def test_the_wave_is_at_rest_before_the_source_and_linear_in_it(source):
    wave = SourceWave(source, SOLID, (0.0, 1.0))
    x, y, _ = points().unbind(1)
    assert wave(x, y, torch.full_like(x, -0.1)).abs().max() == 0.0
    if isinstance(source.pulse, ep.ToneBurst):
        assert wave(x, y, torch.full_like(x, 0.05)).abs().max() < 1e-15
    far = wave(x + 10.0, y, torch.ones_like(x))
    assert far.abs().max() < 1e-13 * wave(*points().unbind(1)).abs().max()  # nothing is faster than P waves


@each_source
def test_derivatives_are_those_of_the_displacement(source):
    wave, where = SourceWave(source, SOLID, (0.0, 1.0)), points()
    names = ("", "x", "y", "t", "xx", "xy", "yy", "xt", "yt", "tt")
    found = wave.derivatives(*where.unbind(1), names)
    assert torch.equal(found[""], wave(*where.unbind(1)))

    def slope(name: str, axis: str) -> Tensor:
        step = STEP * torch.eye(3, dtype=torch.float64)["xyt".index(axis)]
        return sum(c * wave.derivatives(*(where + i * step).unbind(1), [name])[name] for i, c in FIRST.items()) / STEP

    for name in names[1:]:
        expected = slope(name[:-1], name[-1])
        assert (found[name] - expected).abs().max() < 1e-7 * expected.abs().max()  # the differences' own error


@each_source
def test_at_one_time_for_all_points_the_wave_is_the_same_as_among_others(source):
    wave, where = SourceWave(source, SOLID, (0.0, 1.0)), points()
    where[:, 2] = 0.7
    one = wave(*where.unbind(1))
    among = wave(*torch.cat([where, points()]).unbind(1))[: len(where)]
    torch.testing.assert_close(one, among, rtol=0.0, atol=1e-14)


def test_several_waves_of_one_source_are_the_same_however_the_points_are_given():
    wave = SourceWave(SOURCES[0], SOLID, (0.0, 1.0))
    x, y, t = points().unbind(1)
    together = wave(x, y, t)
    for i in (0, 1, 17):
        torch.testing.assert_close(wave(x[i : i + 1], y[i : i + 1], t[i : i + 1])[0], together[i], rtol=0.0, atol=1e-15)
    beside = wave(torch.cat([x, x.new_tensor([9.0])]), torch.cat([y, y[:1]]), torch.cat([t, t[:1]]))[:-1]
    torch.testing.assert_close(beside, together, rtol=0.0, atol=1e-13)  # another table, to larger distances


def test_later_times_and_damped_solids_are_refused():
    wave = SourceWave(SOURCES[0], SOLID, (0.0, 1.0))
    with pytest.raises(ep.ProblemError, match=r"t goes to 1.5 s, where 1 s is the last time"):
        wave(*torch.tensor([[0.0], [0.0], [1.5]], dtype=torch.float64))
    with pytest.raises(ep.ProblemError, match="without damping"):
        SourceWave(SOURCES[0], ep.Material(2.0, 1.0, 1.0, damping=0.1), (0.0, 1.0))


def boxed(kind: str, width: float, frequency: float, factor: float = 1.0) -> ep.Problem:
    """A box whose sides move as the exact wave of a source moves them, with a force so many times the source."""
    pulse = ep.Ricker(frequency, 1.0 / frequency)
    if kind == "force":
        source = ep.PointForce((0.5, 0.5), (1.0, 0.5), pulse, width)
        acting = replace(source, force=(factor, 0.5 * factor))
    else:
        source = ep.MomentSource((0.5, 0.5), ((1.0, 0.3), (-0.2, 0.5)), pulse, width)
        acting = replace(source, moment=((factor, 0.3 * factor), (-0.2 * factor, 0.5 * factor)))
    wave = SourceWave(source, SOLID, WINDOW.t)
    return ep.Problem(WINDOW, SOLID, [ep.Displacement(wave)], ep.Initial(), force=acting, exact=wave)


def error(tmp_path, problem: ep.Problem, features: int, frequency: float, points: int) -> float:
    """The relative L2 error of the displacement of a least-squares fit by random features."""
    config = ep.Config(
        network="random_features", hidden_layers=[features], activation="sin", input_frequency=frequency,
        precision="float64", stages=["last_layer"], steps=1, ridge=1e-13, interior_points=points,
        boundary_points=features // 2, initial_points=features // 2, weight_boundary=1e3, weight_initial=1e3,
    )  # fmt: skip
    return ep.train(config, tmp_path / "run", problem=problem).latest().metrics["error/displacement"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["force", "moment"])
def test_the_wave_of_a_source_is_found(tmp_path, kind):
    assert error(tmp_path, boxed(kind, 0.25, 1.3), 350, 4.5, 1000) < 5e-2


@pytest.mark.parametrize("kind", ["force", "moment"])
def test_a_source_with_the_other_sign_is_noticed(tmp_path, kind):
    assert error(tmp_path, boxed(kind, 0.25, 1.3, factor=-1.0), 200, 4.0, 500) > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["force", "moment"])
def test_the_wave_of_a_source_is_found_to_a_few_ten_thousandths(tmp_path, kind):
    """A box of 2.4 of the shortest waves, over 4 periods of the highest frequency: 7e-5 and 1.6e-4 were found."""
    assert error(tmp_path, boxed(kind, 0.2, 1.5), 1500, 7.0, 3000) < 4e-4
