"""What is typed into the fields of own data, and which field a sentence is about."""

import re

import pytest

from elastic_pinn.field_declarations import units
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.workbench.own_data import OwnData
from elastic_pinn.workbench.panels.own_data.form import FIELDS, OwnDataForm, sentences
from elastic_pinn.workbench.panels.widgets.form_fields import as_read, as_shown

NAMES = FIELDS["value_columns"].annotation


@pytest.mark.parametrize(
    "names",
    [
        ("v, x", "u"),
        ("velocity (mm/s)",),
        ("(a)",),
        ("(a)", "(b)"),
        ("[a", "b]"),
        ("it's", 'a "b"'),
        (" a", ""),
        ("1",),
    ],
)
def test_names_that_hold_commas_brackets_and_quotes_are_read_as_they_are_shown(names):
    assert as_read("value_columns", NAMES, as_shown(NAMES, names)) == list(names)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("velocity (mm/s), u", ["velocity (mm/s)", "u"]),
        ("(a), (b)", ["(a)", "(b)"]),
        ("[u_x, 'v, x']", ["u_x", "v, x"]),
        (' ( "a)", b ) ', ["a)", "b"]),
        ("don't, won't", ["don't", "won't"]),
        ("[]", []),
        ("", []),
    ],
)
def test_names_may_be_typed_in_brackets_and_in_quotes(typed, read):
    assert as_read("value_columns", NAMES, typed) == read


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [
        ("directions", "[x, y]", ["x", "y"]), ("directions", "x, y", ["x", "y"]),
        ("directions", "[0.6, 0.8]", [[0.6, 0.8]]), ("directions", "[[0.6, 0.8], y]", [[0.6, 0.8], "y"]),
        ("positions", "[[0, 0], [6, 0]]", [[0, 0], [6, 0]]), ("positions", "[0, 0], [6, 0]", [[0, 0], [6, 0]]),
        ("positions", "[[0, 0]]", [[0, 0]]),
    ],
)  # fmt: skip
def test_a_list_may_stand_in_brackets_of_its_own(name, typed, read):
    kind = ImportOptions.model_fields[name].annotation
    assert as_read(name, kind, typed) == read


def test_units_are_those_of_the_meanings():
    found = units(FIELDS, {"value_unit": "nm", "time_unit": "us"})
    for name, field in FIELDS.items():
        if unit := re.search(r", or in (m|s|Hz|value_unit|time_unit|\S+)(?=$|;)", " ".join(field.description.split())):
            assert found[name] == {"value_unit": "nm", "time_unit": "us"}.get(unit[1], unit[1]), name
    assert {"noise", "time_step", "density", "keep_x", "lowest_frequency", "size_limit"} <= found.keys()


def test_units_stand_beside_the_fields_and_follow_those_that_are_given():
    form = OwnDataForm(OwnData.from_namespace({"data": "a.csv", "output": "a.h5"}), lambda: None)
    assert '.ep-field-keep_time::after {content: "s"}' in form.children[-1].value
    assert ".ep-field-time_step" not in form.children[-1].value, "which is not known yet"
    form.fields["time_unit"].value = "us"
    assert '.ep-field-time_step::after {content: "us"}' in form.children[-1].value


def test_a_sentence_that_names_no_field_stands_beside_the_file():
    assert sentences(OSError("/data/kind/start.csv: line 3: 4 columns, where line 1 has 5")).keys() == {"data"}
    assert sentences(ValueError("scan.csv: the noise of the layout is in data")).keys() == {"data"}
