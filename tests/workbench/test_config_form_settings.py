"""What a form shows of its fields: a search, those with an effect, recommended values, what differs from the cell."""

import html
import re

import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import recommended
from elastic_pinn.workbench.panels.settings import config_form
from elastic_pinn.workbench.panels.settings.config_form import CELL, ConfigForm
from elastic_pinn.workbench.panels.settings.field_tabs import CHANGED
from elastic_pinn.workbench.panels.widgets.form_fields import MARK
from tests.physics.setups.plates import PLATE
from tests.training.lifecycle.test_implied import DEFAULT
from tests.workbench.clicks import fields


def form_of(config, problem=None):
    return ConfigForm(config, problem, "name", lambda: None)


def tab(form):
    return form.children[0].children[1]


def rules(form):
    """The style sheet that hides fields."""
    return form.children[0].children[-1].value


def hidden(form):
    """The fields that the browser does not show, by that style sheet."""
    return set(re.findall(r"\.ep-cell-(\w+) \{display: none", rules(form)))


def in_italics(form):
    return set(re.findall(r"\.ep-cell-(\w+) \.widget-label \{font-style: italic", rules(form)))


def shown(form):
    return {box.field.description for grid in tab(form).children[:-1] for box in grid.children} - {
        name if name != "run_name" else "run name" for name in hidden(form)
    }


def titles(form):
    """The titles of the tabs that are not hidden."""
    gone = {int(each) - 1 for each in re.findall(r"nth-child\((\d+)\)", rules(form))}
    return [title for i, title in enumerate(tab(form).titles) if i not in gone]


def box(form, name):
    boxes = (each for grid in tab(form).children[:-1] for each in grid.children)
    return next(each for each in boxes if each.field.description == name)


def button(form, name, css_class):
    found = [each for each in box(form, name).children[1:] if css_class in each._dom_classes]
    return found[0] if found else None


def test_only_fields_with_an_effect_are_shown_until_all_are_asked_for():
    form = form_of(ep.Config())
    assert shown(form) >= {"problem", "length", "steps", "run name", "beta1", "weight_boundary"}
    assert not shown(form) & {"ridge", "momentum", "holes", "data", "weight_data", "decay_rate", "rank"}
    assert "Plate" not in titles(form) and titles(form)[-1] == CELL and not in_italics(form)
    fields(form)["show all"].value = True
    assert shown(form) == {*ep.Config.model_fields} - {"own"} | {"run name"} and "Plate" in titles(form)
    assert in_italics(form) >= {"ridge", "holes"} and not in_italics(form) & {"run_name", "steps", "beta1"}
    fields(form)["show all"].value = False
    fields(form)["schedule"].value = "step"
    assert shown(form) >= {"decay_rate", "decay_every"} and "plateau_patience" not in shown(form)
    fields(form)["stages"].value = "lbfgs"
    assert "lbfgs_history" in shown(form) and not shown(form) & {"decay_rate", "beta1"}
    assert "schedule" in shown(form)  # not as in the notebook's cell


def test_stages_and_terms_that_a_tolerance_and_a_problem_have_are_what_counts():
    form = form_of(ep.Config(**PLATE, tolerance=0.05))
    assert "ridge" in shown(form) and not shown(form) & {"learning_rate", "weight_interface", "form", "length"}
    assert "Plate" in titles(form) and "Window" not in titles(form)
    recorded = form_of(ep.Config(problem="receivers", data="data/aluminium_receivers.h5", unknowns=["lambda", "mu"]))
    assert "Window" in titles(recorded) and "Plate" not in titles(recorded)
    inclusion = "- {center: [0.01, 0.01], radius: 2e-3, material: steel}"
    fields(form)["inclusions"].value = inclusion
    assert form.fault is None and "weight_interface" in shown(form)


def test_a_search_finds_every_field_by_its_name_and_its_meaning(waves):
    form = form_of(ep.Config())
    search, before = fields(form)["search"], form.config
    search.value = "Decay"
    assert shown(form) == {"weight_decay", "decay_rate", "decay_every", "beta1", "beta2"}
    search.value = "preconditioners"  # is in the meaning of one
    assert shown(form) == {"beta2"}
    search.value = "soap decay"  # each word somewhere
    assert shown(form) == {"beta1", "beta2"}
    search.value = "line search"
    assert {"lbfgs_line_search", "restart_every"} <= shown(form)
    search.value = "nowhere to be found"
    assert not shown(form) and "no field has this" in form.children[0].children[0].children[2].value
    search.value = " "
    assert "steps" in shown(form) and "ridge" not in shown(form) and form.config == before
    assert "pulse_width" in shown(form_of(ep.Config(own={"pulse_width": 2.0}), lambda pulse_width: waves()))


