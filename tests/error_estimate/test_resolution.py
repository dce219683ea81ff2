"""Elements and time steps that would be too coarse are refused in words, before anything is solved for."""

import pytest

import elastic_pinn as ep
from elastic_pinn.error_estimate import estimate_error, resolution, why_no_estimate
from elastic_pinn.physics import problem_from
from tests.benchmarks.validation.many_wavelengths import ROWS
from tests.plates import PLATE

SHORT = {**PLATE, "sources": [{**PLATE["sources"][0], "frequency": 6e6, "width": 5e-5}]}
LONG = {**PLATE, "duration": 2e-3}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (SHORT, r"of the shortest waves fit along the longer side, .* triangles are needed and 30,000 are the most"),
        (LONG, r"of the shortest periods fit into the window, .* time steps are needed and 4,000 are the most"),
    ],
)
def test_waves_too_short_and_windows_too_long_have_no_estimate_and_no_tolerance(fields, words):
    problem = problem_from(ep.Config(**fields))
    assert why_no_estimate(problem)
    with pytest.raises(ep.ErrorEstimateError, match=f"no error can be estimated: .*{words}"):
        estimate_error(None, problem)
    with pytest.raises(ep.ConfigError, match=f"tolerance = 0.02: no error can be estimated: .*{words}"):
        ep.preview(ep.Config(**fields, tolerance=0.02))


def test_a_fifth_coarser_than_needed_is_allowed_and_no_more(monkeypatch):
    problem = problem_from(ep.Config(**SHORT))
    spacing, least = resolution._spacings(problem, 1.0)
    needed = resolution.MOST_TRIANGLES * (least / spacing) ** 2
    for coarser, is_allowed in ((1.19, True), (1.21, False)):
        monkeypatch.setattr(resolution, "MOST_TRIANGLES", needed / coarser**2)
        assert (resolution.why_unresolved(problem) == "") == is_allowed
    monkeypatch.undo()
    problem = problem_from(ep.Config(**LONG))
    needed = resolution._steps(problem, 1.0)
    for coarser, is_allowed in ((1.19, True), (1.21, False)):
        monkeypatch.setattr(resolution, "MOST_STEPS", needed / coarser)
        assert (resolution.why_unresolved(problem) == "") == is_allowed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_largest_windows_of_the_table_have_an_estimate(row):
    assert why_no_estimate(row.problem(1.0)) == ""


@pytest.mark.parametrize("frequency", [1.5e5, 4e5])
@pytest.mark.parametrize("coarser", [0.8, 1.25])
def test_how_many_triangles_and_instants_there_will_be_is_known_before(frequency, coarser):
    source = PLATE["sources"][0] | {"frequency": frequency}
    problem = ep.problem_from(ep.Config(**PLATE | {"sources": [source]}))
    triangles, instants = resolution.size_of(problem, 1.5, coarser)
    elements = resolution.elements_of(problem, 1.5, coarser)
    assert len(elements.mesh.triangles) == pytest.approx(triangles, rel=0.25)
    assert len(resolution.instants_of(problem, 1.5, coarser)) == instants
