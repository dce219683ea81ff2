"""Whether the waves that a search would take next are refused for the time_limit."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import search_refinement
from elastic_pinn.training.lifecycle.time_limit import TimeLimit
from elastic_pinn.training.settings.cost import cost_of
from elastic_pinn.workbench.recordings import PLATE

ALONE = {"network": "hole_waves", "hidden_layers": [10, 10], "activation": "sin", "ridge": 1e4}  # elements solve
ELAPSED, A_SOLUTION = 6.0, 5.0  # s


@pytest.mark.parametrize(("stage", "solutions"), [("full_waveform", 3), ("variable_projection", 10)])
def test_waves_are_refused_by_what_their_own_solutions_take_and_not_by_what_elements_took(
    stage, solutions, monkeypatch
):
    config = ep.Config(**PLATE | ALONE)
    session = SimpleNamespace(config=config, problem=ep.problem_from(config), step=6)
    needed = ELAPSED + solutions * A_SOLUTION

    def refusal(time_limit):
        stages = {"stages": ("full_waveform", stage), "stage_steps": (6,)}
        finer = config.model_copy(update=stages | {"hidden_layers": (300, 200), "time_limit": time_limit})
        cost = replace(cost_of(finer, session.problem), seconds=A_SOLUTION)
        assert cost.operations > 20 * cost_of(config, session.problem).operations
        limit = TimeLimit(time_limit)
        monkeypatch.setattr(TimeLimit, "elapsed", ELAPSED)
        return search_refinement._why_not(session, finer, cost, limit)

    assert refusal(needed + 1.0) == refusal(0.0) == ""
    assert refusal(needed - 1.0) == f"that would take longer than the time_limit of {needed - 1.0:g} s"
