"""A network that is a known wavefield, and a trial function that is any differentiable function: nothing but jets."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.network import Network
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.moduli import Moduli


class Written(TrialFunction):
    """A function of points (N, 3) -> (N, C) that torch can differentiate, with derivatives by nested autograd."""

    def __init__(self, function: Callable[[Tensor], Tensor], tensors: tuple[Tensor, ...]) -> None:
        self._function, self._tensors = function, tensors

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return self._tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        with torch.enable_grad():
            points = points.detach().requires_grad_()
            u = self._function(points)  # (N, C)
            return torch.stack([_derivative(u, points, name) for name in names])


class OnlyJets(TrialFunction):
    """The jets of another trial function, without its faster ways to anything."""

    def __init__(self, trial: TrialFunction) -> None:
        self._trial = trial

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return self._trial.tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        return self._trial(points, names)


def _derivative(u: Tensor, points: Tensor, name: str) -> Tensor:
    for axis in name:
        columns = [
            torch.autograd.grad(column.sum(), points, create_graph=True, allow_unused=True, materialize_grads=True)[0]
            for column in u.unbind(1)
        ]
        u = torch.stack([column[:, "xyt".index(axis)] for column in columns], dim=1)
    return u


class Known(Network):
    """A wavefield (x, y, t) -> (N, 2) in SI units, in the units of a problem."""

    def __init__(self, field, problem: Problem) -> None:
        super().__init__(NetworkConfig(precision="float64"), torch.Generator())
        self.field, self.scales = field, problem.scales
        self.none = nn.Parameter(torch.zeros(1, dtype=torch.float64))  # which the field does not depend on

    @staticmethod
    def shapes(config: NetworkConfig) -> Mapping[str, tuple[int, ...]]:
        return {"none": (1,)}

    def within(self, moduli: Moduli) -> TrialFunction:
        return Written(self._dimensionless, (self.none,))

    def _dimensionless(self, points: Tensor) -> Tensor:
        si = points * points.new_tensor(self.scales.units) + points.new_tensor(self.scales.origin)
        return self.field(*si.unbind(1)) / self.scales.displacement


def model_of(problem: Problem, field) -> Model:
    """A model that predicts a known wavefield in the material of a problem."""
    config = NetworkConfig(hidden_layers=[1], precision="float64")
    model = Model.create(config, problem.material, problem.scales, torch.Generator())
    model.network = Known(field, problem)
    return model
