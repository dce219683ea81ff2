"""Format a found value with its ±, if that holds."""

import math

from elastic_pinn.fit import Fit
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.workbench.figures.units import unit_for

DIGITS = 4  # of a value without a known ±


def value_text(name: str, value: float, error: float, unit: str, is_lower_bound: bool = False) -> str:
    """Such as "lambda = 57.621 ± 0.084 GPa", to two digits of the error, "± at least 0.084" where that is a lower
    bound; "lambda = 57.62 GPa, no ±" where that is not known."""
    if not 0 < error < math.inf:
        return f"{name} = {value:#.{DIGITS}g} {unit}, no ±"
    digits = max(0, 1 - math.floor(math.log10(error)))
    least = "at least " if is_lower_bound else ""
    return f"{name} = {value:.{digits}f} ± {least}{error:.{digits}f} {unit}"


def values_text(fit: Fit) -> str:
    """Return all found values of a fit in one line."""
    texts = []
    for name, value in fit.values.items():
        unit = unit_for(value, unit_of(name))
        error = fit.plus_minus.get(name, math.nan)
        texts.append(value_text(name, value / unit.size, error / unit.size, unit.name, fit.is_lower_bound))
    return ", ".join(texts)
