"""Record the waves that a load, or a force inside, sends through a plate with a hole: the receiver files shipped.

    python data/make_plate_receivers.py           # by scikit-fem, in a minute or two (extra `reference`)
    python data/make_plate_receivers.py --check   # how far other elements and deepwave are off: plate_convergence.csv

scikit-fem: elements of a high order on quadrilaterals that follow the rim of the hole, and Numerov's method in time,

    (M + dt^2 K / 12) (u_next - 2 u + u_before) = dt^2 (f - K u),   f = (f_next + 10 f + f_before) / 12

of fourth order. Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, 1993, section III.10.
deepwave: finite differences on a staggered grid, of second order in space and time; cells whose middles lie in the
solid are solid, and the others have neither stiffness nor mass. Source: Zeng and others, Geophysics 77, 2012.
"""

import argparse
import datetime
import importlib.metadata
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.physics.numbers import Array

CONVERGENCE = Path(__file__).with_name("plate_convergence.csv")
WIDTH, HEIGHT = 0.04, 0.02  # m
HOLE = (0.026, 0.009, 0.003)  # x, y and radius, m
PULSE = ep.Ricker(200e3, 5e-6)
SOURCES = {
    "plate_receivers": ep.SideLoad((0.012, HEIGHT), (0.0, -1000.0), PULSE, 1.5e-3),
    "plate_force_receivers": ep.PointForce((0.014, 0.011), (600.0, -1000.0), PULSE, 8e-4),
}
SHIPPED = {name: Path(__file__).with_name(f"{name}.h5") for name in SOURCES}
FORCE_REACH = 5.0  # widths from a point force, beyond which finite differences leave its Gaussian out
DURATION, FRAMES = 12e-6, 121
CELL, ORDER, STEPS = 1e-3, 4, 20  # of the shipped file: length of the elements' sides in m, their order, steps a frame
ROWS = 400  # of deepwave's grid, from the bottom to the top
COURANT = 0.3  # c_p dt / spacing, small enough that deepwave does not resample in time
FRAME_OF_HOLE = 5.0 / 3.0  # half the square in which the elements follow the rim, in radii
VACUUM = 2  # cells of deepwave's grid around the plate


def problem(source: str = "plate_receivers", duration: float = DURATION) -> ep.Problem:
    """Return the plate: aluminium in plane strain, free sides and rim, at rest until a load presses on the top, or a
    force acts inside.

    source: by the name of the file. duration: of the window, s.
    """
    x, y, radius = HOLE
    shape = ep.Plate(ep.Rectangle((0.0, WIDTH), (0.0, HEIGHT)), (ep.Disc((x, y), radius),))
    domain, acting = ep.Domain(shape=shape, t=(0.0, duration)), SOURCES[source]
    free = ep.Traction(sides=("left", "right", "bottom")), ep.Traction(sides=shape.names)
    if isinstance(acting, ep.PointForce):
        return ep.Problem(domain, ALUMINIUM, (*free, ep.Traction(sides="top")), ep.Initial(), force=acting)
    return ep.Problem(domain, ALUMINIUM, (*free, ep.Traction(acting, "top")), ep.Initial())


def receivers() -> Array:
    """Return the receivers (R, 2), m: a line on the top, some on the other sides, a ring around the hole, and a grid in
    its shadow."""
    top = [(x, HEIGHT) for x in np.linspace(0.002, 0.038, 25)]
    bottom = [(x, 0.0) for x in np.linspace(0.004, 0.036, 9)]
    ends = [(x, y) for x in (0.0, WIDTH) for y in (0.004, 0.010, 0.016)]
    angles = np.arange(8) * math.pi / 4.0
    ring = [(HOLE[0] + 0.004 * math.cos(each), HOLE[1] + 0.004 * math.sin(each)) for each in angles]
    shadow = [(x, y) for x in (0.031, 0.034, 0.037) for y in (0.002, 0.004, 0.006, 0.008)]
    return np.array([*top, *bottom, *ends, *ring, *shadow])


def frame_times() -> Array:
    """Return the times (T,), s."""
    return np.linspace(0.0, DURATION, FRAMES)


def source_of(plate: ep.Problem) -> ep.SideLoad | ep.PointForce:
    """Return what acts on the plate."""
    (source,) = plate.sources
    assert isinstance(source, ep.SideLoad | ep.PointForce)
    return source


def pulse_at(times: Any) -> Array:
    """Return the pulse at times, (N,) -> (N,)."""
    return np.asarray(PULSE(torch.from_numpy(times)).numpy())


