"""The panel of own data, without a browser: fields that are the notebook's parameters, each with its faults."""

import html
import os
import re
import shutil
import threading
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.legal_values import legal_values
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.workbench.own_data import OwnData
from elastic_pinn.workbench.panels import OwnDataPanel
from elastic_pinn.workbench.panels.own_data.form import FIELDS, GROUPS, sentences
from elastic_pinn.workbench.panels.widgets.form_fields import MARK
from elastic_pinn.yaml_values import read_yaml
from tests.workbench.clicks import buttons, fields, inside
from tests.workbench.own_data_clicks import CHOSEN, SCAN, beside, change, settled, shown, status, views


@pytest.fixture
def panel(tmp_path):
    return settled(OwnDataPanel(OwnData.from_namespace({**SCAN, "output": str(tmp_path / "own.h5")})))


def test_each_parameter_of_the_notebook_and_option_of_the_import_has_one_field_and_its_meaning(panel):
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(FIELDS) == sorted(name for name in fields(panel) if name not in ("", CHOSEN))
    assert {*FIELDS, CHOSEN, "file_options"} == {*OwnData.model_fields, *ImportOptions.model_fields} - {"options"}
    page = html.unescape(panel.children[0].children[1].value)
    for name, info in FIELDS.items():
        [text] = re.findall(f'<div class="ep-help-{name}">(.*?)</div>', page, re.DOTALL)
        assert info.description in text and "legal: " in text
    assert legal_values(FIELDS["mute"]) in page


def test_the_fields_are_what_the_notebook_gave_and_what_is_saved_is_what_it_saves_headless(panel, tmp_path):
    own = OwnData.from_namespace({**SCAN, "output": str(tmp_path / "headless.h5")})
    own.save(own.prepare(own.read()))
    assert panel.own.options == own.options and panel.own.model_copy(update={"output": own.output}) == own
    buttons(panel)["Save"].click()
    settled(panel)
    assert "<b>saved</b> wrote" in status(panel)
    assert (tmp_path / "own.h5").read_bytes() == (tmp_path / "headless.h5").read_bytes()
    written = read_yaml((tmp_path / "own.h5.yaml").read_text())
    assert written == SCAN | {"output": str(tmp_path / "own.h5")}
    assert OwnData.from_namespace(written) == panel.own


