"""A row of the table of exact fields: a problem, a way to solve it, and how close it has to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.points import probe_points

NODES = 24  # of Gauss's quadrature along x, y and t: 40 give the same to six digits
PLACES = 1500  # in a shape that is no box, at each instant
SOLID = ep.Material(1.0, 1.0, 1.0)  # nu = 0.25

Recipe = dict[str, Any]

GLOROT: Recipe = {
    "problem": "own",
    "network": "mlp",
    "hidden_layers": [32, 32, 32],
    "precision": "float64",
    "stages": ["soap", "ssbroyden"],
    "stage_steps": [500],
    "learning_rate": 3e-3,
    "interior_points": 1500,
    "boundary_points": 400,
    "initial_points": 300,
    "weight_boundary": 100.0,
    "weight_initial": 100.0,
    "validation_points": 500,
    "estimate_error": False,
    "log_level": "error",
}
"""An MLP from Glorot's start, all layers trained: SOAP, of which points and weights may change at any step, and then a
search along lines, by which they change where it restarts."""


def quadrature(problem: ep.Problem) -> tuple[Tensor, np.ndarray]:
    """Points (N, 3) and the roots of their weights in a mean over domain and time, (N, 1).

    Over time they are Gauss's, and in a box over space too: the error of a well resolved wavefield sits in the corners
    of space and time, where a few of 20,000 points at random have most of it.
    """
    nodes, weights = np.polynomial.legendre.leggauss(1 if problem.domain.is_static else NODES)
    instants, of_instants = (nodes + 1.0) / 2.0, weights / 2.0
    if isinstance(problem.domain.shape, ep.Rectangle):
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        axis = (nodes + 1.0) / 2.0
        places = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        of_places = np.outer(weights, weights).ravel() / 4.0
    else:
        count = PLACES * NODES // len(instants)
        places, of_places = probe_points(2, count).numpy(), np.full(count, 1.0 / count)
    cube = np.column_stack([np.repeat(places, len(instants), axis=0), np.tile(instants, len(places))])  # (N, 3)
    return problem.domain.interior(torch.from_numpy(cube)), np.sqrt(np.outer(of_places, of_instants).reshape(-1, 1))


def errors(run: ep.Run, problem: ep.Problem) -> tuple[float, float]:
    """The root mean squares of the displacement's error and of the displacement over domain and time, by quadrature."""
    points, roots = quadrature(problem)
    exact = evaluate(problem.exact, points).numpy()  # (N, 2)
    off = run.predict(*points.unbind(1)) - exact
    return float(np.linalg.norm(roots * off)), float(np.linalg.norm(roots * exact))


def relative_error(run: ep.Run, problem: ep.Problem) -> float:
    """The relative L2 error of the displacement over domain and time."""
    error, size = errors(run, problem)
    return error / size


def least_squares(network: str, features: int, frequency: float, **points: Any) -> Recipe:
    """The last layer of so many features up to a frequency, solved for at once."""
    return {
        "problem": "own",
        "network": network,
        "hidden_layers": [features],
        "activation": "sin",
        "input_frequency": frequency,
        "precision": "float64",
        "stages": ["last_layer"],
        "steps": 1,
        "ridge": 1e-14,
        "sampling": "sobol",
        "weight_boundary": 100.0,
        "weight_initial": 100.0,
        "validation_points": 500,
        "log_level": "error",
    } | points


def plane_waves(waves: int, frequency: float, **fields: Any) -> Recipe:
    """Plane waves: the equation of motion holds by itself, so that the sides and the start have all the points."""
    points = {"interior_points": 20, "boundary_points": 3 * waves // 5, "initial_points": 2 * waves // 5}
    return least_squares("plane_waves", waves, frequency, **points) | fields


def potentials(*numbers: int, boundary_points: int) -> Recipe:
    """Polynomials and potentials around holes: the equation holds by itself, so that the sides have all the points."""
    points = {"interior_points": 20, "boundary_points": boundary_points}
    return least_squares("potentials", 0, 1.0, **points) | {"hidden_layers": [*numbers]}


def random_features(features: int, frequency: float, **fields: Any) -> Recipe:
    """Random sines, which know nothing of the equation."""
    points = {"interior_points": 2 * features, "boundary_points": features // 2, "initial_points": features // 2}
    return least_squares("random_features", features, frequency, **points) | fields


def all_trained(features: Recipe, steps: int) -> Recipe:
    """Random features as an MLP with a narrow layer before them, all of whose weights are trained from there on."""
    return features | {
        "network": "mlp",
        "hidden_layers": [8, *features["hidden_layers"]],
        "initialization": "features",
        "stages": ["last_layer", "levenberg_marquardt"],
        "stage_steps": [1],
        "steps": 1 + steps,
        "damping": 1e-6,
    }


@dataclass(frozen=True)
class Row:
    """One exact field.

    name: by which it is chosen. case: what the table says. problem: makes it, of its full size or a part of this.
    method, fields: how it is solved. quick: changes of `fields` for the tests, which solve half of the size and must
    come within `quick_goal`; None where no such way is known. goal: in the table. published: what others report, or
    what measures it beside. measure: from the run and the problem to what is compared with the goals.
    """

    name: str
    case: str
    problem: Callable[[float], ep.Problem]
    method: str
    fields: Recipe
    quick: Recipe | None
    quick_goal: float
    goal: float = 1e-6
    published: str | Callable[[], str] = "none"
    measure: Callable[[ep.Run, ep.Problem], float] = field(default=relative_error)

    def error(self, folder: Path, seed: int = 0) -> float:
        """Solve the whole problem and measure how far the answer is off."""
        return self._error(self.problem(1.0), ep.Config(**self.fields, seed=seed), folder)

    def quick_error(self, folder: Path) -> float:
        """Solve half of the problem in seconds."""
        return self._error(self.problem(0.5), ep.Config(**self.fields | (self.quick or {})), folder)

    def _error(self, problem: ep.Problem, config: ep.Config, folder: Path) -> float:
        return self.measure(ep.train(config, folder, problem), problem)
