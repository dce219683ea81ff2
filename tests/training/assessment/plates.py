"""A small block of aluminium whose material is sought: what its receivers record, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.fit import Fit
from elastic_pinn.physics.data import Truth
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session

SIDE, DURATION, NOISE = 0.06, 8e-6, 0.02  # m, s, of the peak
PULSES = (
    GaussianPulse((0.35 * SIDE, 0.4 * SIDE), (1.0, 0.0), 0.5 * SIDE, 0.1),
    GaussianPulse((0.65 * SIDE, 0.55 * SIDE), (0.0, 1.0), 0.5 * SIDE, 0.1),
)
TRUE = {"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu, "rho": ALUMINIUM.density}
CONFIG = {
    "problem": "own", "network": "plane_waves", "hidden_layers": [250], "activation": "sin", "input_frequency": 3.0,
    "precision": "float64", "stages": ["variable_projection"], "steps": 10, "ridge": 1e-7, "interior_points": 10,
    "initial_points": 150, "weight_initial": 100.0, "validation_points": 16, "validate_every": 100,
    "checkpoint_every": 0, "sampling": "latin_hypercube", "log_level": "warning",
}  # fmt: skip

ORDERS = ("displacement", "velocity", "acceleration")  # of the derivative by time

Change = Callable[[ep.Receivers], ep.Receivers]


def brought(xy: np.ndarray, time: np.ndarray, material: dict[str, float], quantity: str) -> np.ndarray:
    """What the pulses bring to places in a material, (R, T, 2) in the quantity's SI unit."""
    solid = ep.Material(material["lambda"], material["mu"], material["rho"])
    places, order = (torch.from_numpy(xy), torch.from_numpy(time)), ORDERS.index(quantity)
    return record_pulses(PULSES, *places, solid.c_p, solid.c_s, order=order).numpy()


@cache
def recorded(side: int = 5, instants: int = 24, seed: int = 0, quantity: str = "displacement") -> ep.Receivers:
    """What a square of receivers records of two broad pulses, with noise."""
    along = np.linspace(0.0, SIDE, side)
    xy = np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1).reshape(-1, 2)
    time = np.linspace(0.0, DURATION, instants)
    clean = brought(xy, time, TRUE, quantity)
    noise = NOISE * float(np.abs(clean).max())
    return ep.Receivers(
        xy=xy,
        time=time,
        **{quantity: clean + noise * np.random.default_rng(seed).standard_normal(clean.shape)},
        noise=noise,
        material={"lambda": 1.2 * TRUE["lambda"], "mu": 0.85 * TRUE["mu"], "rho": TRUE["rho"]},
        start=frozenset({"lambda", "mu"}),
        pulses=PULSES,
        truth=Truth(TRUE, **{quantity: clean}),
    )


def with_noise(receivers: ep.Receivers, seed: int) -> ep.Receivers:
    """The same with other noise of the same size."""
    assert receivers.truth
    noise = np.random.default_rng(seed).standard_normal(receivers.recorded.shape)
    return replace(receivers, **{receivers.quantity.name: receivers.truth.recorded + receivers.noise * noise})


def problem_of(receivers: ep.Receivers, knows_start: bool = True) -> ep.Problem:
    """Find lambda and mu; knows_start: whether the pulses are known."""
    (x, y), t, start = receivers.xy.T, receivers.time, receivers.material

    def velocity(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.stack([pulse.velocity(x, y) for pulse in receivers.pulses]).sum(0)

    return ep.Problem(
        domain=ep.Domain((x.min(), x.max()), (y.min(), y.max()), (0.0 if knows_start else t.min(), t.max())),
        material=ep.Material(start["lambda"], start["mu"], start["rho"], ("lambda", "mu")),
        initial=ep.Initial(velocity=velocity) if knows_start else None,
        receivers=receivers,
    )


def found(receivers: ep.Receivers, knows_start: bool = True, **fields: object) -> Fit:
    """Search until nothing is left to find, and assess."""
    return trained(ep.Config(**(CONFIG | fields)), problem_of(receivers, knows_start))


def trained(config: ep.Config, problem: ep.Problem) -> Fit:
    """The same of any problem."""
    session = Session(config, problem)
    while session.step < session.config.steps and not session.reason_to_end:
        session.advance()
    return assess(session.trained())


def errors(fit: Fit) -> dict[str, float]:
    """By how many of its ± each unknown is off."""
    return {name: (fit.values[name] - TRUE[name]) / error for name, error in fit.plus_minus.items()}
