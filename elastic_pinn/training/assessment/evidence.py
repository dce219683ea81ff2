"""Numerical evidence on whether a fit's uncertainty can be trusted.

A covariance is valid only if the model is: small misfits that the model cannot explain move the unknowns by many times
their ±, long before a sum of squares reveals them. The misfits are therefore tested in several ways, and the fit is
repeated, to first order, with more waves: if these move an unknown by more than chance would, the present waves do not
suffice (Hausman, Econometrica 46, 1978). The spread of the channels' separate estimates of the unknowns is a second way
to their covariance (White, Econometrica 48, 1980; by clusters, as Liang and Zeger, Biometrika 73, 1986). Errors that
all records have in common look the same in every channel: `common_errors.py` tests them one by one. Misfits that
receivers have in common at an instant are found by the instants' separate estimates, and as neighbours that are alike.

Letters: D data misfits, U unknowns, M weighted misfits, P parameters of the last layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.data import Noise, noise_of
from elastic_pinn.physics.data.faulty_channels import FaultyChannel, faulty_channels
from elastic_pinn.training.assessment.channel_errors import ChannelDeviation, channel_errors
from elastic_pinn.training.assessment.channels import Channels, channels_of, sum_by
from elastic_pinn.training.assessment.common_errors import CommonDeviation, CommonErrors
from elastic_pinn.training.assessment.covariance import covariance_of, in_si
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.assessment.neighbours import Likeness, alike
from elastic_pinn.training.assessment.stated_errors import StatedDeviation, StatedErrors
from elastic_pinn.training.trained_model import TrainedModel

LEAST_OF_A_SAMPLE = 0.05  # least degree of freedom that is counted for a sample


@dataclass(frozen=True)
class Channel:
    """A receiver's component: its name, its squared misfit per degree of freedom, and how many of these it has."""

    name: str
    chi_square: float
    degrees: float


class Scatter(NamedTuple):
    """The variance of an unknown by the separate pulls of groups of misfits over that of the covariance, of the worst
    unknown; and the effective number of groups."""

    variance: float
    groups: float


@dataclass(frozen=True)
class Evidence:
    """All evidence; squared misfits are in units of the noise, NaN where that is unknown.

    deviations: one standard deviation of each unknown, SI, infinite where the misfits do not identify them.
    correlations: of each two of these and of what was found of the source, by "lambda and mu". covariance: of lambda,
    mu and rho of all materials, (3 R, 3 R), SI, with a known density's own; None where not identified. signal: the
    records' mean square, less the noise's.
    other_misfit: the mean squared misfit of equation, sides or known start, the worst of them, in units of their
    weights. von_neumann_ratio: 1 for white noise, less if neighbours in time are correlated. alike: neighbouring
    receivers, of all channels and then of each; () where they are few. by_channels, by_instants: the scatter of the
    unknowns by their separate pulls. shift: the change of an unknown, most_shifted, by more waves, or, of waveforms, by
    coarser elements; remaining_step: its change until the search ends; both in units of ±, of the worst unknown.
    common_errors, channel_errors: of all records or of a source, and of single records, as free parameters. ridge: the
    ridge's part in the information on the unknowns, of the worst combination, and ridge_pull, how far it displaces one
    of them, in units of ±; noise_part: the part of the information that is noise which the amplitudes fitted, likewise.
    unresolved: of waveforms, the mean squared change by coarser elements in the worst channel, in units of the noise;
    None of amplitudes. calibration: what was found of the source, with its deviations, and its edge, the range of an
    origin time that is at the edge of it. by_shot: chi-square of each shot. has_known_gain: whether a channel's gain is
    known. faulty: channels whose records cannot be as they are. stated: errors of sources that are stated, with which
    all misfits are judged; rms_residual: of the data as they are, without these, in units of the noise.
    """

    unknowns: tuple[str, ...]
    is_identifiable: bool
    samples: int
    amplitudes: int
    effective_parameters: float
    noise: Noise
    deviations: Mapping[str, float]
    correlations: Mapping[str, float]
    chi_square: float
    channels: tuple[Channel, ...]
    held_out: float
    held_out_samples: int
    signal: float
    other_misfit: float
    von_neumann_ratio: float
    alike: tuple[Likeness, ...]
    by_channels: Scatter
    by_instants: Scatter
    ridge: float
    ridge_pull: float
    noise_part: float
    remaining_step: float
    shift: float
    most_shifted: str
    common_errors: tuple[CommonDeviation, ...]
    channel_errors: tuple[ChannelDeviation, ...]
    covariance: Tensor | None = None
    unresolved: float | None = None
    calibration: Mapping[str, float] = field(default_factory=dict)
    calibration_deviations: Mapping[str, float] = field(default_factory=dict)
    calibration_edge: str = ""
    by_shot: tuple[float, ...] = ()
    has_known_gain: bool = True
    faulty: Sequence[FaultyChannel] = ()
    stated: Sequence[StatedDeviation] = ()
    rms_residual: float = math.nan

    @property
    def degrees_of_freedom(self) -> float:
        """Samples less effective parameters."""
        return self.samples - self.effective_parameters


