"""The settings of a search for a material by waveforms, in a plate that is known but for it: by finite elements alone.

Elements solve for all that a network lacks, so that one that a ridge holds at zero changes no answer, and takes nothing
of the time. Where elements leave more of the waveforms than the noise hides, waves take the main part of these.
"""

from __future__ import annotations

from typing import Any

from elastic_pinn.networks.config import HELD_AT_ZERO

FEW = 10  # waves of each kind
WAVES_TO = 0.05  # relative error of the wavefield by waves, of which elements take away most

OF_WAVEFORMS: dict[str, Any] = {
    "stages": ("full_waveform",),
    "stage_steps": (),
    "steps": 20,
    "precision": "float64",
    "activation": "sin",
    "validate_every": 1,
}
"""What no plate changes."""
ALONE: dict[str, Any] = {
    "input_frequency": 6.0,
    "ridge": 10.0 * HELD_AT_ZERO,
    "interior_points": 10,
    "boundary_points": 40,
    "initial_points": 30,
    "interface_points": 10,
    "validation_points": 20,
}
"""Of the network that takes no part."""
