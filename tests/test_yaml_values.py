import re

import pytest
import yaml

from elastic_pinn.yaml_values import read_yaml, write_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("010", 10),
        ("1_000", 1000),
        ("-2", -2),
        ("1e-3", 1e-3),
        ("2.5E+7", 2.5e7),
        (".5", 0.5),
        ("1.", 1.0),
        ("true", True),
        ("[1, 1e3, tanh]", [1, 1e3, "tanh"]),
        ("1:30", "1:30"),
        ("04:00:00", "04:00:00"),
        ("2026-01-01", "2026-01-01"),
        ("1_", "1_"),
        ("[1_, 2__0]", ["1_", "2__0"]),
        ("1_000.5", 1000.5),
    ],
)
def test_a_text_is_what_people_mean(text, value):
    assert read_yaml(text) == value and type(read_yaml(text)) is type(value)


def test_what_is_dumped_is_read_as_it_was():
    values = {"a": "010", "b": "1:30", "c": 1e-30, "d": "1e3", "e": "0x10", "f": float("inf"), "g": [True, "no", None]}
    assert read_yaml(write_yaml(values)) == values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", r"'a' is there already, on line 1.*line 3, column 1"),
        ("grid: {steps: [1], steps: [2]}", r"'steps' is there already, on line 1.*line 1, column 20"),
        ("list:\n- steps: 1\n  seed: 1\n  steps: 2\n", r"'steps' is there already, on line 2.*line 4"),
    ],
)
def test_a_name_that_comes_twice_is_refused_with_its_lines(text, told):
    with pytest.raises(yaml.MarkedYAMLError) as raised:
        read_yaml(text)
    assert re.search(told, str(raised.value), re.DOTALL)


def test_the_same_name_may_stand_in_two_places_and_be_merged():
    text = "a: &common {steps: 1, seed: 2}\nb: {<<: *common, seed: 3}"
    assert read_yaml(text)["b"] == {"steps": 1, "seed": 3}
