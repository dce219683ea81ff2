"""The dependencies stand in three files and in the code itself: all four say the same."""

import ast
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).parents[1]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
IMPORT_NAMES = {
    "yaml": "pyyaml",
    "pina": "pina-mathlab",
    "importlinter": "import-linter",
    "skfem": "scikit-fem",
    "PIL": "pillow",
    "IPython": "ipykernel",
}
EXTRAS = ("cluster", "formats", "reference", "s3", "azure", "gcs", "test", "bench", "dev")
# The programs behind `make lab`, what runs the cells, what shows a .h5, what xarray writes by, and what itables needs.
NEVER_IMPORTED = {"jupyterlab", "nbstripout", "ipykernel", "jupyterlab-h5web", "h5netcdf", "anywidget"}


def requirements(lines: Iterable[str]) -> dict[str, Requirement]:
    found = map(Requirement, lines)
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def project() -> dict:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def base() -> dict[str, Requirement]:
    return requirements(project()["dependencies"])


def extra(*names: str) -> dict[str, Requirement]:
    return requirements(line for name in names for line in project()["optional-dependencies"][name])


def sources(folder: str) -> Iterator[str]:
    """The Python text of every module, script and notebook below a folder."""
    for path in (PROJECT / folder).rglob("*.py"):
        yield path.read_text()
    for path in (PROJECT / folder).rglob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        yield "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def imported(*folders: str) -> set[str]:
    """The distributions of other people that the code in these folders imports."""
    nodes = [node for folder in folders for text in sources(folder) for node in ast.walk(ast.parse(text))]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    beside = {path.stem for path in (PROJECT / "tests").rglob("*.py")} if "tests" in folders else set()
    ours = {"elastic_pinn", "tests"} | beside
    roots = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - ours
    return {canonicalize_name(IMPORT_NAMES.get(root, root)) for root in roots}


def test_library_and_notebooks_import_exactly_the_declared_dependencies():
    assert imported("elastic_pinn", "notebooks") | NEVER_IMPORTED == set(base()) | set(extra("cluster", "formats"))


def test_data_scripts_import_only_declared_dependencies():
    assert imported("data") <= set(base()) | set(extra("reference"))


def test_tests_import_only_declared_dependencies():
    assert imported("tests") <= set(base()) | set(extra(*EXTRAS))


def test_conda_environment_is_the_same_list_as_pyproject():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text())
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    conda = {name: requirement.specifier for name, requirement in requirements(lines).items()}
    assert conda.pop("python") == Requirement(f"python{project()['requires-python']}").specifier
    del conda["pip"]
    expected = {CONDA_NAMES.get(name, name): requirement.specifier for name, requirement in base().items()}
    assert conda == expected
    assert {"pip": ["-e ."]} in environment["dependencies"]


def pins() -> dict[str, Version]:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


@pytest.mark.parametrize("name", [*base(), *extra(*EXTRAS)])
def test_every_dependency_is_pinned_within_its_range(name):
    requirement = (base() | extra(*EXTRAS))[name]
    assert pins()[name] in requirement.specifier


def test_pins_hold_on_any_machine():
    assert all(version.local is None for version in pins().values())
