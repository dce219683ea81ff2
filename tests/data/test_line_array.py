"""The shipped recording of a line of geophones is what its README says, and elements record the same."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import CORRECTED
from elastic_pinn.physics.solutions import RayleighWave
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms

DATA = Path(__file__).parents[2] / "data"
SECTION = (DATA / "README.md").read_text(encoding="utf-8").partition("\n## line_array.h5\n")[2].partition("\n## ")[0]
[RECIPE] = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture(scope="module")
def script() -> dict:
    return runpy.run_path(str(DATA / "make_line_array.py"))


@pytest.fixture(scope="module")
def shipped() -> ep.Records:
    """The only records of the file."""
    receivers = ep.Receivers.load(DATA / "line_array.h5")
    assert (receivers.material, receivers.truth) == ({}, None)
    [records] = receivers.records
    return records


def stated(**changes) -> ep.Config:
    """The config of the README's recipe."""
    lines = RECIPE.partition("run = ")[0]
    namespace = {"ep": ep}
    exec(lines, namespace)
    fields = namespace["config"].model_dump(exclude_unset=True)
    return ep.Config(**fields | changes)


def test_the_shipped_file_is_24_geophones_2_m_apart_on_the_surface(shipped, script):
    np.testing.assert_array_equal(shipped.xy, script["receivers"]())
    np.testing.assert_allclose(shipped.time, script["frame_times"](), rtol=1e-12)
    assert (shipped.quantity, shipped.labels) == ("velocity", ("y",))
    assert shipped.noise == pytest.approx(0.01 * np.abs(shipped.values).max(), rel=0.05)
    assert (DATA / "line_array.h5").stat().st_size < 200_000
    config = stated()
    assert config.plate_size[1] == script["SURFACE"] and config.inclusions[0].y == (30.0, 35.0)
    assert config.sources[0].at == (script["HAMMER"], script["SURFACE"])


def test_short_surface_waves_are_as_fast_as_rayleigh_waves_of_the_layer(shipped, script):
    spectra = np.fft.rfft(shipped.values[..., 0], n=1024, axis=1)  # (R, F)
    frequencies, offset = np.fft.rfftfreq(1024, script["FRAME"]), shipped.xy[:, 0] - script["HAMMER"]
    speeds = np.linspace(120.0, 400.0, 561)
    for frequency, within in ((38.0, 0.03), (42.0, 0.03)):
        f = np.abs(frequencies - frequency).argmin()
        stacked = np.exp(2j * np.pi * frequencies[f] * offset / speeds[:, None]) @ (spectra[:, f] / abs(spectra[:, f]))
        speed = speeds[np.abs(stacked).argmax()]
        assert speed == pytest.approx(RayleighWave(script["LAYER"]).speed, rel=within)


@pytest.mark.slow
def test_errors_of_grids_fall_with_the_square_of_their_cells(script):
    pytest.importorskip("deepwave", reason="the reference engines are an optional extra")
    coarse, middle, fine = (script["record"](cell) for cell in (1.0, 0.5, 0.25))
    assert np.linalg.norm(middle - fine) < 0.35 * np.linalg.norm(coarse - fine)


@pytest.mark.slow
@torch.no_grad()
def test_finite_elements_record_the_same_but_for_the_noise(shipped):
    [hammer], [layer] = stated().sources, stated().inclusions
    material = {"lame_lambda": 6.4e8, "lame_mu": 3.2e8}
    layer = layer.model_dump(exclude_none=True) | {"lame_lambda": 1.44e8, "lame_mu": 7.2e7, "unknowns": []}
    hammer = hammer.model_dump(exclude_none=True) | {"pulse": "ricker", "frequency": 20.0, "delay": 0.06}
    config = stated(**material, unknowns=["mu"], inclusions=[layer], sources=[hammer])
    problem = ep.problem_from(config)
    session = Session(config, problem)
    waveforms = Waveforms(problem, config, session.model, session.sampler.batches)
    unit = shipped.noise / problem.recorded.quantity.scale(problem.scales)
    missed = (waveforms.by_elements(CORRECTED)[:, 0] - waveforms.target.reshape(-1)) / unit
    assert missed.square().mean().sqrt() == pytest.approx(1.0, abs=0.08)
