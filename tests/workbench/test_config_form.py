"""The form of a config: what each field means, and which are at fault."""

import html
import re

import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.legal_values import legal_values
from elastic_pinn.workbench.panels.settings.config_form import ConfigForm
from elastic_pinn.workbench.panels.settings.field_tabs import CHANGED
from elastic_pinn.workbench.panels.training.buttons import ICONS, Buttons
from elastic_pinn.workbench.panels.widgets.form_fields import MARK
from tests.workbench.clicks import TINY, fields, inside


@pytest.fixture
def form():
    return ConfigForm(ep.Config(**TINY), None, "mine", lambda: None)


def marked(form):
    return {name for name, field in fields(form).items() if "ep-fault" in field._dom_classes}


def tabs_marked(form):
    return {
        title.removeprefix(MARK).removeprefix(CHANGED) for title in form.children[0].titles if title.startswith(MARK)
    }


def test_the_meaning_and_what_is_legal_of_each_field_show_while_it_has_the_focus(form):
    page = html.unescape(form.children[1].value)
    for name, info in [(name, info) for name, info in ep.Config.model_fields.items() if name != "own"]:
        assert f"ep-field-{name}" in fields(form)[name]._dom_classes
        assert f".ep-form:has(.ep-field-{name} :focus) .ep-help-{name} {{display: block}}" in page
        [text] = re.findall(f'<div class="ep-help-{name}">(.*?)</div>', page, re.DOTALL)
        assert info.description in text and legal_values(info) in text
    assert "ep-form" in form._dom_classes and "runs/TIME-NAME" in page


@pytest.mark.parametrize(
    ("changes", "names", "tabs"),
    [
        ({"steps": "many"}, {"steps"}, {"Run"}),
        ({"steps": "many", "beta1": "2"}, {"steps", "beta1"}, {"Run", "Stages"}),
        ({"stage_steps": "3"}, {"stages", "stage_steps"}, {"Stages"}),
        ({"network": "plane_waves", "activation": "tanh"}, {"network", "activation"}, {"Network"}),
        ({"min_learning_rate": "5"}, {"min_learning_rate", "learning_rate"}, {"Stages", "Schedule"}),
        ({"device": "cuda:7"}, {"device"}, {"Run"}),
        ({"problem": "receivers"}, {"problem", "data"}, {"Problem"}),
        ({"data": "steps.h5", "problem": "receivers"}, {"data"}, {"Problem"}),
        ({"lame_lambda": "-5"}, {"lame_lambda", "lame_mu", "density"}, {"Material"}),
        ({"run name": "a/b"}, {"run name"}, {"Run"}),
        ({"holes": "- [0.1]"}, {"holes"}, {"Plate"}),
        ({"sources": "- {kind: push"}, {"sources"}, {"Plate"}),
        ({"plate_size": "0.04, -1"}, {"plate_size"}, {"Plate"}),
    ],
)
def test_the_fields_at_fault_and_their_tabs_are_marked_until_they_are_mended(form, changes, names, tabs):
    before = {name: fields(form)[name].value for name in changes}
    for name, value in changes.items():
        fields(form)[name].value = value
    assert form.fault and marked(form) >= names and tabs_marked(form) == tabs
    assert len(marked(form) - names) <= 1  # hidden_layers, which is one number here by chance
    for name, value in before.items():
        fields(form)[name].value = value
    assert not form.fault and not marked(form) and not tabs_marked(form)


def test_help_of_config_tells_each_fields_meaning_unit_and_legal_values():
    text = ep.Config.__doc__
    for name, info in ep.Config.model_fields.items():
        [entry] = re.findall(rf"^{name} : (.*)\n((?:    .*\n?)+)", text, re.MULTILINE)
        assert legal_values(info) in entry[0]
        assert " ".join(entry[1].split()) == " ".join(info.description.replace("`", "").split())
    meaning = "density, kg/m3; by default that of the receiver file, or 1 without one"
    assert f"density : a number, above 0; not given\n    {meaning}" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("steps", "a whole number, at least 1"),
        ("beta1", "a number, at least 0 and below 1"),
        ("compile", "True or False"),
        ("precision", "'float32' or 'float64'"),
        ("hidden_layers", "a list that is not empty, each item a whole number, at least 1"),
        ("unknowns", "a list, each item 'lambda', 'mu' or 'rho'"),
        ("data", "text"),
        ("plate_size", "a list of 1 to 2, each item a number, above 0"),
        ("holes", "a list, each item a list of 3: a number; a number; a number, above 0"),
    ],
)
def test_what_is_legal_is_said_in_words(name, words):
    assert legal_values(ep.Config.model_fields[name]) == words


def test_buttons_tell_what_they_do_while_the_mouse_is_over_them():
    row = Buttons({name: lambda: None for name in ICONS})
    for name, button in inside(row, widgets.Button).items():
        [css_class] = [each for each in button._dom_classes if each.startswith("ep-tip-")]
        assert f'.{css_class}:hover::after {{content: "{ICONS[name][1]}"}}' in row.tooltips.value
