"""Networks and equations to try things on."""

import math

import torch
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.physics.elasticity import MOTION, STRAIN, Normal, residual, traction
from elastic_pinn.physics.moduli import Moduli

EXTENT = torch.tensor([1.0, 0.6, 2.5], dtype=torch.float64)


def network(activation: str = "tanh", hidden=(7, 6, 5), precision: str = "float64", spread: float = 1.0) -> MLP:
    config = NetworkConfig(hidden_layers=list(hidden), activation=activation, precision=precision)
    generator = torch.Generator().manual_seed(0)
    net = MLP(config, generator, EXTENT.tolist())
    with torch.no_grad():
        for bias in net.biases:
            bias.normal_(std=spread, generator=generator)
    return net


def some_equations(n: int, dtype=torch.float64) -> tuple[list[Equations], list[Tensor]]:
    """One set of each kind that terms of a loss ask for, and the material that they hang on."""
    generator = torch.Generator().manual_seed(1)
    constants = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in (0.5, 0.25, 0.9)]
    moduli = Moduli.of(*constants)

    def draw(*shape):
        return 2 * torch.rand(*shape, dtype=dtype, generator=generator) - 1

    def equations(wanted, *operators, normals=None) -> Equations:
        names = jets.components(wanted)
        coefficients = torch.ones(n, 1, dtype=dtype) if normals is None else normals
        return Equations(draw(n, 3), names, operator_of(operators, names, coefficients), coefficients, draw(n, 2))

    angle = 2 * math.pi * draw(n)
    found = [
        equations(MOTION, lambda u: residual(u, moduli)),
        equations(
            STRAIN,
            lambda u: traction(u, moduli, Normal(x=1.0)),
            lambda u: traction(u, moduli, Normal(y=1.0)),
            normals=torch.stack([angle.cos(), angle.sin()], 1),
        ),
        equations((), lambda u: u[""]),
        equations(("t",), lambda u: u["t"]),
    ]
    return found, constants
