"""A config names its problem, and a data file is found or the places looked at are named."""

import dataclasses
import os
import re

import numpy as np
import pytest
import torch

import elastic_pinn
from elastic_pinn.config import Config, ConfigError
from elastic_pinn.physics import Displacement, ProblemError, problem_from
from elastic_pinn.physics.data import ReceiverFileError, Receivers, Records
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups import find
from tests.physics.setups.plates import PUSH


def inverse_config(path, **changes) -> Config:
    return Config(**({"problem": "receivers", "data": str(path), "unknowns": ["lambda", "mu"]} | changes))


def test_standing_waves_are_imposed_on_the_walls_and_at_the_start():
    config = Config(length=2.0, duration=3.0, lame_lambda=5.0, lame_mu=2.0, density=4.0)
    problem = problem_from(config)
    assert (problem.domain.x, problem.domain.y, problem.domain.t) == ((0.0, 2.0), (0.0, 2.0), (0.0, 3.0))
    assert (problem.material.lame_lambda, problem.material.lame_mu, problem.material.density) == (5.0, 2.0, 4.0)
    [wall] = problem.boundary
    assert isinstance(wall, Displacement) and wall.sides is None
    points = problem.domain.start(torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    exact = problem.exact(*points.unbind(1))
    assert torch.equal(evaluate(wall.value, points), exact)
    assert torch.equal(evaluate(problem.initial.displacement, points), exact)
    assert evaluate(problem.initial.velocity, points).abs().max() < 1e-12, "standing waves start at rest"
    assert exact.abs().max() > 1


def test_several_shots_are_refused_with_lines_that_take_one(tmp_path, monkeypatch):
    values = np.random.default_rng(0).standard_normal((2, 4, 9, 2))
    xy, time = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.linspace(0.0, 1.0, 9)
    both = [Records("velocity", each, xy, time, shot=shot) for each, shot in zip(values, ("a b", "c"), strict=True)]
    Receivers(records=both, material=Material(3.0, 1.0, 1.0), start=["lambda", "mu"]).save(tmp_path / "two.h5")
    with pytest.raises(ConfigError, match=r"has the shots 'a b', 'c', and problem 'receivers' is of one: ") as caught:
        problem_from(inverse_config(tmp_path / "two.h5"))
    monkeypatch.chdir(tmp_path)
    line, name = re.findall(r"take one by (.*) and data = '([^']*)'", str(caught.value))[0]
    exec(line, {"ep": elastic_pinn})
    assert problem_from(inverse_config(tmp_path / name)).receivers.shots == ("a b",)


def test_the_window_of_receivers_is_what_they_span_and_nothing_is_imposed_at_its_edge(aluminium):
    problem, file = problem_from(inverse_config(aluminium)), Receivers.load(aluminium)
    assert problem.domain.x == (file.xy[:, 0].min(), file.xy[:, 0].max())
    assert problem.domain.y == (file.xy[:, 1].min(), file.xy[:, 1].max())
    assert problem.domain.t == (file.time.min(), file.time.max())
    assert problem.boundary == () and problem.force is None and problem.exact is None
    assert problem.data_sha256 == file.sha256 != ""


def test_a_search_starts_from_what_the_file_knows_never_from_its_truth(aluminium):
    problem, file = problem_from(inverse_config(aluminium, unknown_range=4.0)), Receivers.load(aluminium)
    start = problem.material
    assert (start.lame_lambda, start.lame_mu, start.density) == tuple(file.material.values())
    assert start.lame_lambda != file.truth.material["lambda"] and start.lame_mu != file.truth.material["mu"]
    assert (start.unknowns, start.unknown_range) == (("lambda", "mu"), 4.0)


WITHOUT = {"material": None, "start": frozenset()}
GIVEN = {"lame_lambda": 3.0, "lame_mu": 0.7, "density": 1.5}


@pytest.mark.parametrize(
    ("of_file", "given", "found"),
    [
        (WITHOUT, GIVEN, (3.0, 0.7, 1.5)),
        (WITHOUT, {"p_speed": 2.0, "s_speed": 1.0, "density": 1.5}, (3.0, 1.5, 1.5)),
        ({}, {"lame_lambda": 3.0}, (3.0, 0.8, 1.0)),
        ({}, {"lame_mu": 0.7, "density": 1.0}, (2.5, 0.7, 1.0)),
        ({"start": frozenset({"lambda", "mu", "rho"})}, {"density": 1.5}, (2.5, 0.8, 1.5)),
    ],
)
def test_a_material_that_is_given_beside_a_file_completes_or_replaces_what_it_starts_from(
    receivers, tmp_path, of_file, given, found
):
    receivers(**of_file).save(tmp_path / "a.h5")
    material = problem_from(inverse_config(tmp_path / "a.h5", **given)).material
    assert (material.lame_lambda, material.lame_mu, material.density) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("of_file", "given", "fault"),
    [
        (WITHOUT, {}, "lame_lambda, lame_mu, density: not given, and .*a.h5 does not have lambda, mu, rho"),
        (WITHOUT, {"density": 1.0}, "lame_lambda, lame_mu: not given"),  # five samples show no arrival
        (WITHOUT, {"lame_mu": 1.0, "density": 1.0}, "lame_lambda: not given"),
        ({}, {"density": 2.0}, "density = 2: .*a.h5 was recorded in a solid whose rho is known to be 1: leave density"),
        ({}, {"window": [0.0, 0.5, 0.0, 1.0]}, r"window = \[0.0, 0.5, 0.0, 1.0\]: 2 receivers of .* are outside"),
        ({}, {"window": [0.0, 1.0, 0.5, 0.5]}, "window = .*each from less than its to"),
        ({}, {"window": [0.0, 1.0]}, "window = .*each from less than its to"),
    ],
)
def test_what_a_file_and_its_config_do_not_tell_together_is_asked_for_by_name(
    receivers, tmp_path, of_file, given, fault
):
    receivers(**of_file).save(tmp_path / "a.h5")
    with pytest.raises(ConfigError, match=fault):
        problem_from(inverse_config(tmp_path / "a.h5", **given))


