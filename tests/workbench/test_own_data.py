"""Recordings by the parameters of a notebook: legal names and values, the order of steps, and what is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.own_data import OwnData, understood
from elastic_pinn.yaml_values import read_yaml
from tests.workbench.own_data_clicks import SCAN

GIVEN = {"data": "scan.csv", "output": "out.h5", "kind": "velocity", "value_unit": "mm/s"}


def test_names_and_values_that_are_not_legal_are_named_with_what_is():
    with pytest.raises(ep.ConfigError, match="'drop_row' is not a field; did you mean 'drop_rows'"):
        OwnData.from_namespace({**GIVEN, "drop_row": [3]})
    with pytest.raises(ep.ConfigError, match="'value_units' is not a field; did you mean 'value_unit'"):
        OwnData.from_namespace({**GIVEN, "value_units": "m"})
    with pytest.raises(
        ep.ConfigError,
        match=r"keep_time = \[1.0\]: a list of two, each a number of s, or text with its unit, as \['10 us'",
    ):
        OwnData.from_namespace({**GIVEN, "keep_time": [1.0]})
    with pytest.raises(ep.ConfigError, match="kind = 'speed'"):
        OwnData.from_namespace({**GIVEN, "kind": "speed"})
    with pytest.raises(
        ep.ConfigError, match=r"highest_frequency = '2,5e5' is not legal: the decimal sign has to be a po"
    ):
        OwnData.from_namespace({**GIVEN, "highest_frequency": "2,5e5"})
    with pytest.raises(ep.ConfigError, match="output"):
        OwnData.from_namespace({"data": "scan.csv"})


def test_rows_are_those_of_the_raw_file_and_the_noise_is_that_before_the_filter(aluminium):
    raw = replace(ep.Receivers.load(aluminium), noise=0.0)
    given = {**GIVEN, "drop_rows": [120], "keep_x": [0.03, 0.06], "highest_frequency": 1e6}
    prepared = OwnData.from_namespace(given).prepare(raw)
    steps = [line.split()[0] for line in prepared.provenance.splitlines()[-4:]]
    assert steps == ["left", "cut", "noise", "low-pass"]
    quick = replace(raw, time=1e-8 * np.arange(41) + raw.time[0])
    between = OwnData.from_namespace({**GIVEN, "lowest_frequency": 1.5e7, "highest_frequency": 2.5e7}).prepare(quick)
    steps = [line.split(",")[0] for line in between.provenance.splitlines()[-2:]]
    assert steps[0].endswith("estimated outside the band") and steps[1] == "band-pass filter"
    muted = OwnData.from_namespace({**GIVEN, "mute": [[3, 4e-6, 8e-6], [4, 0.0, 1e-6]], "drop_rows": [5]}).prepare(raw)
    gone = ~muted.only.is_there.any(axis=2)
    assert [int(each.sum()) for each in gone[[2, 3, 4, 5]]] == [0, 21, 6, 0] and muted.only.xy[5].tolist() == raw.xy[
        6
    ].tolist()
    with pytest.raises(ep.ConfigError, match=r"mute = \[\[3, 1.0\]\] is not legal: parts of records"):
        OwnData.from_namespace({**GIVEN, "mute": [[3, 1.0]]})
    assert len(prepared.xy) == np.count_nonzero(raw.xy[:120, 0] > 0.0299)
    stated = OwnData.from_namespace({**GIVEN, "estimate_noise": False}).prepare(replace(raw, noise=3e-9))
    assert stated.noise == 3e-9 and np.array_equal(stated.recorded, raw.recorded)


def test_dead_receivers_are_named(aluminium):
    raw = ep.Receivers.load(aluminium)
    assert "dead" not in understood(raw)
    records = raw.displacement.copy()
    records[5], records[7] = 0.0, 1e-9
    assert "dead receivers, which drop_rows leaves out: [5, 7]" in understood(replace(raw, displacement=records))


def test_a_file_without_a_material_says_what_a_search_needs(aluminium, tmp_path):
    raw, own = (
        ep.Receivers.load(aluminium),
        OwnData.from_namespace({**GIVEN, "output": str(tmp_path / "new" / "out.h5")}),
    )
    told = own.save(raw)
    assert f"02_inverse.ipynb out.ipynb -p data {own.output}" in told
    assert "of a plate, give it -p problem plate too, with plate_size, holes, sides and sources" in told
    said = own.save(replace(raw, material={}, start=()))
    assert "no material is given: give density, lame_lambda and lame_mu" in said and "02_inverse.ipynb" not in said
    assert OwnData.from_namespace(read_yaml(Path(f"{own.output}.yaml").read_text())) == own
    assert not ep.Receivers.load(own.output).material


def test_no_file_that_is_read_is_written_over_nor_parameters_that_were_written_by_hand(aluminium, tmp_path):
    receivers = ep.Receivers.load(aluminium)
    for name in ("scan.csv", "places.csv", "by_hand.h5.yaml", "also.h5.yaml"):
        (tmp_path / name).write_text("x,y\n")
    paths = {"data": str(tmp_path / "scan.csv"), "positions": str(tmp_path / "places.csv")}
    for changes in (
        {"output": paths["data"]},
        {"output": paths["positions"]},
        {"output": str(tmp_path / "also.h5"), "positions": str(tmp_path / "also.h5.yaml")},
        {"output": str(tmp_path / "by_hand.h5")},
    ):
        with pytest.raises(ep.ConfigError, match=r"^output = .* would be lost: give another name"):
            OwnData.from_namespace(GIVEN | paths | changes).save(receivers)
    assert {path.name for path in tmp_path.iterdir()} == {"scan.csv", "places.csv", "by_hand.h5.yaml", "also.h5.yaml"}
    assert all(path.read_text() == "x,y\n" for path in tmp_path.iterdir())
    for title in ("first", "second"):
        OwnData.from_namespace(GIVEN | paths | {"output": str(tmp_path / "new.h5"), "title": title}).save(receivers)
    assert read_yaml((tmp_path / "new.h5.yaml").read_text())["title"] == "second"


@pytest.mark.parametrize(
    ("further", "fault"),
    [
        ([{"data": "nowhere.csv"}], "more_data = 'nowhere.csv': no such file"),
        ([{"shot": "right"}], r"more_data = .* is not legal: further raw files"),
        ([{"data": "right.csv", "unit": "nm"}], r"more_data = .* is not legal: further raw files"),
        ([{"data": SCAN["data"]}, {"data": SCAN["data"], "shot": "2"}], "more_data has a file twice"),
    ],
)
def test_further_files_that_cannot_be_are_refused(further, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        OwnData.from_namespace({**SCAN, "more_data": further}).read()


def test_a_relative_table_of_positions_lies_where_relative_data_do(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    np.save(tmp_path / "v.npy", np.arange(20.0).reshape(2, 10))
    (tmp_path / "places.csv").write_text("x,y\n0,0\n3,0\n")
    monkeypatch.chdir(tmp_path / "notebooks")
    given = {
        "data": "v.npy", "output": "o.h5", "kind": "velocity", "value_unit": "m/s", "length_unit": "m",
        "time_unit": "s", "axes": ["receiver", "time"], "time_step": 0.1, "first_time": 0.0, "directions": ["x"],
        "positions": "places.csv",
    }  # fmt: skip
    own = OwnData.from_namespace(given)
    assert own.read().xy.max() == 3.0 and [path.name for path in own.files] == ["v.npy", "places.csv"]
    with pytest.raises(ep.ConfigError, match=r"positions = 'elsewhere.csv': no such file; looked at"):
        OwnData.from_namespace(given | {"positions": "elsewhere.csv"}).read()
