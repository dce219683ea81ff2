"""The problem "standing_waves": a standing P and a standing S mode of a square."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from elastic_pinn.config_sections import Positive, Section
from elastic_pinn.field_declarations import Unit
from elastic_pinn.physics.setups.material import MaterialConfig
from elastic_pinn.physics.setups.window import WindowConfig

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem


class SquareConfig(Section):
    """A square."""

    length: Annotated[Positive, Unit("m")] = 1.0
    """side of the square of the problem 'standing_waves', m"""
    amplitude: Annotated[Positive, Unit("m")] = 1.0
    """of the two modes of the problem 'standing_waves', m: the displacement of either reaches pi times as much"""


class StandingWavesConfig(MaterialConfig, WindowConfig, SquareConfig):
    """What the problem "standing_waves" reads."""


def standing_waves(config: StandingWavesConfig) -> Problem:
    """Make the problem of a standing P and a standing S mode of a square.

    The displacement is given on all sides and, with the velocity, at the start.
    """
    # Here, since the fields above are read without torch.
    from elastic_pinn.physics.conditions import Displacement, Initial
    from elastic_pinn.physics.domains import Domain
    from elastic_pinn.physics.media.material import Material
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.solutions import StandingWaves

    lame_lambda, lame_mu, density = config.constants.values()
    material = Material(lame_lambda, lame_mu, density)
    exact = StandingWaves(
        lame_lambda,
        lame_mu,
        density,
        p_amplitude=config.amplitude,
        s_amplitude=config.amplitude,
        length=config.length,
    )
    side = (0.0, config.length)
    return Problem(
        domain=Domain(side, side, (0.0, config.duration)),
        material=material,
        boundary=(Displacement(exact),),
        initial=Initial.of(exact),
        exact=exact,
    )