def strength_of(source: ep.SideLoad | ep.PointForce, x: Array, y: Array) -> Array:
    """Return a load's traction in Pa at places of the top, or a force per volume in N/m3, where the pulse is 1: any
    shape -> (2, the same)."""
    where = [torch.from_numpy(np.array(each).ravel()) for each in (x, y)]
    over = (math.sqrt(2.0 * math.pi) * source.width) ** (1 if isinstance(source, ep.SideLoad) else 2)
    strength = source.shape_at(*where).numpy().reshape(x.shape) / over
    return np.stack([force * strength for force in source.force])


def mesh_of(cell: float) -> Any:
    """Return quadrilaterals with sides of about a length (m), of which those at the rim have a curved side.

    All sides between two of them run in the same direction in both, which elements of an odd order rely on.
    """
    from skfem import MeshQuad

    center, radius = np.array(HOLE[:2])[:, None], HOLE[2]
    half = FRAME_OF_HOLE * radius
    x, y = (_nodes([0.0, c - half, c + half, end], cell) for c, end in zip(HOLE[:2], (WIDTH, HEIGHT), strict=True))
    grid = MeshQuad.init_tensor(x, y)
    around = np.abs(grid.p[:, grid.t].mean(axis=1) - center).max(axis=0) > half
    points, quads, count = [grid.p], [grid.t[:, around]], grid.p.shape[1]
    sector = MeshQuad.init_tensor(_nodes([-1.0, 1.0], cell / half), _nodes([0.0, 1.0], cell / (1.2 * half - radius)))
    along, outwards = sector.p
    for normal, tangent in (((0, -1), (1, 0)), ((0, 1), (1, 0)), ((1, 0), (0, 1)), ((-1, 0), (0, 1))):
        n, e = np.array(normal)[:, None], np.array(tangent)[:, None]
        rim = radius * (np.cos(along * math.pi / 4.0) * n + np.sin(along * math.pi / 4.0) * e)
        points.append(center + (1.0 - outwards) * rim + outwards * half * (n + along * e))
        quads.append(sector.t + count)
        count += sector.p.shape[1]
    return _curved(MeshQuad(*_joined(np.hstack(points), np.hstack(quads))), center, radius)


def _nodes(ends: Sequence[float], length: float) -> Array:
    """Divide intervals that follow one another into parts of about a length."""
    parts = (np.linspace(a, b, round((b - a) / length) + 1)[1:] for a, b in pairwise(ends))
    return np.concatenate([ends[:1], *parts])


def _joined(points: Array, quads: Any) -> tuple[Array, Any]:
    """Make points (2, N) that lie in one place one, and leave out those of no quadrilateral (4, Q)."""
    used, quads = np.unique(quads, return_inverse=True)
    places = np.round(points[:, used] / (1e-6 * WIDTH))
    _, first, number = np.unique(places, axis=1, return_index=True, return_inverse=True)
    return points[:, used][:, first], number.ravel()[quads.reshape(4, -1)]


def _curved(straight: Any, center: Array, radius: float) -> Any:
    """Return the mesh with quadratic sides, those on the rim moved onto it."""
    from skfem import MeshQuad2

    class Quads(MeshQuad2):
        """Finds points by the straight mesh, for none is beside the rim; those on a side, which rounding may put
        outside, a little inwards."""

        def element_finder(self, mapping: Any = None) -> Any:
            find, (x_in, y_in) = straight.element_finder(), (WIDTH / 2.0, HEIGHT / 2.0)
            return lambda x, y: find(x + 1e-9 * (x_in - x), y + 1e-9 * (y_in - y))

    mesh = Quads.from_mesh(straight)
    on_rim = np.isclose(np.hypot(*(straight.p - center)), radius)  # (vertices,)
    facets = np.flatnonzero(on_rim[mesh.facets].all(axis=0))
    middles, inside = mesh.dofs.facet_dofs[0, facets], mesh.dofs.interior_dofs[0, mesh.f2t[0, facets]]
    places = mesh.doflocs.copy()
    from_center = places[:, middles] - center
    outwards = (radius / np.hypot(*from_center) - 1.0) * from_center
    places[:, middles] += outwards
    places[:, inside] += outwards / 2.0
    return replace(mesh, doflocs=places)


