import shlex

import numpy as np
import pytest
import torch
import yaml

import elastic_pinn as ep
from elastic_pinn import Config
from elastic_pinn.physics import problem_from
from elastic_pinn.training.session import Session
from elastic_pinn.workbench.recordings import inverse_command
from tests.accuracy import test_ten_plates as gallery
from tests.plates import PLATE, SOLVED


def _command(config, data):
    """The command for what three receivers in the plate recorded."""
    domain = problem_from(config).domain
    unit = torch.from_numpy(np.random.default_rng(1).uniform(size=(3, 2)))
    xy, times = domain.shape.interior(unit).numpy(), np.linspace(*domain.t, 5)
    records = np.random.default_rng(0).normal(size=(3, 5, 2))
    data.parent.mkdir(exist_ok=True)
    ep.Receivers(xy, times, records, noise=1.0).save(data)
    return inverse_command(config, data)


def _parameters(command):
    """What papermill passes on to the notebook, and the words of the command before it."""
    *words, text = shlex.split(command)
    return yaml.safe_load(text), words


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 100.0, 1e5])
def test_the_printed_command_gives_a_search_every_number_of_the_plate(size, tmp_path):
    plate = {
        **PLATE,
        "plate_size": [2.0 * size, size],
        "holes": [[1.3 * size, 0.4 * size, 0.15 * size]],
        "sources": [{**PLATE["sources"][0], "at": [0.6 * size, size], "width": 0.2 * size, "frequency": 1000.0 / size}],
        "duration": 1.6e-3 * size,
        "lame_lambda": 1e16,
    }
    del plate["material"]
    config = Config(**plate, lame_mu=2.6e10, density=2700.0, **{**SOLVED, "initial_points": 250})
    given, words = _parameters(_command(config, tmp_path / "receivers.h5"))
    assert words == [".venv/bin/papermill", "notebooks/02_inverse.ipynb", "out.ipynb", "-y"]
    search = Config(**given)
    for name in ("plate_size", "holes", "sources", "duration", "density"):
        assert getattr(search, name) == getattr(config, name)
    assert search.lame_lambda == pytest.approx(0.8 * config.lame_lambda, rel=5e-3)
    assert search.data == str(tmp_path / "receivers.h5")


@pytest.mark.parametrize("folder", ["runs of mine", "it's", 'a "b" # c: {d}', "2026-11-27", "Messung_für_ü"])
def test_the_printed_command_takes_any_folder(folder, tmp_path):
    command = _command(Config(**PLATE, **SOLVED), tmp_path / folder / "receivers.h5")
    given, _ = _parameters(command)
    assert "\n" not in command
    assert given["data"] == str(tmp_path / folder / "receivers.h5")


OPEN = {"sides": ["open", "free", "free", "free"]}


def test_a_search_by_amplitudes_has_waves_and_points_as_those_of_the_run(tmp_path):
    config = Config(
        **PLATE, **OPEN, **SOLVED | {"s_wave_fraction": 0.6, "time_frequency": 4.0, "sampling": "chebyshev"}
    )
    search = Config(**_parameters(_command(config, tmp_path / "receivers.h5"))[0])
    for name in (
        "hidden_layers",
        "input_frequency",
        "time_frequency",
        "s_wave_fraction",
        "sampling",
        "boundary_points",
    ):
        assert getattr(search, name) == getattr(config, name)


def test_the_search_fits_waveforms_by_settings_of_the_library_where_sides_and_start_determine_them(tmp_path):
    given, _ = _parameters(_command(Config(**PLATE, **SOLVED), tmp_path / "receivers.h5"))
    assert not given.keys() & {*SOLVED, "tolerance"}
    found = ep.preview(Config(**given, unknowns=["lambda", "mu"], tolerance=0.1))
    assert found.config.stages == ("full_waveform",) and not any("points" in each for each in found.advice)
    assert "the network takes no part" in found.chosen
    opened = _parameters(_command(Config(**PLATE, **OPEN, **SOLVED), tmp_path / "receivers.h5"))[0]
    assert "stages" not in opened and opened["tolerance"] == 0.0


def test_the_search_has_the_patches_and_contacts_of_the_run(tmp_path):
    fields = {"network": "patches", "hidden_layers": [50], "patches": [2, 1, 3]}
    fields |= {"interface_points": 77, "weight_interface": 3.0}
    given, _ = _parameters(_command(Config(**PLATE, **OPEN, **SOLVED | fields), tmp_path / "receivers.h5"))
    assert {name: given[name] for name in fields} == fields


def test_the_search_is_in_double_precision(tmp_path):
    single = Config(**PLATE, **OPEN, **SOLVED | {"precision": "float32"})
    assert _parameters(_command(single, tmp_path / "receivers.h5"))[0]["precision"] == "float64"


@pytest.mark.parametrize("name", gallery.PLATES)
def test_each_plate_of_the_gallery_has_a_command_that_trains_or_a_reason(name, tmp_path):
    config = gallery.config(name)
    waves = {"hidden_layers": (8,) * (1 if config.network == "plane_waves" else 2), "network": config.network}
    if config.network == "mlp":  # left to the tolerance
        waves["network"] = "hole_waves"
    config = config.model_copy(update={**waves, "activation": "sin", "tolerance": 0.0})
    command = _command(config, tmp_path / "receivers.h5")
    if any(source.kind in ("point_force", "moment") for source in config.sources) and "open" in config.sides:
        assert command.startswith("02_inverse cannot find them: network") and "unknown" in command
        return
    search = Config(**{"tolerance": 0.1} | _parameters(command)[0], unknowns=["lambda", "mu"])
    Session(ep.preview(search).config, problem_from(search))
