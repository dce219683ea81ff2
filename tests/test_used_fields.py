"""What is declared beside the fields of a config: units, and what they need to have an effect."""

import re
from typing import Literal, get_args, get_origin

import pytest

import elastic_pinn as ep
from elastic_pinn.config import TERMS, unused_fields
from elastic_pinn.field_declarations import With, needs_of, needs_text, units
from elastic_pinn.physics.setups import SETUPS
from elastic_pinn.training.config import BY_GRADIENT
from elastic_pinn.training.optimizers.registry import OPTIMIZERS
from elastic_pinn.used_fields import used_fields

FIELDS = ep.Config.model_fields


def legal(name):
    """The values that a field, or an item of it, can have: of a closed list, else None."""
    kind = FIELDS[name].annotation
    kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
    return set(get_args(kind)) if get_origin(kind) is Literal else None


@pytest.mark.parametrize("name", [name for name in FIELDS if needs_of(FIELDS[name])])
def test_what_a_field_needs_is_something_that_another_field_can_be(name):
    for need in needs_of(FIELDS[name]):
        if isinstance(need, With):
            assert {*need.set_fields, *need.values} <= FIELDS.keys() - {name}
            for other, values in need.values.items():
                assert set(values) <= legal(other)
        else:
            assert need.column in TERMS


def test_every_field_has_an_effect_beside_some_values_of_those_that_it_needs():
    reachable = {name for name in FIELDS if not needs_of(FIELDS[name])}
    while more := {name for name in FIELDS.keys() - reachable for need in needs_of(FIELDS[name])
                   if not isinstance(need, With) or {*need.set_fields, *need.values} <= reachable}:  # fmt: skip
        reachable |= more
    assert reachable == FIELDS.keys()
    of_problems = [FIELDS.keys() - unused_fields(name) for name in SETUPS]
    assert set().union(*of_problems) >= FIELDS.keys() - {"own"}


def test_every_optimizer_and_network_is_one_that_some_field_is_of():
    of = {other: set() for other in ("stages", "network", "schedule", "balancing")}
    for field in FIELDS.values():
        for need in needs_of(field):
            for other in of.keys() & getattr(need, "values", {}).keys():
                of[other] |= {*need.values[other]}
    assert of["stages"] == OPTIMIZERS.keys()
    assert of["network"] == legal("network") - {"potentials"}  # of which numbers and points are all
    assert {*BY_GRADIENT} == {name for name, spec in OPTIMIZERS.items() if not spec.whole_batch}


def test_fields_follow_stages_network_schedule_and_the_problem():
    adam = used_fields(ep.Config(), {"pde", "boundary", "initial"})
    assert adam >= {"beta1", "learning_rate", "schedule", "weight_boundary", "length", "initialization"}
    assert not adam & {"momentum", "lbfgs_history", "ridge", "decay_rate", "weight_data", "holes", "rank", "data"}
    config = ep.Config(stages=["lbfgs"], schedule="exponential", network="separable")
    found = used_fields(config)
    assert found >= {"lbfgs_history", "restart_every", "rank", "weight_data"}
    assert not found & {"learning_rate", "schedule", "decay_rate", "decay_every", "initialization", "minibatches"}
    both = used_fields(ep.Config(stages=["adam", "lbfgs"], stage_steps=[5], schedule="step"))
    assert both >= {"lbfgs_history", "beta1", "decay_rate", "decay_every"} and "plateau_patience" not in both
    assert "time_frequency" in used_fields(ep.Config(initialization="features"))
    moved = ep.Config(resample_every=5, resampling="r3")
    assert "resampling" in used_fields(moved) and "resampling" not in adam


def test_units_are_those_of_the_meanings():
    found = units(FIELDS, {})
    for name, field in FIELDS.items():
        if unit := re.search(r"(?:, |in | in)(m|s|Pa|Hz|kg/m3|1/s)(?=$|[;:,.)])", " ".join(field.description.split())):
            assert name in {"input_frequency", "inclusions", "sources"} or found[name] == unit[1], name
    assert {found[name] for name in ("length", "duration", "lame_mu", "density", "material_damping")} == {
        "m", "s", "Pa", "kg/m3", "1/s",
    }  # fmt: skip


def test_what_a_field_needs_is_said_in_words():
    assert needs_text(FIELDS["steps"]) == ""
    assert needs_text(FIELDS["beta1"]) == "has an effect with stages 'adam', 'adamw' or 'soap'"
    assert needs_text(FIELDS["resampling"]) == "has an effect with resample_every set or restart_every set"
    assert "a problem with the term 'data' of the loss" in needs_text(FIELDS["weight_data"])
