"""What an import asks for."""

import pytest

import elastic_pinn as ep


def missing(path, **options) -> str:
    """The error of a file that does not say all, and of options that do not either."""
    with pytest.raises(ep.ConfigError, match="does not say, and no option gives") as raised:
        ep.Receivers.read(path, **options)
    return str(raised.value)
