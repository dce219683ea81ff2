"""What receivers hold must fit together: shots, a truth, a start, a material."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.known_material import check_known, check_material
from elastic_pinn.physics.data.repeated_shots import require_unlike_shots
from elastic_pinn.physics.media.material import UNITS

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers


def check_parts(receivers: Receivers) -> None:
    """Raise ValueError for parts that do not fit together, and for one recording as that of two."""
    _check_truth(receivers)
    _check_start(receivers)
    check_known(receivers.material)
    if receivers.truth:
        check_material("truth", receivers.truth.material)
    require_unlike_shots(receivers)


def _check_truth(receivers: Receivers) -> None:
    """Raise ValueError unless true records are like those that were recorded."""
    truth = receivers.truth
    if not (truth and truth.records):
        return
    if truth.quantity != receivers.quantity:
        raise ValueError(
            f"the truth is {truth.quantity.name}, where {receivers.quantity.name} is recorded: both must be "
            "of one quantity"
        )
    if truth.recorded.shape != receivers.recorded.shape:
        raise ValueError(
            f"truth/{truth.quantity.name} has shape {truth.recorded.shape}, where xy and time need "
            f"{receivers.recorded.shape}"
        )
    if not np.isfinite(truth.recorded).all() or not truth.recorded.any():
        raise ValueError(f"truth/{truth.quantity.name} has values that are not finite, or is zero everywhere")


def _check_start(receivers: Receivers) -> None:
    """Raise ValueError for a start of what is no constant of a material that is given."""
    if unknown := receivers.start - set(UNITS):
        raise ValueError(f"start has {', '.join(map(str, unknown))}: legal are any of {', '.join(UNITS)}")
    if lost := receivers.start - set(receivers.material):
        raise ValueError(f"start has {', '.join(sorted(lost))}, but there is no material with its value")
