"""Parameters cells and code as people write them, read without a kernel."""

from pathlib import Path

import pytest

from elastic_pinn.config import ConfigError
from elastic_pinn.workbench.batch.notebook import Notebook
from elastic_pinn.workbench.batch.notebook_code import (
    calls,
    is_ignored,
    names_beside,
    read_parameters,
    without_comments,
)


@pytest.mark.parametrize(
    ("source", "values", "computed"),
    [
        ("steps = 3  # in all", {"steps": 3}, set()),
        ("steps: int = 3", {"steps": 3}, set()),
        ("steps = 2 * 100\nrate = -1e-3 / 4", {"steps": 200, "rate": -2.5e-4}, set()),
        ("n = 4\nsteps = n ** 2\nwidths = [n] * 2", {"n": 4, "steps": 16, "widths": [4, 4]}, set()),
        ("a = b = 'x'", {"a": "x", "b": "x"}, set()),
        ("d = 0.02\nsources = [{'at': [0.01, d / 2]}]", {"d": 0.02, "sources": [{"at": [0.01, 0.01]}]}, set()),
        ("sources = [{'at': place()}]", {}, {"sources"}),
        ("steps = 1\nsteps = 2", {"steps": 2}, set()),
        ("import numpy as np\nlength = np.pi", {}, {"length"}),
        ("steps: int", {}, {"steps"}),
        ("steps = 1\nsteps += 1", {}, {"steps"}),
        ("steps = 1\nif True:\n    steps = 2", {}, {"steps"}),
        ("length = 1 / 0", {}, {"length"}),
        ("rate = f(1)\nrate = 2", {"rate": 2}, set()),
        ("a, b = 1, 2", {}, {"a", "b"}),
        ("%matplotlib inline\n!ls\nsteps = 3", {"steps": 3}, set()),
        ("files = !ls\nsteps = 3", {"steps": 3}, {"files"}),
        ('"""What follows."""\n', {}, set()),
        ("", {}, set()),
    ],
)
def test_a_cell_of_parameters_is_read_as_it_is_meant(source, values, computed):
    found = read_parameters(source, "a.ipynb")
    assert (found.values, found.computed) == (values, computed)
    assert found.names == {*values, *computed}


@pytest.mark.parametrize(
    ("source", "told"),
    [("%%time\nsteps = 3", "a.ipynb: the cell begins with %%time"), ("steps = = 3", "a.ipynb: .* no Python, line 1")],
)
def test_a_cell_whose_parameters_cannot_be_known_is_refused(source, told):
    with pytest.raises(ConfigError, match=told):
        read_parameters(source, "a.ipynb")


def test_calls_with_all_names_are_found_and_others_are_not():
    cells = ["config = ep.of(globals())\nother = of(dict(**vars()))", "of({'steps': 1})", "globals()"]
    assert len(calls("of", cells)) == 2 and calls("globals", cells) == []


def test_plain_values_are_no_code_and_what_works_them_out_is():
    one, other = (read_parameters(f"import math\nsteps = {n}\nrate = math.sin(0.1)", "").code for n in (1, 2))
    assert one == other and "math.sin(0.1)" in one and "steps" not in one


@pytest.mark.parametrize(
    ("cells", "ignored"),
    [
        (["print(steps)", "steps = 5"], False),
        (["steps = 5\nprint(steps)"], True),
        (["steps: int = 5"], True),
        (["steps = 2 * steps"], False),
        (["config = Config.from_namespace(globals())", "steps = 5"], False),
        (["steps = 5\nconfig = Config.from_namespace(globals())"], True),
        (["%run script.py"], False),
        (["def use():\n    return steps"], False),
        (["pass"], True),
        ([], True),
        (["seed, steps = 3, 4\nprint(steps)"], True),
        (["for steps in range(3):\n    print(steps)"], True),
        (["for i in range(steps):\n    print(i)"], False),
        (["with open('a') as steps:\n    print(steps)"], True),
        (["print((steps := 3), steps)"], True),
        (["import numpy as steps\nprint(steps)"], True),
        (["from steps.a import b\nprint(steps)"], False),
        (["def steps():\n    pass\nprint(steps)"], True),
        (["class Steps:\n    steps = 3\nprint(steps)"], False),
        (["def use(steps):\n    return steps"], True),
        (["def use(n=steps):\n    return n"], False),
        (["print([steps for steps in range(3)])"], True),
        (["print([i for i in range(3) if i < steps])"], False),
        (["if fast:\n    steps = 5\nprint(steps)"], False),
        (["if fast:\n    steps = 5\nelse:\n    steps = 6\nprint(steps)"], True),
        (["if fast:\n    print(steps)\nelse:\n    steps = 6"], False),
        (["steps: int\nprint(steps)"], False),
        (["steps += 1\nprint(steps)"], False),
        (["del steps"], True),
        (["def use():\n    global steps\n    steps += 1\nuse()\nsteps = 2"], False),
        (["try:\n    pass\nfinally:\n    steps = 2\nprint(steps)"], True),
        (["match kind:\n    case 1:\n        steps = 2\nprint(steps)"], False),
        (["while fast:\n    steps = 2\nprint(steps)"], False),
        (["fast and (steps := 2)\nprint(steps)"], False),
        (["(steps := steps + 1)"], False),
        (["for steps in range(steps):\n    pass"], False),
    ],
)
def test_a_name_that_is_set_before_it_is_read_is_ignored(cells, ignored):
    assert is_ignored("steps", cells) is ignored


def test_names_that_a_notebook_reads_beside_its_config_are_found_where_they_are_written_out():
    code = "config = ep.Config.from_namespace(globals(), beside=['reference', 'other'])"
    assert names_beside([code], "06.ipynb") == {"reference", "other"}
    assert names_beside(["config = ep.Config.from_namespace(globals())"], "06.ipynb") == frozenset()
    with pytest.raises(ConfigError, match=r"06.ipynb: beside = NAMES: write the names out"):
        names_beside(["ep.Config.from_namespace(globals(), beside=NAMES)"], "06.ipynb")


def test_a_sweep_of_the_plate_takes_its_reference():
    plate = Notebook.read(Path(__file__).parents[3] / "notebooks" / "06_plate.ipynb")
    assert plate.config({"reference": "fem.npz"}) == plate.config({})


def test_comments_go_and_nothing_else():
    source = "a = 1  # one\n# a line\ntext = '''\n# no comment\n\n'''\n\nb = '#'  \n"
    assert without_comments(source) == "a = 1\ntext = '''\n# no comment\n\n'''\n\nb = '#'  "
    assert without_comments("%magic (") == "%magic ("
