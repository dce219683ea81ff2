"""Every public name's docstring tells what it takes, with shapes and units, what it returns and what it raises."""

import functools
import inspect
import re
from collections.abc import Iterator
from types import FunctionType

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

import elastic_pinn as ep

RULES = {
    "GL03": "no double blank lines",
    "GL06": "only numpydoc's sections",
    "GL07": "sections in numpydoc's order",
    "GL08": "a docstring",
    "SS03": "a summary that ends with a full stop",
    "SS05": "a summary in the imperative",
    "SS06": "a summary of one line",
    "PR01": "each parameter of the signature",
    "PR02": "no other parameter",
    "PR03": "parameters in their order",
    "PR07": "what each parameter means",
    "RT01": "what is returned",
    "RT03": "what the returned value means",
}
"""Of numpydoc.validate: https://numpydoc.readthedocs.io/en/latest/validation.html"""

NO_VERBS = {"A", "All", "An", "As", "For", "Its", "No", "Of", "The", "What", "Whether", "Which"}
ARRAY = re.compile(r"Tensor|ndarray|Array|Field")
SHAPE = re.compile(r"\((?:\.\.\.|[A-Z]|\d+)(?:, ?(?:[A-Z]|\d+|\.\.\.))*,?\)")
UNIT = re.compile(r"\b(m|s|Pa|N/m3|kg/m3|m/s|1/s|Hz|radians|degrees|[Ii]nches)\b|SI unit|[Dd]imensionless|\b0 to 1\b")
POINT = {"x", "y", "t"}
OTHER_WAYS = ("p_speed", "s_speed", "young_modulus", "poisson_ratio", "material")  # to give a config's material


def public_names() -> Iterator[str]:
    """Every public name of the package and of its figures, with the public members that are the package's own."""
    names = [f"elastic_pinn.{name}" for name in ep.__all__ if name != "figures"]
    names += [f"elastic_pinn.workbench.figures.{name}" for name in ep.figures.__all__]
    for name in names:
        yield name
        if inspect.isclass(kind := found(name)):
            for member in dir(kind):
                if not member.startswith("_") and is_documented_by_itself(kind, member):
                    yield f"{name}.{member}"


def found(name: str) -> object:
    """The object of a dotted name."""
    parts = name.removeprefix("elastic_pinn.").removeprefix("workbench.").split(".")
    return functools.reduce(getattr, parts, ep)


def is_documented_by_itself(kind: type, member: str) -> bool:
    """Whether a member is a method or property that the package defines; data are documented with their class."""
    owner = next(base for base in kind.__mro__ if member in vars(base))
    kinds = FunctionType | classmethod | staticmethod | property | functools.cached_property
    value = getattr(owner, member)
    is_data = getattr(value, "__module__", owner.__module__) != owner.__module__  # or made by matplotlib
    is_data |= getattr(value, "__name__", member) != member  # as the operator of a condition
    return owner.__module__.startswith("elastic_pinn") and isinstance(vars(owner)[member], kinds) and not is_data


each_name = pytest.mark.parametrize("name", list(public_names()))


@each_name
def test_public_docstrings_have_the_sections_of_numpydoc(name):
    broken = {(rule, text) for rule, text in validate(name)["errors"] if rule in RULES}
    if name == "elastic_pinn.Config":
        broken = {(rule, text) for rule, text in broken if not all(way in text for way in OTHER_WAYS)}
    assert broken == set()


@each_name
def test_functions_say_in_the_imperative_what_they_do(name):
    if inspect.isfunction(found(name)) or inspect.ismethod(found(name)):
        summary = inspect.getdoc(found(name)).split()
        assert summary[0] not in NO_VERBS


@each_name
def test_arrays_have_a_shape_and_quantities_a_unit(name):
    if name == "elastic_pinn.Config" or not callable(found(name)):
        return
    if inspect.isclass(found(name)) and "__init__" not in vars(found(name)) and issubclass(found(name), Exception):
        return  # of one text
    documented = get_doc_object(found(name))["Parameters"]
    text = {each: f"{entry.type} {' '.join(entry.desc)}" for entry in documented for each in entry.name.split(", ")}
    for parameter in inspect.signature(found(name)).parameters.values():
        kind = str(parameter.annotation)
        is_array = ARRAY.search(kind) or (kind == "Any" and parameter.name in POINT)
        if is_array:
            assert SHAPE.search(text[parameter.name]), f"{parameter.name}: no shape"
        if is_array or re.search(r"\bfloat\b", kind):
            assert UNIT.search(text[parameter.name]), f"{parameter.name}: no unit"
