"""The problem "receivers": which material explains what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from filecmp import cmp
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from elastic_pinn.config_sections import Finite, List, NonNegative, Section
from elastic_pinn.errors import ConfigError
from elastic_pinn.field_declarations import Unit, With
from elastic_pinn.paths import delivered, expanded, from_root, near_file
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups.material import MaterialConfig, given_constants
from elastic_pinn.physics.setups.start_material import constants_of

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
    """material constants to be found from receivers: any of 'lambda', 'mu', 'rho'; the search starts from
    lame_lambda, lame_mu and density, or those of the file"""
    unknown_range: Annotated[float, Field(gt=1, allow_inf_nan=False), With("unknowns"), With("inclusions")] = 10.0
    """bulk modulus, shear modulus and density are searched between start / range and start * range"""
    density_plus_minus: Annotated[NonNegative, With("unknowns"), With("inclusions"), Unit("kg/m3")] = 0.0
    """one standard deviation of the known density, kg/m3, which ± of lambda and mu counts"""
    initial_pulses: Annotated[bool, With("data")] = True
    """whether the known initial pulses of a receiver file are used as the initial condition"""


class RecordedWindowConfig(Section):
    """Where waves are recorded."""

    window: Annotated[List[Finite], Unit("m")] = ()
    """[x from, x to, y from, y to] of the problem 'receivers', m; by default what the receivers span"""

    @field_validator("window")
    @classmethod
    def _is_rectangle(cls, window: tuple[float, ...]) -> tuple[float, ...]:
        if window and not (len(window) == 4 and window[0] < window[1] and window[2] < window[3]):
            raise ValueError("Input should be [x from, x to, y from, y to], each from less than its to")
        return window


class ReceiversConfig(InversionConfig, MaterialConfig, RecordedWindowConfig, DataConfig):
    """What the problem "receivers" reads."""


def from_receivers(config: ReceiversConfig) -> Problem:
    """Make the problem of a receiver file, in the window that is given or that its receivers span.

    Nothing is imposed at the window's boundary, since nothing is known there. Raises ConfigError for records of
    several shots, for a window that is none or does not have all receivers, and where fields and file together do not
    give a material.
    """
    # Here, since the fields above are read without torch.
    from elastic_pinn.physics.conditions import Initial
    from elastic_pinn.physics.data import Receivers
    from elastic_pinn.physics.domains import Domain
    from elastic_pinn.physics.media.impossible_density import why_impossible_in_si
    from elastic_pinn.physics.media.material import PARAMETERS
    from elastic_pinn.physics.problem import Problem

    receivers = Receivers.load(find(config.data))
    _require_one_shot(config, receivers)
    x, y = _window(config, receivers)
    first, last = receivers.span
    start = constants_of(config, config.data, receivers, config.unknowns)
    pulses = receivers.pulses if config.initial_pulses else ()
    if pulses and first < 0.0:
        raise ConfigError(
            f"{config.data}: the first sample is at {first:g} s, before the known pulses at 0 s: "
            "shift the times of the records, or set initial_pulses = False"
        )
    material = searched_material(config, start)
    if why := why_impossible_in_si(material):
        raise ConfigError(f"{config.data}: {why}")
    problem = Problem(
        domain=Domain(x, y, (0.0 if pulses else first, last)),
        material=material,
        initial=Initial(velocity=velocity_of(pulses)) if pulses else None,
        receivers=receivers,
    )
    if unset := receivers.start - given_constants(config).keys() - set(config.unknowns):
        all_three = receivers.start | set(config.unknowns) == set(PARAMETERS)  # which receivers alone cannot determine
        raise ConfigError(
            f"unknowns = {list(config.unknowns)}: {config.data} holds only a start value of "
            f"{', '.join(sorted(unset))}, which is no known value: "
            f"set unknowns = {sorted(receivers.start if all_three else receivers.start | set(config.unknowns))}"
        )
    return problem


def searched_material(config: InversionConfig, constants: Mapping[str, float], **others: Any) -> Material:
    """Return the material of lambda, mu and rho, known or to start from, of which the unknowns are searched for."""
    return Material(
        constants["lambda"],
        constants["mu"],
        constants["rho"],
        unknowns=config.unknowns,
        unknown_range=config.unknown_range,
        density_plus_minus=config.density_plus_minus,
        **others,
    )


def _require_one_shot(config: ReceiversConfig, receivers: Receivers) -> None:
    """Raise ConfigError for several shots, with what takes one, or all.

    Each has a wavefield of its own. They are fitted together by waveforms, which sides, start and sources determine:
    in a window whose sides are open the material alone does not.
    """
    shots = receivers.shots
    if len(shots) > 1:
        one = f"{Path(config.data).stem}-1.h5"
        raise ConfigError(
            f"data = {config.data!r} has the shots {', '.join(map(repr, shots))}, and problem 'receivers' is of one: "
            f"take one by ep.Receivers.load({str(receivers.path)!r}).of_shot({shots[0]!r}).save({one!r}) and data = "
            f"{one!r}; or, where sides and sources are known, all by problem = 'plate' with sources = "
            f"[{{..., 'shot': {shots[0]!r}}}, {{..., 'shot': {shots[1]!r}}}] and stages = ['full_waveform']"
        )


def _window(config: ReceiversConfig, receivers: Receivers) -> tuple[tuple[float, float], tuple[float, float]]:
    """The window along x and y. Raises ConfigError where it is none, or the receivers are not in it or span none."""
    if receivers.span[0] == receivers.span[1]:
        raise ConfigError(
            f"{config.data}: all was recorded at one time, {receivers.span[0]:g} s, which shows no wave: add times"
        )
    x, y = receivers.places.T
    if not config.window:
        for name, across in {"x": x, "y": y}.items():
            if across.min() == across.max():
                raise ConfigError(
                    f"window: not given, and all receivers of {config.data} are at {name} = {across[0]:g} m, so that "
                    "they span none: give [x from, x to, y from, y to], m"
                )
        return (x.min(), x.max()), (y.min(), y.max())
    left, right, bottom, top = config.window
    outside = (x < left) | (x > right) | (y < bottom) | (y > top)
    if outside.any():
        raise ConfigError(
            f"window = {list(config.window)}: {outside.sum()} receivers of {config.data} are outside; they are at x "
            f"{x.min():g} to {x.max():g} m, y {y.min():g} to {y.max():g} m"
        )
    return (left, right), (bottom, top)


def find(path: str, parameter: str = "data") -> Path:
    """Find a data file by its path: absolute, relative to the project's root, or among the delivered data.

    The delivered data can so be used from a notebook in any folder. Raises ConfigError with the parameter that names it
    and the paths that were tried, and where another file of that path is in the working directory, which may be meant.
    """
    places, here = [from_root(path), delivered() / path], Path(expanded(path)).absolute()
    for place in places:
        if place.is_file():
            if here.is_file() and not (here.samefile(place) or cmp(here, place, shallow=False)):
                raise ConfigError(
                    f"{parameter} = {path!r}: {place} and {here}, in the working directory, are two files: give the "
                    "whole path of the one that is meant"
                )
            return place
    looked = " and ".join(dict.fromkeys(str(place) for place in places))
    there = f"; there is {here}, in the working directory: give that whole path" if here.is_file() else ""
    near = there or next(filter(None, (near_file(path, place) for place in places)), "")
    raise ConfigError(f"{parameter} = {path!r}: no such file; looked at {looked}{near}")


def velocity_of(pulses: tuple[GaussianPulse, ...]) -> Wavefield:
    """Return the velocity of known pulses as one field."""
    import torch

    def velocity(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([pulse.velocity(x, y) for pulse in pulses]).sum(0)  # (N, 2)

    return velocity