def test_changed_fields_are_parameters_too_and_a_notebook_that_is_given_them_does_the_same(panel, tmp_path):
    change(panel, keep_x="0, 0.03", mute="- [3, 0, 1e-6]\n- [4, 2e-6, 3e-6]", directions="[0.6, 0.8], y", noise="0.2",
           estimate_noise=False, title="block, in part")  # fmt: skip
    assert beside(panel) == {}
    given = panel.own.parameters
    assert given == {
        **SCAN, "output": str(tmp_path / "own.h5"), "keep_x": [0.0, 0.03], "mute": [[3, 0.0, 1e-6], [4, 2e-6, 3e-6]],
        "directions": [[0.6, 0.8], "y"], "noise": 0.2, "estimate_noise": False, "title": "block, in part",
    }  # fmt: skip
    views(panel).selected_index = views(panel).titles.index("Parameters")
    assert "mute = [[3, 0.0, 1e-06], [4, 2e-06, 3e-06]]\n" in shown(panel)
    again = OwnData.from_namespace(given)
    assert again == panel.own
    prepared = again.prepare(again.read())
    assert prepared.provenance == panel.prepared.provenance and len(prepared.xy) == 65
    assert np.array_equal(prepared.only.values, panel.prepared.only.values, equal_nan=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value_unit": ""}, {"value_unit": "the unit of the values; for example nm"}),
        ({"value_unit": "", "length_unit": "", "kind": None}, {
            "value_unit": "the unit of the values; for example mm/s", "kind": "what was recorded; for example velocity",
            "length_unit": "the unit of the positions; for example mm"}),
        ({"value_unit": "nn"}, {"value_unit": "value_unit = 'nn' is not known as a unit: one as 'nm' is needed"}),
        ({"value_columns": "vx"}, {"value_columns": "names 'vx', which it does not hold; it holds receiver, x, y"}),
        ({"value_columns": ""}, {"value_columns": "which of receiver, x, y, time, u_x, u_y hold the values"}),
        ({"data": "nowhere.csv"}, {"data": "data = 'nowhere.csv': no such file"}),
        ({"data": "data/line_array.h5"}, {"data": "is a receiver file already"}),
        ({"axes": "receiver, foo"}, {"axes": "axes = ['receiver', 'foo']: a list, each item 'receiver', 'x', 'y'"}),
        ({"delimiter": ",", "decimal": ","}, {"delimiter": "delimiter and decimal are both ','"}),
        ({"lame_mu": ""}, {"lame_mu": "lame_mu of the material is missing"}),
        ({"density": "2700 kg"}, {"density": "density = 'kg' is no unit of density: one as 'g/cm3' is needed"}),
        ({"time_step": "fast"}, {"time_step": "time_step = 'fast': a number, above 0, in the unit of the times, "}),
        ({"keep_x": "1"}, {"keep_x": "keep_x = [1]: a list of two, each a number of m, or text with its unit, as "}),
        ({"keep_x": "0 mm, 30 us"}, {"keep_x": "keep_x = 'us' is no unit of length: one as 'mm' is needed"}),
        ({"highest_frequency": "3 mm"}, {"highest_frequency": "highest_frequency = 'mm' is no unit of frequency"}),
        ({"mute": "- [3, 0 us, 1 mm]"}, {"mute": "mute = 'mm' is no unit of time: one as 'us' is needed"}),
        ({"keep_x": "1, 2", "keep_time": "0 s, 1 s"}, {
            "keep_x": "cut to x 1 to 2, time 0 to 1: no receiver is left",
            "keep_time": "cut to x 1 to 2, time 0 to 1: no receiver is left"}),
        ({"drop_rows": "17, 121"}, {"drop_rows": "row 121 is no receiver: legal are 0 to 120"}),
        ({"mute": "- [3, 1 us, 2]"}, {"mute": "their unit, as ['1 us', '2 us']"}),
        ({"mute": "- [3, 1 s, 2 s]"}, {"mute": "muted receivers [3] from 1 to 2 s: nothing was recorded there"}),
        ({"mute": "- [3, 0"}, {"mute": "mute: while parsing a flow sequence"}),
        ({"lowest_frequency": "1e5"}, {"lowest_frequency": "0 times would be left of 41, less 63 at either end"}),
        ({"highest_frequency": "-3"}, {"highest_frequency": "highest_frequency = -3.0 is not legal"}),
        ({"output": ""}, {"output": "output = '' is not legal: the receiver file that is written"}),
    ],
)  # fmt: skip
def test_what_is_missing_or_cannot_be_stands_beside_its_field_until_it_is_mended(panel, changes, said):
    before = {name: fields(panel)[name].value for name in changes}
    change(panel, **changes)
    found = beside(panel)
    assert found.keys() == said.keys()
    assert all(sentence in found[name] for name, sentence in said.items())
    tabs = {title for title, names in GROUPS.items() if set(names) & said.keys()}
    titles = panel.children[0].children[0].titles
    assert {title.removeprefix(MARK) for title in titles if title.startswith(MARK)} == tabs
    assert all(name in status(panel) for name in said) and "not possible" in status(panel)
    assert buttons(panel)["Save"].disabled
    change(panel, **before)
    assert beside(panel) == {} and "<b>ready</b> 120 receivers" in status(panel)
    assert not buttons(panel)["Save"].disabled and MARK not in "".join(panel.children[0].children[0].titles)


@pytest.mark.slow
def test_every_tab_shows_what_was_read_and_what_is_prepared(panel):
    which = inside(panel, widgets.ToggleButtons)[""]
    assert "dead receivers" not in shown(panel) and "left out receivers [17]" in shown(panel)
    which.value = "as read"
    assert "dead receivers, which drop_rows leaves out: [17]" in shown(panel)
    for index, title in enumerate(views(panel).titles[1:-1], start=1):
        views(panel).selected_index = index
        raw = shown(panel)
        which.value = "as prepared"
        assert raw.startswith(b"\x89PNG") and shown(panel).startswith(b"\x89PNG"), title
        assert (raw != shown(panel)) or title != "Places", "row 17 is left out"
        which.value = "as read"


def test_rows_that_are_others_once_receivers_are_left_out_are_told(panel):
    which = inside(panel, widgets.ToggleButtons)[""]
    assert "drop_rows and mute count receivers as they are read" in panel.children[4].value
    which.value = "as read"
    assert panel.children[4].value == ""
    change(panel, drop_rows="")
    which.value = "as prepared"
    assert panel.children[4].value == "" and "dead receivers, which drop_rows leaves out: [17]" in shown(panel)


