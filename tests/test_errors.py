"""Every error that the package raises on purpose is one that the command line ends with in one line."""

import ast
from pathlib import Path

import elastic_pinn as ep

PACKAGE = Path(ep.__file__).parent


def test_each_error_class_is_an_elastic_pinn_error_or_the_systems():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in classes if node.name.endswith("Error")}
    foreseen = {"ElasticPinnError", "OSError"}
    while more := {name for name, above in bases.items() if above & foreseen} - foreseen:
        foreseen |= more
    assert {"ConfigError", "CheckpointError", "RunDirectoryError", "SweepError", "ReceiverFileError"} <= foreseen
    assert bases.keys() - foreseen == set()


def test_what_callers_caught_before_is_still_caught():
    assert issubclass(ep.ConfigError, ValueError) and issubclass(ep.ProblemError, ValueError)
    assert issubclass(ep.RunDirectoryError, RuntimeError) and issubclass(ep.DivergedError, RuntimeError)
