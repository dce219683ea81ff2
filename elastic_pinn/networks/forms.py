"""What a network's outputs are: the displacement, or what it follows from.

    displacement   u_x, u_y
    potentials     phi, psi with u = (phi_x + psi_y, phi_y - psi_x): each satisfies a scalar wave equation

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, section 2.10.

Letters: N points, J jet components, C outputs of a region.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components, components, in_order
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics.elasticity import Derivatives, Normal, times
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement

LAW = "pde"  # the column of the equation of motion
OF_POTENTIALS = ("x", "y", 1.0), ("y", "x", -1.0)
"""u_x and u_y: by which coordinate the derivative of phi is taken, by which that of psi, and times what."""


class Form:
    """The displacement itself: what other forms differ from."""

    outputs: int = 2
    """C."""

    def required(self, statement: Statement) -> Statement:
        """Return what a statement on the displacement requires of the outputs' derivatives, name -> (N, C)."""
        return statement

    def names(self, wanted: Iterable[str]) -> Components:
        """Return the jet of the outputs that some derivatives of the displacement are made of."""
        return components(wanted)

    def displacement(self, outputs: Derivatives, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Compute derivatives of the displacement, name -> (N, 2), from those of a region's outputs, name -> (N, C)."""
        return {name: outputs[name] for name in wanted}


class Potentials(Form):
    """Potentials of P and S waves, phi and psi."""

    def required(self, statement: Statement) -> Statement:
        """Two scalar wave equations for the equation of motion, and derivatives of the potentials for all others'."""
        if statement.column == LAW:
            return replace(statement, operator=_scalar_waves, derivatives=("t", "xx", "yy", "tt"))

        def operator(outputs: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
            u = self.displacement(outputs, ("", *statement.derivatives))
            return statement.operator(u, moduli, normal)

        return replace(statement, operator=operator, derivatives=self.names(statement.derivatives)[1:])

    def names(self, wanted: Iterable[str]) -> Components:
        """One derivative more of each."""
        return components(axis + name for name in ("", *wanted) for axis in "xy")

    def displacement(self, outputs: Derivatives, wanted: Iterable[str]) -> dict[str, Tensor]:
        """The gradient of phi and the curl of psi."""
        return {
            name: torch.stack(
                [
                    outputs[in_order(of_phi + name)][:, 0] + sign * outputs[in_order(of_psi + name)][:, 1]
                    for of_phi, of_psi, sign in OF_POTENTIALS
                ],
                dim=1,
            )
            for name in wanted
        }


FORMS: Mapping[str, Form] = {"displacement": Form(), "potentials": Potentials()}


class OfForm(TrialFunction):
    """The displacement that a trial function's outputs stand for, for evaluation.

    trial: of R times C outputs.
    """

    def __init__(self, trial: TrialFunction, form: Form) -> None:
        self._trial, self._form = trial, form

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of the trial function."""
        return self._trial.tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the displacement at dimensionless points (N, 3), (J, N, 2 R)."""
        needed = self._form.names(names)
        jet = self._trial(points, needed)  # (J', N, R C)
        by_region = [
            self._form.displacement(dict(zip(needed, part, strict=True)), names)
            for part in jet.split(self._form.outputs, dim=2)
        ]
        return torch.cat([torch.stack([u[name] for name in names]) for u in by_region], dim=2)


def _scalar_waves(outputs: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """rho (phi_tt + d phi_t) - (lambda + 2 mu) laplace(phi), and the same of psi with mu, (N, 2)."""
    inertia = times(moduli.density, outputs["tt"]) + times(moduli.drag, outputs["t"])
    laplace = outputs["xx"] + outputs["yy"]  # (N, 2)
    p_modulus = moduli.lame_lambda + 2.0 * moduli.lame_mu
    return inertia - torch.stack([p_modulus * laplace[:, 0], moduli.lame_mu * laplace[:, 1]], dim=1)
