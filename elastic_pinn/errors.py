"""The base class of all errors of this package, and the errors of a config."""


class ElasticPinnError(Exception):
    """A foreseen error: its text explains what is wrong, where, and what is legal or what to do.

    User interfaces show that text without a traceback; any other exception is a bug.
    """


class ConfigError(ElasticPinnError, ValueError):
    """An invalid config: the text names each bad field, its value and what is legal."""


class MissingProblemError(ConfigError):
    """A problem of the user's own, which is in no config, is not given."""
