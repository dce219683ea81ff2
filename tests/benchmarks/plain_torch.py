"""The equation of motion of problem A' as a training step: ours, and plain torch's at the same points."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from elastic_pinn.config import Config
from elastic_pinn.networks import jets
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import problem_from
from elastic_pinn.training.session import Session

SIZES = {
    "10,000 points, 4 x 64, float32": (10_000, [64] * 4, "float32"),
    "2,000 points, 4 x 50, float32": (2_000, [50] * 4, "float32"),
    "100,000 points, 4 x 64, float32": (100_000, [64] * 4, "float32"),
    "10,000 points, 8 x 200, float32": (10_000, [200] * 8, "float32"),
    "10,000 points, 4 x 64, float64": (10_000, [64] * 4, "float64"),
}
JET = 8  # components: the value, x, y, t, xx, xy, yy, tt


def session(only_motion: bool = False, **fields: object) -> Session:
    """Ours, on problem A' if not told otherwise: its batches and its network are what the peers get."""
    made = Session(config := Config(**fields), problem_from(config))
    if only_motion:
        made.loss.statements = made.loss.statements[:1]
        made.loss.weights = {"pde": config.weight_pde}
    return made


def made(points: int, hidden: list[int], precision: str, **fields: object) -> Session:
    """The equation of motion of problem A' at some points, a tanh network, Adam."""
    few = {"boundary_points": 1, "initial_points": 1, "validation_points": 2}
    return session(True, hidden_layers=hidden, precision=precision, interior_points=points, **few, **fields)


def floor(ours: Session) -> Callable[[], None]:
    """The matrix products of one gradient: x W^T forward, g W and g^T x back."""
    count, dtype = JET * ours.config.interior_points, ours.model.dtype
    widths = [3, *ours.config.hidden_layers, 2]
    layers = [(torch.randn(count, c, dtype=dtype), torch.randn(d, c, dtype=dtype)) for c, d in pairwise(widths)]
    back = {d: torch.randn(count, d, dtype=dtype) for d in widths}

    def products() -> None:
        for i, (x, weight) in enumerate(layers):
            g = back[len(weight)]
            torch.matmul(x, weight.T)
            torch.matmul(g.T, x)
            if i:
                torch.matmul(g, weight)

    return products


def by_torch(ours: Session, nested: bool) -> Callable[[], None]:
    """A step by plain torch: jets and autograd, or autograd nested three deep as textbooks write it."""
    optimizer = torch.optim.Adam(ours.parameters, ours.config.learning_rate)
    batch = ours.sampler.batches["interior"]
    extent = torch.tensor(ours.problem.scales.extent).to(batch.points)
    (statement,), network = ours.loss.statements, ours.model.network

    def step() -> None:
        equations = equations_of(statement, ours.model.material(), batch)
        if nested:
            jet = _nested(network, equations.points, extent, equations.names)
        else:
            jet = network.within(())(equations.points, equations.names)
        optimizer.zero_grad()
        equations.misfit(jet).square().sum(1).mean().backward()
        optimizer.step()

    return step


def _nested(network: torch.nn.Module, points: Tensor, extent: Tensor, names: jets.Components) -> Tensor:
    points = points.clone().requires_grad_()
    z = points / extent
    for weight, bias in list(zip(network.weights, network.biases, strict=True))[:-1]:
        z = torch.tanh(torch.nn.functional.linear(z, weight, bias))
    u = torch.nn.functional.linear(z, network.weights[-1], network.biases[-1])
    found = {"": u}
    first = [torch.autograd.grad(u[:, c].sum(), points, create_graph=True)[0] for c in (0, 1)]
    for i, axis in enumerate(jets.AXES):
        found[axis] = torch.stack([g[:, i] for g in first], 1)
    for a, b in (name for name in names if len(name) == 2):
        i, j = jets.AXES.index(a), jets.AXES.index(b)
        rows = [torch.autograd.grad(g[:, i].sum(), points, create_graph=True)[0][:, j] for g in first]
        found[a + b] = torch.stack(rows, 1)
    return torch.stack([found[name] for name in names])
