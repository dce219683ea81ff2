"""Record two velocity pulses in a solid at receivers, and write them as a receiver file.

    python data/make_aluminium_receivers.py            # the shipped file, by deepwave (extra `reference`)
    python data/make_aluminium_receivers.py --first 4e-6 --output data/aluminium_late_receivers.h5   # shipped, too
    python data/make_aluminium_receivers.py --check    # grid convergence, and the shipped file's error
    python data/make_aluminium_receivers.py --engine exact --lambda 1e9 --mu 5e8 --rho 2000 --output other.h5
    python data/make_aluminium_receivers.py --engine exact --quantity velocity --output velocity.h5

The window is a square seen through which nothing is imposed: the solid goes on outside. deepwave solves the
velocity-stress equations on a staggered grid (finite differences of fourth order in space, second in time);
the exact engine sums the Fourier series of `elastic_pinn.physics.solutions` and needs nothing else.
"""

import argparse
import datetime
import importlib.metadata
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.data import RECORDED_QUANTITIES, Receivers, Truth
from elastic_pinn.physics.media.material import ALUMINIUM, Material
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses

SHIPPED = Path(__file__).with_name("aluminium_receivers.h5")
CONVERGENCE = Path(__file__).with_name("grid_convergence.csv")
RECEIVERS_A_SIDE = 11
FRAMES = 41
CELLS = 240  # of the shipped file's grid, on a side of the window; receivers stand on nodes
COURANT = 0.3  # c_p dt / spacing, small enough that deepwave does not resample in time
ABSORBING = 20  # nodes of the absorbing layer (PML)


def pulses_in(window: float) -> tuple[GaussianPulse, GaussianPulse]:
    """Return a pulse along x and one along y, a tenth of the window wide, neither on a line of symmetry."""
    width, peak = window / 10, 0.1
    return (
        GaussianPulse((0.35 * window, 0.4 * window), (1.0, 0.0), width, peak),
        GaussianPulse((0.65 * window, 0.55 * window), (0.0, 1.0), width, peak),
    )


def receivers_in(window: float) -> Tensor:
    """Return the receivers (R, 2), m: a regular grid that ends at the window's edges."""
    side = torch.linspace(0, window, RECEIVERS_A_SIDE, dtype=torch.float64)
    return torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).reshape(-1, 2)


def frame_times(window: float, duration: float | None, material: Material) -> Tensor:
    """Return the frames' times (T,), s, by default until P waves have crossed 85 % of the window."""
    crossing = float(f"{0.85 * window / material.c_p:.1e}")
    return torch.linspace(0, duration or crossing, FRAMES, dtype=torch.float64)


def record_exactly(window: float, times: Tensor, material: Material, order: int = 0) -> Tensor:
    """Return the exact displacement (R, T, 2), m, of `pulses_in(window)` at `receivers_in(window)`, or its derivative
    by time of an order."""
    return record_pulses(pulses_in(window), receivers_in(window), times, material.c_p, material.c_s, order)


def record_by_deepwave(window: float, times: Tensor, material: Material, cells: int) -> Tensor:
    """Return the same by deepwave, with so many cells on a side of the window.

    Velocities stand half a time step before the stresses: their plain sum is the displacement at whole steps.
    """
    frame = float(times[1] - times[0])
    steps = math.ceil(frame * material.c_p / (COURANT * window / cells))  # of a frame
    velocity = _simulate(window, material, cells, dt=frame / steps, count=steps * (len(times) - 1))
    displacement = frame / steps * velocity.cumsum(dim=1)[:, steps - 1 :: steps]  # (R, T - 1, 2)
    return torch.cat([torch.zeros_like(displacement[:, :1]), displacement], dim=1)


