"""Histories for tests, and whether two are equal."""

from elastic_pinn.storage import History

COLUMNS = ["step", "wall_s", "loss/total", "loss/pde", "material/mu"]


def filled(rows: int, start: int = 0) -> History:
    history = History(COLUMNS)
    for step in range(start, start + rows):
        history.append({"step": step, "loss/total": 1 / (1 + step), "wall_s": 0.5 * step})
    return history


def equal(one: History, other: History) -> bool:
    mine, theirs = one.columns(), other.columns()
    return (
        mine.keys() == theirs.keys()
        and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
        and all(mine[name].dtype == theirs[name].dtype for name in mine)
        and one.events == other.events
        and one.losses_of_start_until == other.losses_of_start_until
    )
