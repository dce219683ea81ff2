"""The problem that the fields of a plate state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.setups.plate.config import PlateConfig, sought_text
from elastic_pinn.physics.setups.plate.fault_messages import in_words_of_fields

if TYPE_CHECKING:
    from elastic_pinn.physics.media.inclusion import Inclusion
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.setups.plate.acting_sources import Acting


def plate(config: PlateConfig) -> Problem:
    """Make the problem of a plate, as `_plate`; what is impossible is told with the numbers that are likely in another
    unit than SI's, if there are such."""
    try:
        return _plate(config)
    except ConfigError as error:
        from elastic_pinn.physics.setups.plate.likely_units import as_read, likely_units  # which bring torch

        if likely := likely_units(config):
            raise ConfigError("; ".join(filter(None, [str(error), *likely, as_read(config)]))) from None
        raise


def _plate(config: PlateConfig) -> Problem:
    """Make the problem of a plate that is at rest at 0 s, but for initial pulses.

    A free side, or a free rim, carries the side_loads on it; other sources are forces inside. With `data`, the records
    of receivers in this plate are to be met; those of each shot but the first are `other_shots`. An unknown wavelet may
    begin at 0 s: the window begins before, so that its first part is whole. Raises ConfigError, in the words of the
    fields, for what is impossible.
    """
    # Here, since the fields are read without torch.
    from elastic_pinn.physics.conditions import Initial
    from elastic_pinn.physics.domains import Domain
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.setups.plate.acting_sources import acting_on, first_instant, in_shot, on_sides, total_of
    from elastic_pinn.physics.setups.plate.parts import conditions_of, inclusions_of, material_of, shape_of
    from elastic_pinn.physics.setups.plate.records import known_velocity, receivers_of, require_known_shots

    shape, inclusions, receivers = shape_of(config), inclusions_of(config), receivers_of(config)
    acting, material = acting_on(config, shape), material_of(config, receivers)
    known = known_velocity(config, receivers)
    require_known_shots(config, receivers)

    def of_shot(name: str, others: Sequence[Problem] = ()) -> Problem:
        here = in_shot(acting, name)
        return Problem(
            domain=Domain(shape=shape, t=(first_instant(acting), config.duration)),
            material=material,
            boundary=conditions_of(config, shape, on_sides(here)),
            initial=Initial(total_of(here, "displacement"), total_of(here, "velocity", known)),
            force=total_of(here, "force"),
            receivers=receivers.of_shot(name) if receivers else None,
            inclusions=inclusions,
            other_shots=list(others),
        )

    first, *others = receivers.shots if receivers else ("",)
    try:
        return of_shot(first, [of_shot(name) for name in others])
    except ProblemError as error:
        text = str(error)
        raise ConfigError(f"{_at_fault(text, config, acting, inclusions)}: {in_words_of_fields(text)}") from None


def _at_fault(text: str, config: PlateConfig, acting: Sequence[Acting], inclusions: Sequence[Inclusion]) -> str:
    """The entries that a fault is about, by what it shows of them; else the data, or what cannot be found from them."""
    names = [each.name for each in acting if repr(each.source) in text]
    names = names or [f"inclusions[{i}]" for i, each in enumerate(inclusions) if repr(each.shape) in text]
    if names:
        return " and ".join(dict.fromkeys(names))
    return f"data = {config.data!r}" if "receiver" in text else sought_text(config)
