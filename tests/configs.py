"""Configs as the tests make them."""

import types
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.config import Config, ConfigError


def refusal(**fields) -> str:
    with pytest.raises(ConfigError) as error:
        Config(**fields)
    return str(error.value)


def notebook(**parameters) -> dict:
    """The globals of a kernel after a parameters cell and all other cells."""

    def helper():
        pass

    return {
        "__name__": "__main__",
        "__builtins__": {},
        "_": 3,
        "_i1": "import elastic_pinn as ep",
        "_dh": ["/somewhere"],
        "In": ["", "import elastic_pinn as ep"],
        "Out": {1: 3},
        "get_ipython": helper,
        "exit": object(),
        "quit": object(),
        "ep": ep,
        "np": np,
        "Path": Path,
        "helper": helper,
        "nothing": types.SimpleNamespace(),
        "config": Config(),
        "solid": ep.Material(2.0, 1.0, 1.0),
        "values": np.zeros(3),
        "depths": range(3),
        "where": Path("somewhere"),
    } | parameters


SHIPPED = {
    "problem": "receivers",
    "data": "data/aluminium_receivers.h5",
    "unknowns": ["lambda", "mu"],
    "network": "plane_waves",
    "hidden_layers": [3000],
    "activation": "sin",
    "input_frequency": 24.0,
    "precision": "float64",
    "stages": ["variable_projection"],
    "interior_points": 100,
    "initial_points": 700,
}
"""The shipped recording, as 02_inverse takes it."""
