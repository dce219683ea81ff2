"""Record a hammer's waves along a line of geophones on layered ground, and write them as a receiver file.

    python data/make_line_array.py            # the shipped file, by deepwave in two minutes (extra `reference`)
    python data/make_line_array.py --check    # how far coarser grids are off it

A soft layer over a stiffer half-space, in plane strain. deepwave solves the velocity-stress equations by finite
differences of second order on a staggered grid; cells without stiffness and mass make the free surface (Zeng and
others, Geophysics 77, 2012), and absorbing layers (PML) let waves leave at the other sides. The results of two grids,
one twice as fine, are extrapolated to cells of no size (Richardson).
"""

import argparse
import datetime
import importlib.metadata
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.physics.numbers import Array

SHIPPED = Path(__file__).with_name("line_array.h5")
LAYER = ep.Material.from_speeds(c_p=400.0, c_s=200.0, density=1800.0)
BELOW = ep.Material.from_speeds(c_p=800.0, c_s=400.0, density=2000.0)
DEPTH = 5.0  # m, of the layer
PULSE = ep.Ricker(20.0, 0.06)
FORCE, WIDTH = -1000.0, 0.5  # N/m, upwards; m, of the Gaussian under the plate that the hammer hits
GEOPHONES, APART, OFFSET = 24, 2.0, 4.0  # m; the first is so far from the hammer
HAMMER, SURFACE = 60.0, 35.0  # x and y in the window that the README states, m
FRAME, FRAMES = 2e-3, 226  # s
NOISE = 0.01  # of the peak
CELL = 0.0625  # m, of the finer grid
COURANT = 0.3  # c_p dt / spacing, small enough that deepwave does not resample in time
BEYOND, BOTTOM, ABSORBING = 15.0, 35.0, 5.0  # m: ground beside hammer and last geophone, its depth, absorbing layers
VACUUM = 2  # cells above the ground
REACH = 6.0  # widths of the load


def receivers() -> Array:
    """Return the geophones (R, 2), m."""
    return np.array([(HAMMER + OFFSET + APART * i, SURFACE) for i in range(GEOPHONES)])


def frame_times() -> Array:
    """Return the times (T,), s."""
    return FRAME * np.arange(FRAMES, dtype=np.float64)


def record(cell: float) -> Array:
    """Return the velocity upwards (R, T), m/s, on a grid of cells of a size (m).

    deepwave's velocities stand half a step beside whole times, and vertical ones half a cell above a cell's middle: on
    the surface.
    """
    import deepwave

    left, columns, rows = HAMMER - BEYOND, round((GEOPHONES * APART + OFFSET + 2 * BEYOND) / cell), round(BOTTOM / cell)
    steps = math.ceil(FRAME * BELOW.c_p / (COURANT * cell))  # a frame
    dt, count = FRAME / steps, steps * (FRAMES - 1) + 1
    depth = BOTTOM - cell * (torch.arange(rows + VACUUM, dtype=torch.float64) + 0.5)  # of the cells' middles, m
    is_solid, is_layer = (depth > 0.0).double(), (depth < DEPTH).double()

    def of_ground(name: str) -> torch.Tensor:
        above, below = (getattr(material, name) for material in (LAYER, BELOW))
        return (is_solid * (is_layer * above + (1.0 - is_layer) * below))[:, None].repeat(1, columns)

    density = of_ground("density")
    middles = left + cell * (np.arange(columns) + 0.5)
    near = np.flatnonzero(np.abs(middles - HAMMER) < REACH * WIDTH)
    pressure = FORCE * np.exp(-((middles[near] - HAMMER) ** 2) / (2.0 * WIDTH**2)) / (math.sqrt(2.0 * math.pi) * WIDTH)
    strength = torch.from_numpy(pressure / cell)[:, None] * PULSE(dt * torch.arange(count + 1, dtype=torch.float64))
    x, top = (receivers()[:, 0] - middles[0]) / cell, np.full(GEOPHONES, rows - 1)
    low = np.floor(x).astype(int)  # the column before each geophone, (R,)
    at = torch.cat([_nodes(top, low), _nodes(top, low + 1)], dim=1)
    absorbing = round(ABSORBING / cell)
    out = deepwave.elastic(
        lamb=of_ground("lame_lambda"),
        mu=of_ground("lame_mu"),
        buoyancy=torch.where(density > 0.0, 1.0 / density, 0.0),
        grid_spacing=cell,
        dt=dt,
        source_amplitudes_y=strength[None],
        source_locations_y=_nodes(np.full(len(near), rows - 1), near),
        receiver_locations_y=at,
        accuracy=2,
        pml_width=[absorbing, 0, absorbing, absorbing],
        pml_freq=PULSE.frequency,
        boundary=["pml", "rigid", "pml", "pml"],  # rigid: beyond the cells without mass
    )
    if out.info.step_ratio != 1:
        raise RuntimeError(f"deepwave takes {out.info.step_ratio} steps for one and resamples: lower COURANT")
    before, after = out.receiver_amplitudes_y[0].numpy().reshape(2, GEOPHONES, -1)
    at_geophones = before + (x - low)[:, None] * (after - before)
    found: Array = ((at_geophones[:, :-1] + at_geophones[:, 1:]) / 2.0)[:, ::steps]
    return found


def _nodes(rows: Any, columns: Any) -> torch.Tensor:
    """Places in deepwave's grid, (1, N, 2)."""
    return torch.from_numpy(np.stack([rows, columns], axis=1))[None]


def clean() -> Array:
    """Return the velocity upwards (R, T), m/s, without noise, extrapolated from two grids."""
    return (4.0 * record(CELL) - record(2.0 * CELL)) / 3.0


def make() -> ep.Receivers:
    """Return what the geophones record, with noise."""
    velocity = clean()
    noise = NOISE * float(np.abs(velocity).max())
    noisy = velocity + noise * np.random.default_rng(0).standard_normal(velocity.shape)
    return ep.Receivers(
        records=ep.Records("velocity", noisy, receivers(), frame_times(), directions=("y",), noise=noise),
        title="A hammer's waves along 24 geophones on a soft layer over a stiffer half-space",
        provenance=(
            f"data/{Path(__file__).name}; deepwave {importlib.metadata.version('deepwave')}, cells of {CELL:g} and "
            f"{2.0 * CELL:g} m extrapolated; noise {100.0 * NOISE:g} % of the peak, default_rng(0); "
            f"{datetime.date.today().isoformat()}"
        ),
    )


def check() -> None:
    """Print how far coarser grids are off the velocity without noise: relative L2 difference."""
    exact = clean()
    for cell in (8.0 * CELL, 4.0 * CELL, 2.0 * CELL, CELL):
        print(f"{cell:g} m: {np.linalg.norm(record(cell) - exact) / np.linalg.norm(exact):.2e}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the receiver file, or check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write no file, but how far coarser grids are off it")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="the receiver file")
    options = parser.parse_args(arguments)
    if options.check:
        check()
        return
    make().save(options.output)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
