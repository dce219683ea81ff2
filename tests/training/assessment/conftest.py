"""A model that is assessed by evidence as it is given."""

from dataclasses import replace

import pytest

import elastic_pinn as ep
from elastic_pinn.training.assessment import judgement
from elastic_pinn.training.session import Session
from tests.training.assessment.good_evidence import GOOD
from tests.training.assessment.plates import CONFIG, problem_of, recorded


@pytest.fixture
def weighed(monkeypatch):
    """Assess a model, whose unknowns are within their range, by such evidence."""
    session = Session(ep.Config(**CONFIG), problem_of(recorded()))
    monkeypatch.setattr(judgement, "Linearised", lambda trained: None)

    def weigh(**changes):
        monkeypatch.setattr(judgement, "evidence_of", lambda trained, linear, at: replace(GOOD, **changes))
        return judgement.assess(weigh.trained)

    weigh.trained = session.trained()
    return weigh