def test_a_given_value_that_the_file_only_starts_from_may_be_known(receivers, tmp_path):
    receivers().save(tmp_path / "a.h5")
    material = problem_from(inverse_config(tmp_path / "a.h5", lame_lambda=2.0, unknowns=["mu"])).material
    assert (material.lame_lambda, material.unknowns) == (2.0, ("mu",))


def test_a_search_of_both_moduli_starts_from_the_speed_of_first_arrivals(tmp_path, caplog):
    """A plane pulse of 2 m/s past a grid of receivers."""
    xy = np.stack(np.meshgrid(np.linspace(0.0, 1.0, 6), np.linspace(0.0, 1.0, 6)), -1).reshape(-1, 2)
    time = np.linspace(0.0, 1.5, 301)
    late = time[:, None, None] - 0.5 - (0.8 * xy[:, 0] + 0.6 * xy[:, 1])[None, :, None] / 2.0
    pulse = np.exp(-np.square(late / 0.03)).transpose(1, 0, 2) * [0.8, 0.6]
    noise = np.random.default_rng(0).normal(0.0, 1e-3, pulse.shape)
    Receivers(xy=xy, time=time, displacement=pulse + noise, noise=1e-3).save(tmp_path / "a.h5")
    with caplog.at_level("INFO"):
        material = problem_from(inverse_config(tmp_path / "a.h5", density=3.0)).material
    assert material.c_p == pytest.approx(2.0, rel=0.1) and material.density == 3.0
    assert material.lame_lambda == pytest.approx(material.lame_mu) and "no moduli are given" in caplog.text
    with pytest.raises(ConfigError, match="lame_lambda, lame_mu: not given"):
        problem_from(inverse_config(tmp_path / "a.h5", density=3.0, unknowns=["mu"]))


def test_a_window_that_is_given_may_be_wider_than_the_receivers(receivers, tmp_path):
    whole = receivers()
    receivers(xy=whole.xy * [1.0, 0.0]).save(tmp_path / "line.h5")
    domain = problem_from(inverse_config(tmp_path / "line.h5", window=[0.0, 1.0, -0.5, 0.0])).domain
    assert (domain.x, domain.y, domain.t) == ((0.0, 1.0), (-0.5, 0.0), (0.0, 1.0))


