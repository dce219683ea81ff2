import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels.settings.config_form import CELL, GROUPS, ConfigForm
from tests.physics.setups.plates import DISC, PLATE
from tests.workbench.clicks import fields


def form_of(config, problem=None, calls=None):
    return ConfigForm(config, problem, "name", (lambda: None) if calls is None else lambda: calls.append(1))


def tabs(form):
    """The groups of fields, as tabs have them, by their titles; and the last tab."""
    tab = form.children[0].children[1]
    return dict(zip(tab.titles, tab.children, strict=True))


def message(form):
    return form.children[-1].value


def test_every_field_of_the_config_is_in_one_group():
    groups = tabs(form_of(ep.Config()))
    shown = [box.field.description for title in GROUPS for box in groups[title].children]
    assert [name for name in shown if name != "run name"] == [name for name in ep.Config.model_fields if name != "own"]
    assert set(GROUPS.values()) <= ep.Config.model_fields.keys()
    assert [*groups] == [*GROUPS, CELL]


def test_choices_are_lists_switches_are_ticks_and_all_else_is_text():
    shown = fields(form_of(ep.Config()))
    assert isinstance(shown["schedule"], widgets.Dropdown) and "cosine" in shown["schedule"].options
    assert isinstance(shown["compile"], widgets.Checkbox)
    assert isinstance(shown["hidden_layers"], widgets.Text)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {
            "hidden_layers": [7, 8],
            "stages": ["adam", "lbfgs"],
            "stage_steps": [5],
            "epsilon": 1e-12,
            "init_from": "runs/a",
        },
        {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]},
        PLATE | {"inclusions": [DISC], "sides": ["free", "open", "fixed", "free"]},
    ],
)
def test_what_a_form_shows_is_what_it_started_from_and_what_it_took(values):
    config = ep.Config(**values)
    assert form_of(config).config == config
    form = form_of(ep.Config(seed=9))
    form.load(config)
    assert form.config == config and form.fault is None


def test_a_field_that_is_typed_into_is_taken_and_told():
    calls = []
    form = form_of(ep.Config(), calls=calls)
    fields(form)["hidden_layers"].value = "12, 13"
    fields(form)["learning_rate"].value = "2e-3"
    assert form.config == ep.Config(hidden_layers=[12, 13], learning_rate=2e-3)
    assert len(calls) == 2 and message(form) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("steps", "1.5", "steps = &#x27;1.5&#x27;: Input should be a valid integer"),
        ("steps", "0", "greater than or equal to 1"),
        ("hidden_layers", "8, x", "valid integer"),
        ("stages", "adam, lbfgs", "need 1 stage_steps"),
        ("device", "tpu", "is &#x27;cpu&#x27;, &#x27;cuda&#x27; or"),
        ("run name", "a/b", "letters, digits"),
        ("lame_lambda", "-5", "no stable solid"),
    ],
)
def test_what_is_not_legal_is_told_beside_the_form_until_it_is_mended(name, typed, said):
    form = form_of(ep.Config())
    before = fields(form)[name].value
    fields(form)[name].value = typed
    assert said in message(form) and form.config == ep.Config()
    fields(form)[name].value = before
    assert message(form) == "" and form.fault is None


def test_unknowns_that_cannot_be_found_are_refused_in_the_form():
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu", "rho"]}
    form = form_of(ep.Config(**asked))
    assert "cannot all be found from displacement alone" in message(form)
    assert isinstance(form.fault, ep.ProblemError)
    fields(form)["unknowns"].value = "lambda, mu"
    assert form.fault is None and form.problem.material.unknowns == ("lambda", "mu")


def test_a_problem_of_ones_own_leaves_out_the_fields_that_it_replaces(waves):
    form = form_of(ep.Config(), waves())
    assert "lame_mu" not in fields(form) and "Material" not in tabs(form)
    assert form.fault is None


def test_what_had_better_be_known_stands_where_faults_do_and_hinders_nothing():
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}
    waves = {"network": "plane_waves", "activation": "sin", "hidden_layers": [3000], "input_frequency": 24.0}
    form = form_of(ep.Config(**asked, **waves))
    assert message(form) == ""
    fields(form)["hidden_layers"].value = "500"
    assert "500 waves" in message(form) and "set hidden_layers = [2300] or more" in message(form)
    assert form.fault is None and form.config.hidden_layers == (500,)


def test_what_a_tolerance_chooses_stands_there_before_training_and_its_fields_are_faint():
    form = form_of(ep.Config(**PLATE))
    faint = {name for name, field in fields(form).items() if "ep-chosen" in field._dom_classes}
    assert message(form) == "" and not faint and form.preview.chosen == ""
    fields(form)["tolerance"].value = "0.05"
    assert "chosen for a tolerance of 5 %: network = " in message(form) and "each solution: " in message(form)
    faint = {name for name, field in fields(form).items() if "ep-chosen" in field._dom_classes}
    assert faint == set(form.preview.settings.names) >= {"network", "hidden_layers", "stages", "ridge"}
    fields(form)["ridge"].value = "0.001"
    assert "ridge = 0.001 holds back amplitudes" in message(form) and form.fault is None
    assert "ep-chosen" not in fields(form)["ridge"]._dom_classes
    fields(form)["estimate_error"].value = False
    assert "tolerance needs estimate_error = True" in message(form) and "tolerance" in form.names_at_fault


