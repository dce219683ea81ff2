"""Networks and equations to try things on."""

import math

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.network import Window
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import Displacement, Domain, Initial, Traction
from elastic_pinn.physics.laws import motion
from elastic_pinn.physics.media.moduli import Moduli

EXTENT = torch.tensor([1.0, 0.6, 2.5], dtype=torch.float64)


def network(activation: str = "tanh", hidden=(7, 6, 5), precision: str = "float64", spread: float = 1.0) -> MLP:
    config = NetworkConfig(hidden_layers=list(hidden), activation=activation, precision=precision)
    generator = torch.Generator().manual_seed(0)
    net = MLP(config, generator, Window(EXTENT.tolist()))
    with torch.no_grad():
        for bias in net.biases:
            bias.normal_(std=spread, generator=generator)
    return net


def some_equations(n: int, dtype=torch.float64) -> tuple[list[Equations], list[Tensor]]:
    """One set of each kind of statement, at any points with any targets, and the material that they hang on."""
    generator = torch.Generator().manual_seed(1)
    constants = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in (0.5, 0.25, 0.9)]
    domain = Domain((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0))

    def draw(*shape) -> Tensor:
        return 2 * torch.rand(*shape, dtype=dtype, generator=generator) - 1

    angle = math.pi * draw(n)
    normal = torch.stack([angle.cos(), angle.sin()], 1)
    statements = (
        motion(domain, None),
        *Traction().statements(0, domain),
        *Displacement().statements(1, domain),
        Initial().statements(domain)[1],
    )
    batches = [Batch(draw(n, 3), draw(n, 2), normal) for _ in statements]
    pairs = zip(statements, batches, strict=True)
    return [equations_of(statement, Moduli.of(*constants), batch) for statement, batch in pairs], constants
