"""A line of geophones finds the shear speeds of the layers below it, by the recipe of data/README.md."""

import numpy as np
import pytest

import elastic_pinn as ep
from tests.data.test_line_array import DATA, stated

pytestmark = pytest.mark.accuracy

C_S = {"1": 400.0, "2": 200.0}  # below, and of the layer, m/s


def test_shear_speeds_of_both_layers_are_found_within_5_percent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ep.train(stated(data=str(DATA / "line_array.h5")), tmp_path / "run")
    assert run.summary.status == "completed", run.summary.reason
    found = run.material()
    for region, c_s in C_S.items():
        assert np.sqrt(found[f"mu_{region}"] / found[f"rho_{region}"]) == pytest.approx(c_s, rel=0.05)
