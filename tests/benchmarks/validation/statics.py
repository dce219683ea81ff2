"""Plates at rest."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.solutions import KirschPlate
from tests.benchmarks.validation.forty_holes import beside_pyrfm, forty_holes
from tests.benchmarks.validation.row import Row, potentials, random_features

LAMBDA, MU, Q = 1.0, 0.5, 4.0
SOLID = ep.Material(LAMBDA, MU, 1.0)
PLATE = ep.Domain((0.0, 1.0), (0.0, 1.0))
PI = math.pi


def bent(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """The plate of Haghighat et al., Comput. Methods Appl. Mech. Eng. 379, 2021."""
    return torch.stack([torch.cos(2 * PI * x) * torch.sin(PI * y), torch.sin(PI * x) * Q * y**4 / 4], dim=-1)


def force(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """The body force that holds it, - div sigma."""
    waves, bulge = torch.cos(2 * PI * x) * torch.sin(PI * y), torch.cos(PI * x) * Q * y**3
    f_x = LAMBDA * (4 * PI**2 * waves - PI * bulge) + MU * (9 * PI**2 * waves - PI * bulge)
    mixed = 2 * PI**2 * torch.sin(2 * PI * x) * torch.cos(PI * y)
    f_y = LAMBDA * (mixed - 3 * torch.sin(PI * x) * Q * y**2)
    f_y = f_y + MU * (mixed - 6 * torch.sin(PI * x) * Q * y**2 + PI**2 * torch.sin(PI * x) * Q * y**4 / 4)
    return torch.stack([f_x, f_y], dim=-1)


def pull(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """The traction on the top."""
    return torch.stack([torch.zeros_like(x), (LAMBDA + 2 * MU) * Q * torch.sin(PI * x)], dim=-1)


def clamped_plate(size: float) -> ep.Problem:
    """The displacement of every side given."""
    return ep.Problem(PLATE, SOLID, [ep.Displacement(bent)], force=force, exact=bent)


def mixed_plate(size: float) -> ep.Problem:
    """One component of the displacement and the other of the traction on three sides, as published."""
    sides = [
        ep.Displacement(sides="bottom"),
        ep.Displacement(sides="top", component="x"),
        ep.Traction(pull, sides="top", component="y"),
        ep.Displacement(sides=("left", "right"), component="y"),
        ep.Traction(sides=("left", "right"), component="x"),
    ]
    return ep.Problem(PLATE, SOLID, sides, force=force, exact=bent)


NORMALS = {"right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}


def kirsch_plate(size: float) -> ep.Problem:
    """A square with a free hole in the field of a wide plate: held on the left, pulled on the other sides."""
    field = KirschPlate(SOLID, 0.3 * size, (0.1 * size, -0.05 * size), angle=0.4)
    plate = ep.Plate(ep.Rectangle((-size, size), (-size, size)), [ep.Disc(field.center, field.radius)])

    def pull(x: Tensor, y: Tensor, t: Tensor, n_x: float, n_y: float) -> Tensor:
        xx, yy, xy = field.stress(x, y).T
        return torch.stack([xx * n_x + xy * n_y, xy * n_x + yy * n_y], dim=1)

    sides = [ep.Traction(partial(pull, n_x=n_x, n_y=n_y), side) for side, (n_x, n_y) in NORMALS.items()]
    sides += [ep.Displacement(field, "left"), ep.Traction(sides=plate.names)]
    return ep.Problem(ep.Domain(shape=plate), SOLID, sides, exact=field)


FEATURES = random_features(300, 6.0)
FEWER = {"hidden_layers": [150], "interior_points": 300, "boundary_points": 100}

ROWS = (
    Row(
        "static-clamped",
        "Haghighat's plate at rest, displacement given on all sides",
        clamped_plate,
        "300 features",
        FEATURES,
        FEWER,
        1e-6,
        published="1e-5 Haghighat",
    ),
    Row(
        "static-mixed",
        "the same with mixed conditions",
        mixed_plate,
        "300 features",
        FEATURES,
        FEWER,
        1e-6,
        published="3e-3 DeepXDE",
    ),
    Row(
        "kirsch",
        "Kirsch: a free hole in a plate under tension, nu = 1/3",
        kirsch_plate,
        "60 polynomials, 40 potentials around the hole",
        potentials(60, 40, boundary_points=60),
        {},
        1e-10,
    ),
    Row(
        "forty-holes",
        "40 holes, the pull on each rim given, plane stress, nu = 0.3",
        forty_holes,
        "60 polynomials, 4000 potentials around the holes",
        potentials(60, 4000, boundary_points=4500),
        {"hidden_layers": [20, 640], "boundary_points": 900},
        1e-3,
        goal=1e-3,
        published=beside_pyrfm,
    ),
)
