"""A coarse view of all that is searched finds where a search is to start from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.progress import reported
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.physics.unknowns import MaterialParameters
from elastic_pinn.training.coarse_search import _grid, better_start
from elastic_pinn.training.optimizers.flat import put
from elastic_pinn.training.session import Session
from elastic_pinn.training.step_objective import StepCancelled

EXACT = StandingWaves(2.0, 1.0, 1.0)
SIDE, TIMES = np.linspace(0.0, 1.0, 5), np.linspace(0.0, 0.6, 9)
SEARCH = {
    "stages": ["variable_projection"], "problem": "own", "network": "plane_waves", "hidden_layers": [200],
    "activation": "sin", "input_frequency": 4.0, "precision": "float64", "ridge": 1e-6, "steps": 12,
    "interior_points": 5, "initial_points": 40, "validate_every": 1000, "validation_fraction": 0.0,
}  # fmt: skip


def receivers(count: int, size: float = 1.0, noise: float = 0.01) -> ep.Receivers:
    """The first `count` of 25 receivers in standing waves, with noise of which the standard deviation is given."""
    xy = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)[:count]  # (R, 2)
    points = [torch.from_numpy(np.broadcast_to(a, (count, 9)).copy()) for a in (*xy.T[:, :, None], TIMES)]
    seen = size * EXACT(*points).numpy() + noise * np.random.default_rng(0).standard_normal((count, 9, 2))
    known = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
    return ep.Receivers(xy, TIMES, seen, noise, known, frozenset({"lambda", "mu"}))


def problem(lame_lambda: float, mu: float, unknowns=("lambda", "mu"), within=2.0, **changes) -> ep.Problem:
    """Which material do receivers see, from a start that may be far off?"""
    start = ep.Material(lame_lambda, mu, 1.0, unknowns, within)
    parts = {"initial": ep.Initial.of(EXACT), "receivers": receivers(25)}
    return ep.Problem(ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)), start, **(parts | changes))


def start_of(session: Session) -> torch.Tensor | None:
    return better_start(session.problem, session.config, session.model, session.sampler.batches)


@pytest.mark.slow
@pytest.mark.parametrize("start", [(0.2, 0.1), (-4.0, 10.0)])
def test_lambda_and_mu_are_found_from_ten_times_too_little_and_too_much(tiny, start):
    session = Session(tiny(**SEARCH), problem(*start, within=20.0))
    while not session.reason_to_end and session.step < 12:
        row = session.advance()
    assert session.converged and session.step < 8
    assert (row["material/lambda"], row["material/mu"]) == pytest.approx((2.0, 1.0), rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "start"), [("lambda", (30.0, 1.0)), ("mu", (2.0, 9.0))])
def test_one_unknown_is_looked_for_alone(tiny, name, start):
    session = Session(tiny(**SEARCH), problem(*start, unknowns=(name,), within=20.0))
    [place] = start_of(session)
    with torch.no_grad():
        next(session.model.material.parameters()).copy_(place)
    assert session.model.material.si()[name] == pytest.approx({"lambda": 2.0, "mu": 1.0}[name], rel=0.3)


@pytest.mark.slow
def test_three_unknowns_are_shown_a_start_for_the_moduli(tiny):
    """A known traction makes all three legal; two moduli make all wave speeds, and the density keeps its value."""

    def pull(x, y, t):
        return torch.stack([torch.sin(5.0 * t), torch.zeros_like(t)], dim=1)

    top = [ep.Traction(pull, sides=ep.Part("top", 0.4, 0.6))]
    asked = problem(20.0, 0.1, unknowns=("lambda", "mu", "rho"), within=20.0, boundary=top)
    session = Session(tiny(**SEARCH | {"boundary_points": 10}), asked)
    place = start_of(session)
    assert place is None or (place.shape == (3,) and place[2] == 0.0)
    session.advance()


@pytest.mark.slow
def test_where_a_search_from_the_start_goes_astray_another_place_is_found(tiny):
    """From there alone, Gauss-Newton ends at a lambda of 98."""
    session = Session(tiny(**SEARCH), problem(100.0, 0.02, within=200.0))
    with torch.no_grad():
        for unknown, value in zip(session.model.material.parameters(), start_of(session), strict=True):
            unknown.copy_(value)
    found = session.model.material.si()
    assert (found["lambda"], found["mu"]) == pytest.approx((2.0, 1.0), rel=0.3)


@pytest.mark.slow
def test_any_network_is_shown_where_to_start(tiny):
    config = tiny(**SEARCH | {"network": "random_features", "hidden_layers": [20]})
    session = Session(config, problem(20.0, 10.0, within=20.0))
    with torch.no_grad():
        for unknown, value in zip(session.model.material.parameters(), start_of(session), strict=True):
            unknown.copy_(value)
    found = session.model.material.si()
    assert (found["lambda"], found["mu"]) == pytest.approx((2.0, 1.0), rel=0.3)


@pytest.mark.slow
def test_looking_changes_nothing_and_gives_the_same_bits_again(tiny):
    session = Session(tiny(**SEARCH), problem(2.5, 0.8))
    before, generator = session.objective.position(), torch.random.get_rng_state()
    told: list[tuple[str, float]] = []
    with reported(lambda *what: told.append(what)):
        places = [start_of(session) for _ in range(2)]
    assert {what for what, _ in told} == {"looking all over the range of the unknowns", ""}, "one piece of work"
    assert torch.equal(*places)
    assert torch.equal(session.objective.position(), before)
    assert torch.equal(torch.random.get_rng_state(), generator), "no global generator is used"


@pytest.mark.slow
def test_a_stop_within_the_first_step_leaves_all_as_it_was_and_the_next_one_looks_again(tiny):
    asked = [Session(tiny(**SEARCH), problem(2.5, 0.8)) for _ in range(2)]
    calls = []
    row = asked[0].advance(lambda: bool(calls.append(1)))
    session = asked[1]
    for last in (20, len(calls)):  # while it looks, and in the last piece of the step
        before, left = session.objective.position(), iter(range(last - 1, -1, -1))
        with pytest.raises(StepCancelled):
            session.advance(lambda left=left: not next(left))
        assert torch.equal(session.objective.position(), before)
        assert session.step == 0 and not any(session.optimizer.state.values())
    again = session.advance()
    assert all(again[name] == value or value != value for name, value in row.items() if name != "wall_s")


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"receivers": receivers(4)},
        {"receivers": receivers(25, size=0.0, noise=1.0)},
        {"force": lambda x, y, t: torch.stack([x, y], dim=-1)},
    ],
    ids=["few samples", "noise alone", "a body force"],
)
def test_where_long_waves_tell_nothing_the_start_stays(tiny, changes):
    config = tiny(**SEARCH | {"network": "random_features", "hidden_layers": [20]})
    assert start_of(Session(config, problem(20.0, 10.0, **changes))) is None


@pytest.mark.parametrize(
    ("sides", "is_found"),
    [
        pytest.param(("left", "right", "bottom", "top"), True, marks=pytest.mark.slow),
        (("left", "right", "bottom"), False),
    ],
)
def test_few_samples_are_enough_where_sides_and_start_are_known(tiny, sides, is_found):
    changes = {"boundary": [ep.Displacement(EXACT, sides)], "receivers": receivers(4)}
    session = Session(tiny(**SEARCH, boundary_points=100), problem(20.0, 10.0, within=20.0, **changes))
    place = start_of(session)
    assert (place is not None) == is_found
    if is_found:
        put(session.model.unknowns, place)
        found = session.model.material.si()
        assert (found["lambda"], found["mu"]) == pytest.approx((2.0, 1.0), rel=0.3)


@pytest.mark.slow
def test_data_that_are_explained_already_need_no_other_start(tiny, monkeypatch):
    session = Session(tiny(**SEARCH), problem(2.2, 0.9))
    session.advance()
    monkeypatch.setattr("elastic_pinn.training.coarse_search.Coarse", None)
    assert start_of(session) is None


@pytest.mark.parametrize(("wide", "places"), [(100.0, 17**2), (1e12, 41**2), (1e100, 41**2)])
def test_however_wide_the_range_is_the_places_looked_at_are_not_too_many_and_reach_its_ends(wide, places, caplog):
    caplog.set_level("INFO", "elastic_pinn")
    material = MaterialParameters(ep.Material(2.0, 1.0, 1.0, ("lambda", "mu"), wide), torch.float64)
    grid = torch.stack(_grid(material, torch.zeros(2, dtype=torch.float64)))  # (places, 2)
    assert len(grid) == places
    assert grid.max().item() == pytest.approx(material.search_bound) and grid.min().item() == pytest.approx(
        -material.search_bound
    )
    assert ("coarser than usual" in caplog.text) == (wide > 1e5)


@pytest.mark.slow
@pytest.mark.parametrize(("of_bulk", "of_mu"), [(0.1, 10.0), (10.0, 0.1)])
def test_aluminium_is_found_from_ten_times_too_much_of_one_and_too_little_of_the_other(tiny, aluminium, of_bulk, of_mu):
    """With long waves alone, to which the initial pulses are too short to count."""
    config = tiny(**SEARCH | {"hidden_layers": [500], "input_frequency": 9.0, "initial_points": 200}
                  | {"problem": "receivers", "data": str(aluminium), "weight_initial": 1e-3})  # fmt: skip
    shipped = ep.problem_from(config.model_copy(update={"unknowns": ["lambda", "mu"]}))
    true = shipped.receivers.truth.material
    bulk, mu = of_bulk * (true["lambda"] + 2.0 / 3.0 * true["mu"]), of_mu * true["mu"]
    start = ep.Material(bulk - 2.0 / 3.0 * mu, mu, true["rho"], ("lambda", "mu"), 100.0)
    session = Session(config, replace(shipped, material=start))
    while not session.reason_to_end and session.step < 8:
        row = session.advance()
    assert session.converged
    assert [row[f"material/{name}"] / true[name] for name in ("lambda", "mu")] == pytest.approx([1.0, 1.0], rel=0.02)


@pytest.mark.slow
def test_aluminium_is_found_by_its_density_alone(tiny, aluminium, tmp_path):
    """Of a file without a material, from the speed of first arrivals."""
    shipped = ep.Receivers.load(aluminium)
    ep.Receivers(records=shipped.records, pulses=shipped.pulses).save(tmp_path / "bare.h5")
    config = tiny(**SEARCH | {"hidden_layers": [500], "input_frequency": 9.0, "initial_points": 200}
                  | {"problem": "receivers", "data": str(tmp_path / "bare.h5"), "weight_initial": 1e-3}
                  | {"unknowns": ["lambda", "mu"], "density": 2700.0})  # fmt: skip
    session = Session(config, ep.problem_from(config))
    while not session.reason_to_end and session.step < 8:
        row = session.advance()
    found = [row[f"material/{name}"] / shipped.truth.material[name] for name in ("lambda", "mu")]
    assert session.converged and found == pytest.approx([1.0, 1.0], rel=0.02)
