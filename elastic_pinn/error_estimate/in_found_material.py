"""Errors of wavefields at some places in a material that changes, as in a search; and all of a wavefield by elements.

The error of a model of which nothing moves is all of the wavefield.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from elastic_pinn.error_estimate.at_receivers import Array, ErrorAtReceivers
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics import Material, Problem

FINER = 1.5  # elements and time steps than for an estimate of the error
CORRECTED = 0.8  # of their sides and steps, where waveforms are corrected: what these leave of the error is systematic
A_LEVEL = 1.25  # of a speed: elements are as fine as waves in the present materials need, in such steps, between
# which small changes of the material do not change them


@torch.no_grad()
def still(problem: Problem) -> Model:
    """Make a model of which nothing moves, so that its error is all of the wavefield.

    Parameters
    ----------
    problem
        What the wavefield solves.

    Returns
    -------
    Model
        A network of zeros in the problem's material, on the CPU.
    """
    config = NetworkConfig(network="mlp", hidden_layers=(1,), precision="float64")
    around, *inside = problem.materials
    model = Model.create(
        config, around, problem.scales, torch.Generator().manual_seed(0), problem.samples, problem.domain.shape,
        problem.regions, inside,
    )  # fmt: skip
    for parameter in model.last_layer:
        parameter.zero_()
    return model


class ErrorsInFoundMaterial:
    """The errors of wavefields of a problem at some places, by elements as fine as waves in the present material need.

    Parameters
    ----------
    problem
        What the wavefields should solve, but for its material.
    places
        (N, 2), m.
    material
        The model whose material, as it is at each call, says how fine elements are.
    slopes
        As of `ErrorAtReceivers`.
    """

    def __init__(self, problem: Problem, places: Array, material: Model, slopes: Sequence[str] = ("",)) -> None:
        self._problem, self._places, self._model, self._slopes = problem, places, material, slopes
        self._by_resolution: dict[tuple[tuple[int, ...], float], ErrorAtReceivers] = {}

    def of(
        self,
        model: Model,
        orders: Sequence[int] = (0,),
        coarser: float = CORRECTED,
        acting: Problem | None = None,
    ) -> Callable[[Array], Array]:
        """Solve for the error of a wavefield.

        Parameters
        ----------
        model, orders
            As of `ErrorAtReceivers.of`.
        coarser
            By how many times coarser elements and time steps are than FINER says, dimensionless.
        acting
            As of `ErrorAtReceivers.of`.

        Returns
        -------
        callable
            As of `ErrorAtReceivers.of`.
        """
        levels = self._levels
        if (key := (levels, coarser)) not in self._by_resolution:
            resolved = self._resolved(levels)
            self._by_resolution[key] = ErrorAtReceivers(
                self._problem, self._places, FINER, coarser, resolved, self._slopes
            )
        return self._by_resolution[key].of(model, orders, acting)

    @property
    def _levels(self) -> tuple[int, ...]:
        """How fast S waves are in each region now, in levels above as the problem states it."""
        now = [math.sqrt(each["mu"] / each["rho"]) for each in (region.si() for region in self._model.material.regions)]
        stated = (material.c_s for material in self._problem.materials)
        return tuple(round(math.log(each / known, A_LEVEL)) for each, known in zip(now, stated, strict=True))

    def _resolved(self, levels: tuple[int, ...]) -> Problem:
        """The problem in materials of the speeds of such levels."""
        around, *inside = (
            _faster(material, A_LEVEL**level) for material, level in zip(self._problem.materials, levels, strict=True)
        )
        changed = [
            replace(each, material=material) for each, material in zip(self._problem.inclusions, inside, strict=True)
        ]
        return replace(self._problem, material=around, inclusions=tuple(changed))


def _faster(material: Material, factor: float) -> Material:
    """A material whose waves are so many times faster, of which all is known."""
    moduli = {name: factor**2 * getattr(material, name) for name in ("lame_lambda", "lame_mu")}
    return replace(material, **moduli, unknowns=(), density_plus_minus=0.0)
