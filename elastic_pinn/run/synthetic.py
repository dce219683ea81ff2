"""What receivers would record of a trained wavefield, and how far it is from what they recorded.

Letters: R receivers, T times.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np

from elastic_pinn.error_estimate import ErrorEstimateError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES, VECTORS, Receivers, Records, Truth
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.media.material import UNITS
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run.checkpoint import Checkpoint
from elastic_pinn.run.directory import Run
from elastic_pinn.run.shot import Shot, has_several_shots

PLACES, INSTANTS = 60, 61
OF_NOISE = 5.0  # times the error of a wavefield: less noise does not hide it

Array = np.ndarray

logger = logging.getLogger(__name__)


def synthetic_receivers(
    source: Run | Checkpoint,
    xy: Any = None,
    time: Any = None,
    noise: float = 0.01,
    seed: int | None = None,
    quantity: str = "displacement",
    problem: Problem | ProblemMaker | None = None,
) -> Receivers:
    """Record a trained wavefield at receivers, with white Gaussian noise.

    As real records, the result knows neither material nor sources, but for the truth of a homogeneous solid, which
    figures compare with. Its `save(path)` writes a receiver file. The warnings of its run, if it has any,
    are logged: the wavefield may then be wrong. So is an error of it that noise does not hide: the true one where that
    is known, else an estimate, which takes seconds where the checkpoint has none.

    Of several shots each is recorded, by the same receivers, under its name and with noise of its own.

    Parameters
    ----------
    source
        A run (its newest checkpoint), or a checkpoint.
    xy
        Places of the receivers, (R, 2) in m; 60 that are spread evenly over the solid if not given.
    time
        Times of the samples, (T,) in s; 61 over the window if not given.
    noise
        Its standard deviation over the largest component, dimensionless; 0: none.
    seed
        Of the noise. None: one that follows from the problem, the receivers, the times, the quantity and the noise, so
        that shots which differ in any of these have independent noise, and the same call has the same. The records'
        `provenance` names it.
    quantity
        "displacement" (m), "velocity" (m/s), "acceleration" (m/s2), "strain" (1), "strain_rate" (1/s) or "stress" (Pa).
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Receivers
        The records, all components of the quantity, in its SI unit.

    Raises
    ------
    ValueError
        For places or times outside of the solid or the window, for another quantity, and for negative noise or seeds.
    """
    if quantity not in RECORDED_QUANTITIES:
        raise ValueError(f"quantity = {quantity!r}: legal are {', '.join(RECORDED_QUANTITIES)}")
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"noise = {noise}: a part of the largest component, 0 or more, is needed")
    if seed is not None and seed < 0:
        raise ValueError(f"seed = {seed}: a whole number, 0 or more, is needed")
    if isinstance(source, Run) and (warnings := source.summary.warnings):
        logger.warning("these records are of a wavefield that its run warns of: %s", "; ".join(warnings))
    checkpoint = source.latest() if isinstance(source, Run) else source
    solved = checkpoint.problem(problem)
    places = spread_over(solved.domain.shape, PLACES) if xy is None else np.asarray(xy, dtype=np.float64)
    times = np.asarray(solved.domain.instants(INSTANTS) if time is None else time, dtype=np.float64)
    cleans = {
        name: _predicted(partial(checkpoint.predict, shot=name, problem=problem), places, times, quantity)
        for name in checkpoint.shots(solved)
    }
    deviations = {name: noise * float(np.abs(clean).max()) for name, clean in cleans.items()}
    first, *others = cleans
    if deviations[first]:
        _warn_of_error(_relative_error_of(checkpoint, solved, quantity), cleans[first], deviations[first], quantity)
    seed = _seed_of(solved, places, times, quantity, noise) if seed is None else seed
    rng = np.random.default_rng(seed)
    material = {name: value for name, value in checkpoint.material().items() if isinstance(value, float)}
    records = []
    for name, clean in cleans.items():
        values = clean + deviations[name] * rng.standard_normal(clean.shape)  # (R, T, K)
        records.append(Records(quantity, values, places, times, noise=deviations[name], shot=name))
    known: Any = {quantity: cleans[first]} if quantity in VECTORS and not others else {}
    return Receivers(
        records=records,
        truth=Truth(material, **known) if material.keys() == UNITS.keys() else None,
        title=f"{quantity} of a trained wavefield at {len(places)} receivers",
        provenance=f"elastic_pinn, step {checkpoint.step}; white Gaussian noise {noise:g} of the peak, seed {seed}",
    )


def _seed_of(problem: Problem, places: Array, times: Array, quantity: str, noise: float) -> int:
    """A seed that follows from what is recorded, of 32 bits."""
    given = sha256(problem.digest + f"{quantity} {noise!r}".encode())
    for array in (places, times):
        given.update(array.tobytes())
    return int.from_bytes(given.digest()[:4], "big")


def _relative_error_of(checkpoint: Checkpoint, problem: Problem, quantity: str) -> float:
    """The relative error of a wavefield, of its displacement or stress; NaN where it cannot be estimated."""
    names = ("error/displacement", "error/estimated") if quantity in VECTORS else ("error/estimated_stress",)
    for name in names:
        if name in checkpoint.metrics:
            return checkpoint.metrics[name]
    try:
        found = checkpoint.estimate_error(problem)
    except ErrorEstimateError:
        return math.nan
    return found.displacement if quantity in VECTORS else found.stress


def _warn_of_error(relative: float, clean: Array, deviation: float, quantity: str) -> None:
    """Warn of records (R, T, K) that are off by about as much as the noise hides: it is systematic."""
    size, unit = float(np.sqrt(np.square(clean).mean())), RECORDED_QUANTITIES[quantity].unit
    if deviation < OF_NOISE * (error := relative * size):
        logger.warning(
            "these records are about %.2g %s off the exact ones, %s their noise of %.2g %s: a search takes that "
            "for wrong clocks, channels or waves, and ends without ±, or wrong; solve for a tolerance of %.2g, or "
            "give a noise of %.2g",
            error, unit, "more than" if error > deviation else "not far below", deviation, unit,
            deviation / (OF_NOISE * size), OF_NOISE * error / float(np.abs(clean).max()),
        )  # fmt: skip


def relative_error(
    source: Run | Checkpoint | Shot, receivers: Receivers, problem: Problem | ProblemMaker | None = None
) -> float:
    """Compute how far a trained wavefield is from what receivers recorded.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a shot of one.
    receivers
        What was recorded; where they hold a truth without noise, that is compared with. Records of several shots are
        compared each with the shot of its name.
    problem
        Of a run or a checkpoint, the user's problem, or the function that makes it; required if the run has one and
        finite elements solve for its wavefield.

    Returns
    -------
    float
        The relative L2 error over all receivers, times and components, dimensionless; of several quantities, its root
        mean square over them.

    Raises
    ------
    ValueError
        For places or times outside of the solid or the window of the run.
    """
    newest = source.latest() if isinstance(source, Run) else source
    if isinstance(newest, Shot):
        predicts = [newest.predict] * len(receivers.records)
    else:
        several = has_several_shots(newest, problem)
        names = [each.shot if several else "" for each in receivers.records]
        predicts = [partial(newest.predict, shot=name, problem=problem) for name in names]
    if receivers.is_complete:
        recorded = receivers.clean  # (R, T, 2)
        found = _predicted(predicts[0], receivers.xy, receivers.time, receivers.quantity.name)
        return float(np.linalg.norm(found - recorded) / np.linalg.norm(recorded))
    pairs = [
        (as_recorded(predict, each), each.corrected[each.is_there])
        for predict, each in zip(predicts, receivers.records, strict=True)
    ]
    missed = sum(np.square((found - recorded) / np.linalg.norm(recorded)).sum() for found, recorded in pairs)
    return math.sqrt(missed / len(pairs))


def as_recorded(predict: Callable[..., Array], records: Records) -> Array:
    """Return what a prediction has in the place of each sample that was recorded, (N,), SI, without gain and delay.

    predict: from x, y (m), t (s) and the name of a quantity, as of a checkpoint.
    """
    row, _, column = np.nonzero(records.is_there)
    (x, y), t = records.xy[row].T, records.instants[records.is_there]
    values = predict(x, y, t, records.quantity)  # (N, K)
    return np.asarray((values * records.parts[row, column]).sum(1))


def spread_over(shape: Shape, count: int) -> Array:
    """Return places that are spread evenly over a shape, always the same ones, (count, 2) in m."""
    return shape.interior(probe_points(2, count)).numpy()


def _predicted(predict: Callable[..., Array], places: Array, times: Array, quantity: str) -> Array:
    """A quantity at places (R, 2), m, and times (T,), s: (R, T, K), SI."""
    x, y = places.T[:, :, None]  # each (R, 1)
    return predict(x, y, times, quantity)