@pytest.fixture
def two_shots(tmp_path):
    """The parameters of the displacement of a shot from the left in one file, and of another's velocity in a second."""
    rng, paths = np.random.default_rng(0), {}
    for name, (count, columns) in {"left": (5, "u_x,u_y"), "right": (4, "v_x,v_y")}.items():
        rows = [f"{x},0.0,{t},{rng.normal():.6f},{rng.normal():.6f}" for x in range(count) for t in range(40)]
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text("\n".join([f"x,y,time,{columns}", *rows]))
    further = {"data": str(paths["right"]), "shot": "right", "kind": "velocity", "value_unit": "mm/s",
               "value_columns": ["v_x", "v_y"]}  # fmt: skip
    return {
        "data": str(paths["left"]), "shot": "left", "output": str(tmp_path / "both.h5"), "kind": "displacement",
        "value_unit": "nm", "length_unit": "mm", "time_unit": "us", "value_columns": ["u_x", "u_y"],
        "directions": ["x", "y"], "estimate_noise": False, "more_data": [further],
    }  # fmt: skip


@pytest.mark.slow
def test_pictures_are_of_the_shot_and_quantity_that_is_chosen(two_shots):
    panel = settled(OwnDataPanel(OwnData.from_namespace({**two_shots, CHOSEN: 1})))
    choice = fields(panel)[CHOSEN]
    assert [told for told, _ in choice.options] == [each.told for each in panel.raw.records] and choice.value == 1
    assert choice.layout.display is None and "shot right" in choice.options[1][0]
    for index, title in enumerate(views(panel).titles[1:-1], start=1):
        views(panel).selected_index = index
        choice.value = 1
        right = shown(panel)
        choice.value = 0
        assert right.startswith(b"\x89PNG") and shown(panel).startswith(b"\x89PNG") and right != shown(panel), title
    assert panel.own.shown_records == 0 and CHOSEN not in panel.own.parameters
    choice.value = 1
    change(panel, drop_rows="8")
    assert choice.value == 1 == panel.own.shown_records == panel.own.parameters[CHOSEN]
    assert [len(each.xy) for each in panel.prepared.records] == [5, 3]
    views(panel).selected_index = views(panel).titles.index("Parameters")
    assert "shown_records = 1" in shown(panel) and "shot': 'right'" in shown(panel)
    buttons(panel)["Save"].click()
    settled(panel)
    made = ep.Receivers.load(two_shots["output"])
    assert [(each.shot, each.quantity) for each in made.records] == [("left", "displacement"), ("right", "velocity")]
    again = OwnData.from_namespace(read_yaml(Path(f"{two_shots['output']}.yaml").read_text()))
    assert again == panel.own and again.prepare(again.read()).provenance == made.provenance
    assert "right.csv (SHA-256 " in made.provenance and '"shot": "right"' in made.provenance


def test_records_that_are_not_there_are_told_where_a_picture_would_be(two_shots, panel):
    assert fields(panel)[CHOSEN].layout.display == "none", "of one quantity in one shot there is no choice"
    other = settled(OwnDataPanel(OwnData.from_namespace({**two_shots, CHOSEN: 2})))
    views(other).selected_index = views(other).titles.index("Spectra")
    assert shown(other) == b"" and "records = 2: legal are 0: displacement of 5" in html.unescape(
        other.children[4].value
    )
    fields(other)[CHOSEN].value = 0
    assert shown(other).startswith(b"\x89PNG")


@pytest.mark.slow
def test_where_there_is_no_picture_the_reason_stands_below(panel):
    views(panel).selected_index = views(panel).titles.index("f-k")
    change(panel, keep_y="0.029, 0.031", keep_x="0, 0.02")
    assert shown(panel).startswith(b"\x89PNG") and "f-k" not in panel.children[4].value
    change(panel, keep_x="0, 0.01")
    assert shown(panel) == b"" and "needs 4 receivers on its line, and this one has 2" in panel.children[4].value
    change(panel, value_unit="")
    assert shown(panel) == b"" and "Nothing is there as prepared yet" in panel.children[4].value


def test_a_file_is_read_once_until_it_or_an_option_changes(panel, monkeypatch):
    read, reads = OwnData.read, []
    monkeypatch.setattr(OwnData, "read", lambda own: reads.append(own.options) or read(own))
    first = panel.raw
    change(panel, keep_x="0, 0.03")
    assert panel.raw is first and len(panel.prepared.xy) == 65 and panel.prepared is panel.prepared and not reads
    change(panel, length_unit="cm")
    assert [each.length_unit for each in reads] == ["cm"] and panel.raw.xy.max() == pytest.approx(0.6)
    buttons(panel)["Read anew"].click()
    settled(panel)
    assert len(reads) == 2


