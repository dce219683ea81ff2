"""A line of geophones finds the speeds of the layers below it with errors that ± covers, by the recipe of
data/README.md."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.error_estimate import in_found_material
from elastic_pinn.training.session import Session
from tests.data.test_line_array import DATA, stated

pytestmark = pytest.mark.accuracy

TRUE = {"lambda_1": 6.4e8, "mu_1": 3.2e8, "lambda_2": 1.44e8, "mu_2": 7.2e7}  # below, and of the layer, Pa
C_S = {"1": 400.0, "2": 200.0}  # m/s


def test_shear_speeds_of_both_layers_are_found_within_5_percent_and_all_within_three_of_their_errors(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    run = ep.train(stated(data=str(DATA / "line_array.h5")), tmp_path / "run")
    assert run.summary.status == "completed", run.summary.reason
    found, fit = run.material(), run.fit
    for region, c_s in C_S.items():
        assert np.sqrt(found[f"mu_{region}"] / found[f"rho_{region}"]) == pytest.approx(c_s, rel=0.05)
    assert fit.verdict in ("holds", "widened"), fit.reason
    for name, true in TRUE.items():
        assert abs(fit.values[name] - true) < 3.0 * fit.plus_minus[name] < 0.1 * true


def test_a_start_farther_off_needs_the_records_below_a_frequency_first(monkeypatch):
    monkeypatch.setattr(in_found_material, "FINER", 0.55)  # a search in half a minute
    moduli = {"lame_lambda": 6.4e8 * 1.25**2, "lame_mu": 3.2e8 * 1.25**2}
    layer = stated().inclusions[0].model_dump(exclude_none=True)
    layer |= {"lame_lambda": 1.44e8 * 1.4**2, "lame_mu": 7.2e7 * 1.4**2}
    start = moduli | {"inclusions": [layer], "unknown_range": 8.0, "steps": 1, "data": str(DATA / "line_array.h5")}
    off = []
    for below in ([8.0, 14.0], []):
        config = stated(**start, frequency_continuation=below, log_level="error")
        session = Session(config, ep.problem_from(config))
        session.advance()
        found = session.model.material.si()
        off.append([abs(np.sqrt(found[f"mu_{each}"] / found[f"rho_{each}"]) / c_s - 1.0) for each, c_s in C_S.items()])
    assert max(off[0]) < 0.02 and min(off[1]) > 0.3
