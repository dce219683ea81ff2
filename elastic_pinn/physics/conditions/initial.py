"""The start: displacement and velocity at the window's first instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import displacement, velocity
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, evaluate, name_of, require_field, values_of
from elastic_pinn.physics.quantity import DISPLACEMENT, VELOCITY
from elastic_pinn.physics.sources import concentrated, field_of, identity_of
from elastic_pinn.physics.statement import Place, Statement

RATES = 64  # points where a derivative is compared with finite differences


@dataclass(frozen=True, repr=False)
class Initial:
    """Displacement and velocity at the window's first instant.

    Parameters
    ----------
    displacement
        A function (x, y, t) -> (N, 2) in m, or several in a list, which add up, as `InitialPulse`; None: zero.
    velocity
        A function (x, y, t) -> (N, 2) in m/s, or several in a list; None: zero.

    Raises
    ------
    ProblemError
        For what is no such function.
    """

    displacement: Field | None = None
    velocity: Field | None = None

    def __post_init__(self) -> None:
        for name in ("displacement", "velocity"):
            object.__setattr__(self, name, field_of(getattr(self, name), f"the initial {name}"))

    def __repr__(self) -> str:
        return f"Initial({name_of(self.displacement)}, velocity={name_of(self.velocity)})"

    @classmethod
    def of(cls, wavefield: Field) -> Self:
        """Make the initial condition of a known wavefield, by its value and its derivative by t.

        Parameters
        ----------
        wavefield
            A function (x, y, t) -> (N, 2) in m, made of torch operations.

        Returns
        -------
        Initial
            The condition; its velocity, in m/s, is found by automatic differentiation.

        Raises
        ------
        ProblemError
            For what is no such function; in a Problem, for one that torch cannot differentiate.
        """
        require_field(wavefield, "the wavefield of an Initial")
        return cls(wavefield, Rate(wavefield))

    def statements(self, domain: Domain) -> tuple[Statement, ...]:
        """Return displacement and velocity, at the same points, as two statements.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        tuple of Statement
            Displacement against its value, m, and velocity against its value, m/s.
        """
        anywhere = Place("initial", 2, lambda unit, quantile: (domain.start(unit, quantile), unit.new_zeros(0, 2)))
        start = concentrated(anywhere, domain, self.displacement, self.velocity)
        return (
            Statement(
                "initial displacement",
                "initial",
                (),
                displacement,
                DISPLACEMENT,
                start,
                target=self.displacement,
                identity=identity_of(self.displacement, domain),
            ),
            Statement(
                "initial velocity",
                "initial",
                ("t",),
                velocity,
                VELOCITY,
                start,
                target=self.velocity,
                identity=identity_of(self.velocity, domain),
            ),
        )

    @property
    def is_rest(self) -> bool:
        """Whether nothing is displaced, and nothing moves."""
        return self.displacement is None and self.velocity is None

    def require_true_rates(self, domain: Domain) -> None:
        """Raise ProblemError if the velocity is the derivative of a wavefield that torch cannot differentiate.

        Parameters
        ----------
        domain
            The problem's domain, at points of which the derivative is compared with finite differences.

        Raises
        ------
        ProblemError
            With advice on the wavefield.
        """
        if isinstance(self.velocity, Rate):
            self.velocity.require_true(domain)


@dataclass(frozen=True)
class Rate:
    """The derivative of a wavefield by t, as automatic differentiation finds it: m/s."""

    wavefield: Field

    @property
    def __name__(self) -> str:
        return f"d/dt {name_of(self.wavefield)}"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the derivative (N, 2). Raises ProblemError where the wavefield is made of operations of NumPy."""
        # torch.func would do this too, and import torch's compiler for it, which takes longer than a short run.
        try:
            with torch.enable_grad():
                time = t.detach().requires_grad_()
                values = values_of(self.wavefield, x, y, time)  # (N, 2); each point has a time of its own
                components = values.unbind(1)
        except RuntimeError as error:
            if "numpy" in str(error):
                raise ProblemError(self._advice) from None
            raise
        if not values.requires_grad:  # constant in time
            return torch.zeros_like(values)
        one = torch.ones_like(values[:, 0])
        rates = [
            torch.autograd.grad(each, time, one, retain_graph=True, materialize_grads=True)[0] for each in components
        ]
        return torch.stack(rates, dim=1)

    def require_true(self, domain: Domain) -> None:
        """Raise ProblemError if finite differences in time contradict the derivative.

        The derivative of a wavefield that leaves torch on its way, as by `.detach()`, would be wrong in silence.
        """
        cube = torch.rand(RATES, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        points = domain.interior(0.1 + 0.8 * cube)  # (N, 3)
        step = (points.new_tensor([0.0, 0.0, 1.0]) * (domain.high - domain.low)) * 1e-4
        coarse, fine = (
            (evaluate(self.wavefield, points + h) - evaluate(self.wavefield, points - h)) / (2.0 * h[2])
            for h in (step, step / 2.0)
        )
        size = fine.abs()
        resolved = (size > 0.0) & ((coarse - fine).abs() <= 1e-3 * size)  # (N, 2): others are inaccurate
        wrong = resolved & ((evaluate(self, points) - fine).abs() > 0.1 * size)
        if (wrong.sum(0) > resolved.sum(0) / 2.0).any():
            raise ProblemError(self._advice)

    @property
    def _advice(self) -> str:
        return (
            f"Initial.of({name_of(self.wavefield)}): torch cannot find its derivative by t, for it does not calculate "
            "with torch alone: use torch.sin and the like, or give Initial(displacement, velocity)"
        )
