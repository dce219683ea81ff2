"""The error of an impossible problem."""

from elastic_pinn.errors import ElasticPinnError


class ProblemError(ElasticPinnError, ValueError):
    """A problem, or a part of one, that is impossible or has no solution: the text names the part and the reason."""
