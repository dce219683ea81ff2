"""Fingerprints distinguish problems by their meaning, however the fields are written."""

import dataclasses
import hashlib

import numpy as np
import pytest
import torch

from elastic_pinn.physics import Displacement, Domain, Initial, Material, Problem, Traction
from elastic_pinn.physics.fingerprint import SUMS, Fingerprint, _sketch, _version_1
from elastic_pinn.physics.probes import BATCHES, ENOUGH, POINTS, Probe
from elastic_pinn.physics.quantity import FORCE
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.physics.statement import Place


def constant(ux: float, uy: float):
    return lambda x, y, t: torch.stack([torch.full_like(x, ux), torch.full_like(x, uy)], dim=1)


def spot(cx: float, cy: float, radius: float, until: float = 10.0):
    """1 N/m3 along x in a disc for a time, and exactly zero elsewhere."""

    def force(x, y, t):
        near = ((x - cx) ** 2 + (y - cy) ** 2 < radius**2) & (t < until)
        return torch.stack([near.double(), torch.zeros_like(x)], dim=1)

    return force


def bump(at: float, when: float):
    """A displacement along y that is smooth, local on each side and short."""

    def field(x, y, t):
        size = 1e-6 * torch.exp(-(((x - at) / 0.02) ** 2) - ((t - when) / 0.02) ** 2)
        return torch.stack([0.0 * x, size], dim=1)

    return field


def same(one: Problem, other: Problem) -> bool:
    assert one.is_like(other.identity) == other.is_like(one.identity)
    return one.is_like(other.identity)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("domain", Domain((0.0, 1.1), (0.0, 1.0), (0.0, 1.0))),
        ("domain", Domain((0.0, 1.0), (0.1, 1.1), (0.0, 1.0))),
        ("domain", Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.5))),
        ("material", Material(2.1, 1.0, 1.0)),
        ("material", Material(2.0, 1.1, 1.0)),
        ("material", Material(2.0, 1.0, 1.1)),
        ("boundary", ()),
        ("boundary", (Displacement(),)),
        ("boundary", (Displacement(StandingWaves(2.0, 1.0, 1.0), ("left", "right", "bottom")),)),
        ("initial", None),
        ("initial", Initial(displacement=StandingWaves(2.0, 1.0, 1.0), velocity=constant(0.0, 1e-6))),
        ("force", constant(0.0, 1e-6)),
        ("exact", None),
        ("exact", StandingWaves(2.0, 1.0, 1.01)),
        ("displacement_scale", 2.0),
    ],
)
def test_a_physical_change_is_told(waves, name, change):
    assert not same(waves(), waves(**{name: change}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (spot(0.5, 0.5, 0.03), spot(0.2, 0.8, 0.03)),
        (spot(0.5, 0.5, 0.03, until=0.05), spot(0.5, 0.5, 0.03, until=0.055)),
        (spot(0.5, 0.5, 0.005), spot(0.51, 0.5, 0.005)),
        (spot(0.31, 0.62, 0.03, until=0.01), spot(0.62, 0.31, 0.03, until=0.01)),
    ],
    ids=["moved", "longer", "smaller", "short"],
)
def test_a_local_or_short_force_that_is_another_is_told(waves, one, other):
    assert not same(waves(force=one), waves(force=other))
    assert same(waves(force=one), waves(force=one))


def test_a_local_force_beside_a_large_one_is_told(waves):
    def both(cx, cy):
        return lambda x, y, t: 1e3 * constant(1.0, 2.0)(x, y, t) + 1e-3 * spot(cx, cy, 0.03)(x, y, t)

    assert not same(waves(force=both(0.5, 0.5)), waves(force=both(0.2, 0.8)))


def test_a_faint_background_does_not_hide_that_a_field_is_local():
    def local(x, y, t):
        inside = (x - 0.5).abs().maximum((y - 0.5).abs()).maximum((t - 0.5).abs()) < 0.05
        return torch.stack([1.0 * inside + 1e-5, torch.zeros_like(x)], dim=1)

    cube = Probe("force", local, Place("interior", 3, lambda unit, quantile: (unit, unit[:0, :2])), FORCE)
    assert 0 < (cube.values(POINTS)[:, 0] > 0.5).sum() < ENOUGH, "seen, and not well"
    assert len(cube.all_values()) == BATCHES[3] * POINTS


def test_rounding_about_zero_on_another_machine_leaves_the_same_bytes():
    sizes = torch.ones(2, dtype=torch.float64)
    bytes_of = {
        Fingerprint(torch.tensor([tiny, 2.0], dtype=torch.float64), sizes).rounded.numpy().tobytes()
        for tiny in (1e-18, -1e-18, 0.0, -0.0)
    }
    assert len(bytes_of) == 1