def test_another_problem_may_be_chosen_whatever_the_first_one_was_given():
    form = form_of(ep.Config(lame_lambda=3.0, duration=1.0))
    fields(form)["data"].value = "data/aluminium_receivers.h5"
    assert "problem 'standing_waves' does not use it" in str(form.fault)
    fields(form)["problem"].value = "receivers"
    fields(form)["unknowns"].value = "lambda, mu"
    assert form.fault is None and form.config.problem == "receivers" and form.problem.receivers is not None
    assert "lame_lambda = 3 is where the search starts, while data/aluminium_receivers.h5 has" in message(form)
    fields(form)["density"].value = "7800"
    assert "density = 7800: data/aluminium_receivers.h5 was recorded in a solid whose rho is known" in str(form.fault)
    assert form.names_at_fault == ["density"]
    fields(form)["density"].value = ""
    assert form.fault is None


def problem_of(waves):
    """A function that makes a problem of three numbers of its own."""

    def make(stiffness: float, count: int, is_known: bool) -> ep.Problem:
        if count == 13:
            raise ZeroDivisionError("unlucky")
        changes = {} if is_known else {"exact": None}
        return waves(material=ep.Material(2.0, stiffness, 1.0), **changes)

    return make


OWN = ep.Config(own={"stiffness": 1.0, "count": 3, "is_known": True}, seed=9)


def test_own_numbers_have_fields_that_make_the_problem(waves):
    form = form_of(OWN, problem_of(waves))
    assert next(iter(tabs(form))) == "Problem"
    assert [box.field.description for box in tabs(form)["Problem"].children] == [*OWN.own]
    shown = fields(form)
    assert not {"problem", "length", "own"} & shown.keys()
    assert isinstance(shown["is_known"], widgets.Checkbox) and shown["stiffness"].value == "1.0"
    shown["stiffness"].value, shown["is_known"].value = "2", False
    assert form.fault is None and form.config == OWN.model_copy(update={"stiffness": 2.0, "is_known": False})
    assert form.problem.material.lame_mu == 2.0 and form.problem.exact is None
    text = form.children[1].value
    assert 'class="ep-help-stiffness"' in text and "legal: a number<" in text and "legal: True or False<" in text


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("stiffness", "soft", "stiffness = &#x27;soft&#x27;: a finite number is needed"),
        ("count", "1.5", "count = &#x27;1.5&#x27;: a whole number is needed"),
        ("stiffness", "-1", "no stable solid"),
        ("count", "13", "stiffness, count, is_known: ZeroDivisionError: unlucky"),
    ],
)
def test_an_own_number_that_cannot_be_is_told_and_marked(waves, name, value, fault):
    form = form_of(OWN, problem_of(waves))
    fields(form)[name].value = value
    assert fault in message(form) and form.config == OWN
    assert name in form.names_at_fault or "no stable" in fault
    fields(form)[name].value = "2"
    assert form.fault is None


def test_a_checkpoints_own_numbers_are_shown_where_they_have_fields(waves):
    form = form_of(OWN, problem_of(waves))
    form.load(OWN.model_copy(update={"stiffness": 4.0, "seed": 3}))
    assert (form.config.stiffness, form.config.seed, fields(form)["stiffness"].value) == (4.0, 3, "4.0")
    form.load(ep.Config(seed=5, problem="own"))  # of before there were own numbers
    assert (form.config.stiffness, form.config.seed) == (4.0, 5)
    with_problem = form_of(OWN, waves())
    assert "stiffness" not in fields(with_problem) and with_problem.config.own == OWN.own


def test_a_plate_is_typed_in_a_line_for_each_hole_and_source():
    form = form_of(ep.Config(**PLATE))
    shown = fields(form)
    assert shown["holes"].value == "- [0.026, 0.009, 0.003]"
    assert shown["sources"].value.startswith("- {kind: side_load, at: [0.012, 0.02], width: 0.001, force: [0.0, ")
    shown["holes"].value = "- [0.026, 0.009, 2e-3]\n- [0.01, 0.005, 0.001]"
    shown["sources"].value += "\n- {kind: initial_pulse, at: [0.03, 0.01], velocity: [0, 1], width: 1e-3}"
    assert form.fault is None and form.config.holes == ((0.026, 0.009, 0.002), (0.01, 0.005, 0.001))
    assert form.config.sources[0] == ep.Config(**PLATE).sources[0] and len(form.problem.sources) == 2
    shown["holes"].value = ""
    assert form.fault is None and form.config.holes == ()


@pytest.mark.parametrize(
    ("name", "typed", "said", "at_fault"),
    [
        ("holes", "- [0.026, 0.009, 0.03]", "holes[0] = [0.026, 0.009, 0.03]: ", {"holes"}),
        ("holes", "- [0.026", "holes: while parsing a flow sequence", {"holes"}),
        ("holes", "many", "holes = &#x27;many&#x27;: Input should be a list", {"holes"}),
        ("sources", "- {kind: push}", "sources[0].kind = &#x27;push&#x27;", {"sources"}),
        ("inclusions", "- {center: [0.01, 0.01], radius: 1e-3, density: 1.0}", "inclusions[0] = {", {"inclusions"}),
        ("sides", "free, fixed", "sides = [&#x27;free&#x27;, &#x27;fixed&#x27;]: one for all, or four", {"sides"}),
        ("lame_lambda", "-9e10", "no stable solid", {"lame_lambda", "lame_mu", "density"}),
    ],
)
def test_what_is_impossible_of_a_plate_is_told_and_marked(name, typed, said, at_fault):
    form = form_of(ep.Config(**PLATE))
    field = fields(form)[name]
    before, field.value = field.value, typed
    assert said in message(form) and at_fault <= set(form.names_at_fault) <= at_fault | {"data", "duration"}
    field.value = before
    assert form.fault is None and form.config == ep.Config(**PLATE)
