"""What a network's outputs are: the displacement, or what it follows from.

    displacement   u_x, u_y
    mixed          u_x, u_y, sigma_xx, sigma_yy, sigma_xy: the equation of motion is of first order in space, and
                   sigma = lambda tr(eps) I + 2 mu eps is required beside it
    potentials     phi, psi with u = (phi_x + psi_y, phi_y - psi_x): each satisfies a scalar wave equation

Sources: of the mixed form Haghighat and others, Computer Methods in Applied Mechanics and Engineering 379, 2021; of the
potentials Achenbach, Wave Propagation in Elastic Solids, 1973, section 2.10.

Letters: N points, J jet components, C outputs of a region, E equations a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components, components, in_order
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics.elasticity import STRAIN, Derivatives, Normal, stress, times
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


class Mixed(Form):
    """Displacement and stress. What is required of the displacement's derivatives by space is required of the stress,
    but for sigma's own equation; any prediction is by the displacement alone."""

    outputs = 5

    def required(self, statement: Statement) -> Statement:
        """With the strain that belongs to the stress for that of the displacement, and second derivatives from it, as

        u_x,yy = 2 eps_xy,y - eps_yy,x   and   u_y,xx = 2 eps_xy,x - eps_xx,y.
        """
        of_law, names = statement.column == LAW, _at_first_order(statement.derivatives)

        def operator(outputs: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
            left = statement.operator(_by_stress(outputs, moduli, statement.derivatives), moduli, normal)  # (N, E)
            if not of_law:
                return left
            u = {name: outputs[name][:, :2] for name in STRAIN}
            return torch.cat([left, stress(u, moduli) - outputs[""][:, 2:]], dim=1)

        return replace(statement, operator=operator, derivatives=(*names, *STRAIN) if of_law else names)

    def displacement(self, outputs: Derivatives, wanted: Iterable[str]) -> dict[str, Tensor]:
        """The first two outputs."""
        return {name: outputs[name][:, :2] for name in wanted}


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


FORMS: Mapping[str, Form] = {"displacement": Form(), "mixed": Mixed(), "potentials": Potentials()}


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


def _at_first_order(names: Iterable[str]) -> Components:
    """The same names, with the first derivatives of strains in the place of second derivatives by space."""
    parts = ((name,) if "t" in name or len(name) < 2 else tuple(name) for name in names)
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


def _by_stress(outputs: Derivatives, moduli: Moduli, wanted: Iterable[str]) -> dict[str, Tensor]:
    """Derivatives of the displacement, name -> (N, 2): by space from the stress, of which the strain is, else its own.

    A stress tells no rotation, and no statement asks for one: both shear derivatives are half the shear strain's.
    """

    def strain_of(name: str) -> tuple[Tensor, Tensor, Tensor]:
        xx, yy, xy = outputs[name][:, 2:].unbind(1)
        trace = (xx + yy) / (2.0 * (moduli.lame_lambda + moduli.lame_mu))
        pressure, twice_mu = moduli.lame_lambda * trace, 2.0 * moduli.lame_mu
        return (xx - pressure) / twice_mu, (yy - pressure) / twice_mu, xy / twice_mu

    found = {name: outputs[name][:, :2] for name in ("", *wanted) if not set(name) & set("xy")}
    by_space = [name for name in wanted if name not in found]
    if set(by_space) & set(STRAIN):
        xx, yy, xy = strain_of("")
        found |= {"x": torch.stack([xx, xy], dim=1), "y": torch.stack([xy, yy], dim=1)}
    if any(len(name) == 2 and "t" not in name for name in by_space):
        (xx_x, yy_x, xy_x), (xx_y, yy_y, xy_y) = strain_of("x"), strain_of("y")
        found |= {
            "xx": torch.stack([xx_x, 2.0 * xy_x - xx_y], dim=1),
            "xy": torch.stack([xx_y, yy_x], dim=1),
            "yy": torch.stack([2.0 * xy_y - yy_x, yy_y], dim=1),
        }
    return found | {name: outputs[name][:, :2] for name in by_space if "t" in name}
