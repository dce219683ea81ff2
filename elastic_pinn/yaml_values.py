"""Read and write values as YAML, in which 1e-3 is a number, 010 is ten and a repeated name is an error."""

import re
from typing import Any, ClassVar

import yaml

# YAML 1.1 reads 010 as eight, 1:30 as ninety and 2026-01-01 as a date; here they are a number and texts.
INT, FLOAT, DATE = (f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))
RULES = {
    INT: re.compile(r"[-+]?\d+(_\d+)*$"),
    FLOAT: re.compile(r"[-+]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][-+]?\d+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"),
}


class _Loader(yaml.SafeLoader):
    """YAML by the rules above."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, rule) for tag, rule in rules if tag not in (INT, FLOAT, DATE)]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping. Raises yaml.MarkedYAMLError for a repeated name, since the first value would be lost."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                fault = f"{name!r} is there already, on line {lines[name]}: give each name once"
                raise yaml.constructor.ConstructorError(None, None, fault, key.start_mark)
            lines[name] = line
        return super().construct_mapping(node, deep)


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


class _Dumper(yaml.SafeDumper):
    """YAML for `_Loader`: texts that look like its numbers are quoted."""

    yaml_implicit_resolvers: ClassVar = _Loader.yaml_implicit_resolvers


for tag, rule in RULES.items():
    _Loader.add_implicit_resolver(tag, rule, list("-+.0123456789"))
_Loader.add_constructor(INT, _decimal)


def read_yaml(text: str) -> Any:
    """Return the value of a YAML text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)


def write_yaml(value: Any, **options: Any) -> str:
    """Return the YAML text of a value. options: of yaml.dump."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, **options)