def test_what_is_refused_and_what_was_typed_is_never_hidden_and_never_lost():
    form = form_of(ep.Config())
    search, decay = fields(form)["search"], fields(form)["weight_decay"]
    search.value = "weight_decay"
    decay.value = "often"
    search.value = "learning"
    assert "weight_decay" in shown(form) and form.names_at_fault == ["weight_decay"]
    search.value = ""
    assert "weight_decay" in shown(form) and f"{MARK}{CHANGED}Stages" in titles(form)
    decay.value = "0.5"
    assert form.fault is None and "weight_decay" in shown(form)  # it differs from the cell
    for text in ("steps", "x", ""):
        search.value = text
        assert decay.value == "0.5" and form.config.weight_decay == 0.5
    box(form, "weight_decay").children[1].click()
    assert form.config == ep.Config() and "weight_decay" not in shown(form)


def test_a_tab_that_is_hidden_is_left():
    form = form_of(ep.Config())
    fields(form)["show all"].value = True
    tab(form).selected_index = tab(form).titles.index("Plate")
    fields(form)["show all"].value = False
    assert form.children[0].selected == "Problem"


def test_a_key_in_the_search_box_sends_three_small_changes_and_makes_no_widget(monkeypatch):
    form = form_of(ep.Config(**PLATE, tolerance=0.05))
    sent, made = [], []
    monkeypatch.setattr(widgets.Widget, "send_state", lambda self, key=None: sent.append((self, key)))
    monkeypatch.setattr(widgets.Widget, "open", lambda self: made.append(self))
    validated = []
    monkeypatch.setattr(ConfigForm, "_validate", lambda self: validated.append(1))
    views = [tuple(grid.children) for grid in tab(form).children[:-1]]
    for text in ("d", "de", "dec"):
        sent.clear()
        fields(form)["search"].value = text
        assert len(sent) <= 3 and {key for _, key in sent} == {"value"}
    assert not made and not validated and views == [tuple(grid.children) for grid in tab(form).children[:-1]]


def test_units_stand_beside_the_fields():
    page = html.unescape(form_of(ep.Config()).children[1].value)
    for name, unit in {"length": "m", "lame_mu": "Pa", "density": "kg/m3", "frequency_continuation": "Hz"}.items():
        assert f'.ep-field-{name}::after {{content: "{unit}"}}' in page
    assert ".ep-field-learning_rate::after" not in page


def test_a_value_that_differs_from_the_notebooks_cell_is_marked_and_taken_back_by_a_click():
    form = form_of(ep.Config(learning_rate=2e-3))
    rate = fields(form)["learning_rate"]
    assert button(form, "learning_rate", "ep-back") is None and not any(CHANGED in each for each in titles(form))
    rate.value = "0.0020"  # the same, written otherwise
    assert button(form, "learning_rate", "ep-back") is None
    rate.value = "5e-3"
    back = button(form, "learning_rate", "ep-back")
    assert "ep-changed" in box(form, "learning_rate")._dom_classes and f"{CHANGED}Stages" in titles(form)
    assert back.tooltip == "back to 0.002, as in the notebook's cell"
    back.click()
    assert form.config == ep.Config(learning_rate=2e-3) and rate.value == "0.002"
    assert button(form, "learning_rate", "ep-back") is None and f"{CHANGED}Stages" not in titles(form)
    form.load(ep.Config(seed=4))  # of a checkpoint: the cell is still what it was
    assert {name for name in ("seed", "learning_rate") if button(form, name, "ep-back")} == {"seed", "learning_rate"}


@pytest.mark.parametrize(
    ("name", "here", "first"), [("adaptive_activation", True, "False"), ("data", "a.csv", "an empty field")]
)
def test_the_way_back_names_the_value_of_a_tick_box_and_of_an_empty_field(name, here, first):
    form = form_of(ep.Config())
    fields(form)[name].value = here
    assert button(form, name, "ep-back").tooltip == f"back to {first}, as in the notebook's cell"


def test_nothing_is_chosen_or_recommended_while_a_field_is_at_fault():
    form = form_of(ep.Config(**PLATE, tolerance=0.05, ridge=1e-3))
    offered = {"network", "hidden_layers", "ridge"}
    assert all(button(form, name, "ep-take") for name in offered)
    fields(form)["steps"].value = "x"
    assert not any(button(form, name, "ep-take") for name in offered)
    assert not any("ep-chosen" in field._dom_classes for field in fields(form).values())
    fields(form)["steps"].value = "5"
    assert all(button(form, name, "ep-take") for name in offered)


