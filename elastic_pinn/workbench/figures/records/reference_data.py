"""Reference data compared with the exact solution: traces, errors over space and time, and grid convergence."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from elastic_pinn.physics.data import Receivers
from elastic_pinn.workbench.figures.records.shown_records import strongest_receiver
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, ORANGE, SEQUENTIAL, VERMILLION
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

SPACING, ERROR = "spacing / m", "relative L2 error"  # the columns of a table of convergence


def reference_traces(receivers: Receivers, receiver: int | None = None) -> Picture:
    """Draw the record of one receiver, the engine without noise and the exact solution; below, engine minus exact.

    Parameters
    ----------
    receivers
        Simulated records.
    receiver
        Its row; that with the strongest signal if not given.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        Where no exact solution is known.
    """
    row, quantity = strongest_receiver(receivers) if receiver is None else receiver, receivers.quantity
    exact, engine = receivers.in_free_space()[row], _engine(receivers)[row]  # (T, 2)
    time, unit = unit_for(receivers.time[-1], "s"), unit_for(float(np.abs(exact).max()), quantity.unit)
    small = unit_for(float(np.abs(engine - exact).max()), quantity.unit)
    figure = Picture(5.0)
    axes = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(2, 1))
    t = receivers.time / time.size
    for i, (upper, lower) in enumerate(axes.T):
        recorded = receivers.recorded[row, :, i]
        upper.plot(t, recorded / unit.size, "o", color=BLACK, markersize=3, label="recorded, with noise")
        upper.plot(t, engine[:, i] / unit.size, color=ORANGE, linewidth=3.0, label="engine, without noise")
        upper.plot(t, exact[:, i] / unit.size, color=BLUE, linewidth=1.2, label="exact")
        upper.set_title(quantity.symbols[i], fontsize=11)
        lower.plot(t, (engine - exact)[:, i] / small.size, color=VERMILLION, linewidth=1.2)
        lower.axhline(0.0, color="0.5", linewidth=0.8)
        lower.set_xlabel(f"t ({time.name})")
    axes[0, 0].set_ylabel(f"{quantity.name} ({unit.name})")
    axes[1, 0].set_ylabel(f"engine -\nexact ({small.name})")
    legend_below(figure)
    for where in axes.flat:
        light_grid(where)
    x, y = receivers.xy[row]
    length = unit_for(float(np.abs(receivers.xy).max()), "m")
    position = f"x = {x / length.size:.3g} {length.name}, y = {y / length.size:.3g} {length.name}"
    figure.suptitle(f"receiver {row} at {position}", fontsize=10)
    return figure


def reference_errors(receivers: Receivers) -> Picture:
    """Draw the error of the engine relative to the exact solution, over the receivers and over time, beside the noise.

    Errors are root mean squares, over time and over the receivers; all are relative to the exact ones'.

    Parameters
    ----------
    receivers
        Simulated records.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        Where no exact solution is known.
    """
    exact, relative = receivers.in_free_space(), f"error (% of the rms {receivers.quantity.name})"
    squared = np.square(_engine(receivers) - exact).sum(-1)  # (R, T)
    size = np.sqrt(np.square(exact).sum(-1).mean())
    figure = Picture(3.6)
    where, when = figure.subplots(1, 2)
    length = unit_for(float(np.abs(receivers.xy).max()), "m")
    x, y = receivers.xy.T / length.size
    dots = where.scatter(x, y, c=100 * np.sqrt(squared.mean(1)) / size, cmap=SEQUENTIAL, s=60)
    where.set_aspect("equal")
    where.set_xlabel(f"x ({length.name})")
    where.set_ylabel(f"y ({length.name})")
    figure.colorbar(dots, ax=where, label=relative)
    time = unit_for(receivers.time[-1], "s")
    when.plot(receivers.time / time.size, 100 * np.sqrt(squared.mean(0)) / size, color=VERMILLION, label="engine")
    noise = 100 * np.sqrt(2.0) * receivers.noise / size
    label = f"noise: {100 * receivers.noise_relative:.2g} % of the peak"
    when.axhline(noise, color=BLACK, linestyle="--", linewidth=1.2, label=label)
    _log(when, f"t ({time.name})", relative)
    legend_below(figure)
    return figure


def grid_convergence(path: str | Path) -> Picture:
    """Draw the error over the grid spacing, with the observed order between neighbours.

    Parameters
    ----------
    path
        A CSV that `data/make_aluminium_receivers.py --check` wrote.

    Returns
    -------
    Picture
        The figure.
    """
    table = pd.read_csv(path).sort_values(SPACING)
    spacing, error = table[SPACING].to_numpy(), table[ERROR].to_numpy()
    figure = Picture(3.6)
    axes = figure.subplots()
    unit = unit_for(float(spacing.max()), "m")
    axes.plot(spacing / unit.size, 100 * error, "o-", color=BLUE)
    orders = np.diff(np.log(error)) / np.diff(np.log(spacing))
    for order, x, y in zip(orders, *(np.sqrt(v[1:] * v[:-1]) for v in (spacing / unit.size, 100 * error)), strict=True):
        axes.annotate(f"order {order:.2f}", (x, y), xytext=(8, -10), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.set_xticks(spacing / unit.size, [f"{value:g}" for value in spacing / unit.size], minor=False)
    axes.minorticks_off()
    _log(axes, f"grid spacing ({unit.name})", "relative L2 error (%)")
    return figure


def _engine(receivers: Receivers) -> np.ndarray:
    """Return what the engine gives without noise, (R, T, 2)."""
    assert receivers.truth, "who asks has looked at the exact solution"
    return receivers.truth.recorded


def _log(axes: Axes, x: str, y: str) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    light_grid(axes)
