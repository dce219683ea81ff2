"""The problem "receivers": which material explains what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from elastic_pinn.config_sections import List, NonNegative, Section
from elastic_pinn.errors import ConfigError
from elastic_pinn.paths import delivered, from_root

if TYPE_CHECKING:
    from torch import Tensor

    from elastic_pinn.physics.data import Receivers
    from elastic_pinn.physics.fields import Field as Wavefield
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.solutions import GaussianPulse


class DataConfig(Section):
    """Recorded data."""

    data: str = ""
    """receiver file of the problem 'receivers', or recorded in the problem 'plate'; a relative path starts at the
    project's root"""


class InversionConfig(Section):
    """What is searched for, and what is taken from the receiver file."""

    unknowns: List[Literal["lambda", "mu", "rho"]] = ()
    """material constants to be found from receivers: any of 'lambda', 'mu', 'rho'; the search starts from those of
    the file, or in a 'plate' from lame_lambda, lame_mu and density"""
    unknown_range: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 10.0
    """bulk modulus, shear modulus and density are searched between start / range and start * range"""
    density_plus_minus: NonNegative = 0.0
    """one standard deviation of the known density, kg/m3, which ± of lambda and mu counts"""
    initial_pulses: bool = True
    """whether the known initial pulses of a receiver file are used as the initial condition"""


class ReceiversConfig(InversionConfig, DataConfig):
    """What the problem "receivers" reads."""


def from_receivers(config: ReceiversConfig) -> Problem:
    """Make the problem of a receiver file, in the window that its receivers span.

    Nothing is imposed at the window's boundary, since nothing is known there.
    """
    # Here, since the fields above are read without torch.
    from elastic_pinn.physics.conditions import Initial
    from elastic_pinn.physics.data import Receivers
    from elastic_pinn.physics.domains import Domain
    from elastic_pinn.physics.media.material import PARAMETERS, Material
    from elastic_pinn.physics.problem import Problem

    receivers = Receivers.load(find(config.data))
    _require_window(config.data, receivers)
    (x, y), (first, last) = receivers.places.T, receivers.span
    start = receivers.material
    if not start:
        raise ConfigError(
            f"{config.data}: its group /known has no lambda, mu and rho, known or to start a search from: give "
            "lame_lambda, lame_mu, density and start where it is imported (elastic-pinn import, 07_own_data), write "
            "them there (data/README.md), or state the problem in Python, with a Material or a Medium"
        )
    pulses = receivers.pulses if config.initial_pulses else ()
    if pulses and first < 0.0:
        raise ConfigError(
            f"{config.data}: the first sample is at {first:g} s, before the known pulses at 0 s: "
            "shift the times of the records, or set initial_pulses = False"
        )
    problem = Problem(
        domain=Domain((x.min(), x.max()), (y.min(), y.max()), (0.0 if pulses else first, last)),
        material=Material(
            start["lambda"],
            start["mu"],
            start["rho"],
            unknowns=config.unknowns,
            unknown_range=config.unknown_range,
            density_plus_minus=config.density_plus_minus,
        ),
        initial=Initial(velocity=velocity_of(pulses)) if pulses else None,
        receivers=receivers,
    )
    if unset := receivers.start - set(config.unknowns):
        all_three = receivers.start | set(config.unknowns) == set(PARAMETERS)  # which receivers alone cannot determine
        raise ConfigError(
            f"unknowns = {list(config.unknowns)}: {config.data} holds only a start value of "
            f"{', '.join(sorted(unset))}, which is no known value: "
            f"set unknowns = {sorted(receivers.start if all_three else receivers.start | set(config.unknowns))}"
        )
    return problem


def _require_window(data: str, receivers: Receivers) -> None:
    """Raise ConfigError for receivers that span no window of space and time, as the wave equation needs."""
    spread = [bool(column.max() > column.min()) for column in receivers.places.T]
    if not any(spread):
        fault = "all receivers are at one place"
    elif not all(spread):
        fault = f"all receivers lie on one line along {'xy'[spread.index(True)]}"
    elif receivers.span[0] == receivers.span[1]:
        fault = f"all was recorded at one time, {receivers.span[0]:g} s"
    else:
        return
    raise ConfigError(
        f"{data}: {fault}, and so they span no window of space and time for the wave equation: add receivers or times, "
        "or state the window in Python: train(config, run_dir, problem=Problem(Domain(x, y, t), material, "
        "receivers=Receivers.load(data)))"
    )


def find(path: str, parameter: str = "data") -> Path:
    """Find a data file by its path: absolute, relative to the project's root, or among the delivered data.

    The delivered data can so be used from a notebook in any folder. Raises ConfigError with the parameter that names it
    and the paths that were tried.
    """
    places = [from_root(path), delivered() / path]
    for place in places:
        if place.is_file():
            return place
    looked = " and ".join(dict.fromkeys(str(place) for place in places))
    raise ConfigError(f"{parameter} = {path!r}: no such file; looked at {looked}")


def velocity_of(pulses: tuple[GaussianPulse, ...]) -> Wavefield:
    """Return the velocity of known pulses as one field."""
    import torch

    def velocity(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([pulse.velocity(x, y) for pulse in pulses]).sum(0)  # (N, 2)

    return velocity
