"""Find whether code reads a name before it sets it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import Enum

READS_ALL = {"globals", "locals", "vars", "eval", "exec", "get_ipython"}
"""Functions that may read any name."""
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Use(Enum):
    """The first use of a name in code."""

    READ = "read"
    SET = "set"


def first_use(name: str, nodes: Iterable[ast.AST | None]) -> Use | None:
    """Return the first use of a name in code that is executed in this order; None if there is none for certain.

    A name that is set in only one of several branches may keep its value, so this does not count; a read in a branch
    does. The body of a function counts where the function is defined.
    """
    return next((use for node in nodes if node and (use := _use(name, node))), None)


def _use(name: str, node: ast.AST) -> Use | None:
    match node:
        case ast.Name():
            if isinstance(node.ctx, ast.Load):
                return Use.READ if node.id in (name, *READS_ALL) else None
            return _set(node.id == name)
        case ast.AugAssign():  # reads its target
            if isinstance(node.target, ast.Name) and node.target.id == name:
                return Use.READ
            return first_use(name, [node.target, node.value])
        case ast.Assign():
            return first_use(name, [node.value, *node.targets])
        case ast.AnnAssign():
            return first_use(name, [node.annotation, node.value, node.target]) if node.value else None
        case ast.NamedExpr():
            return first_use(name, [node.value, node.target])
        case ast.For() | ast.AsyncFor():
            return first_use(name, [node.iter, node.target, *node.body, *node.orelse])
        case ast.alias():
            return _set((node.asname or node.name.partition(".")[0]) == name)
        case ast.If() | ast.IfExp():
            return _use(name, node.test) or _of_branches(name, _as_list(node.body), _as_list(node.orelse))
        case ast.While():
            return _use(name, node.test) or _of_branches(name, node.body, node.orelse, [])
        case ast.BoolOp():
            return _use(name, node.values[0]) or _of_branches(name, node.values[1:], [])
        case ast.Try() | ast.TryStar():
            tried, caught = [*node.body, *node.orelse], [handler.body for handler in node.handlers]
            return _of_branches(name, tried, *caught) or first_use(name, node.finalbody)
        case ast.Match():
            return _use(name, node.subject) or _of_branches(name, *map(list, map(ast.iter_child_nodes, node.cases)), [])
        case ast.ClassDef():  # names set in its body are its attributes
            inner = first_use(name, [*node.bases, *node.keywords, *node.decorator_list, *node.body])
            return inner if inner is Use.READ else _set(node.name == name)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return _of_function(name, node)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return _of_comprehension(name, node)
        case _:
            return first_use(name, ast.iter_child_nodes(node))


def _of_branches(name: str, *branches: Iterable[ast.AST]) -> Use | None:
    """Return the use that all branches have, or a read in one of them."""
    uses = {first_use(name, branch) for branch in branches}
    return Use.READ if Use.READ in uses else uses.pop() if len(uses) == 1 else None


def _of_function(name: str, node: FUNCTIONS) -> Use | None:
    """Return the first use in a function: its defaults are read at once; its local names hide those of the notebook."""
    arguments, body = node.args, _as_list(node.body)
    outer = [*getattr(node, "decorator_list", []), *arguments.defaults, *arguments.kw_defaults]
    inside = [each for part in body for each in ast.walk(part)]
    parameters = {each.arg for each in ast.walk(arguments) if isinstance(each, ast.arg)}
    shared = {each for part in inside if isinstance(part, ast.Global) for each in part.names}
    own = parameters | {each.id for each in inside if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    hidden = name in own - shared
    if first_use(name, outer) is Use.READ or first_use("" if hidden else name, body) is Use.READ:
        return Use.READ
    return _set(getattr(node, "name", "") == name)


def _of_comprehension(name: str, node: COMPREHENSIONS) -> Use | None:
    """Return the first use in a comprehension, whose variables are local."""
    own = {each.id for part in node.generators for each in ast.walk(part.target) if isinstance(each, ast.Name)}
    parts: Iterator[ast.AST] = (each for part in node.generators for each in (part.iter, *part.ifs))
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    if name not in own:
        return first_use(name, [*parts, *results])
    first = _use(name, node.generators[0].iter)
    return first or first_use("", [*parts, *results])


def _as_list(body: object) -> list[ast.AST]:
    return body if isinstance(body, list) else [body]  # type: ignore[list-item]


def _set(is_so: bool) -> Use | None:
    return Use.SET if is_so else None