def test_what_was_asked_for_last_is_shown_while_another_is_still_read(panel, monkeypatch):
    read, begun, may_end = OwnData.read, threading.Event(), threading.Event()

    def slowly(own):
        if own.options.length_unit == "m":
            begun.set()
            assert may_end.wait(60)
        return read(own)

    monkeypatch.setattr(OwnData, "read", slowly)
    fields(panel)["length_unit"].value = "m"
    assert begun.wait(60) and "<b>reading</b>" in status(panel) and buttons(panel)["Save"].disabled
    fields(panel)["length_unit"].value = "cm"
    fields(panel)["value_unit"].value = "nn"
    assert beside(panel).keys() == set(), "units are told by the file's reader"
    fields(panel)["keep_x"].value = "1"
    assert beside(panel).keys() == {"keep_x"}, "at once"
    may_end.set()
    settled(panel)
    assert beside(panel).keys() == {"keep_x"} and "x 0 to 0.06 m" in shown(panel)


def test_what_could_not_be_written_is_told(panel, tmp_path):
    (tmp_path / "file").touch()
    change(panel, output=str(tmp_path / "file" / "own.h5"))
    buttons(panel)["Save"].click()
    settled(panel)
    assert "<b>not saved</b>" in status(panel) and "file" in status(panel)


def test_the_raw_file_is_not_written_over(panel, tmp_path):
    for suffix in (".yaml", ""):
        raw = Path(shutil.copy(Path(ep.__file__).parents[1] / f"{SCAN['data']}{suffix}", tmp_path))
    before = raw.read_bytes()
    change(panel, data=str(raw), output=str(raw))
    buttons(panel)["Save"].click()
    settled(panel)
    assert "<b>not saved</b>" in status(panel) and "is read from, and would be lost" in status(panel)
    assert raw.read_bytes() == before


def test_illegal_fields_raise_where_the_notebook_goes_on(panel):
    change(panel, keep_x="1")
    for name in ("own", "raw", "prepared"):
        with pytest.raises(ep.ConfigError, match=r"keep_x = \[1\]: a list of two"):
            getattr(panel, name)


def test_a_table_of_positions_that_changes_is_read_again(tmp_path):
    values, places = tmp_path / "v.npy", tmp_path / "places.csv"
    np.save(values, np.arange(40.0).reshape(4, 10))
    places.write_text("x,y\n0,0\n1,0\n0,1\n1,1\n")
    given = {
        "data": str(values), "output": str(tmp_path / "o.h5"), "kind": "velocity", "value_unit": "m/s",
        "length_unit": "m", "time_unit": "s", "axes": ["receiver", "time"], "time_step": 0.1, "first_time": 0.0,
        "directions": ["x"], "positions": str(places), "estimate_noise": False,
    }  # fmt: skip
    panel = settled(OwnDataPanel(OwnData.from_namespace(given)))
    first = panel.prepared
    assert panel.prepared is first and first.xy.max() == 1.0
    places.write_text("x,y\n0,0\n2,0\n0,2\n2,2\n")
    os.utime(places, ns=(0, places.stat().st_mtime_ns + 1_000_000_000))
    assert panel.raw.xy.max() == 2.0 and panel.prepared.xy.max() == 2.0


def test_an_unexpected_error_of_a_save_is_told(panel, tmp_path, monkeypatch):
    change(panel, output=str(tmp_path / "x\0y.h5"))
    buttons(panel)["Save"].click()
    settled(panel)
    assert "<b>not saved</b> embedded null byte" in status(panel)

    def fails(own, receivers):
        raise RuntimeError

    monkeypatch.setattr(OwnData, "save", fails)
    buttons(panel)["Save"].click()
    settled(panel)
    assert "<b>not saved</b> RuntimeError" in status(panel)
    assert sentences(RuntimeError()) == {"data": "RuntimeError"}


def test_an_illegal_field_is_still_told_where_it_is_changed_as_a_recording_is_about_to_be_shown(panel, monkeypatch):
    """The form is shown without faults in the thread; only then may the change be looked at."""
    form, begun, may_end = panel.children[0], threading.Event(), threading.Event()
    show = form.show

    def slowly(error):
        if error is None:
            begun.set()
            may_end.wait(60)
        return show(error)

    monkeypatch.setattr(form, "show", slowly)
    fields(panel)["keep_x"].value = "0, 0.03"
    assert begun.wait(60)
    change_of_field = threading.Thread(target=lambda: setattr(fields(panel)["keep_x"], "value", "1"))
    change_of_field.start()
    change_of_field.join(0.2)  # without the lock it ends here, and is written over
    may_end.set()
    change_of_field.join(60)
    settled(panel)
    assert beside(panel).keys() == {"keep_x"} and "not possible" in status(panel) and buttons(panel)["Save"].disabled
