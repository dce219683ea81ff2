"""`elastic-pinn import` makes a receiver file of recordings, says what it understood, and names all that is missing."""

import hashlib
import json

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.workbench.own_data import OwnData
from tests.physics.data.readers import files
from tests.workbench.commands import call, refused, said

FILE = {"value_unit": "mm/s", "length_unit": "mm", "time_unit": "us"}
WORDS = ["--value-unit", "mm/s", "--length-unit", "mm", "--time-unit", "us"]


@pytest.fixture
def scan(tmp_path):
    return files.long_csv(tmp_path / "scan.csv")


def test_a_table_becomes_a_receiver_file(scan, tmp_path):
    result = call("import", scan, "--output", tmp_path / "data.h5", *WORDS)
    assert result.exit_code == 0, result.output
    found = ep.Receivers.load(tmp_path / "data.h5")
    np.testing.assert_allclose(found.velocity, 1e-3 * files.VALUES)
    text = result.stdout
    assert "scan.csv: a long table: 6 receivers, 2 channels each" in text
    assert "receivers: 6, x 0 to 0.02 m, y 0 to 0.005 m" in text
    assert "times: 20, 1e-06 to 1.05e-05 s, 5e-07 s apart" in text
    assert "velocity: " in text and " m/s" in text and "noise: " in text
    assert hashlib.sha256(scan.read_bytes()).hexdigest() in found.provenance


def test_a_window_of_times_and_places_is_kept_with_its_units(scan, tmp_path):
    """`keep_time` was an option of 07_own_data alone, in seconds."""
    window = ["--keep-time", "[2 us, 0.006 ms]", "--keep-x", "[0, 10 mm]"]
    assert call("import", scan, "--output", tmp_path / "part.h5", *WORDS, *window).exit_code == 0
    part, whole = ep.Receivers.load(tmp_path / "part.h5"), ep.Receivers.read(scan, **FILE)
    assert part.span == (2e-6, 6e-6) and part.xy[:, 0].max() == 0.01
    kept = ep.Receivers.read(scan, **FILE, keep_time=["2 us", 6e-6], keep_x=[0.0, "1 cm"])
    np.testing.assert_array_equal(part.velocity, kept.velocity)
    by_hand = ep.processing.cut(whole, x=(0.0, 0.01), time=(2e-6, 6e-6))
    np.testing.assert_array_equal(part.velocity, by_hand.velocity)
    assert part.provenance.endswith("\ncut to x 0 to 0.01, time 2e-06 to 6e-06")
    parameters = tmp_path / "scan.yaml"
    parameters.write_text("keep_time: [2 us, 6 us]\nkeep_x: [0, 0.01]\n")
    again = ep.Receivers.read(scan, parameters, **FILE)
    np.testing.assert_array_equal(part.velocity, again.velocity)


