"""What problems networks can solve that satisfy a part of it whatever their numbers, waves and potentials the equation,
periodic networks the condition on two sides, or whose outputs are of another form than the displacement."""

from __future__ import annotations

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.networks.config import NUMBERS_OF_POTENTIALS, NUMBERS_OF_WAVES
from elastic_pinn.physics import Disc, Periodic, Plate, Problem
from elastic_pinn.physics.media.inclusion import interfaces_of
from elastic_pinn.physics.sources import local_in, rest_of
from elastic_pinn.physics.sources.source_numbers import PointSource, has_numbers


def superposed(config: Config, problem: Problem) -> tuple[PointSource, ...]:
    """Return the sources whose free field is added to what the config's network finds: those of a body force, where
    its waves satisfy the equation of motion without any."""
    return tuple(filter(has_numbers, local_in(problem.force))) if config.network in NUMBERS_OF_WAVES else ()


def require_solvable(config: Config, problem: Problem) -> None:
    """Raise ConfigError for a problem that the config's network does not solve, whatever its numbers."""
    if config.network in NUMBERS_OF_WAVES:
        _require_waves(config, problem)
    if config.network == "potentials":
        _require_potentials(config, problem)
    _require_form(config, problem)
    if problem.domain.is_static and config.patches[2] > 1:
        raise ConfigError(f"patches = {list(config.patches)}: a plate at rest has no time: the last must be 1")
    holes = len(problem.domain.shape.holes) if isinstance(problem.domain.shape, Plate) else 0
    if config.hole_inputs not in (0, holes):
        legal = f"{holes} or 0" if holes else "leave it out"
        raise ConfigError(f"hole_inputs = {config.hole_inputs}: holes of the domain are {holes}: {legal}")
    for axis in config.periodic_axes:
        if not any(isinstance(each, Periodic) and each.axis == axis for each in problem.boundary):
            raise ConfigError(
                f"periodic_axes = {list(config.periodic_axes)}: the problem has no periodic sides along {axis}: leave "
                f"{axis!r} out, or state ep.Periodic({axis!r}), of a plate 'periodic' among its sides"
            )


def _require_form(config: Config, problem: Problem) -> None:
    """The same of the form of an mlp's outputs."""
    if config.form == "displacement":
        return
    second = [
        each.label or each.name for each in problem.statements[1:] if max(map(len, each.derivatives), default=0) > 1
    ]
    faults = {
        "a heterogeneous medium": problem.samples is not None,
        "a static problem": problem.domain.is_static,
        "a body force": bool(problem.force),
        f"{next(iter(second), '')}, which would need third derivatives": bool(second),
    }
    fault = next((name for name, has in faults.items() if has), "")
    if fault:
        raise ConfigError(f"form {config.form!r} cannot meet {fault}: take 'displacement'")


def _require_waves(config: Config, problem: Problem) -> None:
    """The same of waves, and for numbers of them that do not fit the problem."""
    network = f"network {config.network!r}"
    if problem.domain.is_static:
        raise ConfigError(f"{network} cannot meet a static problem: take 'potentials' or 'random_features'")
    if fault := _of_medium(problem) or _of_force(problem):
        raise ConfigError(f"{network} cannot meet {fault}: take 'mlp' or 'random_features'")
    closed = [each.shape for each in interfaces_of(problem.inclusions, problem.domain) if each.is_closed]
    if any(not isinstance(shape, Disc) for shape in closed):
        raise ConfigError(
            f"{network} cannot meet what a rectangular inclusion scatters all around it: take 'mlp' or "
            "'random_features', or let it be a Disc, or lie on a side of the domain"
        )
    holes = isinstance(problem.domain.shape, Plate)
    if config.network == "plane_waves" and (holes or closed):
        what = "holes scatter" if holes else "an inclusion scatters all around it"
        raise ConfigError(f"{network} cannot meet what {what}: take 'hole_waves'")
    if config.network == "hole_waves" and not (holes or closed or problem.circles_beside):
        raise ConfigError(
            f"{network} needs a domain with holes, an ep.Plate, a circular inclusion or an ep.SideLoad: take "
            "'plane_waves'"
        )
    if len(config.hidden_layers) > 2 and not problem.inclusions:
        raise ConfigError(
            f"{network} with hidden_layers = {list(config.hidden_layers)}: the last is the number of plane waves in "
            "each inclusion, and there are none: leave it out"
        )


def _require_potentials(config: Config, problem: Problem) -> None:
    """The same of potentials."""
    numbers = config.hidden_layers
    if not problem.domain.is_static:
        raise ConfigError("network 'potentials' is of plates at rest: take 'plane_waves' or, with holes, 'hole_waves'")
    fault = "inclusions" if problem.inclusions else "a body force" if problem.force else _of_medium(problem)
    if fault:
        raise ConfigError(f"network 'potentials' cannot meet {fault}: take 'mlp' or 'random_features'")
    if (len(numbers) == 2) != isinstance(problem.domain.shape, Plate):
        place = "holes" if len(numbers) == 1 else "no holes"
        raise ConfigError(
            f"network 'potentials' with hidden_layers = {list(numbers)}: the domain has {place}, and it needs "
            f"{NUMBERS_OF_POTENTIALS}"
        )


def _of_medium(problem: Problem) -> str:
    """What the medium is or has that no sum of such fields satisfies; "" if there is nothing."""
    if problem.samples is not None:
        return "a heterogeneous medium"
    return "damping" if any(material.damping for material in problem.materials) else ""


def _of_force(problem: Problem) -> str:
    """What a body force is or is beside that no waves with the free field of sources satisfy; "" if nothing."""
    if problem.force is None:
        return ""
    if rest_of(problem.force) or not all(map(has_numbers, local_in(problem.force))):
        return "a body force that is no ep.PointForce or ep.MomentSource"
    if problem.unknowns:
        return "a body force while constants of the material are unknown"
    return "a body force beside inclusions" if problem.inclusions else ""