def test_the_known_pulses_are_the_initial_velocity_if_wanted(aluminium):
    file = Receivers.load(aluminium)
    initial = problem_from(inverse_config(aluminium)).initial
    points = torch.rand(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 0.06
    expected = sum(pulse.velocity(points[:, 0], points[:, 1]) for pulse in file.pulses)
    assert len(file.pulses) == 2 and expected.abs().max() > 0
    assert torch.equal(evaluate(initial.velocity, points), expected)
    assert evaluate(initial.displacement, points).abs().max() == 0
    assert problem_from(inverse_config(aluminium, initial_pulses=False)).initial is None


def test_a_file_without_pulses_imposes_no_start(receivers, tmp_path):
    receivers().save(tmp_path / "measured.h5")
    assert problem_from(inverse_config(tmp_path / "measured.h5")).initial is None


def test_a_value_that_only_starts_a_search_cannot_be_taken_for_known(aluminium):
    with pytest.raises(ConfigError, match=r"only a start value of mu, .* unknowns = .'lambda', 'mu'."):
        problem_from(inverse_config(aluminium, unknowns=["lambda"]))


def test_all_three_behind_receivers_are_refused(aluminium):
    with pytest.raises(ProblemError, match="cannot all be found"):
        problem_from(inverse_config(aluminium, unknowns=["lambda", "mu", "rho"]))


def test_no_unknowns_are_advised_that_would_be_refused(aluminium):
    with pytest.raises(
        ConfigError, match=r"unknowns = .'rho'.*start value of lambda, mu.*set unknowns = .'lambda', 'mu'."
    ):
        problem_from(inverse_config(aluminium, unknowns=["rho"]))


@pytest.mark.parametrize("unknowns", [["rho"], ["mu", "rho"]], ids=",".join)
def test_rho_may_be_asked_for_where_the_file_knows_another_constant(receivers, tmp_path, unknowns):
    receivers(start=frozenset(unknowns)).save(tmp_path / "measured.h5")
    problem = problem_from(inverse_config(tmp_path / "measured.h5", unknowns=unknowns))
    assert problem.material.unknowns == tuple(unknowns)


@pytest.mark.parametrize(
    ("kept", "fault"),
    [
        (
            {"xy": lambda xy: xy[:1], "displacement": lambda u: u[:1]},
            r"window: not given, and .*few\.h5 are at x = .* give \[x from",
        ),
        ({"xy": lambda xy: 0.0 * xy + [0.3, 0.4]}, "window: not given, and all receivers of .* are at x = 0.3 m"),
        ({"xy": lambda xy: xy * [1.0, 0.0]}, "window: not given, .* are at y = 0 m"),
        ({"xy": lambda xy: xy * [0.0, 1.0] + [0.5, 0.0]}, "window: not given, .* are at x = 0.5 m"),
        (
            {"time": lambda t: t[1:2], "displacement": lambda u: u[:, 1:2]},
            r"few\.h5: all was recorded at one time, 0.25 s.*add times",
        ),
    ],
)
def test_receivers_that_span_no_window_are_refused_with_what_to_give(receivers, tmp_path, kept, fault):
    whole = receivers()
    receivers(**{name: keep(getattr(whole, name)) for name, keep in kept.items()}).save(tmp_path / "few.h5")
    with pytest.raises(ConfigError, match=fault):
        problem_from(inverse_config(tmp_path / "few.h5"))


def test_a_problem_of_ones_own_stands_in_no_config():
    with pytest.raises(ConfigError, match=r"train\(config, run_dir, problem=...\)"):
        problem_from(Config(problem="own"))


def test_a_missing_data_file_is_refused_with_the_places_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"data = 'data/none.h5'.*looked at") as refusal:
        problem_from(inverse_config("data/none.h5"))
    assert str(tmp_path / "data" / "none.h5") in str(refusal.value)


@pytest.mark.parametrize("misspelt", ["runs/scop0.h5", "runs/Scope0.h5", "runs/scope0.hdf5", "runs/scope00.h5"])
def test_a_misspelt_file_is_told_with_a_like_one_of_its_folder(misspelt, receivers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "scope0").mkdir(parents=True)  # a folder is no file that may be meant
    receivers().save("runs/scope0.h5")
    with pytest.raises(ConfigError, match=r"no such file; looked at .*; did you mean 'runs/scope0.h5'\?$"):
        find(misspelt)
    with pytest.raises(ReceiverFileError, match=r"; did you mean 'runs/scope0.h5'\?$"):
        Receivers.load(misspelt)
    with pytest.raises(ReceiverFileError, match=r"there is no file .*; did you mean 'runs/scope0.h5'\?$"):
        Receivers.read(misspelt)
    with pytest.raises(ConfigError, match=r"scope0\.h5'") as whole:
        find(str(tmp_path / misspelt))
    assert str(whole.value).endswith(f"did you mean {str(tmp_path / 'runs' / 'scope0.h5')!r}?")
    with pytest.raises(ConfigError, match=r"did you mean 'runs/scope0.h5'\?$"):
        find("run/scope0.h5")
    for other in ("runs/block.h5", "scope0.h5", "other/scope0.h5"):
        with pytest.raises(ConfigError) as refusal:
            find(other)
        assert "did you mean" not in str(refusal.value)


