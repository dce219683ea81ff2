"""What a run that needs no step more says of how it ended: had the search come to rest, and where."""

from __future__ import annotations

from elastic_pinn.fit import Fit
from elastic_pinn.training.session import Session

LAST_PART = 10  # of so many equal ones, the steps in which it is looked at how far unknowns moved


def has_converged(session: Session) -> bool | None:
    """Whether the search for the unknowns came to rest within their ranges; None of optimizers that cannot tell."""
    return session.converged and not session.model.material.at_edge()


def explain_end(session: Session) -> str:
    """Why no step more is needed; first whatever keeps the result from being one."""
    edges = edges_text(session)
    advice = f"{edges}: widen unknown_range, or check the units" if edges else ""
    return "; ".join(filter(None, (advice, session.reason_to_end or _by_steps(session))))


def with_verdict(session: Session, account: str, fit: Fit) -> str:
    """How a run ended, and what the data say of its unknowns; an edge that both are about is named once."""
    edges = edges_text(session)
    return (
        f"{account}; hence no ±" if edges and edges == fit.reason and edges in account else f"{account}; {fit.sentence}"
    )


def edges_text(session: Session) -> str:
    """The unknowns that are at the edge of their range, each with it; "" where none is."""
    edges = session.model.material.at_edge()
    return "; ".join(f"{name} is at the edge of its range, {bounds}" for name, bounds in edges.items())


def _by_steps(session: Session) -> str:
    """Of an end by the number of steps."""
    steps, done = session.config.steps, session.step
    beyond = f"at step {done} already, beyond the {steps} steps asked for" if done > steps else ""
    if session.converged is False:
        limit = f"{beyond}," if beyond else f"stopped by the limit of {steps} steps"
        return f"{limit} before it converged: {_moved(session, 1)} in the last one; give more steps"
    count = max(1, done // LAST_PART)
    moved = _moved(session, count)
    return f"{beyond or f'all {steps} steps done'}{f'; {moved} in the last {count}' if moved else ''}"


def _moved(session: Session, steps: int) -> str:
    """How far the unknowns moved in the last steps; "" where nothing is unknown."""
    start, history = session.problem.material, session.history
    before = {"lambda": start.lame_lambda, "mu": start.lame_mu, "rho": start.density}
    moves: list[str] = []
    for name in start.unknowns:
        column = history.column(f"material/{name}")
        first = column[-1 - steps] if len(column) > steps else before[name]
        percent = 100 * abs(column[-1] - first) / abs(first or start.bulk_modulus)  # lambda may start at 0
        moves.append(f"{name} {'' if moves else 'moved '}by {percent:.2g} %")
    return ", ".join(moves)