def test_a_baseline_is_subtracted_before_the_window_is_cut(scan, tmp_path):
    words = ["--baseline", "[1 us, 2 us]", "--keep-time", "[3 us, 6 us]"]
    result = call("import", scan, "--output", tmp_path / "part.h5", *WORDS, *words)
    assert result.exit_code == 0, result.output
    part, whole = ep.Receivers.load(tmp_path / "part.h5"), ep.Receivers.read(scan, **FILE)
    early, kept = whole.time < 2.01e-6, (whole.time > 2.99e-6) & (whole.time < 6.01e-6)
    expected = whole.velocity - whole.velocity[:, early].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(part.velocity, expected[:, kept], rtol=0.0, atol=1e-18)
    given = {"baseline": ["1 us", 2e-6], "keep_time": ["3 us", "6 us"]}
    np.testing.assert_array_equal(part.velocity, ep.Receivers.read(scan, **FILE, **given).velocity)
    own = OwnData.from_namespace({"data": str(scan), "output": "-", "estimate_noise": False, **FILE, **given})
    np.testing.assert_array_equal(part.velocity, own.prepare(own.read()).velocity)
    lines = part.provenance.splitlines()
    assert '"baseline": ["1 us", "2 us"]' in lines[0]
    assert lines[1].startswith("subtracted the mean from 1e-06 to 2e-06 s of each channel, of 3 samples")
    assert lines[2] == "cut to time 3e-06 to 6e-06"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--baseline", "[1 ms, 2 ms]"],
            "baseline: subtracted the mean from 0.001 to 0.002 s of each channel: channel",
        ),
        (["--baseline", "2 us"], "baseline = ['2 us']: a list of two, each a number of s, or text with its unit"),
        (["--keep-time", "[1 ms, 2 ms]"], "keep_time: cut to time 0.001 to 0.002: no time is left: times are 1e-06 to"),
        (
            ["--keep-time", "[-12, 46]"],
            "keep_time: -12 to 46 s, and records are from 1e-06 to 1.05e-05 s: give numbers "
            "with their unit, as ['-12 us', '46 us']",
        ),
        (
            ["--keep-x", "[0, 15]"],
            "keep_x: 0 to 15 m, and receivers are at x from 0 to 0.02 m: give numbers with their "
            "unit, as ['0 mm', '15 mm']",
        ),
        (
            ["--keep-y", "[-1 mm, 3]", "--keep-x", "[0, 1]"],
            "keep_y: -0.001 to 3 m, and receivers are at y from 0 to "
            "0.005 m: give numbers with their unit, as ['-1 mm', '3 mm']",
        ),
        (["--baseline", "[-20, 2]"], "baseline: -20 to 2 s, and records are from"),
        (["--keep-time", "2 us"], "keep_time = ['2 us']: a list of two, each a number of s, or text with its unit"),
        (["--keep-y", "[0 us, 1 us]"], "keep_y = 'us' is no unit of length: one as 'mm' is needed"),
        (["--noise", "0.1 mm"], "noise = 'mm' is no unit of velocity: one as 'mm/s' is needed"),
        (["--noise", "-0.1 mm/s"], "noise = '-0.1 mm/s': a finite number, 0 or more, with its unit is needed, as"),
        (["--noise", "loud"], "noise = 'loud': a number, at least 0, in the unit of the values, or text with its unit"),
        (["--noise", "0,1 mm/s"], "noise = '0,1 mm/s': the decimal sign has to be a point, as in '0.1 mm/s'"),
    ],
)
def test_quantities_of_another_kind_are_refused(words, told, scan, tmp_path):
    assert told in refused(1, "import", scan, "--output", tmp_path / "d.h5", *WORDS, *words)
    assert not (tmp_path / "d.h5").exists()


@pytest.mark.parametrize("given", [("0.2 mm/s", "200 um/s"), ("0.2", "2e-4 m/s")])
def test_noise_is_given_with_its_unit_or_in_that_of_the_values(given, scan, tmp_path):
    for noise in given:
        result = call("import", scan, "--output", tmp_path / "d.h5", "--force", *WORDS, "--noise", noise)
        assert result.exit_code == 0, result.output
        assert ep.Receivers.load(tmp_path / "d.h5").noise == pytest.approx(2e-4, rel=1e-12)
        assert "noise: 0.0002 m/s, stated" in result.stdout


@pytest.mark.parametrize(
    "clock",
    [
        {"time_step": "0.5 us", "first_time": "1000 ns"},
        {"time_step": 0.5, "first_time": 1, "time_unit": "us"},
        {"time_step": 0.5, "first_time": "0.001 ms", "time_unit": "us"},
        {"sampling_rate": "2 MHz", "first_time": "1 us"},
        {"sampling_rate": 2e6, "first_time": 1e-6, "time_unit": "s"},
    ],
)
def test_clocks_are_given_with_their_units(clock, tmp_path):
    read = ep.Receivers.read(files.npy(tmp_path / "scan.npy"), kind="velocity", value_unit="mm/s", length_unit="mm",
                             axes=["receiver", "time", "direction"], directions=["x", "y"],
                             positions=files.XY.tolist(), **clock)  # fmt: skip
    np.testing.assert_allclose(read.time, 1e-6 * files.TIME, rtol=1e-12)


def test_what_is_missing_is_named_at_once_with_an_example(scan, tmp_path):
    line = refused(1, "import", scan, "--output", tmp_path / "data.h5")
    assert all(name in line for name in ("value_unit", "length_unit", "time_unit"))
    assert "--value-unit mm/s --length-unit mm --time-unit us" in line
    assert not (tmp_path / "data.h5").exists()
    example = line.split("on the command line ")[1]
    assert call("import", scan, "--output", tmp_path / "data.h5", *example.split()).exit_code == 0