def evidence_of(trained: TrainedModel, linear: LinearisedFit, at: Callable[[float], None]) -> Evidence:
    """Collect the evidence on a model of a problem with receivers and unknowns. at: told the part that is done."""
    receivers, unknowns = trained.problem.records_of_all_shots, trained.problem.unknowns
    assert receivers is not None, "there are no unknowns without"
    noise = noise_of(receivers)
    if not linear.is_identifiable:
        return _unidentifiable(linear, unknowns, noise)
    unit = noise.level / linear.recorded.quantity.scale(trained.problem.scales)  # dimensionless
    batch, data = linear.samples, linear.data
    stated = StatedErrors(linear, unit)
    misfits = stated.beyond(linear.residuals[data]) / linear.weight / unit  # (D,)
    rows = torch.cat([linear.influence_rows(), stated.rows], dim=1)  # (D, K)
    leverage = rows.square().sum(1)  # (D,)
    free = (1.0 - leverage).clamp(min=0.0)
    where = channels_of(batch, linear.recorded, linear.rows_of_shots)  # (D,)
    per_noise = linear.weight * unit * linear.gain  # (U, M + P): by misfits in units of the noise
    errors = covariance_of(linear, unit, stated).diagonal().sqrt()  # (U,)
    squares, degrees = where.sum(misfits.square()), where.sum(free)
    pulls = (per_noise[:, data] * misfits / free.clamp(min=LEAST_OF_A_SAMPLE).sqrt()).T  # (D, U)
    expected = per_noise[:, data].square().T  # (D, U)
    instants, chi_square = where.instants(), float(squares.sum() / degrees.sum())
    held_out, held_out_samples = _held_out(linear, stated, unit)
    source, moved = linear.calibration, (linear.field(), linear.rate())
    errors_in_si = in_si(trained, linear, unit, stated)
    deviations = errors_in_si.deviations
    shift = (linear.shift() / errors).abs()  # (U,)
    common = CommonErrors(trained, linear, unit, deviations, stated)
    return Evidence(
        unknowns=unknowns,
        is_identifiable=True,
        samples=len(misfits),
        amplitudes=linear.amplitudes,
        effective_parameters=float(leverage.sum()),
        noise=noise,
        deviations={name: deviations[name] for name in unknowns},
        correlations=errors_in_si.correlations,
        covariance=errors_in_si.of_constants,
        chi_square=chi_square,
        channels=tuple(
            Channel(name, float(s / d), float(d))
            for name, s, d in zip(where.names, squares, degrees, strict=True)
            if d > 0
        ),
        held_out=held_out,
        held_out_samples=held_out_samples,
        signal=float((batch.target.double() / unit).square().mean()) - 1.0,
        other_misfit=linear.worst_other_mean_square(unit),
        von_neumann_ratio=where.von_neumann_ratio(misfits),
        alike=alike(where, misfits, chi_square, rows),
        by_channels=_scatter(where.of, pulls, expected),
        by_instants=_scatter(instants, pulls, expected),
        ridge=linear.information_fraction(slice(len(linear.residuals), None)),
        ridge_pull=float((linear.pull_of_ridge / errors).abs().max()),
        noise_part=linear.noise_part(unit),
        remaining_step=float((linear.remaining_step / errors).abs().max()),
        shift=float(shift.max()),
        most_shifted=unknowns[int(shift.argmax())],
        common_errors=(*common.of_records(*moved), *common.of_sources(at)),
        channel_errors=channel_errors(
            where,
            misfits,
            free,
            _changes(moved, batch, unit),
            per_noise[:, data] / errors[:, None],
            unknowns,
            trained.problem.scales.time,
        ),
        unresolved=_unresolved(linear, where, unit),
        calibration=source.values,
        calibration_deviations={name: deviations[name] for name in source.values},
        calibration_edge=source.edge,
        by_shot=tuple(float(misfits[rows].square().sum() / free[rows].sum()) for rows in linear.rows_of_shots),
        has_known_gain=linear.has_known_gain,
        faulty=faulty_channels(receivers),
        stated=stated.every,
        rms_residual=float((linear.residuals[data] / linear.weight / unit).square().mean().sqrt()),
    )


