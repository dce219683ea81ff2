"""The material beside recordings: what of it is known, and what a search starts from."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups.material import FIELDS, MaterialConfig, constants_beside

if TYPE_CHECKING:
    from elastic_pinn.physics.data import Receivers

logger = logging.getLogger(__name__)


def constants_of(
    config: MaterialConfig, data: str, receivers: Receivers, unknowns: Collection[str]
) -> dict[str, float]:
    """Return lambda, mu and rho, known or to start a search from, of fields and the receiver file `data`.

    Raises ConfigError for those that neither gives, and as `constants_beside` does.

    Where both moduli are searched for and neither is given, the search starts from those of a solid with Poisson's
    ratio 1/4 in which P waves are as fast as the first arrivals go past the receivers, if these tell it.
    """
    found, none = constants_beside(config, data, receivers, unknowns), ""
    moduli = {"lambda", "mu"}
    if "rho" in found and moduli <= set(unknowns) and not moduli & found.keys():
        found = _moduli_of_arrivals(receivers, found["rho"]) | found
        none = ", and no speed is told by first arrivals"
    if missing := [name for name in FIELDS if name not in found]:
        fields = ", ".join(FIELDS[name] for name in missing)
        raise ConfigError(
            f"{fields}: not given, and {data} does not have {', '.join(missing)} in its group /known{none}: "
            "give what is known of the solid, and of what is in unknowns a rough value to start from"
        )
    return {name: found[name] for name in FIELDS}


def _moduli_of_arrivals(receivers: Receivers, density: float) -> dict[str, float]:
    """Moduli by the speed of first arrivals; {} where these do not tell one."""
    import numpy as np

    from elastic_pinn.physics.data.readers.arrivals import arrivals_of

    speeds = arrivals_of(receivers.records[0]).speeds
    if not len(speeds):
        return {}
    speed = float(np.median(speeds))
    solid = Material.from_speeds(speed, speed / math.sqrt(3.0), density)
    _tell(
        f"no moduli are given: the search starts from P waves of {speed:.4g} m/s, as first arrivals pass the receivers"
    )
    return {"lambda": solid.lame_lambda, "mu": solid.lame_mu}


@cache  # a problem is made again for each figure
def _tell(what: str) -> None:
    logger.info(what)
