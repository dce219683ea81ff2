"""A run is compared with what another program computed, at that program's own nodes, or told why it cannot be."""

import numpy as np
import pytest
import xarray

import elastic_pinn as ep
from elastic_pinn.workbench.figures import reference_field

LENGTH, TIME, VALUE = 1e-3, 1e-6, 1e-9  # of mm, us and nm


@pytest.fixture(scope="module")
def grid(plate_run):
    """Axes over the plate, in SI units, and the run's displacement on them, (T, Y, X, 2); NaN in the hole."""
    domain = plate_run.problem().domain
    t, y, x = np.linspace(*domain.t, 9), np.linspace(*domain.y, 15), np.linspace(*domain.x, 21)
    inside = domain.shape.mask(*np.meshgrid(x, y))
    u = np.full((9, 15, 21, 2), np.nan)
    u[:, inside] = plate_run.predict(*(each[inside] for each in np.meshgrid(x, y)), t[:, None])
    return t, y, x, u


def save_npz(path, grid, **changes):
    t, y, x, u = grid
    content = {"t": t / TIME, "y": y / LENGTH, "x": x / LENGTH, "u_x": u[..., 0] / VALUE, "u_y": u[..., 1] / VALUE}
    content |= {"length_unit": "mm", "time_unit": "us", "value_unit": "nm"} | changes
    np.savez(path, **{name: each for name, each in content.items() if each is not None})
    return path


def save_netcdf(path, grid, dims=("x", "time", "y")):
    t, y, x, u = grid
    order = [("time", "y", "x").index(name) for name in dims]
    xarray.Dataset(
        {name: (dims, u[..., i].transpose(order) / VALUE, {"units": "nm"}) for i, name in enumerate(("u_x", "u_y"))},
        coords={
            "time": ("time", t / TIME, {"units": "us"}),
            "y": ("y", y / LENGTH, {"units": "mm"}),
            "x": ("x", x / LENGTH, {"units": "mm"}),
        },
    ).to_netcdf(path, engine="h5netcdf")
    return path


def test_npz_and_netcdf_in_any_order_of_axes_are_read_in_si_units(grid, tmp_path):
    t, y, x, u = grid
    for path in (save_npz(tmp_path / "fem.npz", grid), save_netcdf(tmp_path / "fem.nc", grid)):
        found = ep.ReferenceField.load(path)
        for name, axis in {"t": t, "y": y, "x": x}.items():
            np.testing.assert_allclose(getattr(found, name), axis, rtol=1e-12, atol=1e-18)
        np.testing.assert_allclose(found.displacement, u, rtol=1e-12)


def test_the_run_s_own_export_is_a_reference_that_it_meets(plate_run, tmp_path):
    from elastic_pinn.workbench.exports.wavefields import write_netcdf
    from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields

    fields = shown_fields(plate_run.latest(), 31)
    write_netcdf(fields, ["u_x", "u_y"], fields.instants(9), tmp_path / "own.nc")
    title = reference_field(plate_run, tmp_path / "own.nc").get_suptitle()
    error = float(title.split(": ")[1].split(" %")[0])
    assert title.startswith("relative L2 error beside own.nc") and error < 1e-4


@pytest.mark.parametrize("part", [0.01, 0.2])
def test_a_reference_that_is_larger_by_a_part_has_that_relative_error(plate_run, grid, part):
    t, y, x, u = grid
    figure = reference_field(plate_run, ep.ReferenceField(x, y, t, (1.0 + part) * u))
    assert f"reference: {100 * part / (1 + part):.2g} %" in figure.get_suptitle()


