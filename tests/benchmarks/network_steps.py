"""What a training step of each network and form costs, beside the matrix products of its layers alone."""

import argparse
import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from plain_torch import session
from report import in_turn, ms, table, write_section

import elastic_pinn as ep
from elastic_pinn.networks.jets import components
from elastic_pinn.training.session import Session

COMMAND = "python tests/benchmarks/network_steps.py"
POINTS, ALONG = 10_000, 22  # of the separable network's grid along each axis: 10,648
NOTE = f"""Equation of motion of problem A' at {POINTS:,} points, 4 x 64, tanh, float32; a step is the loss and its
gradients, then Adam. Matrix products: those of the gradients through a network's own layers, forward and back, as torch
does them, at as many components of a jet as its equations need; a separable network has them at {ALONG} places an
axis. The mixed form of displacement and stress, 0.71 of the mlp's time a point on 2026-11-28, left the library after
the ablation."""
NETWORKS: Mapping[str, dict[str, object]] = {
    "mlp": {},
    "mlp, sin": {"activation": "sin"},
    "mlp, swish": {"activation": "swish"},
    "mlp, adaptive tanh": {"adaptive_activation": True},
    "mlp, start and sides held exactly": {"hard_conditions": ["start", "sides"]},
    "mlp, potentials": {"form": "potentials"},
    "mlp, heterogeneous medium": {},
    "separable on a grid": {"network": "separable", "sampling": "grid", "interior_points": ALONG**3},
}


def stiffer_upwards(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """lambda of the heterogeneous medium, Pa."""
    return 2.0 + 0.2 * y


def made(name: str) -> Session:
    """The network's session, for the equation of motion alone."""
    fields = {"hidden_layers": [64] * 4, "interior_points": POINTS, "precision": "float32"} | NETWORKS[name]
    few = {"boundary_points": 1, "initial_points": 1, "validation_points": 2}
    if "medium" not in name:
        return session(True, **few, **fields)
    problem = ep.problem_from(ep.Config())
    solid = ep.Medium(stiffer_upwards, problem.material.lame_mu, problem.material.density)
    ours = Session(ep.Config(problem="own", **few, **fields), replace(problem, material=solid))
    ours.loss.statements, ours.loss.weights = ours.loss.statements[:1], {"pde": 1.0}
    return ours


def products(ours: Session) -> Callable[[], None]:
    """The matrix products of one gradient through each layer: x W^T forward, g W and g^T x back."""
    (statement,) = ours.loss.statements
    if ours.config.network == "separable":
        count = 3 * ALONG  # of a function of one axis, and two derivatives
    else:
        names = components(ours.model.form.required(statement).derivatives)
        count = len(names) * ours.config.interior_points
    layers = [
        (torch.randn(count, weight.shape[1]), weight.detach(), torch.randn(count, len(weight)))
        for weight in ours.model.network.weights
    ]

    def work() -> None:
        for i, (x, weight, g) in enumerate(layers):
            torch.matmul(x, weight.T)
            torch.matmul(g.T, x)
            if i:
                torch.matmul(g, weight)

    return work


def main(rounds: int) -> None:
    """Measure all in turn, and write the section."""
    sessions = {name: made(name) for name in NETWORKS}
    works: dict[str, Callable[[], object]] = {}
    for name, ours in sessions.items():
        works |= {name: ours.advance, f"{name}: floor": products(ours)}
    seconds = in_turn(works, rounds)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    points = {name: ours.config.interior_points for name, ours in sessions.items()}
    rows = [
        [
            name,
            ms(seconds[name]),
            f"{1e3 * median[f'{name}: floor']:.3g}",
            f"{median[name] / median[f'{name}: floor']:.2f}",
            f"{median[name] / points[name] * points['mlp'] / median['mlp']:.2f}",
        ]
        for name in NETWORKS
    ]
    head = ["", "ms a step", "matrix products alone, ms", "times these", "a point's time over the mlp's"]
    write_section("network steps", COMMAND, f"{NOTE}\n\n{table(head, rows)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    main(parser.parse_args().rounds)