def test_differences_at_several_points_do_not_cancel():
    """Not even those of which every sum by itself would be zero without the signs."""
    values = torch.ones(4096, 2, dtype=torch.float64)
    change = torch.randn(values.numel() // SUMS, SUMS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    other = values + (change - change.mean(0)).reshape(values.shape)
    assert (_sketch(values)[1:] - _sketch(other)[1:]).abs().min() > 1e-6


@pytest.mark.parametrize(("at", "when"), [(0.31, 0.5), (0.3, 0.51)])
@pytest.mark.parametrize("kind", [Displacement, Traction])
def test_a_local_and_short_condition_that_is_another_is_told(waves, kind, at, when):
    parts = {"initial": None, "exact": None}
    one, other = (waves(boundary=[kind(bump(*where), ("top",))], **parts) for where in ((0.3, 0.5), (at, when)))
    assert not same(one, other)


def test_a_local_start_that_is_another_is_told(waves):
    def start(at, **parts):
        return waves(initial=Initial(velocity=lambda x, y, t: bump(at, 0.0)(x, y, t)), **parts)

    assert not same(start(0.3), start(0.301))
    assert same(start(0.3), start(0.3))


def test_clamped_sides_are_no_free_ones_and_one_side_is_not_another(waves):
    kinds = [(Displacement, "left"), (Displacement, "right"), (Traction, "left"), (Traction, "right")]
    problems = [waves(boundary=(kind(None, (side,)),)) for kind, side in kinds]
    for i, one in enumerate(problems):
        assert [same(one, other) for other in problems] == [i == j for j in range(len(problems))]


def test_unknowns_and_their_range_are_told(inverse):
    for change in ({"unknowns": ("lambda",)}, {"unknowns": ("mu",)}, {"unknown_range": 3.0}):
        material = dataclasses.replace(inverse.material, **change)
        assert not same(inverse, dataclasses.replace(inverse, material=material))


@pytest.mark.parametrize("name", ["xy", "time", "displacement"])
def test_one_changed_number_of_receivers_that_came_from_no_file_is_told(waves, receivers, name):
    changed = getattr(receivers(), name).copy()
    changed.flat[3] = np.nextafter(changed.flat[3], np.inf)
    one, other = (waves(receivers=r) for r in (receivers(), receivers(**{name: changed})))
    assert not same(one, other)


def test_a_field_that_is_written_otherwise_is_the_same(waves):
    def written_out(x, y, t):
        return StandingWaves(2.0, 1.0, 1.0)(x, y, t) * 1.0

    other = waves(boundary=[Displacement(written_out)], initial=Initial.of(written_out), exact=written_out)
    assert same(waves(), other)


def test_a_sum_in_another_order_is_the_same(waves):
    """Where terms cancel, a value may differ from itself by much more than a part in a thousand million."""

    def terms(x, y, t):
        return [constant(1e6, 1e6)(x, y, t), StandingWaves(2.0, 1.0, 1.0)(x, y, t), constant(-1e6, -1e6)(x, y, t)]

    def forward(x, y, t):
        first, second, third = terms(x, y, t)
        return 1e-3 * ((first + third) + second)

    def backward(x, y, t):
        first, second, third = terms(x, y, t)
        return 1e-3 * (first + (third + second))

    def zero_but_for_rounding(x, y, t):
        return 1e-17 * constant(1.0, -1.0)(x, y, t)

    one = waves(force=forward, boundary=[Displacement(constant(0.0, 0.0))])
    other = waves(force=backward, boundary=[Displacement(zero_but_for_rounding)])
    assert (one.identity["fingerprint"] != other.identity["fingerprint"]).any()
    assert same(one, other)


def test_a_window_and_a_material_that_differ_by_rounding_are_the_same(waves):
    def problem(edge, lame_lambda):
        domain = Domain((-0.3, edge), (-0.3, edge), (0.0, 1.0))
        return waves(domain=domain, material=Material(lame_lambda, 1.0, 1.0))

    assert 0.1 + 0.2 != 0.3
    assert same(problem(0.3, 0.0), problem(0.1 + 0.2, 1e-17))


def of_version_1(problem: Problem) -> dict:
    return {"fingerprint": _version_1(problem), "data_sha256": problem.data_sha256}


def test_a_fingerprint_without_a_version_is_compared_as_it_was_made(waves, inverse):
    assert waves().is_like(of_version_1(waves()))
    assert inverse.is_like(of_version_1(inverse))
    assert not waves(displacement_scale=2.0).is_like(of_version_1(waves()))
    assert not waves(force=constant(0.0, 1e-6)).is_like(of_version_1(waves(force=constant(0.0, 2e-6))))
    assert waves(force=spot(0.5, 0.5, 0.03)).is_like(of_version_1(waves(force=spot(0.2, 0.8, 0.03))))


def test_arrays_of_other_types_are_the_same_data_and_were_not_for_version_1(waves, receivers):
    given = {"time": receivers().time.astype(np.float32), "displacement": receivers().displacement.astype(np.float32)}
    single = waves(receivers=receivers(**given))
    double = waves(receivers=receivers(**{name: array.astype(np.float64) for name, array in given.items()}))
    assert same(single, double)
    arrays = (receivers().xy, given["time"], given["displacement"])
    digest = list(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest())
    stored = of_version_1(single)
    assert [float(byte) for byte in digest] in [stored["fingerprint"][i : i + 32].tolist() for i in range(20)]
    assert single.is_like(stored) and not double.is_like(stored)


def test_the_fingerprint_is_small(waves):
    assert waves(force=spot(0.5, 0.5, 0.03)).identity["fingerprint"].numel() < 500