def _simulate(window: float, material: Material, cells: int, dt: float, count: int) -> Tensor:
    """Return the velocity (R, count, 2), m/s, at the receivers and the times dt / 2, 3 dt / 2, ..."""
    import deepwave

    spacing = window / cells
    margin = cells // 2  # so wide that what its end sends back reaches the window only after the last time
    n = cells + 2 * margin + 1
    # initial fields cover the absorbing layer too; v_x and v_y stand half a cell beside the nodes
    nodes = spacing * (torch.arange(n + 2 * ABSORBING, dtype=torch.float64) - margin - ABSORBING)
    y, x = torch.meshgrid(nodes, nodes, indexing="ij")  # rows are y
    pulses = pulses_in(window)
    v_x = sum((pulse.velocity(x + spacing / 2, y)[..., 0] for pulse in pulses), torch.zeros_like(x))
    v_y = sum((pulse.velocity(x, y + spacing / 2)[..., 1] for pulse in pulses), torch.zeros_like(x))
    index = torch.round(receivers_in(window).flip(-1) / spacing).long() + margin  # (R, 2), (row, column)
    solid = torch.ones(n, n, dtype=torch.float64)
    out = deepwave.elastic(
        lamb=material.lame_lambda * solid,
        mu=material.lame_mu * solid,
        buoyancy=solid / material.density,
        grid_spacing=spacing,
        dt=dt,
        nt=count + 1,
        origin=[0, 0],
        vx_0=v_x[None],
        vy_0=v_y[None],
        receiver_locations_x=torch.cat([index - torch.tensor([0, 1]), index])[None],
        receiver_locations_y=torch.cat([index - torch.tensor([1, 0]), index])[None],
        accuracy=4,
        pml_width=ABSORBING,
        pml_freq=material.c_p / (4 * pulses[0].width),
    )
    if out.info.step_ratio != 1:
        raise RuntimeError(f"deepwave takes {out.info.step_ratio} steps for one and resamples: lower COURANT")
    velocity = torch.stack([out.receiver_amplitudes_x[0], out.receiver_amplitudes_y[0]], dim=-1)
    either_side = velocity[:, 1:].unflatten(0, (2, -1))  # (2, R, count, 2); sample 0 is at -dt / 2
    return either_side.mean(dim=0)


def make(options: argparse.Namespace) -> Receivers:
    """Return what the receivers record with noise, and all that a receiver file holds beside it."""
    material = Material(options.lame_lambda, options.mu, options.rho)
    times = frame_times(options.window, options.duration, material)
    if options.engine == "deepwave":
        frame = times[1] - times[0]
        before = round(float(options.first / frame))  # frames that nobody records
        all_times = frame * torch.arange(before + len(times), dtype=torch.float64)
        clean = record_by_deepwave(options.window, all_times, material, CELLS)[:, before:].numpy()
    else:
        quantity = RECORDED_QUANTITIES[options.quantity]
        needed = {name: len(name) for name in quantity.derivatives or ("",)}
        since = times + options.first
        u = {name: record_exactly(options.window, since, material, order) for name, order in needed.items()}
        clean = quantity.of(u).numpy()
    noise = options.noise * float(np.abs(clean).max())
    return Receivers(
        xy=receivers_in(options.window).numpy(),
        time=times.numpy(),
        **{options.quantity: clean + noise * np.random.default_rng(options.seed).standard_normal(clean.shape)},
        noise=noise,
        material=start(options),
        start=frozenset({"lambda", "mu"}),
        pulses=() if options.first else pulses_in(options.window),
        truth=Truth({"lambda": options.lame_lambda, "mu": options.mu, "rho": options.rho}, **{options.quantity: clean}),
        title=f"Two velocity pulses in an elastic solid, plane strain, window {options.window:g} m wide"
        + (f", recorded from {options.first:g} s after them on" if options.first else ""),
        provenance=provenance(options),
    )


def start(options: argparse.Namespace) -> dict[str, float]:
    """Return the material that a search starts from: lambda and mu in Pa, rho in kg/m3."""
    return {
        "lambda": options.lame_lambda * (1 + options.start_offset),
        "mu": options.mu * (1 - options.start_offset),
        "rho": options.rho,
    }


def provenance(options: argparse.Namespace) -> str:
    """Return script, engine and version, settings and date in one line."""
    engine = "exact Fourier solution in free space"
    if options.engine == "deepwave":
        version = importlib.metadata.version("deepwave")
        engine = f"deepwave {version}, spacing {options.window / CELLS:g} m, Courant number {COURANT}"
    return (
        f"data/{Path(__file__).name}; {engine}; white Gaussian noise {options.noise:g} of the peak, "
        f"seed {options.seed}; {datetime.date.today().isoformat()}"
    )


