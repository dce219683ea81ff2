"""The settings of a search for a material by records: from their noise, and from the known pulses or the receivers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from elastic_pinn.physics import Plate, Problem
from elastic_pinn.physics.data import Receivers, noise_of
from elastic_pinn.physics.numbers import Array
from elastic_pinn.readable import rounded_up
from elastic_pinn.training.settings.waves_needed import degrees_at_start, plane_waves_needed

MARGIN = 1.3  # of wave numbers, beyond that at which a pulse's spectrum is as small as the noise allows
SHORTER = 1.1  # by so much higher wave numbers at each level of refinement, at which there are twice as many waves
MORE, AND = 1.3, 150  # times as many waves as differ, and so many: few waves have gaps between them
A_START = 0.3  # points of the start for each wave: four numbers each
LEAST_AT_START = 300
START_TO = 0.02  # of the noise: with 0.05, ± of 8 receivers is 1.2 times the Cramer-Rao bound, with 0.02 0.8 times
LEAST_WEIGHT = 100.0  # of the start, beside 1 of the records
LARGEST_PART = 0.1  # of a pulse's spectrum that is left out, however large the noise is
OF_NOISE = 1e-4  # ridge, relative to the noise: with more it displaces the unknowns where records tell little of them
LOOKED_AT = 500  # receivers, for their spacing
OF_SEARCH: dict[str, Any] = {
    "network": "plane_waves",
    "stages": ("variable_projection",),
    "stage_steps": (),
    "steps": 80,
    "precision": "float64",
    "activation": "sin",
    "sampling": "chebyshev",  # nothing holds waves beyond the start's outermost points: 1.5 times ± of 8 receivers
    "interior_points": 100,
    "validation_points": 500,
    "validate_every": 1,
    "weight_data": 1.0,
}
"""What no recording changes."""


def why_not_from_records(problem: Problem) -> str:
    """Explain why no settings follow from the records of a problem with unknowns; "" where they do."""
    receivers = problem.receivers
    if receivers is None or problem.boundary or problem.inclusions or isinstance(problem.domain.shape, Plate):
        return "settings follow from records only in a window of one material, without sides and holes"
    if problem.initial is not None and not receivers.pulses:
        return "no settings are chosen for a start that is known otherwise than by its pulses"
    if not _relative_noise(receivers) > 0.0:
        return "how well waves have to meet the records follows from their noise, which is unknown: state it"
    if problem.initial is None and len(np.unique(receivers.places, axis=0)) < 2:
        return "no start is known, and one receiver tells no wave"
    return ""


def from_records(problem: Problem, tolerance: float, level: float, given: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the settings of a search for the material.

    tolerance: the part of the noise that the waves may leave out; level: of refinement, as in `chosen`; given: fields
    of the config by their names, of which others follow.
    """
    receivers, length = problem.receivers, problem.scales.length
    assert receivers is not None, "there are no unknowns without"
    noise = _relative_noise(receivers)
    first = given.get("input_frequency", length * _greatest(problem, receivers, tolerance * noise))
    differing = max(plane_waves_needed(problem, first / length, first / length))
    layers = given.get("hidden_layers", (rounded_up(2.0**level * (MORE * differing + AND)),))
    greatest = given.get("input_frequency", SHORTER**level * first)
    found = OF_SEARCH | {"input_frequency": greatest, "hidden_layers": layers, "ridge": OF_NOISE * noise}
    if problem.initial is None:
        return found
    return found | {
        "initial_points": max(LEAST_AT_START, math.ceil(A_START * layers[0])),
        "weight_initial": _weight_of_start(problem, receivers, greatest / length),
    }


def _weight_of_start(problem: Problem, receivers: Receivers, greatest: float) -> float:
    """How much the mean squared misfit of the known start counts, beside that of the records.

    With a weight w, D degrees of freedom have a standard deviation of sqrt(D / (w N)) times the noise of N recorded
    numbers: of few records, a start that is known exactly would be left uncertain where nothing else tells it.
    """
    degrees = degrees_at_start(problem, greatest)
    return max(LEAST_WEIGHT, degrees / (receivers.samples * START_TO**2))


def _greatest(problem: Problem, receivers: Receivers, part: float) -> float:
    """The greatest wave number, 1/m: that of the known pulses, exp(-k^2 width^2 / 2), or where none are known of waves
    with two receivers a wavelength."""
    if problem.initial is None:
        return math.pi / median_spacing(np.unique(receivers.places, axis=0))
    width = min(pulse.width for pulse in receivers.pulses)
    return MARGIN * math.sqrt(2.0 * math.log(1.0 / min(part, LARGEST_PART))) / width


def median_spacing(xy: Array) -> float:
    """Compute the median distance (m) from a receiver to the next one; of very many, from some of them."""
    chosen = xy[:: -(-len(xy) // LOOKED_AT)]  # (S, 2)
    distances = np.linalg.norm(chosen[:, None] - xy, axis=2)  # (S, R)
    return float(np.median(np.partition(distances, 1, axis=1)[:, 1]))  # the smallest one is to itself


def _relative_noise(receivers: Receivers) -> float:
    """The noise over the largest number recorded, of the first quantity; nan where it is unknown."""
    return noise_of(receivers).level / float(np.nanmax(np.abs(receivers.records[0].corrected)))
