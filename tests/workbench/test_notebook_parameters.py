"""A notebook that reads some names refuses all others, whoever gives them."""

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.notebook_parameters import require_only
from tests.configs import notebook

READ = {"run_dir": str, "monitor": str, "unknowns": list, "steps": int}


def test_what_a_notebook_reads_is_taken():
    require_only(notebook(run_dir="runs", unknowns=["mu"], steps=3, _private=4), **READ)
    require_only(notebook(unknowns=("mu",), scale=3), unknowns=list, scale=float)


def test_the_run_directory_that_commands_give_every_notebook_is_let_pass():
    require_only(notebook(run_dir="runs"), data=str)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"seed": 3},
            "'seed' is no parameter of this notebook, which would not look at it; legal names: mon",
        ),
        ({"resume": "auto"}, "'resume' is no parameter of this notebook, which would not look at it"),
        ({"monitr": "loss/pde"}, "'monitr' is no parameter of this notebook, .*; did you mean 'monitor'"),
        ({"run_dir": 3}, "^run_dir = 3: text is needed$"),
        ({"unknowns": "mu"}, "^unknowns = 'mu': a list is needed$"),
        ({"steps": True, "seed": 1}, r"(?s)'seed' is no parameter.*\nsteps = True: a whole number is needed"),
    ],
)
def test_what_it_does_not_read_is_refused_by_name_with_the_legal_ones(given, told):
    with pytest.raises(ep.ConfigError, match=told):
        require_only(notebook(**given), **READ)
