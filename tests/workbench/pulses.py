"""Records of a pulse that runs along a line of receivers."""

import math
from dataclasses import replace

import numpy as np

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM

TIME = np.arange(256) * 5e-8
LINE = np.column_stack([np.linspace(0.0, 0.045, 31), np.full(31, 0.02)])


def pulses_along(speed, xy=LINE, noise=0.0, seed=0):
    """A Ricker pulse of 500 kHz in u_y that runs along x, towards larger x where the speed is positive."""
    at = (6e-6 if speed < 0 else 2e-6) + (xy[:, :1] - (0.045 if speed < 0 else 0.0)) / speed
    phase = (math.pi * 5e5 * (TIME - at)) ** 2
    values = np.zeros((len(xy), len(TIME), 2))
    values[..., 1] = 1e-9 * (1 - 2 * phase) * np.exp(-phase)
    values += noise * np.random.default_rng(seed).standard_normal(values.shape)
    return ep.Receivers(xy, TIME, values, noise, ALUMINIUM)


def gappy(records):
    """The same with a dead receiver, one that was overloaded for a while, and one that ended early along x."""
    values = records.recorded.copy()
    values[4], values[9, 60:140], values[20, 200:, 0] = np.nan, np.nan, np.nan
    return replace(records, displacement=None, records=replace(records.only, values=values))
