"""Which unknowns of a material can be identified.

Without a body force and without a traction, the equation of motion

    rho u_tt = (lambda + mu) grad(div u) + mu laplace(u)

and the known displacement, velocity or acceleration do not change when lambda, mu and rho are multiplied by one factor:
only c_p^2 = (lambda + 2 mu) / rho and c_s^2 = mu / rho can be identified. These two determine any two of the three
constants if the third is known and not zero. A known force or traction that is not zero determines the factor, and all
three can be found. So does a recorded stress, where the motion that it belongs to was recorded too, or is known in
part: alone it leaves the size of the motion open. Without motion, rho has no part, and the same holds of lambda and mu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elastic_pinn.physics.media.material import PARAMETERS, Material
from elastic_pinn.physics.probes import probes

if TYPE_CHECKING:
    from elastic_pinn.physics.data import Receivers
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.quantity import PhysicalQuantity

NO_LAMBDA = 1e-6  # of the P modulus: a smaller lambda separates mu from rho no better than rounding does
SPEEDS = "only c_p^2 = (lambda + 2 mu) / rho and c_s^2 = mu / rho show"
LOAD = "or give a known force or traction that is not zero"


def why_not_found(problem: Problem) -> str:
    """Explain why the unknowns of a problem's material cannot be found, and what to do; "" if they can."""
    if not problem.unknowns:
        return ""
    if problem.receivers is None:
        return f"unknowns {list(problem.unknowns)} need receivers: without data any material fits"
    if any(material.density_plus_minus for material in problem.materials) and (
        problem.inclusions or is_loaded(problem)
    ):
        why = "several materials" if problem.inclusions else "a known force, traction or stress"
        return (
            f"density_plus_minus is counted where motion alone tells lambda and mu per density, and here is {why}: "
            "leave it out"
        )
    leaves_open = _leaves_static_factor if problem.domain.is_static else _leaves_factor
    if not all(map(leaves_open, problem.materials)) or is_loaded(problem):
        return ""
    if problem.inclusions:
        names, alone = ", ".join(problem.unknowns), f"from {_recorded(problem.receivers)} alone"
        return (
            f"{names} cannot all be found {alone}: times any factor, all moduli and densities give the same one. "
            f"Fix one of them, {LOAD}"
        )
    if problem.domain.is_static:
        return (
            "lambda and mu cannot both be found from the displacement of a static problem: times any factor they give "
            f"the same one. Fix one of them, {LOAD}"
        )
    alone = f"from {_recorded(problem.receivers)} alone"
    if set(problem.unknowns) == set(PARAMETERS):
        return (
            f"lambda, mu and rho cannot all be found {alone}: times any factor they give the same "
            f"waves, {SPEEDS}. Fix one of them, {LOAD}"
        )
    return (
        f"mu and rho cannot be found {alone} where lambda is 0: times any factor they give the same "
        f"waves, {SPEEDS}. Fix mu or rho, {LOAD}"
    )


def _leaves_factor(material: Material) -> bool:
    """Whether waves in a material, with what is known of it, leave a factor of its moduli and density open."""
    return {"mu", "rho"} <= set(material.unknowns) and ("lambda" in material.unknowns or not _is_felt(material))


def _leaves_static_factor(material: Material) -> bool:
    """Whether a static displacement leaves a factor of its moduli open."""
    return {"lambda", "mu"} <= set(material.unknowns)


def _is_felt(material: Material) -> bool:
    """Whether a known lambda has an effect on waves that mu and rho alone do not have."""
    if material.plane == "stress":  # where the plane's lambda tends to 2 mu, whatever lambda is
        softening = 2.0 * material.lame_mu / (material.lame_lambda + 2.0 * material.lame_mu)
        return abs(material.in_plane_lambda) > NO_LAMBDA * material.p_modulus and softening > NO_LAMBDA
    return abs(material.lame_lambda) > NO_LAMBDA * material.p_modulus


def is_loaded(problem: Problem) -> bool:
    """Whether a force, a traction or a stress is known to be other than zero somewhere: one of unknown amplitude is
    not, nor is a stress that may belong to a motion of any size."""
    if any(pulse.is_size_unknown for pulse in problem.unknown_pulses):
        return False
    known = known_quantities(problem)
    recorded = [each.kind.physical for each in problem.receivers.records] if problem.receivers else []
    is_motion_known = any(not quantity.is_load for quantity in (*known, *recorded))
    return any(quantity.is_load for quantity in known) or (
        is_motion_known and any(quantity.is_load for quantity in recorded)
    )


def known_quantities(problem: Problem) -> list[PhysicalQuantity]:
    """The quantities that are prescribed and other than zero somewhere: of sides, of the start, of a body force."""
    return [probe.quantity for probe in probes(problem) if probe.name != "exact" and bool(probe.all_values().any())]


def _recorded(receivers: Receivers) -> str:
    return " and ".join(dict.fromkeys(each.quantity.replace("_", " ") for each in receivers.records))
