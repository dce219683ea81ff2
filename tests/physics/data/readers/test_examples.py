"""What an import gives as an example is right for the channels of the file that it asks about."""

import numpy as np
import pytest

import elastic_pinn as ep
from tests.physics.data.readers import files
from tests.physics.data.readers.asked import missing

TIME = 0.1 * np.arange(40)


def scope(path, channels):
    """An oscilloscope's table in volts, with a line of units."""
    values = np.random.default_rng(0).standard_normal((40, channels))
    rows = [f"{t:.1f},{','.join(f'{v:.4f}' for v in row)}" for t, row in zip(TIME, values, strict=True)]
    names = [f"CH{each}" for each in range(1, channels + 1)]
    path.write_text("\n".join([f"Time,{','.join(names)}", f"us{',V' * channels}", *rows]))
    return path


def example_of(text):
    """The options of an error's example."""
    return eval(f"dict({text.split('For example: ')[1].split('; on the command line')[0]})")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_each_channel_of_a_scope_is_one_of_a_laser_of_its_own_and_the_example_reads_it(channels, tmp_path):
    path = scope(tmp_path / "scope.csv", channels)
    text = missing(path)
    given = example_of(text)
    assert given["directions"] == ["y"] and len(given["positions"]) == channels
    assert "what 1 V of the file stands for" in text and given["value_unit"] == "0.03 mm/s", "all at once"
    assert "one item where that is the same for all, as y, or [0.6, 0.8] along a direction" in text
    read = ep.Receivers.read(path, **given)
    assert len(read.only.xy) == channels and read.only.labels == ("y",)
    along = ep.Receivers.read(path, **given | {"directions": [[0.6, 0.8]]})
    assert along.only.labels == ("(0.6, 0.8)",)


def test_of_many_channels_places_are_in_a_file(tmp_path):
    assert example_of(missing(scope(tmp_path / "scope.csv", 9)))["positions"] == "positions.csv"


@pytest.mark.parametrize(("places", "along"), [(6, ["y"]), (3, ["x", "y"]), (2, ["x", "y", "z"]), (1, ["y"])])
def test_directions_are_as_many_as_a_receiver_has_channels(places, along, tmp_path):
    where = [[6 * row, 0] for row in range(places)]
    asked = {"positions": where, "length_unit": "mm", "kind": "velocity", "value_unit": "mm/s"}
    given = example_of(missing(scope(tmp_path / "scope.csv", 6), **asked))
    assert given["directions"] == along


@pytest.mark.parametrize("along", [["x", "y"], ["y"], [[0.6, 0.8]]])
def test_places_are_as_many_as_channels_that_have_names_of_their_own(along, tmp_path):
    given = example_of(missing(scope(tmp_path / "scope.csv", 4), directions=along))
    assert len(given["positions"]) == 4


@pytest.mark.parametrize("along", [["x", "y"], ["y"]])
def test_places_are_as_many_as_directions_leave_receivers(along, tmp_path):
    np.save(tmp_path / "scan.npy", files.VALUES[:2] if along == ["x", "y"] else files.VALUES[:2, :, :1])
    clock = {"axes": ["receiver", "time", "direction"], "time_step": "0.5 us", "first_time": 0, "length_unit": "mm"}
    said = {"kind": "velocity", "value_unit": "mm/s", "directions": along}
    assert example_of(missing(tmp_path / "scan.npy", **said, **clock))["positions"] == [[0, 0], [6, 0]]


def test_a_long_table_of_one_component_is_asked_for_one(tmp_path):
    rows = [f"A{r},{t:.1f},{0.1 * r + t:.3f}" for r in (1, 2, 3) for t in TIME]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["receiver,time,v", *rows]))
    given = example_of(missing(path, value_columns=["v"], **files.UNITS, kind="velocity"))
    assert given["directions"] == ["y"] and len(given["positions"]) == 3
    read = ep.Receivers.read(path, value_columns=["v"], **files.UNITS, kind="velocity", **given)
    assert read.only.names.ravel().tolist() == ["A1", "A2", "A3"]
