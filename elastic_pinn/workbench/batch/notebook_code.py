"""Static analysis of a notebook's code, before a kernel runs it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.legal_values import KINDS
from elastic_pinn.workbench.batch.name_use import READS_ALL, Use, first_use

PLAIN = (ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Name, ast.expr_context, ast.UnaryOp,
         ast.unaryop, ast.BinOp, ast.operator)  # fmt: skip
"""The nodes of an expression whose value needs no kernel: numbers, text, lists, dicts, and arithmetic of these."""

TYPES = {kind.__name__: kind for kind in KINDS}


@dataclass(frozen=True)
class Parameters:
    """A parameters cell.

    Attributes:
        values: names with plain values.
        computed: names whose values only a kernel can compute, and names without a value.
        code: the cell's code without plain values.
    """

    values: Mapping[str, Any]
    computed: frozenset[str]
    code: str

    @property
    def names(self) -> set[str]:
        """All parameters."""
        return {*self.values, *self.computed}


def read_parameters(source: str, location: str) -> Parameters:
    """Return the parameters of a cell; magics are ignored. Raises ConfigError, which names the location, for invalid
    Python."""
    if source.lstrip().startswith("%%"):
        raise ConfigError(
            f"{location}: the cell begins with {source.split()[0]}, which hides its parameters: leave it out"
        )
    source = _python(source, location)
    values: dict[str, Any] = {}
    computed: set[str] = set()
    code = []
    for statement in ast.parse(source).body:
        names = _assigned(statement)
        try:
            value = _plain(getattr(statement, "value", None), values)
        except (_NotPlain, ArithmeticError, TypeError, ValueError):
            names = []
        if names:
            values |= dict.fromkeys(names, value)
            computed -= set(names)
        else:
            bound = _bound(statement)
            values = {name: value for name, value in values.items() if name not in bound}
            computed |= bound
            code.append(ast.get_source_segment(source, statement) or "")
    return Parameters(values, frozenset(computed), "\n".join(code))


def is_ignored(name: str, cells: Sequence[str]) -> bool:
    """Return whether the code after the parameters sets a name before it reads it, or never reads it."""
    return first_use(name, _statements(cells)) is not Use.READ


def calls(name: str, cells: Sequence[str]) -> list[ast.Call]:
    """Return the calls of a function or method of this name that pass all names, as in f(globals(), ...)."""
    nodes = (node for statement in _statements(cells) for node in ast.walk(statement))
    found = (node for node in nodes if isinstance(node, ast.Call) and _called(node) == name)
    return [call for call in found if any(_called(node) in READS_ALL for node in ast.walk(call) if node is not call)]


def own_types(cells: Sequence[str], location: str) -> dict[str, type]:
    """Return the declaration of own numbers in the calls of from_namespace, name -> type.

    Raises ConfigError, which names the location, for one that is not written out.
    """
    found: dict[str, type] = {}
    for call in calls("from_namespace", cells):
        for own in (*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "own")):
            try:
                found |= _written_types(own)
            except (KeyError, ValueError):
                raise ConfigError(
                    f"{location}: own = {ast.unparse(own)}: write the names and types out, as in "
                    "own={'pulse_width': float}, so that parameters can be checked before a kernel starts"
                ) from None
    return found


def names_beside(cells: Sequence[str], location: str) -> frozenset[str]:
    """Return the names that calls of from_namespace leave to the notebook.

    Raises ConfigError, which names the location, for some that are not written out.
    """
    given = [each.value for call in calls("from_namespace", cells) for each in call.keywords if each.arg == "beside"]
    try:
        return frozenset(str(name) for each in given for name in ast.literal_eval(each))
    except (TypeError, ValueError):
        raise ConfigError(
            f"{location}: beside = {', '.join(map(ast.unparse, given))}: write the names out, as in "
            "beside=['reference'], so that parameters can be checked before a kernel starts"
        ) from None


def without_comments(source: str) -> str:
    """Return code without its comments; unchanged if it is no Python, such as a cell with magics."""
    try:
        tokens = [*tokenize.generate_tokens(io.StringIO(source).readline)]
    except (tokenize.TokenError, SyntaxError):
        return source
    begins = dict(token.start for token in tokens if token.type == tokenize.COMMENT)  # by line
    lines = [(row, line[: begins.get(row)]) for row, line in enumerate(source.splitlines(), 1)]
    return "\n".join(
        line.rstrip() if row in begins else line for row, line in lines if line.strip() or row not in begins
    )


def _written_types(own: ast.expr) -> dict[str, type]:
    """Return names and types that are written out. Raises KeyError or ValueError for anything else."""
    if not isinstance(own, ast.Dict) or None in own.keys:
        raise ValueError(ast.unparse(own))
    names = [ast.literal_eval(key) for key in own.keys if key]
    return dict(zip(names, [TYPES[ast.unparse(value)] for value in own.values], strict=True))


class _NotPlain(Exception):
    """An expression whose value only a kernel can compute."""


def _plain(expression: ast.expr | None, known: Mapping[str, Any]) -> Any:
    if expression is None or not all(isinstance(node, PLAIN) for node in ast.walk(expression)):
        raise _NotPlain
    if any(isinstance(node, ast.Name) and node.id not in known for node in ast.walk(expression)):
        raise _NotPlain
    return eval(compile(ast.Expression(expression), "parameters", "eval"), {"__builtins__": {}}, dict(known))


def _assigned(statement: ast.stmt) -> list[str]:
    """Return the names in `a = b = value` and `a: kind = value`; [] for any other statement."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else []


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds in any other way, without imports and definitions."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and not _is_load(node)}


def _called(node: ast.AST) -> str:
    """Return the name of the function or method that is called here; "" if it is no call."""
    function = node.func if isinstance(node, ast.Call) else None
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _is_load(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _statements(cells: Sequence[str]) -> Iterator[ast.stmt]:
    """Yield all statements, in order; invalid cells are skipped, since the kernel will refuse them."""
    for cell in cells:
        try:
            yield from ast.parse(_python(cell, "")).body
        except ConfigError:
            continue


def _python(source: str, location: str) -> str:
    """Return a cell's text as Python, with magics as calls of get_ipython()."""
    try:
        ast.parse(source)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager  # slow to import, and rarely needed

        source = TransformerManager().transform_cell(source)
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise ConfigError(f"{location}: the cell is no Python, line {error.lineno}: {error.msg}") from None
    return source
