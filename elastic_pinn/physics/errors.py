"""What this wing raises of a problem that cannot be."""

from elastic_pinn.errors import ElasticPinnError


class ProblemError(ElasticPinnError, ValueError):
    """A problem, or a part of one, that cannot be, or has no answer: the text says which part and why."""