def record_by_elements(plate: ep.Problem, cell: float, order: int, steps: int) -> Array:
    """Return the displacement (R, T, 2), m: by elements of an order on `mesh_of(cell)`, and so many steps a frame."""
    from scipy.sparse.linalg import splu
    from skfem import Basis, BilinearForm, ElementQuadP, ElementVector, FacetBasis, LinearForm
    from skfem.helpers import dot
    from skfem.models.elasticity import linear_elasticity

    solid, source, mesh = plate.reference, source_of(plate), mesh_of(cell)
    basis = Basis(mesh, ElementVector(ElementQuadP(order)), intorder=2 * order + 2, disable_doflocs=True)
    top = mesh.facets_satisfying(lambda x: np.isclose(x[1], HEIGHT), boundaries_only=True)
    side = FacetBasis(mesh, basis.elem, facets=top, intorder=2 * order + 6, disable_doflocs=True)
    stiffness = linear_elasticity(solid.lame_lambda, solid.lame_mu).assemble(basis)
    mass = BilinearForm(lambda u, v, w: solid.density * dot(u, v)).assemble(basis)
    acting = LinearForm(lambda v, w: dot(strength_of(source, *w.x), v))
    force = acting.assemble(side if isinstance(source, ep.SideLoad) else basis)
    probes = basis.probes(receivers().T).tocsr()  # (2 R, degrees of freedom)

    dt = DURATION / (FRAMES - 1) / steps
    inverse = splu(
        (mass + dt**2 / 12.0 * stiffness).tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )  # fmt: skip
    pulse = pulse_at(dt * np.arange(-1, steps * (FRAMES - 1) + 1))
    now, before, frames = np.zeros(len(force)), np.zeros(len(force)), [np.zeros(probes.shape[0])]
    for i, strength in enumerate((pulse[2:] + 10.0 * pulse[1:-1] + pulse[:-2]) / 12.0):
        change = inverse.solve(dt**2 * (strength * force - stiffness @ now))
        if not i:
            before = change / 2.0  # at rest: the step before mirrors the one after
        now, before = 2.0 * now - before + change, now
        if (i + 1) % steps == 0:
            frames.append(probes @ now)
    return np.stack(frames).reshape(FRAMES, 2, -1).transpose(2, 0, 1)


def record_by_differences(plate: ep.Problem, rows: int) -> Array:
    """Return the same by deepwave, with so many cells from the bottom to the top.

    Velocities stand half a time step before the stresses: their plain sum is the displacement at whole steps.
    """
    import deepwave

    solid, spacing = plate.reference, HEIGHT / rows
    columns, frame = round(WIDTH / spacing), DURATION / (FRAMES - 1)
    steps = math.ceil(frame * solid.c_p / (COURANT * spacing))
    dt, count = frame / steps, steps * (FRAMES - 1)
    x, y = (spacing * (torch.arange(n + 2 * VACUUM, dtype=torch.float64) - VACUUM + 0.5) for n in (columns, rows))
    y_of, x_of = torch.meshgrid(y, x, indexing="ij")  # middles of the cells, where the normal stresses stand
    is_solid = plate.domain.shape.contains(x_of.ravel(), y_of.ravel()).reshape(x_of.shape).double()
    pulse = torch.from_numpy(pulse_at(dt * np.arange(count + 1)))
    acting = _acting_on(source_of(plate), spacing, (rows, columns))
    nodes = {axis: torch.from_numpy(where)[None] for axis, (where, _) in acting.items()}
    strengths = {axis: (torch.from_numpy(strength)[:, None] * pulse)[None] for axis, (_, strength) in acting.items()}
    (at_x, of_x), (at_y, of_y) = (_around(spacing, (rows, columns), along) for along in (0, 1))
    out = deepwave.elastic(
        lamb=solid.lame_lambda * is_solid,
        mu=solid.lame_mu * is_solid,
        buoyancy=is_solid / solid.density,
        grid_spacing=spacing,
        dt=dt,
        source_amplitudes_x=strengths.get("x"),
        source_amplitudes_y=strengths.get("y"),
        source_locations_x=nodes.get("x"),
        source_locations_y=nodes.get("y"),
        receiver_locations_x=torch.from_numpy(at_x)[None],
        receiver_locations_y=torch.from_numpy(at_y)[None],
        accuracy=2,
        pml_width=0,
        pml_freq=PULSE.highest_frequency,  # of no effect, but deepwave would warn
        boundary=["rigid"] * 4,  # beyond the cells without mass
    )
    if out.info.step_ratio != 1:
        raise RuntimeError(f"deepwave takes {out.info.step_ratio} steps for one and resamples: lower COURANT")
    recorded = ((out.receiver_amplitudes_x[0], of_x), (out.receiver_amplitudes_y[0], of_y))
    sums = [of @ (dt * each[:, 1:].cumsum(1)[:, steps - 1 :: steps]).numpy() for each, of in recorded]
    return np.concatenate([np.zeros((len(sums[0]), 1, 2)), np.stack(sums, axis=2)], axis=1)