def test_a_file_of_the_working_directory_is_never_mistaken_for_one_of_the_root(receivers, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    receivers(noise=0.1).save("a.h5")
    with pytest.raises(ConfigError, match=r"no such file; looked at .*; there is .*inside/a.h5, in the working dir"):
        find("a.h5")
    receivers().save("../a.h5")
    with pytest.raises(ConfigError, match=r"data = 'a.h5': .*/a.h5 and .*inside/a.h5, .* two files: give the whole"):
        find("a.h5")
    assert find(str(tmp_path / "inside" / "a.h5")).samefile("a.h5"), "whole paths are what they say"
    (tmp_path / "inside" / "a.h5").write_bytes((tmp_path / "a.h5").read_bytes())
    assert find("a.h5").samefile(tmp_path / "a.h5"), "a copy is no other file"


def test_a_file_that_is_no_receiver_file_is_refused_by_name(tmp_path):
    (tmp_path / "noise.h5").write_bytes(b"not HDF5")
    with pytest.raises(ReceiverFileError, match=r"noise.h5"):
        problem_from(inverse_config(tmp_path / "noise.h5"))


def test_the_shipped_data_is_found_from_any_folder(aluminium, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find("data/aluminium_receivers.h5").samefile(aluminium)
    assert find(str(aluminium)) == aluminium


def test_a_projects_own_data_comes_before_the_shipped(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    own = tmp_path / "data" / "aluminium_receivers.h5"
    own.touch()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find(os.path.join("data", "aluminium_receivers.h5")).samefile(own)


def test_the_largest_recorded_displacement_is_the_unit_of_displacement(aluminium):
    problem = problem_from(inverse_config(aluminium))
    assert problem.scales.displacement == np.abs(Receivers.load(aluminium).displacement).max()


def test_pulses_start_at_time_zero_even_where_sampling_starts_later(aluminium, tmp_path):
    whole = Receivers.load(aluminium)
    late = dataclasses.replace(whole, time=whole.time[10:], displacement=whole.displacement[:, 10:], truth=None)
    late.save(tmp_path / "late.h5")
    assert problem_from(inverse_config(tmp_path / "late.h5")).domain.t == (0.0, whole.time[-1])
    free = problem_from(inverse_config(tmp_path / "late.h5", initial_pulses=False))
    assert free.initial is None and free.domain.t == (whole.time[10], whole.time[-1])
    dataclasses.replace(late, time=late.time - 3e-6).save(tmp_path / "early.h5")
    with pytest.raises(ConfigError, match=r"first sample is at -1e-06 s, before the known pulses at 0 s"):
        problem_from(inverse_config(tmp_path / "early.h5"))


@pytest.mark.parametrize("problem", [{}, {"problem": "plate", "sources": [PUSH]}])
@pytest.mark.parametrize(
    ("given", "lost"),
    [
        ({"density": 2700.0}, "density = 2700, without lame_lambda and lame_mu"),
        ({"lame_mu": 2.6e10}, "lame_mu = 2.6e+10, without lame_lambda and density"),
        ({"lame_lambda": 5e10, "lame_mu": 2.6e10}, "without density"),
    ],
)
def test_a_part_of_a_material_in_si_units_is_no_material(problem, given, lost):
    with pytest.raises(ConfigError, match=re.escape(lost)):
        problem_from(Config(**problem, **given))


def test_a_part_of_a_material_without_dimensions_is_completed():
    material = problem_from(Config(lame_mu=1.5)).material
    assert (material.lame_lambda, material.lame_mu, material.density) == (2.0, 1.5, 1.0)


def test_the_search_in_a_plate_starts_from_first_arrivals_too_and_never_from_what_nobody_gave(tmp_path):
    block = Receivers.load("data/aluminium_receivers.h5")
    Receivers(block.xy, block.time, block.displacement, material={"rho": 2700.0}).save(tmp_path / "a.h5")
    plate = Config(problem="plate", plate_size=[0.06, 0.06], duration=8e-6, sources=[PUSH], data=str(tmp_path / "a.h5"))
    material = problem_from(plate.model_copy(update={"unknowns": ("lambda", "mu")})).material
    assert 0.8 * 6371 < material.c_p < 1.2 * 6371 and material.density == 2700.0
    for unknowns in ((), ("mu",)):
        with pytest.raises(ConfigError, match="lame_lambda, lame_mu: not given"):
            problem_from(plate.model_copy(update={"unknowns": unknowns}))
