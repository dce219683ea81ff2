"""The assessment at a run's end: are its data explained, and are its ± valid?

The evidence is judged and put into words here; `fit.py` has the result, which is read wherever a value is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from elastic_pinn.config import Config
from elastic_pinn.fit import Fit, ShotFit
from elastic_pinn.networks.config import HELD_AT_ZERO, TRAINED
from elastic_pinn.networks.progress import reported, work
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers, noise_of
from elastic_pinn.physics.data.channel_names import named_channels
from elastic_pinn.physics.data.faulty_channels import COPY, NOISELESS
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.physics.taken_as_exact import taken_as_exact
from elastic_pinn.physics.unknowns.region_materials import Materials
from elastic_pinn.training.assessment.channel_errors import PRICES
from elastic_pinn.training.assessment.derived import derived_of
from elastic_pinn.training.assessment.evidence import Evidence, evidence_of
from elastic_pinn.training.assessment.linearised import Linearised, adapted_weights, too_large
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.assessment.misfits import (
    NEARER,
    RECORDS,
    STATED,
    TOO_MUCH,
    Fault,
    chi_square_limit,
    least_score,
    listed,
    of_misfits,
    remedies_of,
    with_channels,
    with_noise_told,
    worst_channels,
)
from elastic_pinn.training.assessment.widening import (
    MOST_SHIFT,
    explained,
    freeing,
    likely_of_pulses,
    moves_by_sources,
    shift_of,
    stated_told,
    widening_by_misfits,
    widening_of,
    widening_of_calibration,
)
from elastic_pinn.training.trained_model import TrainedModel

NO_NOISE = 0.1  # reduced chi-square: with less, ± is too large even where ten copies count as ten channels
LEAST_DEGREES = 20.0  # of freedom
LEAST_FREE = 0.05  # degrees of freedom, of the samples
LEAST_SIGNAL = 3.0  # of the noise's part in a fit: with less, amplitudes and their effects are mostly noise
MOST_LEFT = 0.1  # of ±
MOST_RIDGE = 0.2  # of the information on an unknown
MOST_PULL = 0.5  # of ±: the error of a value is then 1.1 times what noise makes of it
MOST_NOISE = 0.75  # of the information on the unknowns: with more, ± is mostly a guess
HALF = 0.5  # of the time, about, for the linearisation
THICK = "plane = 'strain', unless it is a thin plate, whose P waves are less than twice as fast as its S waves"
ASSESSING = "working out whether the data are explained"

SMALLER_RIDGE = (
    "a smaller ridge, or fewer waves (hidden_layers)",
    "no waves shorter than two receivers apart (input_frequency)",
)


@torch.no_grad()
def assess(trained: TrainedModel) -> Fit:
    """Assess whether a model explains its data, and compute the ± of its unknowns."""
    if reason := adapted_weights(trained):
        return _not_assessed(trained, Fault(reason, ("going on with balancing = 'fixed'",)))
    if not trained.fits_waveforms and (reason := too_large(trained)):
        return _not_assessed(trained, Fault(reason, ("fewer points, a narrower last hidden layer, fewer plane waves",)))
    trained = trained.on_cpu()
    with work(ASSESSING) as at, reported(lambda what, part: None):
        at(0.0)
        linear = LinearisedWaveforms(trained) if trained.fits_waveforms else Linearised(trained)
        at(HALF)
        evidence = evidence_of(trained, linear, lambda part: at(HALF + (1.0 - HALF) * part))
    faults = _faults(trained, evidence)
    fault = next((with_noise_told(with_channels(each, evidence.faulty), evidence) for each in faults), None)
    reason, *notes = (fault.reason, *fault.notes) if fault else explained(evidence)
    widening = widening_of(evidence)
    of_calibration = {name: widening_of_calibration(evidence, name) for name in evidence.calibration_deviations}
    is_widened = max(widening, *of_calibration.values(), 1.0) > 1.0
    values = trained.model.material.si()
    covariance = None if fault or evidence.covariance is None else widening**2 * evidence.covariance.numpy()
    derived = derived_of(trained.problem, values, covariance)
    wavelets = _wavelets(trained, linear, None if fault else evidence)
    return Fit(
        verdict="withheld" if fault else "widened" if is_widened else "holds",
        reason=reason,
        notes=[*notes, *_against_source(evidence), *_of_plate(trained.problem)],
        remedies=[*_of_stated(evidence), *_remedies(fault, trained.config)] if fault else [],
        needs_waves=bool(fault and fault.by_waves),
        step=trained.step,
        values={name: values[name] for name in evidence.deviations},
        plus_minus={} if fault else {name: widening * each for name, each in evidence.deviations.items()},
        correlations={} if fault else dict(evidence.correlations),
        calibration=dict(evidence.calibration),
        calibration_plus_minus=(
            {} if fault else {name: of_calibration[name] * e for name, e in evidence.calibration_deviations.items()}
        ),
        is_lower_bound=trained.config.network in TRAINED and not trained.fits_waveforms,
        samples=evidence.samples,
        held_out_samples=evidence.held_out_samples,
        amplitudes=evidence.amplitudes,
        effective_parameters=evidence.effective_parameters,
        degrees_of_freedom=evidence.degrees_of_freedom,
        noise=_finite_or_none(evidence.noise.level),
        noise_from=evidence.noise.origin,
        chi_square=_finite_or_none(evidence.chi_square),
        held_out=_finite_or_none(evidence.held_out),
        worst_channels={channel.name: channel.chi_square for channel in worst_channels(evidence)},
        wavelet=wavelets[0],
        shots=_shots(trained.problem, evidence, wavelets),
        given=[] if fault else _given(trained, evidence),
        moves=[] if fault else moves_by_sources(evidence),
        stated_errors=trained.problem.stated_errors,
        derived=derived.values,
        derived_correlations=derived.correlations,
    )


def _given(trained: TrainedModel, evidence: Evidence) -> list[str]:
    """The given numbers that values with ± are for."""
    found, has_gains = trained.model.material.si(), bool(trained.config.unknown_gains)
    return taken_as_exact(trained.problem, found, has_gains, evidence.has_known_gain)


def _against_source(evidence: Evidence) -> list[str]:
    """Which sources act the other way."""
    return [
        f"{name} is negative: the source acts against the direction that is given"
        for name, value in evidence.calibration.items()
        if name.startswith("amplitude") and value < 0.0
    ]


def _of_plate(problem: Problem) -> list[str]:
    """Which of two speeds c_p is, where the solid has both."""
    is_plate = problem.reference.plane == "stress" and not problem.domain.is_static
    return ["c_p is the speed of P waves along the thin plate (plane stress), lower than in a thick body"] * is_plate


def _of_stated(evidence: Evidence) -> list[str]:
    """What helps where a number of a source is off by more than small changes tell of, within what is stated."""
    return [f"{told}; or a smaller ± of it, by measuring it" for told in stated_told(evidence)]


def _remedies(fault: Fault, config: Config) -> list[str]:
    """What usually helps, with the number of waves to try where more of them may."""
    if not fault.by_waves:
        return [*fault.remedies]
    if config.ridge >= HELD_AT_ZERO:
        of_forward_run = f"{NEARER}: that of a forward run of the same plate (tolerance = 0.01)"
        return [of_forward_run if remedy == NEARER else remedy for remedy in fault.remedies]
    unit, present = "neurons" if config.network == "mlp" else "waves", list(config.hidden_layers)
    more = f"more {unit}, hidden_layers = {[2 * each for each in present]} in place of {present}"
    others = [] if config.network == "mlp" else ["shorter or longer ones (input_frequency)"]
    return [more, *others, *fault.remedies]


def _wavelets(trained: TrainedModel, linear: LinearisedFit, evidence: Evidence | None) -> list[dict[str, list[float]]]:
    """Each shot's wavelet where it was unknown, with its ± by the evidence: for noise, for what is stated not to be
    known of the density, which it is in proportion to, and of sources, and for what is doubted; None: without."""
    if not isinstance(linear, LinearisedWaveforms):
        return [{}]
    pulses = linear.source.coefficients[:, None]  # (K, 1)
    if evidence is None:
        every = linear.wavelets(0.0, pulses[:, :0], pulses[:, :0])
        return [{name: each for name, each in found.items() if name != "plus_minus"} for found in every]
    widening, density = widening_by_misfits(evidence), trained.problem.reference
    stated = [widening * each.of_pulses[:, None] for each in evidence.stated]
    others = torch.cat([density.density_plus_minus / density.density * pulses, *stated], dim=1)  # (K, 1 + C)
    doubts = torch.stack([pulses[:, 0] * 0.0, *likely_of_pulses(evidence)], dim=1)
    unit = evidence.noise.level / linear.recorded.quantity.scale(trained.problem.scales)
    return linear.wavelets(widening * unit, others, doubts)


def _shots(problem: Problem, evidence: Evidence, wavelets: Sequence[Mapping[str, list[float]]]) -> dict[str, ShotFit]:
    """Of several shots, what each of them has to itself."""
    if not problem.other_shots:
        return {}
    every = zip(names_of_shots(problem), evidence.by_shot, wavelets, strict=True)
    return {name: ShotFit(_finite_or_none(misfit), wavelet) for name, misfit, wavelet in every}


def _not_assessed(trained: TrainedModel, fault: Fault) -> Fit:
    """The fit where there is no system to assess, or where it is too large."""
    receivers, values = trained.problem.records_of_all_shots, trained.model.material.si()
    assert receivers is not None, "there are no unknowns without"
    noise, samples = noise_of(receivers), trained.batches[trained.recorded.name].target.numel()
    fitted = [] if trained.fits_waveforms else trained.model.last_layer
    amplitudes = sum(each.numel() for each in fitted)
    samples = receivers.samples if trained.problem.other_shots else samples
    return Fit(
        verdict="withheld",
        reason=fault.reason,
        notes=_of_plate(trained.problem),
        remedies=_remedies(fault, trained.config),
        step=trained.step,
        values={name: values[name] for name in trained.problem.unknowns},
        plus_minus={},
        is_lower_bound=trained.config.network in TRAINED and not trained.fits_waveforms,
        samples=samples,
        held_out_samples=held_out[trained.recorded.name].target.numel() if (held_out := trained.held_out) else 0,
        amplitudes=amplitudes,
        effective_parameters=float(amplitudes),
        degrees_of_freedom=float(samples - amplitudes),
        noise=_finite_or_none(noise.level),
        noise_from=noise.origin,
        stated_errors=trained.problem.stated_errors,
        chi_square=None,
        held_out=None,
        derived=derived_of(trained.problem, values, None).values,
    )


def _faults(trained: TrainedModel, evidence: Evidence) -> Iterator[Fault]:
    """All reasons why no ± would be valid, the most fundamental first."""
    yield from _of_records(trained.problem.records_of_all_shots, evidence)
    if edges := edges_text(trained.model.material):
        thick = [THICK] if trained.problem.reference.plane == "stress" else []
        yield Fault(edges, (*thick, "a wider unknown_range, or a better start", RECORDS))
    if edge := evidence.calibration_edge:
        yield Fault(f"the source's origin time is at the edge of its range, {edge}", ("a wider origin_within",))
    yield from _of_freedom(evidence)
    yield from of_misfits(evidence)
    yield from _of_model(evidence, bool(trained.converged))
    if trained.converged is False:
        yield Fault("the search has not converged", ("more steps",))
    if math.isnan(evidence.noise.level):
        yield Fault("noise unknown, so that no misfit can be judged by it", ("the noise stated in the receiver file",))


def _of_records(receivers: Receivers | None, evidence: Evidence) -> Iterator[Fault]:
    """Records without a signal, or without noise of their own."""
    assert receivers is not None, "there are no unknowns without"
    # Where no noise is in the records, the misfit shows it, and ±, which is for what is stated, is too large.
    shared = (COPY,) if evidence.chi_square < NO_NOISE else (COPY, NOISELESS)
    if any(each.kind in shared for each in evidence.faulty):
        yield Fault("± takes the noise of each channel for its own", ("leaving out the copies",))
    silent = [
        name
        for _, channels, names in named_channels(receivers)
        for each, name in zip(channels, names, strict=True)
        if len(each.values) > 1 and np.ptp(each.values) == 0
    ]
    if silent and evidence.noise.level > 0:
        named = listed(silent)
        yield Fault(
            f"channels {named} record one value only, without noise", ("leaving out channels that record nothing",)
        )
    size, by_chance = math.sqrt(1.0 + max(0.0, evidence.signal)), chi_square_limit(evidence.samples)
    if evidence.signal < by_chance - 1.0:
        yield Fault(f"the records are noise alone, {size:.3g} times what is stated", ("records with a signal",))
    if evidence.signal * evidence.samples < LEAST_SIGNAL * evidence.effective_parameters:
        remedy = "less noise, or fewer waves" if evidence.unresolved is None else "less noise"
        yield Fault(f"the records hold little more than noise, {size:.3g} times its size", (remedy,))


def _of_freedom(evidence: Evidence) -> Iterator[Fault]:
    """Fits that could match any data."""
    left, samples = evidence.degrees_of_freedom, evidence.samples
    counts = f"{samples} samples, {evidence.amplitudes} amplitudes and {len(evidence.unknowns)} unknowns"
    more = "more receivers or instants"
    remedies = ("fewer waves (hidden_layers)", more, "a known start") if evidence.unresolved is None else (more,)
    if left < max(LEAST_DEGREES, LEAST_FREE * samples):
        yield Fault(f"the fit could meet any data: {counts} leave {max(0.0, left):.2g} degrees of freedom", remedies)
    if not evidence.is_identifiable:
        yield Fault(f"the data do not tell {' and '.join(evidence.unknowns)} apart", remedies)
    if evidence.ridge > MOST_RIDGE:
        part = f"{100 * evidence.ridge:.0f} % of what is known of the unknowns"
        yield Fault(f"the ridge tells {part}, not the data: {counts}", remedies)
    if evidence.noise_part > MOST_NOISE:
        part = f"{100 * evidence.noise_part:.0f} % of what the waves seem to tell of the unknowns"
        yield Fault(f"noise in the amplitudes makes {part}", remedies)


def edges_text(material: Materials) -> str:
    """Name the unknowns that are at the edge of their range, each with its range; "" if there are none."""
    edges = material.at_edge()
    return "; ".join(f"{name} is at the edge of its range, {bounds}" for name, bounds in edges.items())


def _of_common(evidence: Evidence) -> Iterator[Fault]:
    """Errors that all records have in common, against a known start; without one, what the ridge makes of them."""
    least = least_score(evidence, len(evidence.common_errors))
    wrong = [each for each in evidence.common_errors if each.score > least and shift_of(each) > MOST_SHIFT]
    if wrong:
        worst = max(wrong, key=lambda each: each.score)  # a delay resembles a gain, but fits itself best
        if worst.is_free:
            moved = f"would move {worst.most_shifted} by {worst.shift:.2g} of its ±"
            reason = f"the ridge holds back amplitudes that the records leave open: records of another size {moved}"
            yield Fault(reason, SMALLER_RIDGE)
        else:
            yield Fault(f"{worst.name} does not fit: {freeing(worst)}", remedies_of(worst))


def _of_channels(evidence: Evidence) -> Iterator[Fault]:
    """Errors of a single channel that move an unknown, though they are too small for its misfit."""
    least = least_score(evidence, len(PRICES) * len(evidence.channel_errors))
    wrong = [each for each in evidence.channel_errors if each.score > least and each.shift > MOST_SHIFT]
    if wrong:
        worst = max(wrong, key=lambda each: each.score)
        moved = f"would move {worst.most_shifted} by {worst.shift:.2g} of its ±"
        yield Fault(f"{worst.name} does not fit: freeing it {moved}", (RECORDS,))


def _of_model(evidence: Evidence, has_converged: bool) -> Iterator[Fault]:
    """Estimates that would change with other waves, other channels or more steps.

    A search that has converged makes no more steps: it takes all misfits for noise, those of sides and start too, while
    a ± is made by the noise of the records alone, and may be far smaller where these tell little of the unknowns.
    """
    if evidence.shift > MOST_SHIFT:
        moved = f"would move {evidence.most_shifted} by {evidence.shift:.2g} of its ±"
        if evidence.unresolved is None:
            yield Fault(f"the waves do not suffice: others beside them {moved}", by_waves=True)
        else:
            yield Fault(f"{TOO_MUCH}: coarser elements {moved}", (NEARER,), by_waves=True)
    yield from _of_common(evidence)
    yield from _of_channels(evidence)
    if evidence.ridge_pull > MOST_PULL:
        yield Fault(f"the ridge displaces an unknown by {evidence.ridge_pull:.2g} of its ±", SMALLER_RIDGE)
    for who, scatter in (("channels", evidence.by_channels), ("instants", evidence.by_instants)):
        if scatter.variance > chi_square_limit(scatter.groups):
            more = f"{math.sqrt(scatter.variance):.2g} times as far as noise makes them"
            yield Fault(f"the {who} disagree on the unknowns, {more}", (RECORDS,))
    if evidence.remaining_step > MOST_LEFT:
        step = f"{evidence.remaining_step:.2g} of ±"
        if has_converged and evidence.unresolved is not None:
            reason = (
                f"the search ended {step} from the least misfit, which is nothing beside the misfits of the records"
            )
            yield Fault(reason, (STATED, RECORDS))
        elif has_converged:
            reason = f"the search ended {step} from the least misfit, which is nothing beside those of sides and start"
            cure = "smaller weights of sides and start (weight_boundary, weight_initial), or more waves"
            yield Fault(reason, (cure,))
        else:
            yield Fault(f"the search is not at its end: it would move on by {step}", ("more steps",))


def _finite_or_none(value: float) -> float | None:
    """For JSON, which has no NaN."""
    return value if math.isfinite(value) else None