def _unidentifiable(linear: LinearisedFit, unknowns: tuple[str, ...], noise: Noise) -> Evidence:
    """The evidence where some change of the unknowns changes no misfit: nothing else matters."""
    names = "chi_square", "held_out", "signal", "other_misfit", "von_neumann_ratio", "ridge"
    nothing: dict[str, Any] = dict.fromkeys((*names, "ridge_pull", "noise_part"), math.nan)
    return Evidence(
        **nothing, unknowns=unknowns, is_identifiable=False, samples=linear.data.stop - linear.data.start,
        amplitudes=linear.amplitudes, effective_parameters=float(linear.amplitudes), noise=noise,
        deviations=dict.fromkeys(unknowns, math.inf), correlations={}, channels=(), held_out_samples=0,
        alike=(), by_channels=Scatter(math.nan, 0.0), by_instants=Scatter(math.nan, 0.0), remaining_step=math.nan,
        shift=math.nan, most_shifted="", common_errors=(), channel_errors=(),
        by_shot=(math.nan,) * len(linear.rows_of_shots),
    )  # fmt: skip


def _scatter(groups: Tensor, pulls: Tensor, expected: Tensor) -> Scatter:
    """The scatter of the unknowns by pulls of groups, of given and of expected squares, each (D, U)."""
    count = int(groups.max()) + 1
    by_group = sum_by(groups, count, expected)  # (G, U)
    ratio = sum_by(groups, count, pulls).square().sum(0) / by_group.sum(0)
    return Scatter(float(ratio.max()), float((by_group.sum(0).square() / by_group.square().sum(0)).min()))


def _changes(moved: tuple[Tensor, Tensor], batch: Batch, unit: float) -> tuple[Tensor, Tensor, Tensor]:
    """The changes of the data misfits by a clock that is late, a larger size and another zero, (D,) each.

    moved: the field in the place of the records and its rate, each (N, E).
    """
    field, rate = moved
    zero = torch.ones_like(field) if batch.sensitivity is None else batch.sensitivity.norm(dim=1, keepdim=True)
    rate, size, zero = ((each / unit).double().reshape(-1) for each in (rate, -field, zero))
    return rate, size, zero


def _unresolved(linear: LinearisedFit, channels: Channels, unit: float) -> float | None:
    """The mean squared change of the waveforms by coarser elements in the worst channel."""
    if linear.unresolved is None:
        return None
    squares, ones = (linear.unresolved / unit).square(), torch.ones_like(linear.unresolved)
    return float((channels.sum(squares) / channels.sum(ones).clamp(min=1.0)).max())


def _held_out(linear: LinearisedFit, stated: StatedErrors, unit: float) -> tuple[float, int]:
    """The mean squared misfit of held-out samples relative to its expectation, and their number; NaN without any."""
    if (held_out := linear.held_out()) is None:
        return math.nan, 0
    misfits, variance = held_out
    misfits = stated.beyond_held_out(misfits, linear.residuals[linear.data])
    variance = variance + (stated.rows_held_out.square().sum(1) if stated.every else 0.0)
    return float(((misfits / unit).square() / (1.0 + variance)).mean()), len(misfits)