def test_what_a_tolerance_chooses_and_recommends_is_beside_each_field_and_taken_by_a_click():
    form = form_of(ep.Config(**PLATE, tolerance=0.05, ridge=1e-3))
    found = form.preview.recommended
    assert found.keys() >= {"network", "hidden_layers", "ridge"} and "ridge" not in form.preview.settings.names
    assert button(form, "network", "ep-take").description == "chosen: hole_waves"
    take = button(form, "ridge", "ep-take")
    assert take.description == f"recommended: {found['ridge'].value:g}"
    take.click()
    assert form.config.ridge == found["ridge"].value and button(form, "ridge", "ep-take") is None
    waves = form.preview.config.hidden_layers
    button(form, "hidden_layers", "ep-take").click()
    assert form.config.hidden_layers == waves and "hidden_layers" not in form.preview.settings.names
    fields(form)["tolerance"].value = "0"
    assert not form.preview.recommended.keys() & {"network"}


def all_at_once(form):
    """The buttons that take all recommended values, and all of the notebook's cell."""
    return form.children[0].children[0].children[3:]


def test_all_recommended_values_are_taken_and_all_of_the_cell_given_back_by_a_click():
    plate = ep.Config(**DEFAULT | {"ridge": 1e-3, "hidden_layers": [300, 100], "boundary_points": 40})
    form = form_of(plate)
    take, back = all_at_once(form)
    count = len(form.preview.recommended)
    assert take.description == f"Take all recommended ({count})" and count > 5
    assert back.layout.display == "none"
    take.click()
    assert form.fault is None and not form.preview.recommended and form.preview.advice == ()
    assert take.layout.display == "none" and back.layout.display is None
    assert form.config.ridge < 1e-9 and f"({len(form.config.differences(plate))})" in back.description
    back.click()
    assert form.config == plate and back.layout.display == "none" and len(form.preview.recommended) == count


def test_what_a_tolerance_chooses_is_not_taken_with_all():
    form = form_of(ep.Config(**PLATE, tolerance=0.05, ridge=1e-3))
    chosen = form.preview.settings.names
    take, _ = all_at_once(form)
    assert take.description == "Take all recommended (1)"
    take.click()
    assert form.config.ridge < 1e-9 and form.preview.settings.names == chosen


def test_the_reason_stands_below_a_recommended_value():
    form = form_of(ep.Config(activation="tanh"))
    [why] = [each for each in box(form, "activation").children if "ep-why" in each._dom_classes]
    assert why.value == form.preview.recommended["activation"].why


def test_a_key_that_changes_nothing_of_the_config_works_nothing_out(monkeypatch):
    form = form_of(ep.Config(activation="tanh"))
    previews, of_sides = [], []
    preview = config_form.preview_of
    monkeypatch.setattr(config_form, "preview_of", lambda *given: previews.append(1) or preview(*given))
    held = recommended.Held.of
    monkeypatch.setattr(recommended.Held, "of", lambda *given: of_sides.append(1) or held(*given))
    for text in ("my", "my-run"):
        fields(form)["run name"].value = text
    fields(form)["learning_rate"].value = "1e-03"  # as before
    assert not previews
    for text in ("1e-2", "1e-1"):
        fields(form)["learning_rate"].value = text
    assert len(previews) == 2 and not of_sides, "the problem is the same"
    fields(form)["length"].value = "2"
    assert len(previews) == 3 and len(of_sides) == 1


def test_the_last_tab_is_the_config_as_a_parameters_cell():
    form = form_of(ep.Config())
    tab(form).selected_index = len(tab(form).titles) - 1
    fields(form)["hidden_layers"].value = "12, 13"
    [text] = re.findall("<textarea.*?>(.*)</textarea>", tab(form).children[-1].value, re.DOTALL)
    namespace = {}
    exec(html.unescape(text), namespace)
    assert ep.Config.from_namespace(namespace) == form.config == ep.Config(hidden_layers=[12, 13])
    fields(form)["hidden_layers"].value = "x"
    assert "hidden_layers = [12, 13]" in tab(form).children[-1].value  # of the last legal config


def test_what_is_loaded_has_its_own_problem_and_preview():
    form = form_of(ep.Config(length=1.0, amplitude=1.0))
    form.load(ep.Config(length=2.0, amplitude=1.0, learning_rate=0.5))
    assert form.problem.domain.x == (0.0, 2.0) and form.fault is None
    assert form.preview.config.length == 2.0 and form.preview.config.learning_rate == 0.5
