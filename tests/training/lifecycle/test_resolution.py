"""Points and features that are too few for the known waves are told, and what is shipped is passed in silence."""

import math
from pathlib import Path

import nbformat
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.shortest_waves import shortest_waves
from elastic_pinn.physics.solutions import PlaneWave
from elastic_pinn.training import advise
from elastic_pinn.training.settings import Settings
from tests.benchmarks.validation import ROWS

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
TRAINED = ["01_forward", "02_inverse"]
SOLID = ep.Material(1.0, 1.0, 1.0)


def box(wave_number: float, **parts) -> ep.Problem:
    """A plane P wave through a square of 1 m in 1 s."""
    wave = PlaneWave("p", 1.0, 1.0, 1.0, angle=0.6, wavelength=2.0 * math.pi / wave_number)
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    return ep.Problem(window, SOLID, [ep.Displacement(wave)], ep.Initial.of(wave), exact=wave, **parts)


@pytest.mark.parametrize("wave_number", [5.0, 50.0, 500.0])
def test_the_waves_of_a_function_are_those_of_its_slopes(wave_number):
    found = {each.name: each for each in shortest_waves(box(wave_number))}
    assert set(found) == {"boundary 0", "initial displacement", "initial velocity"}
    for each in found.values():
        assert each.wave_number == pytest.approx(wave_number, rel=0.2)
        assert each.omega == pytest.approx(SOLID.c_p * wave_number, rel=0.2) or each.name != "boundary 0"


def test_a_pulse_at_the_start_has_the_waves_of_its_width():
    pulse = ep.InitialPulse((0.5, 0.5), (1.0, 0.0), 0.05)
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    (found,) = shortest_waves(ep.Problem(window, SOLID, [ep.Traction()], ep.Initial(pulse)))
    assert found.wave_number == pulse.highest_wave_number and found.omega == pulse.highest_wave_number * SOLID.c_s


def test_points_too_few_for_a_wave_are_told_with_the_numbers_that_would_do():
    few = {"interior_points": 1000, "boundary_points": 100, "initial_points": 100}
    (sentence,) = advise(ep.Config(**few), box(50.0))
    assert "has waves down to about 12" in sentence and "1,000 interior points and 100 boundary points" in sentence
    settings = dict(pair.split(" = ") for pair in sentence.split("set ")[1].removesuffix(" or more").split(" and "))
    assert list(settings) == ["interior_points", "boundary_points", "initial_points"]
    enough = {name: int(value) for name, value in settings.items()}
    assert 10_000 < enough["interior_points"] < 50_000 and advise(ep.Config(**enough), box(50.0)) == ()


def test_of_points_that_were_chosen_nothing_is_told():
    few = ep.Config(interior_points=1000, boundary_points=100, initial_points=100)
    (sentence,) = advise(few, box(50.0), Settings(("interior_points", "initial_points")))
    assert "for 100 boundary points: set boundary_points = " in sentence and "interior_points" not in sentence
    source = ep.PointForce((0.5, 0.5), (1.0, 0.0), ep.Ricker(20.0, 0.1), 0.01)
    driven = ep.Problem(box(1.0).domain, SOLID, [ep.Traction()], ep.Initial(), force=source)
    assert any("set interior_points = " in each for each in advise(few, driven))
    chosen = Settings(("interior_points", "boundary_points", "initial_points"))
    assert not any("_points = " in each for each in advise(few, driven, chosen))


def test_of_a_network_that_takes_no_part_nothing_is_told():
    """Elements solve for all where a ridge holds the network at zero, as in the line of geophones of data/README.md."""
    searched = {"network": "plane_waves", "hidden_layers": [10], "activation": "sin", "precision": "float64",
                "initial_points": 10, "boundary_points": 10}  # fmt: skip
    alone = ep.Config(stages=["full_waveform"], ridge=1e4, **searched)
    assert advise(alone, box(50.0)) == ()
    for takes_part in ({"ridge": 1.0}, {"stages": ["last_layer"]}):
        told = " ".join(advise(alone.model_copy(update=takes_part), box(50.0)))
        assert "set boundary_points = " in told and "boundary points" in told


def test_features_too_few_for_a_wave_are_told_with_the_number_that_would_do():
    def features(count):
        return ep.Config(network="random_features", hidden_layers=[count], activation="sin", stages=["last_layer"],
                         precision="float64", input_frequency=12.0)  # fmt: skip

    (sentence,) = advise(features(100), box(20.0))
    assert "too many of them for 100 features: set hidden_layers = [" in sentence
    enough = int(sentence.split("hidden_layers = [")[1].split("]")[0])
    assert 500 < enough < 3000 and advise(features(enough), box(20.0)) == ()


def test_networks_of_waves_need_points_on_the_sides_and_at_the_start_alone():
    config = ep.Config(network="plane_waves", hidden_layers=[1000], activation="sin", input_frequency=11.0,
                       precision="float64", stages=["last_layer"], interior_points=1)  # fmt: skip
    assert advise(config, box(20.0)) == ()
    (sentence,) = advise(config.model_copy(update={"boundary_points": 40, "hidden_layers": [500]}), box(20.0))
    assert "40 boundary points: set boundary_points = " in sentence


def test_a_field_that_is_not_defined_beside_the_domain_is_looked_at_within_it():
    def careful(x, y, t):
        assert min(float(v.min()) for v in (x, y, t)) >= 0.0 and max(float(v.max()) for v in (x, y, t)) <= 1.0
        return torch.stack([torch.sin(30.0 * x), torch.cos(30.0 * y)], dim=1)

    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    problem = ep.Problem(window, SOLID, [ep.Traction(careful)], ep.Initial(careful), force=careful)
    assert {each.name for each in shortest_waves(problem)} == {"initial displacement", "force"}


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_row_of_the_validation_is_warned(row):
    problem = row.problem(1.0)
    told = advise(ep.Config(**row.fields), problem)
    if problem.unknowns:  # its waves are as short as those of the true material, not of the one that it starts from
        told = tuple(each for each in told if "sends waves down to" not in each)
    assert told == ()


@pytest.mark.parametrize("name", TRAINED)
def test_no_shipped_notebook_is_warned(name):
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    (parameters,) = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    namespace: dict[str, object] = {}
    exec(parameters, namespace)
    config = ep.Config.from_namespace(namespace)
    assert advise(config, ep.problem_from(config)) == ()