def test_run_reference_and_difference_are_drawn_at_the_reference_s_nodes(plate_run, grid):
    t, y, x, u = grid
    figure = reference_field(plate_run, ep.ReferenceField(x, y, t, 0.8 * u), times=[0.48 * t[-1]])
    meshes = [axes.collections[0].get_array() for axes in figure.axes[:6]]  # u_x, then u_y
    found, known, rest = (np.ma.filled(each, np.nan) for each in meshes[:3])
    assert found.shape == (15, 21)
    np.testing.assert_allclose(known, 0.8 * found, rtol=1e-9)
    solid = np.isfinite(u[4, ..., 0])
    np.testing.assert_allclose(found[solid], u[4, ..., 0][solid] / VALUE, rtol=1e-9)  # the nearest instant, in nm
    there = np.isfinite(rest) & (np.abs(rest) > 0)
    ratio = rest[there] / found[there]
    assert np.ptp(ratio) < 1e-9 * np.abs(ratio).max(), "in a unit of its own"


@pytest.mark.slow
def test_what_a_reference_lacks_in_the_solid_is_told(plate_run, grid):
    t, y, x, u = grid
    gappy = u.copy()
    gappy[:, :3] = np.nan
    assert "but for 2" in reference_field(plate_run, ep.ReferenceField(x, y, t, gappy)).get_suptitle()
    assert "but for" not in reference_field(plate_run, ep.ReferenceField(x, y, t, u)).get_suptitle()


def test_what_a_reference_lacks_in_the_solid_stays_blank(plate_run, grid):
    t, y, x, u = grid
    gappy = u.copy()
    gappy[:, 1:5, 1:5] = np.nan
    figure = reference_field(plate_run, ep.ReferenceField(x, y, t, gappy), times=[0.48 * t[-1]])
    found, known, rest = (np.ma.filled(axes.collections[0].get_array(), np.nan) for axes in figure.axes[:3])
    gap = np.isnan(gappy[4, ..., 0]) & ~np.isnan(u[4, ..., 0])
    assert gap.sum() == 16 and np.isnan(known[gap]).all() and np.isnan(rest[gap]).all()
    assert not np.isnan(found).any(), "up to the rim of the hole"
    assert not np.isnan(known[~gap]).any() and not np.isnan(rest[~gap]).any()


def test_a_grid_of_middles_of_cells_covers_and_one_that_ends_earlier_does_not(plate_run, grid):
    t, y, x, u = grid
    middles = ep.ReferenceField(0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1]), t, u[:, 1:, 1:])
    middles.require_cover(plate_run.problem())
    for cut, name in (
        (ep.ReferenceField(x[:-1], y, t, u[:, :, :-1]), "x is 0 to"),
        (ep.ReferenceField(x, y[1:], t, u[:, 1:]), "y is 0."),
        (ep.ReferenceField(x, y, t[:-1], u[:-1]), "t is 0 to"),
        (ep.ReferenceField(x, y, t[1:], u[1:]), "t is 2e-06 to"),
        (ep.ReferenceField(x, y, t[[0, 3, 6]], u[[0, 3, 6]]), "t is 0 to 1.2e-05 s"),  # snapshots, far apart
    ):
        with pytest.raises(ep.ReferenceFieldError, match=f"{name}.*and the run needs .*: check the unit"):
            reference_field(plate_run, cut)


def test_axes_in_single_precision_cover(plate_run, grid):
    def rounded(axis, unit):
        return np.nextafter(np.float32(axis / unit), np.float32(0.0)).astype(float) * unit

    t, y, x, u = grid
    other = ep.ReferenceField(rounded(x, LENGTH), rounded(y, LENGTH), rounded(t, TIME), u)
    assert other.t[-1] < t[-1]
    other.require_cover(plate_run.problem())


def test_a_reference_too_coarse_for_the_window_is_refused_with_what_it_lacks(plate_run, grid):
    t, y, x, u = grid
    wide = ep.ReferenceField(x, y, [-5e-6, 20e-6], u[1:3])
    with pytest.raises(ep.ReferenceFieldError, match="reference has no instant within the run's window, 0 to"):
        reference_field(plate_run, wide)
    wide = ep.ReferenceField([-0.01, 0.03], y, t, u[:, :, :2])
    with pytest.raises(ep.ReferenceFieldError, match="reference has no node along x within the run's window, 0 to 0"):
        reference_field(plate_run, wide)
    in_the_hole = ep.ReferenceField([-0.01, 0.013, 0.03], [-0.01, 0.004, 0.03], t, np.ones((9, 3, 3, 2)))
    with pytest.raises(ep.ReferenceFieldError, match="reference has no node within the run's solid"):
        reference_field(plate_run, in_the_hole)


