"""Values as people write them: YAML, in which 1e-3 is a number."""

import re
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML, but 1e-3 is a number."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(text: str) -> Any:
    """What a text says. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)
