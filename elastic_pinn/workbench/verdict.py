"""Format a found value with its ±, if that holds."""

import html
import math
from collections.abc import Mapping, Sequence
from functools import partial

from elastic_pinn.fit import GAIN, Fit
from elastic_pinn.workbench.figures.style.units import unit_for, unit_of_constant
from elastic_pinn.workbench.text import DIGITS, derived_text, value_text

SHOWN = 4  # gains, one by one


def values_text(fit: Fit) -> str:
    """Return all found values of a fit in one line."""
    texts = []
    for name, value in fit.values.items():
        unit = unit_of_constant(name, value)
        error = fit.plus_minus.get(name, math.nan)
        texts.append(value_text(name, value / unit.size, error / unit.size, unit.name, fit.is_lower_bound))
    for name, derived in fit.derived.items():
        unit = unit_of_constant(name, derived.value)
        error, low, high = (
            math.nan if each is None else each / unit.size for each in (derived.plus_minus, derived.low, derived.high)
        )
        texts.append(derived_text(name, derived.value / unit.size, error, low, high, unit.name, fit.is_lower_bound))
    return ", ".join([*texts, *calibration_texts(fit)])


def fit_texts(fit: Fit) -> list[str]:
    """Return the lines of a fit for wherever there is room: its values, which two of them are correlated most, and the
    verdict with all that is told below it."""
    return [line for line in (values_text(fit), fit.largest_correlation, fit.outcome, *fit.lines_below) if line]


def fit_html(fit: Fit) -> str:
    """Return the same as HTML: the values and the verdict's first line, and below them each section as a list."""
    first = [html.escape(values_text(fit)), html.escape(fit.largest_correlation), f"<b>{html.escape(fit.outcome)}</b>"]
    return "".join(
        [
            *(f"<div>{each}</div>" for each in first if each),
            *(f"<div>{title and f'{title}:'}{_as_list(items)}</div>" for title, items in fit.sections),
        ]
    )


def _as_list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(each)}</li>' for each in items)}</ul>"


def calibration_texts(fit: Fit) -> list[str]:
    """Return what was found of the source, of gains and of shots, a text each; of many gains their range."""
    found, errors = fit.calibration, fit.calibration_plus_minus
    gains = [name for name in found if name.startswith(GAIN)]
    many = gains if len(gains) > SHOWN else []
    with_unit = partial(_with_unit, is_lower_bound=fit.is_lower_bound)
    texts = [
        with_unit(
            name.replace("_", " "), value, errors.get(name, math.nan), "s" if name.startswith("origin_time") else ""
        )
        for name, value in found.items()
        if name not in many
    ]
    if many:
        known = sorted(errors[name] for name in many if name in errors)
        ends = dict.fromkeys(f"{each:.2g}" for each in (known[:1] + known[-1:]))  # one where they are alike
        at_least = "at least " if fit.is_lower_bound else ""
        told = f", ± {at_least}{' to '.join(ends)}" if known else ", no ±"
        least, most = (end(found[name] for name in many) for end in (min, max))
        texts.append(f"gains of {len(many)} channels from {least:.{DIGITS}g} to {most:.{DIGITS}g}{told}")
    wavelets = {f" of shot {name}": shot.wavelet for name, shot in fit.shots.items()} or {"": fit.wavelet}
    of_shape = found.keys() - {*gains}  # of which the wavelet is known up to these
    for of, wavelet in wavelets.items():
        if wavelet and not any(name.endswith(of) for name in of_shape):
            texts.append(_greatest(wavelet, of, fit.is_lower_bound))
    squares = {name: shot.chi_square for name, shot in fit.shots.items() if shot.chi_square is not None}
    return [*texts, *(f"misfit of shot {name} {math.sqrt(each):.3g} times the noise" for name, each in squares.items())]


def _with_unit(name: str, value: float, error: float, si: str, is_lower_bound: bool) -> str:
    """A value in a suitable unit."""
    unit = unit_for(value, si) if si else unit_for(1.0, "1")
    return value_text(name, value / unit.size, error / unit.size, unit.name if si else "", is_lower_bound)


def _greatest(wavelet: Mapping[str, list[float]], of: str, is_lower_bound: bool) -> str:
    """The greatest strength of a wavelet that was unknown, and when it acts."""
    strength = wavelet["strength"]
    at = max(range(len(strength)), key=lambda i: abs(strength[i]))
    error = wavelet["plus_minus"][at] if "plus_minus" in wavelet else math.nan
    time = wavelet["time"][at]
    unit = unit_for(time, "s")
    at_most = _with_unit(f"greatest strength of the wavelet{of}", strength[at], error, "", is_lower_bound)
    return f"{at_most}, at {time / unit.size:.3g} {unit.name}"