def test_an_instant_at_which_the_plate_is_at_rest_is_drawn(plate_run, grid):
    t, y, x, u = grid
    late = np.where(t[:, None, None, None] > 0.0, u, 0.0 * u)
    figure = reference_field(plate_run, ep.ReferenceField(x, y, t, late), times=[0.0])
    assert not np.ma.filled(figure.axes[1].collections[0].get_array(), 0.0).any()
    assert "relative L2 error" in figure.get_suptitle()


def test_a_reference_without_a_value_where_it_is_compared_is_refused(plate_run, grid):
    t, y, x, u = grid
    hole = ~np.isfinite(u[:1, ..., :1])
    only = ep.ReferenceField(x, y, t, np.where(hole, 1.0, 0.0 * u))
    with pytest.raises(ep.ReferenceFieldError, match="zero or NaN wherever it is within the run's solid and window"):
        reference_field(plate_run, only)
    gappy = u.copy()
    gappy[4] = np.nan
    with pytest.raises(ep.ReferenceFieldError, match="NaN wherever it is within the run's solid at 8e-06"):
        reference_field(plate_run, ep.ReferenceField(x, y, t, gappy), times=[t[4]])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"length_unit": None}, "tells no unit of y: add the text length_unit"),
        ({"value_unit": None}, "tells no unit of u_x: add the text value_unit"),
        ({"time_unit": "mm"}, "unit of t = 'mm' is no unit of time"),
        ({"u_y": None}, "needed are x, y, t .or time., and u_x and u_y"),
        ({"t": None}, "has .*: needed are x, y, t"),
        (
            {"u_x": np.zeros((9, 21, 15))},
            r"shape \(9, 21, 15\), where \[t, y, x\] of these axes is \(9, 15, 21\)",
        ),
        ({"x": np.arange(21.0)[::-1]}, "x needs increasing, finite numbers"),
        ({"u_x": np.full((9, 15, 21), np.inf)}, "infinite values"),
        ({"u_x": np.full((9, 15, 21), 1j)}, "u_x holds complex numbers"),
    ],
)
def test_a_file_that_is_no_reference_is_refused_with_what_is_wrong(grid, tmp_path, changes, fault):
    with pytest.raises(ep.ElasticPinnError, match=fault):
        ep.ReferenceField.load(save_npz(tmp_path / "fem.npz", grid, **changes))


def test_a_file_that_is_missing_damaged_or_of_another_kind_is_refused(grid, tmp_path):
    for path, fault in ((tmp_path / "no.nc", "no such file"), (tmp_path / "fem.vtk", "is NetCDF .* or NumPy")):
        with pytest.raises(ep.ReferenceFieldError, match=fault):
            ep.ReferenceField.load(path)
    for path in (save_npz(tmp_path / "fem.npz", grid), save_netcdf(tmp_path / "fem.nc", grid)):
        path.write_bytes(path.read_bytes()[:500])
        with pytest.raises(ep.ReferenceFieldError, match="is not whole"):
            ep.ReferenceField.load(path)
    t, y, x, u = grid
    with pytest.raises(ep.ReferenceFieldError, match="zero or NaN everywhere"):
        ep.ReferenceField(x, y, t, 0.0 * u)


def test_an_instant_outside_the_window_is_refused(plate_run, grid):
    t, y, x, u = grid
    with pytest.raises(ValueError, match="the window is 0 to"):
        reference_field(plate_run, ep.ReferenceField(x, y, t, u), times=[1.0])
