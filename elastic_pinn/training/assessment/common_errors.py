"""Errors that all records may have in common: another size, another trigger time or zero, or a source that is another.

Each is made a free parameter in turn, to first order, and its score is computed (Rao, Proc. Cambridge Philos. Soc. 44,
1948): a good fit does not ask for it. Where it tells nothing, it may still move the unknowns: by how much is told, too.

Letters: N samples of E numbers, D data misfits, M weighted misfits, P parameters of the last layer, U unknowns; E of
errors from `common_errors` on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.probes import probes
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.trained_model import TrainedModel

LEAST_ALONE = 1e-6  # of a deviation that all records have in common: a smaller part is not tested
FREE = 2  # of the errors in common, the first: where only the records are known, nothing tells them


@dataclass(frozen=True)
class CommonDeviation:
    """An error that all records may have in common, as a free parameter.

    score: the estimate in units of its standard deviation by noise; shift: of the unknown that it would move most, in
    units of ±. is_free: whether it turns a solution into another one, so that only the ridge can tell it. step: of a
    source, by how much a number given of it is another, in words, and moved, by how much that moves the unknown that it
    moves most, in units of ±; "" and 0 of others.
    """

    name: str
    score: float
    shift: float
    most_shifted: str
    is_free: bool = False
    step: str = ""
    moved: float = 0.0


def common_errors(
    trained: TrainedModel, linear: LinearisedFit, moved: tuple[Tensor, Tensor], unit: float, errors: Tensor
) -> tuple[CommonDeviation, ...]:
    """Test a gain, a delay and an offset of all records, and what is given of sources.

    moved: the field in the place of the records and its rate, each (N, E); errors: of the unknowns' parameters, (U,).

    If only the records are known, another size or time turns a solution into another one.
    """
    batch, unknowns = linear.samples, trained.problem.unknowns
    field, rate = moved  # not the records, whose noise correlates with the misfits
    changes = {  # of the data misfits, each (N, E)
        "the size of the records, or of the known start or source,": -field,
        "the trigger time": rate,
        **_zeros(batch, linear.recorded),
    }
    if trained.problem.other_shots:
        changes = _by_shot(changes, names_of_shots(trained.problem), linear)
    sources = {changed.name: (changed.step, change) for changed, change in linear.by_sources()}
    changes |= {name: change for name, (_, change) in sources.items()}
    at_data = torch.stack([change.detach().double().reshape(-1) for change in changes.values()], dim=1)  # (D, E)
    effects = at_data.new_zeros(len(linear.residuals), len(changes))  # (M, E)
    effects[linear.data] = linear.weight * at_data
    beyond_layer = linear.beyond_layer(effects)  # (M + P, E)
    by_unknowns = linear.gain @ beyond_layer  # (U, E)
    alone = beyond_layer - linear.projected_effects @ by_unknowns  # (M + P, E)
    # What the unknown of the source compensates cannot be seen: rounding would be left.
    alone *= alone.norm(dim=0) > LEAST_ALONE * effects.norm(dim=0)
    pull, square = alone.T @ linear.projected_residual, alone.square().sum(0).clamp(min=torch.finfo(alone.dtype).tiny)
    spread = (linear.weight * unit * alone[linear.data].square().sum(0).sqrt()).clamp(min=torch.finfo(alone.dtype).tiny)
    score = pull / spread  # (E,), 0 of what cannot be seen
    shifts = (by_unknowns * pull / square).abs() / errors[:, None]  # (U, E)
    records_alone = not any(
        bool(probe.all_values().any()) for probe in probes(trained.problem) if probe.name != "exact"
    )
    most, by_step = shifts.max(0), (by_unknowns.abs() / errors[:, None]).amax(0)  # (E,) each
    return tuple(
        CommonDeviation(
            name,
            float(abs(score[i])),
            float(most.values[i]),
            unknowns[int(most.indices[i])],
            records_alone and i < FREE,
            *((sources[name][0], float(by_step[i])) if name in sources else ()),
        )
        for i, name in enumerate(changes)
    )


def _by_shot(changes: Mapping[str, Tensor], shots: Sequence[str], linear: LinearisedFit) -> dict[str, Tensor]:
    """The same changes of the records of one shot alone, of each."""
    found = {}
    for name, change in changes.items():
        for shot, rows in zip(shots, linear.rows_of_shots, strict=True):
            of_shot = torch.zeros_like(change)
            of_shot.view(-1)[rows] = change.reshape(-1)[rows]
            found[f"of shot {shot}, {name}"] = of_shot
    return found


def _zeros(batch: Batch, recorded: Statement) -> dict[str, Tensor]:
    """A shift of the records' zero in each component, each (N, E)."""
    ones = torch.ones_like(batch.target)
    if batch.sensitivity is None:
        return {
            "the records' zero in x": ones * ones.new_tensor([1.0, 0.0]),
            "the records' zero in y": ones * ones.new_tensor([0.0, 1.0]),
        }
    assert recorded.samples is not None, "of which the sensitivity is"
    by_component = zip(recorded.samples.components, batch.sensitivity.unbind(1), strict=True)
    return {f"the records' zero in {name}": part[:, None] for name, part in by_component if part.any()}
