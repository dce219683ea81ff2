"""The base class of all errors of this package."""


class ElasticPinnError(Exception):
    """A foreseen error: its text explains what is wrong, where, and what is legal or what to do.

    User interfaces show that text without a traceback; any other exception is a bug.
    """