def test_a_parameter_file_makes_an_import_repeatable(scan, tmp_path):
    parameters = tmp_path / "scan.yaml"
    parameters.write_text("value_unit: mm/s\nlength_unit: mm\ntime_unit: ms\nlame_lambda: 57.6 GPa\nlame_mu: 2.6e10\n"
                          "density: 2.7 g/cm3\nstart: [lambda, mu]\n")  # fmt: skip
    call("import", scan, "--output", tmp_path / "data.h5", "--parameters", parameters, "--time-unit", "us",
         "--lame-mu", "27 GPa")  # fmt: skip
    found = ep.Receivers.load(tmp_path / "data.h5")
    np.testing.assert_allclose(found.time, 1e-6 * files.TIME)  # the command line goes before the file
    assert found.material == {"lambda": 57.6e9, "mu": 27e9, "rho": 2700.0} and found.start == {"lambda", "mu"}
    assert hashlib.sha256(parameters.read_bytes()).hexdigest() in found.provenance
    options = json.loads(found.provenance.partition("options: ")[2])
    assert options["time_unit"] == "us" and options["lame_lambda"] == "57.6 GPa"
    again = ep.Receivers.read(scan, parameters, time_unit="us", lame_mu="27 GPa")
    np.testing.assert_array_equal(again.velocity, found.velocity)
    assert again.provenance == found.provenance


def test_positions_in_a_parameter_file_lie_beside_it(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    files.positions_csv(folder / "positions.csv", names=True)
    (folder / "scan.yaml").write_text("positions: positions.csv\nkind: velocity\nvalue_unit: mm/s\n")
    wide = files.wide_csv(tmp_path / "wide.csv")
    found = ep.Receivers.read(wide, folder / "scan.yaml")
    np.testing.assert_allclose(found.velocity, 1e-3 * files.VALUES)
    np.testing.assert_allclose(found.xy, 1e-3 * files.XY)
    assert hashlib.sha256((folder / "positions.csv").read_bytes()).hexdigest() in found.provenance


def test_null_in_a_parameter_file_is_as_not_given(scan, tmp_path):
    parameters = tmp_path / "scan.yaml"
    parameters.write_text(
        "value_unit: mm/s\nlength_unit: mm\ntime_unit: us\nvalue_columns: null\ndirections:\nstart: ~\n"
    )
    call("import", scan, "--output", tmp_path / "data.h5", "--parameters", parameters, "--positions", "null")
    np.testing.assert_allclose(ep.Receivers.load(tmp_path / "data.h5").velocity, 1e-3 * files.VALUES)


def test_a_material_without_units_is_doubted_and_one_that_is_missing_is_told(scan, tmp_path):
    result = call("import", scan, "--output", tmp_path / "data.h5", *WORDS)
    assert "material: not given; give density, lame_lambda and lame_mu, here" in result.stdout
    material = ["--lame-lambda", "75", "--lame-mu", "18", "--density", "2700"]
    result = call("import", scan, "--output", tmp_path / "other.h5", *WORDS, *material)
    assert "material: lambda 75 Pa known" in result.stdout and "c_p 0.2028 m/s" in result.stdout
    assert "was 18 GPa" in result.stderr


@pytest.mark.parametrize(
    ("density", "meant"),
    [("2.7", "give 2700, if 2.7 g/cm3"), ("2700 g/cm3", "was 2700 kg/m3, which is 2.7 g/cm3, meant?")],
)
def test_a_density_that_no_solid_has_is_refused(density, meant, scan, tmp_path):
    material = ["--lame-lambda", "75 GPa", "--lame-mu", "18 GPa", "--density", density]
    told = refused(1, "import", scan, "--output", tmp_path / "data.h5", *WORDS, *material)
    assert "which no solid has: " in told and meant in told
    assert not (tmp_path / "data.h5").exists()


def test_an_output_that_is_there_stays(scan, tmp_path):
    (tmp_path / "data.h5").write_text("mine")
    assert "is there already" in refused(2, "import", scan, "--output", tmp_path / "data.h5", *WORDS)
    assert (tmp_path / "data.h5").read_text() == "mine"
    call("import", scan, "--output", tmp_path / "data.h5", "--force", *WORDS)
    assert ep.Receivers.load(tmp_path / "data.h5").velocity.shape == (6, 20, 2)


def test_illegal_options_are_all_told_with_what_is_legal(scan, tmp_path):
    line = refused(1, "import", scan, "--output", tmp_path / "d.h5", "--kind", "speed", "--noise", "-1", *WORDS)
    assert (
        "kind = 'speed': 'displacement', 'velocity'" in line
        and "noise = -1.0: a number, at least 0, in the unit of the values, or text" in line
    )
    line = refused(1, "import", scan, "--output", tmp_path / "d.h5", *WORDS[2:], "--value-unit", "mm")
    assert "value_unit = 'mm' is no unit of velocity: one as 'mm/s' is needed" in line


def test_every_option_of_an_import_is_on_the_command_line():
    text = said("import", "--help")
    assert [name for name in ImportOptions.model_fields if f"--{name.replace('_', '-')}" not in text] == []
