"""What the state_dict of a model holds: names, shapes and types, before anything of it is used."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.network import Network
from elastic_pinn.physics.media.medium import CONSTANTS

ShapeAndType = tuple[tuple[int, ...], torch.dtype]
ANY = -1  # a size that is not fixed


def regions_of(state: Mapping[str, Tensor]) -> int:
    """How many regions the model of a state_dict has."""
    return 1 + sum(name.startswith("region_") for name in state)


def source_names(state: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the tensors of sources, in their order."""
    numbers = range(1, 1 + sum(name.startswith("source_") for name in state))
    return [f"source_{number}" for number in numbers]


def term_names(state: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the tensors of conditions that hold exactly, in their order."""
    numbers = range(1, 1 + sum(name.startswith("held.term_") for name in state))
    return [f"held.term_{number}" for number in numbers]


def _of_materials(regions: int, inside: torch.dtype) -> tuple[dict[str, ShapeAndType], dict[str, ShapeAndType]]:
    """What the state_dict of a model holds of its materials, and what it may hold beside."""
    always: dict[str, ShapeAndType] = {}
    further: dict[str, ShapeAndType] = {}
    for prefix in ["material."] if regions == 1 else [f"material.{number}." for number in range(1, regions + 1)]:
        always |= {f"{prefix}start": ((3,), torch.float64), f"{prefix}search": ((), torch.float64)}
        further |= {f"{prefix}{name}": ((), inside) for name in ("log_bulk", "log_mu", "log_rho")}
        further |= {f"{prefix}damping": ((), torch.float64), f"{prefix}plane_stress": ((), torch.bool)}
    if regions == 1:
        further["material.samples"] = ((len(CONSTANTS), ANY, ANY), torch.float64)
    return always, further


def require_fitting(state: Mapping[str, Tensor], network: type[Network], config: NetworkConfig) -> None:
    """Raise ValueError for a state_dict that is not one of a model with this network."""
    always, further = _expected_tensors(state, network, config)
    legal = always | {name: further[name] for name in further.keys() & state.keys()}
    if legal.keys() != state.keys():
        missing, unexpected = sorted(legal.keys() - state.keys()), sorted(state.keys() - legal.keys())
        raise ValueError(f"missing are {missing[:3] or 'none'}, and of another network are {unexpected[:3] or 'none'}")
    for name, value in state.items():
        found = tuple(value.shape), value.dtype
        sizes, dtype = legal[name]
        of_any = tuple(ANY if size == ANY else n for n, size in zip(found[0], sizes, strict=False))
        if (of_any, found[1], len(found[0])) != (sizes, dtype, len(sizes)):
            raise ValueError(
                f"{name} is {found[1]} of shape {found[0]} instead of {legal[name][1]} of {legal[name][0]}"
            )
    for name in (name for name in state if not name.startswith("network.") and ".log_" not in name):
        if not state[name].isfinite().all():
            raise ValueError(f"{name} is not finite")
    extent_of_time, others = state["scale_numbers"][5], state["scale_numbers"][[3, 4, 6, 7, 8, 9]]
    if not ((others > 0).all() and extent_of_time >= 0):  # 0 in a static problem
        raise ValueError("scale_numbers has an extent or a unit that is not positive")


def _expected_tensors(
    state: Mapping[str, Tensor], network: type[Network], config: NetworkConfig
) -> tuple[dict[str, ShapeAndType], dict[str, ShapeAndType]]:
    """Shape and type of every tensor in the state_dict, and of those that it may hold beside."""
    regions, inside = regions_of(state), getattr(torch, config.precision)
    always, further = _of_materials(regions, inside)
    always |= {"scale_numbers": ((10,), torch.float64)}
    always |= {f"region_{number}": ((ANY,), torch.float64) for number in range(2, regions + 1)}
    further |= {"shape_numbers": ((ANY,), torch.float64)}
    if network.has_waves_beside_loads:
        further |= {"circles_beside": ((ANY, 3), torch.float64)}
    further |= dict.fromkeys(source_names(state), ((ANY,), torch.float64))
    if config.hard_conditions:
        always |= {"held.orders": ((5,), torch.float64)}
        further |= dict.fromkeys(term_names(state), ((ANY, ANY, ANY, 2), torch.float64))
    return always | {
        f"network.{name}": (shape, inside) for name, shape in network.shapes(config, regions).items()
    }, further
