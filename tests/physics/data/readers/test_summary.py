"""The summary says what is in recordings."""

from dataclasses import replace

import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.processing import with_noise
from elastic_pinn.physics.data.readers.doubts import doubts
from elastic_pinn.physics.data.readers.summary import summary


@pytest.fixture(scope="module")
def block() -> ep.Receivers:
    """The aluminium block, with P waves of 6371 m/s."""
    return ep.Receivers.load("data/aluminium_receivers.h5")


def scaled(block: ep.Receivers, length=1.0, time=1.0, value=1.0) -> ep.Receivers:
    return ep.Receivers(length * block.xy, time * block.time, value * block.displacement)


def test_speeds_and_noise_are_told_as_they_are(block):
    lines = dict(line.split(": ", 1) for line in summary(scaled(block)))
    assert lines["receivers"] == "121, x 0 to 0.06 m, y 0 to 0.06 m"
    assert lines["times"] == "41, 0 to 8e-06 s, 2e-07 s apart"
    assert 0.8 * 6371 < float(lines["apparent speeds"].split()[0]) < 1.2 * 6371
    assert 0.8 * block.noise < float(lines["noise"].split()[0]) < 1.2 * block.noise
    assert lines["material"].startswith("not given; give density, lame_lambda and lame_mu, here")
    assert lines["material"].endswith("it starts from the first arrivals' speed")
    assert "first arrivals" in lines and "m, rms " in lines["displacement"]


def test_a_density_alone_is_known_and_told_with_what_the_search_starts_from(block, tmp_path):
    given = replace(scaled(block), material={"rho": 2700.0})
    given.save(tmp_path / "scan.h5")
    read = ep.Receivers.load(tmp_path / "scan.h5")
    assert read.material == {"rho": 2700.0} and read.start == frozenset()
    line = summary(read)[-1]
    assert line.startswith("material: rho 2700 kg/m3 known; lame_lambda and lame_mu can be given")
    assert line.endswith("it starts from the first arrivals' speed")
    config = ep.Config(problem="receivers", data=str(tmp_path / "scan.h5"), unknowns=["lambda", "mu"])
    material = ep.problem_from(config).material
    assert material.density == 2700.0 and 0.8 * 6371 < material.c_p < 1.2 * 6371
    assert ep.figures.frequency_wavenumber(read)  # without lines of speeds


def test_a_density_alone_that_no_solid_of_such_waves_has_is_doubted(block):
    [doubt] = doubts(replace(scaled(block), material={"rho": 8.5}))
    assert doubt.startswith("density = 8.5 kg/m3 beside P waves of 6") and "give 8500, if 8.5 g/cm3 was meant" in doubt
    assert doubts(replace(scaled(block), material={"rho": 2700.0})) == []


def test_noise_that_was_estimated_and_then_written_is_not_told_as_stated(block):
    lines = summary(with_noise(scaled(block)))
    [noise] = [line for line in lines if line.startswith("noise: ")]
    assert noise.endswith(", estimated before the first arrival") and "stated" not in noise
    [noise] = [line for line in summary(block) if line.startswith("noise: ")]
    assert noise.endswith(", stated")


def test_one_receiver_has_a_summary_too(block):
    one = replace(scaled(block), xy=block.xy[60:61], displacement=block.displacement[60:61])
    assert summary(one)[0].startswith("receivers: 1, ") and doubts(one) == []


def test_the_material_is_told_with_its_speeds_and_what_only_starts_a_search(block):
    line = summary(block)[-1]
    assert line.startswith(
        "material: lambda 7.488e+10 Pa to start from, mu 1.82e+10 Pa to start from, rho 2700 kg/m3 known"
    )
    assert line.endswith("c_p 6420 m/s, c_s 2596 m/s")
    known = summary(replace(block, start=frozenset()))[-1]
    assert known.endswith("so that all of it is taken as known: if some is rough, name it, as start [lambda, mu]")