def check() -> None:
    """Print how far deepwave, at three spacings, and the shipped file are off the exact solution; the former into
    `grid_convergence.csv` too."""
    shipped = Receivers.load(SHIPPED)
    assert shipped.truth is not None, "the shipped file holds the truth"
    window, times = float(shipped.xy.max()), torch.from_numpy(shipped.time)
    true = shipped.truth.material
    material = Material(true["lambda"], true["mu"], true["rho"])
    exact = torch.from_numpy(shipped.in_free_space())

    def error(displacement: Tensor) -> float:
        return float((displacement - exact).norm() / exact.norm())

    print("| spacing | relative L2 error | observed order |\n|---|---|---|")
    coarser, lines = math.nan, ["spacing / m,relative L2 error"]
    for cells in (CELLS // 4, CELLS // 2, CELLS):
        found = error(record_by_deepwave(window, times, material, cells))
        order = "" if math.isnan(coarser) else f"{math.log2(coarser / found):.2f}"
        print(f"| {1e3 * window / cells:g} mm | {100 * found:.4f} % | {order} |")
        coarser = found
        lines.append(f"{window / cells:g},{found:.3e}")
    CONVERGENCE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(f"\n{SHIPPED.name}, without noise: {100 * error(torch.from_numpy(shipped.truth.displacement)):.4f} %")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--output", type=Path, help="the file to write (needed unless it is the shipped one)")
    add("--engine", choices=("deepwave", "exact"), default="deepwave")
    add("--quantity", choices=tuple(RECORDED_QUANTITIES), default="displacement", help="what is recorded")
    add("--lambda", dest="lame_lambda", type=float, default=ALUMINIUM.lame_lambda, help="Pa")
    add("--mu", type=float, default=ALUMINIUM.lame_mu, help="Pa")
    add("--rho", type=float, default=ALUMINIUM.density, help="kg/m3")
    add("--start-offset", type=float, default=0.3, help="lambda starts this fraction high, mu low")
    add("--noise", type=float, default=0.01, help="standard deviation as a fraction of the peak")
    add("--seed", type=int, default=0, help="of the noise")
    add("--window", type=float, default=0.06, help="the window's side in m")
    add("--duration", type=float, help="s (default: until P waves have crossed 85 %% of the window)")
    add(
        "--first",
        type=float,
        default=0.0,
        help="s from the pulses to the first sample, by a clock that starts there: "
        "the file then holds neither the pulses nor their time",
    )
    add("--check", action="store_true", help="write no receiver file, print the errors")
    options = parser.parse_args(arguments)
    if options.output is None:
        changed = [name for name, value in vars(options).items() if value != parser.get_default(name)]
        if set(changed) - {"check"}:
            parser.error(f"the shipped file is made with the defaults, not another {changed[0]}: give --output")
        options.output = SHIPPED
    if fault := _fault(options):
        parser.error(fault)
    return options


def _fault(options: argparse.Namespace) -> str:
    """Return why nothing can be recorded with these options, "" where it can be."""
    if options.quantity != "displacement" and options.engine != "exact":
        return f"--quantity {options.quantity}: --engine exact is needed, since the other one gives displacement"
    if not 0 <= options.noise < math.inf:
        return f"--noise {options.noise:g}: a fraction of 0 or more is needed"
    if not 0 <= options.first < math.inf:
        return f"--first {options.first:g}: a number of 0 or more is needed"
    if options.engine == "deepwave" and options.window > 0.0:
        times = frame_times(options.window, options.duration, ALUMINIUM)
        if abs(math.remainder(options.first, frame := float(times[1] - times[0]))) > 1e-6 * frame:
            return f"--first {options.first:g}: by deepwave a multiple of the frames' {frame:g} s is needed"
    if options.seed < 0:
        return f"--seed {options.seed}: a whole number of 0 or more is needed"
    for name in ("window", "duration"):
        value = getattr(options, name)
        if value is not None and not 0 < value < math.inf:
            return f"--{name} {value:g}: a number above 0 is needed"
    if not options.output.parent.is_dir():
        return f"--output {options.output}: there is no folder {options.output.parent}"
    try:
        Material(options.lame_lambda, options.mu, options.rho)
        first = start(options)
        Material(first["lambda"], first["mu"], first["rho"])
    except ValueError as error:
        return str(error)
    return ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a receiver file, or check the shipped one."""
    options = parse(arguments)
    if options.check:
        check()
        return
    make(options).save(options.output)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
