"""The line that says how far training is."""

import math

import pytest

from elastic_pinn.training.lifecycle.control import Work
from elastic_pinn.workbench.panels.training import progress
from elastic_pinn.workbench.panels.training.progress import Pace, ProgressBar, pace_text


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets, in s."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def text_of(bar: ProgressBar) -> str:
    return bar.children[2].value


def test_the_pace_is_that_of_the_last_moments_and_unknown_before(clock):
    pace = Pace()
    assert math.isnan(pace.mark(0))
    for step, now in ((100, 1010.0), (101, 1020.0), (111, 1030.0)):  # quick at first, then slow
        clock[0] = now
        found = pace.mark(step)
    assert found == pytest.approx(1.0), "from 1020 s on: what was more than 15 s ago counts no more"


def test_the_time_left_is_that_of_the_steps_left():
    assert pace_text(60, 100, 2.0) == "2 steps/s · 20 s left"
    assert pace_text(60, 100, math.nan) == ""
    assert pace_text(60, 100, 2.0, is_limit=True) == "2 steps/s · at most 20 s left"


def test_work_within_a_step_is_told_once_it_lasts_and_else_the_pace(clock):
    bar = ProgressBar(100)
    work = Work("solving 3000 amplitudes", 1004.5, 0.25)
    clock[0] = 1005.0
    bar.show(10, "stage 1", work)
    assert text_of(bar).startswith("step 10 of 100 · stage 1 · 2 steps/s")
    clock[0] = 1009.5
    bar.show(10, "stage 1", work)
    assert (
        text_of(bar)
        == "step 10 of 100 · stage 1 · solving 3000 amplitudes: about 15 s left of the 20 s that this part takes"
    )
    bar.end(10, "paused")
    assert text_of(bar) == "step 10 of 100 · paused"
