"""Plates as the tests give them by plain values."""

from typing import Any

from elastic_pinn.config import Config

ALUMINIUM = {"lame_lambda": 5.76e10, "lame_mu": 2.6e10, "density": 2700.0}

PRESS = {
    "kind": "side_load",
    "at": [0.012, 0.02],
    "force": [0.0, -1000.0],
    "pulse": "ricker",
    "frequency": 2e5,
    "width": 1e-3,
}
PUSH = PRESS | {"kind": "point_force", "at": [0.012, 0.008]}
TURN = {
    "kind": "moment",
    "at": [0.01, 0.01],
    "moment": [[1.0, 0.5], [0.5, -1.0]],
    "pulse": "gaussian",
    "frequency": 2e5,
    "delay": 6e-6,
    "width": 1e-3,
}
BUMP = {"kind": "initial_pulse", "at": [0.03, 0.012], "velocity": [0.0, 1.0], "width": 1e-3}
DISC = {"center": [0.008, 0.006], "radius": 0.002, "material": "steel"}
LAYER = {"x": [0.0, 0.04], "y": [0.0, 0.003], "contact": "slip", **ALUMINIUM, "lame_mu": 2e10}
HOLE = [0.026, 0.009, 0.003]

PLATE = {"problem": "plate", "holes": [HOLE], "sources": [PRESS], "duration": 12e-6, **ALUMINIUM}


def plate_config(**changes: Any) -> Config:
    """The config of an aluminium plate with a hole and a load, with some fields changed."""
    return Config(**(PLATE | changes))