def _acting_on(
    source: ep.SideLoad | ep.PointForce, spacing: float, counts: tuple[int, int]
) -> dict[str, tuple[Any, Array]]:
    """Return nodes (N, 2), row and column, of the velocity along "x" and "y", and the force per volume there (N,),
    N/m3, where the pulse is 1: a load on the top in the uppermost cells."""
    rows, columns = counts
    if isinstance(source, ep.SideLoad):
        x = spacing * (np.arange(columns, dtype=np.float64) + 0.5)
        cells = np.stack([np.full(columns, VACUUM + rows - 1), VACUUM + np.arange(columns)], axis=1)
        return {"y": (cells, strength_of(source, x, np.full_like(x, HEIGHT))[1] / spacing)}  # it is along y
    found = {}
    for axis, name in enumerate("xy"):  # a node along its own axis stands half a cell further
        y_of, x_of = np.meshgrid(*(spacing * (np.arange(n) + 0.5) for n in counts), indexing="ij")
        x_of, y_of = x_of + (0.5 - axis / 2.0) * spacing, y_of + axis / 2.0 * spacing
        near = np.hypot(x_of - source.at[0], y_of - source.at[1]) < FORCE_REACH * source.width
        found[name] = np.argwhere(near) + VACUUM, strength_of(source, x_of[near], y_of[near])[axis]
    return found


def _around(spacing: float, counts: tuple[int, int], along: int) -> tuple[Any, Array]:
    """Return nodes (N, 2), row and column, of the velocity along x or y, and the weights (R, N) by which they give it
    at the receivers: linearly, also beyond the last node, half a cell off a side."""
    columns, weights = [], []
    for axis, count in ((1, counts[0]), (0, counts[1])):  # rows, then columns
        first = VACUUM - 1 if axis == along else VACUUM
        place = receivers()[:, axis] / spacing + VACUUM - (1.0 if axis == along else 0.5)
        low = np.clip(np.floor(place), first, VACUUM + count - 2).astype(np.int64)  # (R,)
        columns.append(np.stack([low, low + 1]))
        weights.append(np.stack([low + 1 - place, place - low]))  # (2, R)
    pairs = [(np.stack([columns[0][i], columns[1][j]], axis=1), weights[0][i] * weights[1][j]) for i, j in _CORNERS]
    nodes, number = np.unique(np.concatenate([each for each, _ in pairs]), axis=0, return_inverse=True)
    of = np.zeros((len(receivers()), len(nodes)))
    numbers = number.reshape(len(_CORNERS), -1)
    for (_, weight), at in zip(pairs, numbers, strict=True):
        of[np.arange(len(of)), at] += weight
    return nodes, of


_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def make(source: str) -> ep.Receivers:
    """Return what the receivers record, without noise. source: by the name of the file."""
    plate = problem(source)
    version = importlib.metadata.version("scikit-fem")
    return ep.Receivers(
        xy=receivers(),
        time=frame_times(),
        displacement=record_by_elements(plate, CELL, ORDER, STEPS),
        material={"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu, "rho": ALUMINIUM.density},
        title=f"An aluminium plate with a hole, plane strain, free sides: {source_of(plate)}",
        provenance=(
            f"data/{Path(__file__).name}; scikit-fem {version}, elements of order {ORDER} and {CELL:g} m, "
            f"{STEPS} steps of Numerov's method a frame; no noise; {datetime.date.today().isoformat()}"
        ),
    )


def compared(plate: ep.Problem) -> Iterator[tuple[str, str, str, Array]]:
    """Record by other elements, steps and engine: engine, spacing in m, step in s, displacement."""
    frame, speed = DURATION / (FRAMES - 1), plate.reference.c_p
    for cell, order, steps in ((2e-3, 4, 10), (1e-3, 3, 20), (1e-3, 5, 30)):
        found = record_by_elements(plate, cell, order, steps)
        yield f"scikit-fem order {order}", f"{cell:g}", f"{frame / steps:g}", found
    for rows in (ROWS // 4, ROWS // 2, ROWS):
        step = frame / math.ceil(frame * speed / (COURANT * HEIGHT / rows))
        yield "deepwave", f"{HEIGHT / rows:g}", f"{step:.3g}", record_by_differences(plate, rows)


def check() -> None:
    """Print how far others are off the shipped files, and write it into `plate_convergence.csv`."""
    lines = ["file,engine,spacing / m,step / s,relative L2 difference"]
    for source, path in SHIPPED.items():
        shipped = ep.Receivers.load(path).recorded
        for *settings, found in compared(problem(source)):
            difference = np.linalg.norm(found - shipped) / np.linalg.norm(shipped)
            lines.append(",".join([source, *settings, f"{difference:.2e}"]))
            print(lines[-1], flush=True)
    CONVERGENCE.write_text("\n".join([*lines, ""]), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the receiver files, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write no receiver file, but how far others are off them")
    parser.add_argument("--only", choices=SHIPPED, help="write one of them")
    options = parser.parse_args(arguments)
    if options.check:
        check()
        return
    for source in [options.only] if options.only else SHIPPED:
        make(source).save(SHIPPED[source])
        print(f"wrote {SHIPPED[source]}")


if __name__ == "__main__":
    main()
