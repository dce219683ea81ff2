"""What is known of the solid beside recordings: all of its constants, or its density alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.media.material import UNITS, Material

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers


def material_of(receivers: Receivers) -> Material | None:
    """Return the material that is given beside recordings; None where no moduli are."""
    given = receivers.material
    return Material(given["lambda"], given["mu"], given["rho"]) if len(given) > 1 else None


def check_known(constants: Mapping[str, float]) -> None:
    """Raise ValueError unless lambda, mu and rho are those of a stable solid, or rho alone is a density."""
    if set(constants) == {"rho"}:
        if not (np.isfinite(constants["rho"]) and constants["rho"] > 0.0):
            raise ValueError(f"known: rho = {constants['rho']:g}, where a positive number is needed")
    elif constants:
        check_material("known", constants, ", or rho alone")


def check_material(group: str, constants: Mapping[str, float], otherwise: str = "") -> None:
    """Raise ValueError unless the constants of a group of the file are complete and those of a stable solid."""
    if set(constants) != set(UNITS):
        raise ValueError(f"{group} holds {', '.join(constants)}, where {', '.join(UNITS)} are needed{otherwise}")
    if not np.isfinite(list(constants.values())).all():
        raise ValueError(f"{group} has a material constant that is not finite")
    try:
        Material(constants["lambda"], constants["mu"], constants["rho"])
    except ValueError as error:
        raise ValueError(f"{group}: {error}") from error
