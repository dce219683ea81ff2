"""A model as an optimizer sees it, of parameters alone."""

from dataclasses import dataclass, field

from torch import nn

from elastic_pinn.physics.unknowns import ParameterGroup


@dataclass
class Trained:
    """Parameters of a network, those of them that are its last layer, and unknowns beside it."""

    network: list[nn.Parameter]
    last_layer: list[nn.Parameter] = field(default_factory=list)
    unknowns: list[nn.Parameter] = field(default_factory=list)

    @property
    def groups(self) -> tuple[ParameterGroup, ...]:
        found = (ParameterGroup("network", tuple(self.network)), ParameterGroup("material", tuple(self.unknowns)))
        return found if self.unknowns else found[:1]
