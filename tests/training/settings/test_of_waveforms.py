"""A search in a plate that is known but for its material needs no number of the solution."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.training.settings import chosen
from tests.plates import PLATE
from tests.training.optimizers.recorded_plate import CONFIG as BY_HAND
from tests.training.optimizers.recorded_plate import TRUE, noisy, places, quicken, recorded, with_noise_stated
from tests.training.optimizers.recorded_shots import LEFT, PLACES, RIGHT, empty

OF_SEARCH = {"unknowns", "density", "lame_lambda", "lame_mu", "log_level", "duration"}
CONFIG = {name: value for name, value in BY_HAND.items() if name in PLATE or name in OF_SEARCH} | {"tolerance": 0.1}


@pytest.fixture(scope="module")
def receivers(tmp_path_factory):
    """A file of records of the right shape."""
    path = tmp_path_factory.mktemp("data") / "receivers.h5"
    ep.Receivers(places(), np.linspace(0.0, 24e-6, 5), np.ones((len(places()), 5, 2)), noise=1.0).save(path)
    return str(path)


def test_elements_solve_and_the_network_takes_no_part(receivers):
    found = ep.preview(ep.Config(**CONFIG, data=receivers))
    assert found.config.stages == ("full_waveform",) and found.config.network == "hole_waves"
    assert sum(found.config.hidden_layers) == 20 and "finite elements solve for the waveforms" in found.chosen
    assert not any("points" in sentence for sentence in found.advice)


@pytest.mark.parametrize(
    ("fields", "alone"),
    [
        ({"unknown_gains": ["2"]}, r"unknown_gains = \['2'\] are found by stages = \['full_waveform'\] alone"),
        ({"frequency_continuation": [1e5]}, r"frequency_continuation = \[100000\.0\] is of full_waveform alone"),
    ],
)
def test_a_tolerance_chooses_the_stage_that_alone_takes_a_field(fields, alone, receivers):
    found = ep.preview(ep.Config(**CONFIG, **fields, data=receivers)).config
    assert found.stages == ("full_waveform",)
    assert {name: list(getattr(found, name)) for name in fields} == fields
    by_hand = {name: value for name, value in CONFIG.items() if name != "tolerance"}
    for given in (by_hand, CONFIG | {"stages": ["variable_projection"]}):
        with pytest.raises(ep.ConfigError, match=alone):
            ep.Config(**given, **fields, data=receivers)
    with pytest.raises(ep.ConfigError, match=alone):  # neither start nor sides are known
        ep.preview(
            ep.Config(
                problem="receivers",
                data="data/aluminium_receivers.h5",
                unknowns=["lambda", "mu"],
                tolerance=0.1,
                **fields,
            )
        )


def test_finer_settings_have_the_waves_of_the_plate(receivers):
    config = ep.Config(**CONFIG, data=receivers)
    problem = ep.problem_from(config)
    first, finer = (chosen(config, problem, level) for level in (1.0, 2.0))
    assert first["stages"] == ("full_waveform",) and first["ridge"] < 1e-10
    assert 200 < sum(first["hidden_layers"]) < sum(finer["hidden_layers"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stages": ["variable_projection"]}, r"settings of a search are chosen for \['full_waveform'\] only"),
        ({"network": "mlp"}, "chosen for 'plane_waves' and 'hole_waves' and 'random_features' only"),
    ],
)
def test_stages_and_networks_that_nothing_is_chosen_for_are_refused(fields, said, receivers):
    with pytest.raises(ep.ConfigError, match=said):
        ep.preview(ep.Config(**CONFIG, **fields, data=receivers))


@pytest.mark.parametrize("by", ["tolerance", "numbers"])
def test_no_sample_of_several_shots_is_held_out_unless_that_is_asked_for(by, tmp_path):
    path = tmp_path / "shots.h5"
    ep.Receivers(records=empty(PLACES)).save(path)
    fields = CONFIG if by == "tolerance" else {n: v for n, v in BY_HAND.items() if n != "validation_fraction"}
    fields = fields | {"sources": [LEFT, RIGHT], "data": str(path)}
    assert ep.preview(ep.Config(**fields)).config.validation_fraction == 0.0
    with pytest.raises(
        ep.ConfigError, match=r"validation_fraction = 0\.1: of several shots all samples are fitted; set"
    ):
        ep.train(ep.Config(**fields, validation_fraction=0.1), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_a_search_by_tolerance_alone_finds_the_material_and_its_wavefield_is_that_of_the_records(tmp_path, monkeypatch):
    quicken(monkeypatch)
    clean = with_noise_stated(recorded(tmp_path / "places.h5"))
    run = ep.train(ep.Config(**CONFIG, data=noisy(clean, tmp_path / "receivers.h5")), tmp_path / "run")
    assert run.fit.verdict == "holds" and run.summary.warnings == [], run.fit.text
    for name, value in run.fit.values.items():
        assert abs(value - TRUE[name]) < 3.0 * run.fit.plus_minus[name] < 0.1 * TRUE[name]
    (x, y), peak = places().T[:, :, None], np.abs(clean.displacement).max()
    assert np.abs(run.predict(x, y, clean.time) - clean.displacement).max() < 0.1 * peak
    strain, stress = (run.predict(x, y, clean.time, quantity) for quantity in ("strain", "stress"))
    volumetric, found = strain[..., :2].sum(-1), run.fit.values
    np.testing.assert_allclose(
        stress[..., 0],
        found["lambda"] * volumetric + 2.0 * found["mu"] * strain[..., 0],
        rtol=0.0,
        atol=1e-6 * np.abs(stress).max(),
    )
    with pytest.raises(ValueError, match="legal are displacement, velocity, acceleration, strain"):
        run.predict(x, y, clean.time, "temperature")
