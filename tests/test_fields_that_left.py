"""A stored config with what has left the library is read where that had no effect, and else refused by name."""

import json

import pytest

import elastic_pinn as ep
from elastic_pinn.fields_that_left import BESIDE, FIELDS, VALUES

WITHOUT_EFFECT = {**FIELDS, **dict.fromkeys(BESIDE, 7)}
FIGURES = "left the library, as no problem of the ablation was solved better by it: the figures are in that table, in"


def stored(**fields) -> str:
    return json.dumps(json.loads(ep.Config().to_json()) | WITHOUT_EFFECT | fields)


def test_fields_that_were_without_effect_are_left_out_and_not_told(caplog):
    caplog.set_level("INFO")
    assert ep.Config.from_json(stored(steps=5)) == ep.Config(steps=5)
    assert not caplog.records


@pytest.mark.parametrize(
    ("fields", "told"),
    [({name: 1}, f"{name} = 1 has") for name in FIELDS]
    + [({name: value}, f"{name} = '{value}' has") for name, left in VALUES.items() for value in left]
    + [({"resampling": "rad", "causality": 0.5}, "causality = 0.5 and resampling = 'rad' have")],
)
def test_what_had_an_effect_is_told_with_the_place_of_its_figures(fields, told):
    with pytest.raises(ep.ConfigError, match=f"^{told} {FIGURES}"):
        ep.Config.from_json(stored(**fields))


def test_a_run_by_what_has_left_is_told_of_where_its_config_is_needed(tiny, tmp_path):
    run = ep.train(tiny(steps=2), tmp_path / "run")
    path = run.path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"balancing": "ntk"}))
    assert len(run.history()) == 2
    told = r"config\.json: holds a config that this version does not know \(balancing = 'ntk' has left .*Install the "
    with pytest.raises(ep.CheckpointError, match=told):
        _ = run.config


def test_the_fields_have_left():
    assert not {*FIELDS, *BESIDE} & ep.Config.model_fields.keys()
    for name, left in VALUES.items():
        for value in left:
            with pytest.raises(ep.ConfigError, match=f"{name} = '{value}'"):
                ep.Config(**{name: value})
