import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels.config_form import GROUPS, ConfigForm


def form_of(config, problem=None, calls=None):
    return ConfigForm(config, problem, "name", (lambda: None) if calls is None else lambda: calls.append(1))


def by_label(form):
    return {field.description: field for grid in form.children[0].children for field in grid.children}


def message(form):
    return form.children[-1].value


def test_every_field_of_the_config_is_in_one_group():
    form = form_of(ep.Config())
    fields = [field for grid in form.children[0].children for field in grid.children]
    assert [field.description for field in fields if field.description != "run name"] == list(ep.Config.model_fields)
    assert set(GROUPS.values()) <= ep.Config.model_fields.keys()
    assert form.children[0].titles == tuple(GROUPS)


def test_choices_are_lists_switches_are_ticks_and_all_else_is_text():
    fields = by_label(form_of(ep.Config()))
    assert isinstance(fields["schedule"], widgets.Dropdown) and "cosine" in fields["schedule"].options
    assert isinstance(fields["compile"], widgets.Checkbox)
    assert isinstance(fields["hidden_layers"], widgets.Text)


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
    by_label(form)["hidden_layers"].value = "12, 13"
    by_label(form)["learning_rate"].value = "2e-3"
    assert form.config == ep.Config(hidden_layers=[12, 13], learning_rate=2e-3)
    assert len(calls) == 2 and message(form) == ""


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
    before = by_label(form)[name].value
    by_label(form)[name].value = typed
    assert said in message(form) and form.config == ep.Config()
    by_label(form)[name].value = before
    assert message(form) == "" and form.fault is None


def test_unknowns_that_cannot_be_found_are_refused_in_the_form():
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu", "rho"]}
    form = form_of(ep.Config(**asked))
    assert "cannot all be found from displacement alone" in message(form)
    assert isinstance(form.fault, ep.ProblemError)
    by_label(form)["unknowns"].value = "lambda, mu"
    assert form.fault is None and form.problem.material.unknowns == ("lambda", "mu")


def test_a_problem_of_ones_own_leaves_out_the_fields_that_it_replaces(waves):
    form = form_of(ep.Config(), waves())
    assert "lame_mu" not in by_label(form) and "Material" not in form.children[0].titles
    assert form.fault is None


def test_what_had_better_be_known_stands_where_faults_do_and_hinders_nothing():
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}
    waves = {"network": "plane_waves", "activation": "sin", "hidden_layers": [3000], "input_frequency": 24.0}
    form = form_of(ep.Config(**asked, **waves))
    assert message(form) == ""
    by_label(form)["hidden_layers"].value = "500"
    assert "500 waves" in message(form) and "set hidden_layers = [2300] or more" in message(form)
    assert form.fault is None and form.config.hidden_layers == (500,)


def test_another_problem_may_be_chosen_whatever_the_first_one_was_given():
    form = form_of(ep.Config(lame_lambda=3.0, duration=1.0))
    by_label(form)["data"].value = "data/aluminium_receivers.h5"
    assert "problem 'standing_waves' does not use it" in str(form.fault)
    by_label(form)["problem"].value = "receivers"
    by_label(form)["unknowns"].value = "lambda, mu"
    assert form.fault is None and form.config.problem == "receivers" and form.problem.receivers is not None
    by_label(form)["density"].value = "7800"
    assert "density = 7800.0: problem 'receivers' does not use it" in str(form.fault)
    by_label(form)["density"].value = "1"
    assert form.fault is None
