"""What all errors of this package have in common."""


class ElasticPinnError(Exception):
    """A fault that was foreseen: its text says what is wrong, where, and what is legal or what to do.

    Whoever runs something for people shows that text, without a traceback; any other exception is a bug.
    """
