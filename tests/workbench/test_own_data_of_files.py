"""What holds for one raw file alone, by the YAML file beside it: in the notebook and in its panel alike."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.workbench.own_data import OwnData
from elastic_pinn.workbench.panels import OwnDataPanel
from elastic_pinn.yaml_values import read_yaml
from tests.workbench.clicks import buttons, fields
from tests.workbench.own_data_clicks import SCAN, beside, change, settled, status

ROOT = Path(ep.__file__).parents[1]


@pytest.fixture
def panel(tmp_path):
    return settled(OwnDataPanel(OwnData.from_namespace(notebook_values() | {"output": str(tmp_path / "own.h5")})))


@pytest.fixture
def other(tmp_path):
    """A raw file of the user's own, of the same columns as the example's."""
    return raw_file(tmp_path / "other.csv", np.random.default_rng(0))


def raw_file(path, rng):
    """A raw file at a path."""
    rows = [f"{r},{r % 5},{r // 5},{t},{rng.normal():.6f},{rng.normal():.6f}" for r in range(20) for t in range(40)]
    path.write_text("\n".join(["receiver,x,y,time,u_x,u_y", *rows]))
    return path


def cells():
    """The cells of the notebook that shows the panel."""
    path = Path(ep.__file__).parents[1] / "notebooks" / "07_own_data.ipynb"
    return json.loads(path.read_text())["cells"]


def test_the_last_cell_saves_by_the_fields_as_they_are_though_the_cells_above_are_older(panel, tmp_path):
    prepared = panel.prepared
    change(panel, keep_x="0, 0.03")
    exec("".join(cells()[-1]["source"]), {"panel": panel, "prepared": prepared})
    assert read_yaml((tmp_path / "own.h5.yaml").read_text())["keep_x"] == [0.0, 0.03]
    assert len(ep.Receivers.load(tmp_path / "own.h5").xy) == 65 < len(prepared.xy)


def test_an_option_that_is_cleared_stays_so_where_its_parameters_are_given_to_the_notebook(tmp_path):
    cell = notebook_values() | {"lame_lambda": "60 GPa", "output": str(tmp_path / "own.h5")}
    panel = settled(OwnDataPanel(OwnData.from_namespace(cell)))
    change(panel, lame_lambda="", lame_mu="", density="", start="")
    buttons(panel)["Save"].click()
    settled(panel)
    written = read_yaml((tmp_path / "own.h5.yaml").read_text())
    assert written["lame_lambda"] is None, "of the cell"
    assert not {"lame_mu", "time_step"} & written.keys() and written["file_options"] is False
    again = OwnData.from_namespace({**cell, **written})
    assert again.options.lame_lambda is None and again.options.lame_mu is None and not again.read().material
    assert again == panel.own and again.prepare(again.read()).provenance == panel.prepared.provenance


def notebook_values():
    """What the first cell of the notebook gives."""
    [cell] = [each for each in cells() if each["metadata"].get("tags") == ["parameters"]]
    values = {}
    exec("".join(cell["source"]), {}, values)
    return values


def test_the_example_is_read_by_the_options_beside_it():
    own = OwnData.from_namespace(notebook_values())
    of_file = read_yaml((ROOT / "data" / "aluminium_scan.csv.yaml").read_text())
    assert of_file.items() <= SCAN.items() and of_file.items() <= own.parameters.items()
    assert own.prepare(own.read()).provenance.splitlines()[1] == "left out receivers [17]"
    assert "drop_rows = [17]\n" in own.told and "lame_lambda = '75 GPa'\n" in own.told


def test_nothing_of_the_example_holds_for_another_file(other):
    own = OwnData.from_namespace(notebook_values() | {"data": str(other), "estimate_noise": False})
    assert own.drop_rows == () and own.options.model_fields_set == set()
    with pytest.raises(ep.ConfigError, match=r"kind: what was recorded.* value_unit: .* length_unit: .* time_unit: "):
        own.read()
    units = {"value_unit": "um", "length_unit": "m", "time_unit": "ms"}
    given = {"kind": "displacement", "value_columns": ["u_x", "u_y"], "directions": ["x", "y"], **units}
    own = OwnData.from_namespace(notebook_values() | {"data": str(other), "estimate_noise": False, **given})
    made = own.prepare(own.read())
    assert len(made.xy) == 20 and made.xy.max() == 4.0 and not made.material


def test_a_file_of_ones_own_has_its_options_beside_it_and_what_is_given_goes_before(other):
    Path(f"{other}.yaml").write_text("value_unit: um\nkeep_x: [0, 3]\nnoise: 2\nshot:\nlength_unit: cm\n")
    own = OwnData.from_namespace(notebook_values() | {"data": str(other), "length_unit": "m", "keep_x": [0.0, 1.0]})
    assert own.options.value_unit == "um" and own.options.length_unit == "m" and own.options.keep_x == (0.0, 1.0)
    assert own.options.noise == 2 and own.options.shot == "" and not own.file_options
    assert OwnData.from_namespace(own.parameters) == own, "whole: nothing more is taken from the file beside"
    own = OwnData.from_namespace(notebook_values() | {"data": str(other), "file_options": False})
    assert own.options.value_unit == "" and own.options.keep_x == ()


def test_a_table_of_positions_beside_the_raw_file_is_found_from_there(other, tmp_path, monkeypatch):
    np.save(tmp_path / "v.npy", np.arange(20.0).reshape(2, 10))
    (tmp_path / "places.csv").write_text("x,y\n0,0\n3,0\n")
    (tmp_path / "v.npy.yaml").write_text(
        "{kind: velocity, value_unit: m/s, length_unit: m, time_unit: s, axes: [receiver, time], time_step: 0.1,"
        " first_time: 0, directions: x, positions: places.csv}"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert OwnData.from_namespace({"data": str(tmp_path / "v.npy"), "output": "o.h5"}).read().xy.max() == 3.0
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "mine").mkdir()
    for name in ("v.npy", "v.npy.yaml", "places.csv"):
        (tmp_path / name).rename(tmp_path / "mine" / name)
    own = OwnData.from_namespace({"data": "mine/v.npy", "output": "o.h5"})
    assert own.options.positions == "mine/places.csv", "relative, so that what is written holds on any machine"
    assert own.read().xy.max() == 3.0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop_row: [3]", "other.csv.yaml: 'drop_row' is not a field; did you mean 'drop_rows'"),
        ("output: a.h5", "other.csv.yaml: 'output' is not a field; "),
        ("more_data: [{data: b.csv}]", "other.csv.yaml: 'more_data' is not a field; "),
        ("files: {b.csv: {shot: b}}", "other.csv.yaml: 'files' is not a field; "),
        ("kind: speed", "other.csv.yaml: kind = 'speed'"),
        ("keep_x: [1]", r"other.csv.yaml: keep_x = \[1\]: a list of two, each a number of m"),
        ("- kind", "other.csv.yaml: a mapping of option: value is needed"),
    ],
)
def test_options_beside_a_file_that_cannot_be_are_refused_with_their_file(other, text, fault, panel):
    Path(f"{other}.yaml").write_text(text)
    with pytest.raises(ep.ConfigError, match=fault):
        OwnData.from_namespace(notebook_values() | {"data": str(other)})
    change(panel, data=str(other))
    assert "not possible" in status(panel) and "other.csv.yaml: " in " ".join(beside(panel).values())
    change(panel, data=SCAN["data"])
    assert beside(panel) == {} and "<b>ready</b> 120 receivers" in status(panel)


def test_the_parameters_that_were_written_beside_a_receiver_file_are_no_options_of_it(panel, tmp_path):
    buttons(panel)["Save"].click()
    settled(panel)
    with pytest.raises(ReceiverFileError, match="is a receiver file already"):
        OwnData.from_namespace(notebook_values() | {"data": str(tmp_path / "own.h5")}).read()


def test_another_file_in_the_panel_takes_its_own_options_in_the_place_of_those_of_the_example(panel, other):
    change(panel, title="mine", keep_y="0, 0.06", data=str(other))
    shown = {name: field.value for name, field in fields(panel).items()}
    assert [shown[name] for name in ("kind", "value_unit", "lame_mu", "drop_rows", "start")] == [None, "", "", "", ""]
    assert (shown["title"], shown["keep_y"]) == ("mine", "0, 0.06"), "what a person typed stays"
    assert {"value_unit", "kind", "length_unit"} <= beside(panel).keys()
    assert panel.own == OwnData.from_namespace(
        notebook_values() | {"data": str(other), "output": panel.own.output, "title": "mine", "keep_y": [0.0, 0.06]}
    )
    Path(f"{other}.yaml").write_text(
        "{kind: displacement, value_unit: nm, length_unit: mm, time_unit: us, value_columns: [u_x, u_y],"
        " directions: [x, y], estimate_noise: false, drop_rows: 3}".replace("drop_rows: 3", "drop_rows: [3]")
    )
    buttons(panel)["Read anew"].click()
    settled(panel)
    assert beside(panel) == {} and "<b>ready</b> 19 receivers" in status(panel)
    change(panel, title="", keep_y="")
    assert panel.own == OwnData.from_namespace(notebook_values() | {"data": str(other), "output": panel.own.output})
    change(panel, data=SCAN["data"])
    assert panel.own.options.lame_mu == "18 GPa" and panel.own.drop_rows == (17,) and panel.own.estimate_noise


def test_the_same_table_elsewhere_has_no_options(tmp_path, panel):
    copied = shutil.copy(ROOT / SCAN["data"], tmp_path)
    assert OwnData.from_namespace(notebook_values() | {"data": str(copied)}).drop_rows == ()


OF_BOTH = (
    "{kind: displacement, value_unit: nm, value_columns: [u_x, u_y], directions: [x, y], length_unit: mm,"
    " time_unit: us, shot: left, estimate_noise: false, keep_x: [0, 0.004]}"
)


@pytest.fixture
def both(other):
    """The parameters of two raw files, of which the first has its options beside it, and the path of the second."""
    Path(f"{other}.yaml").write_text(OF_BOTH)
    second = raw_file(other.with_name("second.csv"), np.random.default_rng(1))
    given = {"data": str(other), "output": str(other.with_name("both.h5"))}
    return given | {"more_data": [{"data": str(second), "shot": "right"}]}, second


OF_THE_SECOND = {
    "value_unit": "um", "noise": 2.0, "kind": "velocity", "directions": ["y", "x"], "value_columns": ["u_y", "u_x"],
    "shot": "back",
}  # fmt: skip


@pytest.mark.parametrize("name", OF_THE_SECOND)
def test_a_further_file_has_its_own_options_beside_it_below_those_of_its_entry(name, both):
    (given, second), value = both, OF_THE_SECOND[name]
    unit = {"value_unit": "mm/s"} if name == "kind" else {}
    Path(f"{second}.yaml").write_text(json.dumps({name: value, **unit, "length_unit": "mm", "keep_x": [0, 0.004]}))
    own = OwnData.from_namespace(given)
    assert own.parameters["more_data"] == [{"data": str(second), name: value, **unit, "shot": "right"}], (
        "its entry goes before"
    )
    assert own.parameters["length_unit"] == "mm" and own.options.value_unit == "nm"
    first, made = own.read().records
    assert (first.quantity, first.shot, made.shot) == ("displacement", "left", "right")
    if name == "value_unit":
        assert 500.0 < np.abs(made.values).mean() / np.abs(first.values).mean() < 2000.0
    if name == "noise":
        assert made.noise == 2e-9 and first.noise == 0.0
    Path(f"{second}.yaml").write_text("value_unit: pm")
    assert OwnData.from_namespace(own.parameters) == own, "what is written is whole"
    del given["more_data"][0]["shot"]
    Path(f"{second}.yaml").write_text("shot: back\nvalue_unit:\nlength_unit:\n")
    [further] = OwnData.from_namespace(given).more_data
    assert further.options == {"shot": "back"}, "what is nothing there is as for all files"
    assert OwnData.from_namespace(given | {"file_options": False}).more_data[0].options == {}


def test_a_table_of_positions_beside_a_further_file_is_found_from_there(both, tmp_path, monkeypatch):
    given, second = both
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    second = second.rename(tmp_path / "mine" / "second.csv")
    Path(f"{second}.yaml").write_text("positions: places.csv")
    (tmp_path / "mine" / "places.csv").write_text("x,y\n0,0\n3,0\n")
    own = OwnData.from_namespace(given | {"more_data": [{"data": "mine/second.csv", "shot": "right"}]})
    assert own.more_data[0].positions == "mine/places.csv" and tmp_path / "mine" / "places.csv" in own.files


@pytest.mark.parametrize(
    "text",
    [
        "time_unit: µs", "time_unit: microsecond", "length_unit: 0.001 m", "keep_x: [0 mm, 4 mm]", "keep_x: [0, 4e-3]",
        "lame_mu: 2.6e10", "lame_mu: 26000 MPa", "lowest_frequency: 20 kHz", "mute: [[3, 0 s, 1000 ns]]",
    ],
)  # fmt: skip
def test_what_a_further_file_says_in_other_words_agrees_with_what_holds_for_all(text, both):
    given, second = both
    rest = {"lame_lambda": "57 GPa", "lame_mu": "26 GPa", "density": 2700, "lowest_frequency": 2e4,
            "mute": [[3, "0 us", "1 us"]]}  # fmt: skip
    Path(f"{second}.yaml").write_text(text)
    assert OwnData.from_namespace(given | rest).more_data[0].options == {"shot": "right"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("time_unit: ms", "time_unit = 'ms', and of all files it is 'us': let both agree"),
        ("keep_x: [0 mm, 5 mm]", r"keep_x = \['0 mm', '5 mm'\], and of all files it is \[0.0, 0.004\]: let both"),
        ("length_unit: cm", "length_unit = 'cm', and of all files it is 'mm': let both agree, or leave it out there; "),
        ("keep_x: [0, 1]", r"keep_x = \[0.0, 1.0\], and of all files it is \[0.0, 0.004\]: let both agree"),
        ("estimate_noise: true", "estimate_noise = True, and of all files it is False"),
        ("drop_rows: [3]", r"drop_rows = \[3\], and of all files it is \[\]"),
        ("lame_mu: 26 GPa", "lame_mu = '26 GPa', and of all files it is None"),
        ("skip_rows: 2", "skip_rows = 2, and of all files it is 0"),
        ("positions: [[0, 0]]", r"positions = \[\[0.0, 0.0\]\], and of all .* with positions in a CSV file"),
        ("kind: speed", "kind = 'speed'"),
        ("drop_row: [3]", "'drop_row' is not a field; did you mean 'drop_rows'"),
        ("more_data: [{data: b.csv}]", "'more_data' is not a field"),
    ],
)
def test_what_a_further_file_cannot_have_alone_is_refused_unless_it_holds_for_all(text, fault, both, panel):
    given, second = both
    Path(f"{second}.yaml").write_text(text)
    with pytest.raises(ep.ConfigError, match=f"second.csv.yaml: {fault}"):
        OwnData.from_namespace(given)
    change(panel, data=given["data"], more_data=str(given["more_data"]))
    assert "not possible" in status(panel) and "second.csv.yaml: " in " ".join(beside(panel).values())


def test_the_panel_takes_the_options_beside_a_further_file_as_the_notebook_does(both, panel):
    given, second = both
    Path(f"{second}.yaml").write_text("{value_unit: um, length_unit: mm}")
    change(panel, data=given["data"], more_data=str(given["more_data"]))
    assert panel.own.more_data == OwnData.from_namespace(given).more_data and "<b>ready</b>" in status(panel)
    first, made = panel.raw.records
    assert 500.0 < np.abs(made.values).mean() / np.abs(first.values).mean() < 2000.0
    buttons(panel)["Save"].click()
    settled(panel)
    [further] = read_yaml(Path(f"{panel.own.output}.yaml").read_text())["more_data"]
    assert further["value_unit"] == "um"
    again = settled(OwnDataPanel(OwnData.from_namespace(given)))
    change(again, length_unit="cm")
    assert "second.csv.yaml: length_unit = 'mm', and of all files it is 'cm'" in " ".join(beside(again).values())
    whole = settled(OwnDataPanel(OwnData.from_namespace(panel.own.parameters | {"length_unit": "cm"})))
    assert "<b>ready</b>" in status(whole), "which was to be read without what is beside"
