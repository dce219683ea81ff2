"""The figures of the reference data show engine, exact solution and their distance."""

import dataclasses

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.figures import grid_convergence, reference_errors, reference_traces


@pytest.fixture
def shipped(aluminium):
    return ep.Receivers.load(aluminium)


def test_traces_are_those_of_the_loudest_receiver_and_their_difference_has_a_scale_of_its_own(shipped):
    upper, _, lower, _ = reference_traces(shipped).axes
    recorded, engine, exact = (line.get_ydata() for line in upper.lines)
    assert np.abs(recorded - engine).max() > 0.5 > np.abs(engine - exact).max(), "nm"
    assert lower.get_ylabel() == "engine -\nexact (pm)" and upper.get_ylabel() == "displacement (nm)"


def test_errors_are_relative_and_far_below_the_noise(shipped):
    where, when = reference_errors(shipped).axes[:2]
    error, noise = (line.get_ydata() for line in when.lines)
    assert max(error[1:]) < 0.1 < noise[0], "percent"
    assert where.collections[0].get_array().shape == (121,)


def test_the_stored_convergence_is_of_second_order(aluminium):
    (axes,) = grid_convergence(aluminium.with_name("grid_convergence.csv")).axes
    assert [text.get_text() for text in axes.texts] == ["order 2.00", "order 1.99"]
    assert axes.get_xlabel() == "grid spacing (mm)"


def test_without_a_truth_nothing_is_compared(shipped):
    with pytest.raises(ValueError, match="no truth, and hence no exact solution"):
        reference_traces(dataclasses.replace(shipped, truth=None))
