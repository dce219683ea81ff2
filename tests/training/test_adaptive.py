"""Points that move and weights that change are for every kind of problem and network, and resume to the last bit."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.sampling.draw import places_of
from tests.benchmarks.validation.periodic import between
from tests.benchmarks.validation.statics import mixed_plate
from tests.storage.sameness import same

EXACT = StandingWaves(2.0, 1.0, 1.0)
SOLID, WINDOW = ep.Material(2.0, 1.0, 1.0), ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
WALLS = (ep.Absorbing(sides="left"), ep.Displacement(EXACT, "right"), ep.Traction(None, ("top", "bottom")))
PROBLEMS = {
    "a plate at rest": lambda inverse: mixed_plate(1.0),
    "a disc": lambda inverse: ep.Problem(
        ep.Domain(shape=ep.Disc((0.5, 0.5), 0.4), t=(0.0, 1.0)), SOLID, [ep.Displacement(EXACT)], ep.Initial.of(EXACT)
    ),
    "a medium": lambda inverse: ep.Problem(
        WINDOW, ep.Medium(lambda x, y: 2.0 + x, 1.0, 1.0), WALLS, ep.Initial.of(EXACT)
    ),
    "two materials": lambda inverse: ep.Problem(
        WINDOW,
        SOLID,
        [ep.Displacement(EXACT)],
        ep.Initial.of(EXACT),
        inclusions=[ep.Inclusion(ep.Disc((0.5, 0.5), 0.2), ep.Material(4.0, 4.0, 1.0))],
    ),
    "periodic sides": lambda inverse: between("x", 1.0),
    "an inverse problem": lambda inverse: inverse,
}
NETWORKS = {
    "mlp": {"precision": "float64"},
    "random_features": {"network": "random_features", "stages": ["adam", "last_layer"], "stage_steps": [5]},
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_is_trained_and_resumed_with_both(tiny, inverse, tmp_path, kind, network):
    problem = PROBLEMS[kind](inverse)
    config = tiny(problem="own", resampling="r3", resample_every=2, balancing="relobralo", balance_every=2,
                  checkpoint_every=3, keep_every=1, interface_points=8, **NETWORKS[network])  # fmt: skip
    whole = ep.train(config, tmp_path / "whole", problem)
    cut = ep.train(config, tmp_path / "cut", problem, resume=str(whole.checkpoints()[1].path))
    assert len(whole.checkpoints()) >= 3 and cut.latest().step == 6
    one, other = (read_snapshot(run.latest().path) for run in (whole, cut))
    assert same(dict(one.weights), dict(other.weights)) and same(dict(one.state), dict(other.state))
    assert one.state["sampler"]["points"].keys() == places_of(problem).keys()
    for column, values in one.history.columns().items():
        assert column == "wall_s" or np.array_equal(values, other.history.columns()[column], equal_nan=True), column
