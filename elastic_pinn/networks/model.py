"""The trainable model: a network and a material, in SI units at its interface."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.delayed import Delayed
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.forms import FORMS, OfForm
from elastic_pinn.networks.free_field import FreeField, WithFreeField
from elastic_pinn.networks.held import Held
from elastic_pinn.networks.hole_waves import HoleWaves
from elastic_pinn.networks.mean_squares import mean_squares
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.model_state import regions_of, require_fitting, source_names, term_names
from elastic_pinn.networks.network import CurvatureProduct, Network, Window
from elastic_pinn.networks.patches import Patches
from elastic_pinn.networks.plane_waves import PlaneWaves
from elastic_pinn.networks.potentials import Potentials
from elastic_pinn.networks.scatterers import circles_of
from elastic_pinn.networks.separable import Separable
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics import Material, MaterialParameters, ParameterGroup, Scales
from elastic_pinn.physics.data import RECORDED_QUANTITIES, RecordedQuantity
from elastic_pinn.physics.domains import Regions, Shape, shape_of
from elastic_pinn.physics.domains.regions import of_region
from elastic_pinn.physics.media.medium import Medium
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.sources import Circle
from elastic_pinn.physics.sources.source_numbers import PointSource, numbers_of, source_of
from elastic_pinn.physics.statement import Statement
from elastic_pinn.physics.unknowns.region_materials import Materials, RegionMaterials

ONE = Regions()
EDGE = 1e-6  # of the window's half extents: the rounding that is allowed at its edge

NETWORKS: Mapping[str, type[Network]] = {
    "mlp": MLP,
    "separable": Separable,
    "random_features": MLP,
    "patches": Patches,
    "plane_waves": PlaneWaves,
    "hole_waves": HoleWaves,
    "potentials": Potentials,
}


class Model(nn.Module):
    """The displacement over a window of space and time, and the material.

    Its state_dict is complete: weights, material, and the scales between SI and the dimensionless inside. Network and
    material have one flat list of parameters, as every optimizer needs.
    """

    scale_numbers: Tensor
    circles_beside: Tensor | None

    def __init__(
        self,
        config: NetworkConfig,
        material: Materials,
        scales: Scales,
        generator: torch.Generator,
        shape: Shape | None = None,
        regions: Regions = ONE,
        circles_beside: Sequence[Circle] = (),
        sources: Sequence[PointSource] = (),
        held: Held | None = None,
    ) -> None:
        super().__init__()
        self.shape, self.regions = shape, regions
        numbers = shape.numbers if shape else ()
        self.register_buffer("shape_numbers", torch.tensor(numbers, dtype=torch.float64) if numbers else None)
        for number, of_inclusion in enumerate(regions.numbers, 2):
            self.register_buffer(f"region_{number}", torch.tensor(of_inclusion, dtype=torch.float64))
        speeds = [each.initial.c_p / material.initial.c_p for each in material.regions]
        self.network = NETWORKS[config.network](config, generator, Window(scales.extent, speeds))
        beside = torch.tensor(circles_beside, dtype=torch.float64) if circles_beside else None  # (L, 3), m
        self.register_buffer("circles_beside", beside if self.network.has_waves_beside_loads else None)
        self.network.surround(*circles_of(shape, regions, self.circles_beside, scales))
        self.form, self.held = FORMS[config.form], held
        self.material = material
        self.scales = scales
        self.dtype = getattr(torch, config.precision)
        self.register_buffer("scale_numbers", scales.as_tensor())
        for number, source in enumerate(sources, 1):
            self.register_buffer(f"source_{number}", torch.tensor(numbers_of(source), dtype=torch.float64))
        self._free_field = FreeField(sources, material.initial, scales) if sources else None
        self._wavelet: tuple[Tensor, Tensor] | None = None

    def __repr__(self) -> str:
        numbers = sum(parameter.numel() for parameter in self.network.parameters())
        return f"Model({type(self.network).__name__} of {numbers} weights in {self.material.initial})"

    @classmethod
    def create(
        cls,
        config: NetworkConfig,
        material: Material,
        scales: Scales,
        generator: torch.Generator,
        samples: Tensor | None = None,
        shape: Shape | None = None,
        regions: Regions = ONE,
        inclusions: Sequence[Material] = (),
        circles_beside: Sequence[Circle] = (),
        sources: Sequence[PointSource] = (),
        held: Held | None = None,
    ) -> Self:
        """Make a model with its initial weights, drawn from `generator`.

        samples: of a Medium, else None. shape: of the domain; None: the whole window. regions, inclusions: of a problem
        with inclusions, and the material of each. circles_beside: of a problem with loads on sides. sources: whose free
        field is added to what the network finds. held: the conditions that hold exactly.
        """
        dtype = getattr(torch, config.precision)
        parameters: Materials = (
            RegionMaterials([material, *inclusions], dtype, scales.time)
            if inclusions
            else MaterialParameters(material, dtype, scales.time, samples)
        )
        return cls(config, parameters, scales, generator, shape, regions, circles_beside, sources, held)

    def driven_by(self, delays: Tensor, coefficients: Tensor) -> Self:
        """Return a model of the same parameters whose source acts at several delays (K,) in s, each time with a
        coefficient (K,): of a source's wavelet that was found, the network has the waves of one pulse."""
        made = copy.copy(self)
        made._wavelet = (delays.to(self.dtype) / self.scales.time, coefficients.to(self.dtype))
        return made

    @property
    def has_free_field(self) -> bool:
        """Whether the free field of sources is added to what the network finds."""
        return self._free_field is not None

    @property
    def groups(self) -> tuple[ParameterGroup, ...]:
        """All that is trained: the network first, then what is unknown of the material."""
        of_network = tuple(parameter for parameter in self.network.parameters() if parameter.requires_grad)
        return ParameterGroup("network", of_network), *self.material.groups

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The parameters of the network that its outputs are linear in."""
        return self.network.last_layer

    @property
    def unknowns(self) -> list[nn.Parameter]:
        """All that is trained beside the network, U numbers."""
        return [parameter for group in self.groups[1:] for parameter in group.parameters]

    @property
    def bounds(self) -> Tensor:
        """The greatest useful absolute value of each unknown, (U,)."""
        bounds = [group.bound for group in self.groups[1:] for parameter in group.parameters
                  for _ in range(parameter.numel())]  # fmt: skip
        return self.network.extent.new_tensor(bounds)

    @classmethod
    def from_state(cls, config: NetworkConfig, state: Mapping[str, Tensor]) -> Self:
        """Make the model of a state_dict.

        Raises ValueError, before anything is allocated, for names, shapes or types that this config's model does not
        have, and for scales or a material that are not finite. Weights may be NaN: a run may have diverged.
        """
        dtype = getattr(torch, config.precision)
        require_fitting(state, NETWORKS[config.network], config)
        inside = {
            name.removeprefix("material."): value for name, value in state.items() if name.startswith("material.")
        }
        scales = Scales.from_tensor(state["scale_numbers"])
        regions = Regions.from_numbers([state[f"region_{i}"].tolist() for i in range(2, regions_of(state) + 1)])
        kind = MaterialParameters if regions.count == 1 else RegionMaterials
        numbers = state.get("shape_numbers")
        shape = None if numbers is None else shape_of(numbers.tolist())
        material = kind.from_state(inside, dtype, scales.time)
        beside = state.get("circles_beside", torch.empty(0, 3)).tolist()
        sources = [source_of(state[name].tolist()) for name in source_names(state)]
        terms = [state[name] for name in term_names(state)]
        held = Held(state["held.orders"], scales.extent, terms) if "held.orders" in state else None
        model = cls(config, material, scales, torch.Generator(), shape, regions, beside, sources, held)
        model.load_state_dict(state)
        return model

    def derivatives(self, points: Tensor, wanted: Iterable[str], regions: Tensor | None = None) -> dict[str, Tensor]:
        """Compute the displacement and its derivatives, all dimensionless: name -> (N, 2), "" being the displacement.

        points: (N, 3), dimensionless x, y, t. regions: 1 for each point's region and 0 for the others, (N, R); None:
        those that contain the points.
        """
        names = jets.components(wanted)
        jet = self._trial(points, names)  # (J, N, 2 R)
        if self.regions.count > 1:
            jet = of_region(jet, self._region_index(points) if regions is None else regions.argmax(1))  # (J, N, 2)
        return dict(zip(names, jet.unbind(0), strict=True))

    @torch.no_grad()
    def derivatives_on_grids(
        self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]
    ) -> Iterator[dict[str, Tensor]]:
        """Compute the same on a grid of x (G,) and y (H,) at each of some times (T,): name -> (G H, 2), x first.

        All are dimensionless. Only for a model on the CPU, and without gradients.
        """
        index = self._region_index(torch.cartesian_prod(x, y))  # (G H,)
        for found in self._trial.on_grids(x, y, times, wanted):  # each (G H, 2 R)
            is_one = self.regions.count == 1
            yield found if is_one else {name: of_region(values, index) for name, values in found.items()}

    @torch.no_grad()
    def jets_over_time(self, places: Tensor, times: Tensor, names: jets.Components) -> Tensor:
        """Compute the jet of all outputs at dimensionless places (N, 2) at each of some times (T,), (J, T, N, 2 R),
        without gradients; less work than at so many points where the network has waves around holes."""
        return self._trial.over_time(places, times, names)

    def derivatives_over_time(
        self, places: Tensor, times: Tensor, wanted: Iterable[str], index: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Compute the derivatives likewise, in one region at each place: name -> (T, N, 2), "" being the displacement.

        index: of the regions, (N,); None: those that contain the places.
        """
        names = jets.components(wanted)
        jet = self.jets_over_time(places, times, names)  # (J, T, N, 2 R)
        if self.regions.count > 1:
            jet = of_region(jet, self._region_index(places) if index is None else index)
        return dict(zip(names, jet.unbind(0), strict=True))

    def equations(self, statement: Statement, moduli: Moduli, batch: Batch) -> Equations:
        """Return the linear equations of a statement, for the network's outputs, at the points of a batch."""
        equations = equations_of(statement, moduli, batch, self.form)
        return self.held.asked(equations) if self.held else equations

    def mean_squares(self, equations: Sequence[Equations], is_compiled: bool = False) -> Tensor:
        """Compute the mean over points of each set's squared misfit, (sets,), with gradients for network and material.

        is_compiled: whether torch compiles the evaluation on a GPU; on a CPU it is compiled anyway.
        """
        return mean_squares(self._outputs, equations, is_compiled)

    @torch.no_grad()
    def residuals(self, equations: Equations) -> Tensor:
        """Compute every misfit, (N E,), a point's after each other."""
        return equations.misfit(self._outputs(equations.points, equations.names)).reshape(-1)

    @torch.no_grad()
    def squares(self, equations: Equations) -> Tensor:
        """Compute the squared misfit at each point, (N,): quicker than `residuals`, and equal up to rounding."""
        jet = self._outputs.without_gradients(equations.points, equations.names)
        return equations.misfit(jet).square().sum(1)

    def jacobian(self, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """The derivatives of `residuals` by some of the model's parameters, first of the network, then of the material,
        (N E, P)."""
        with torch.enable_grad():
            moduli = self.material()
        return self.network.jacobian(moduli, equations, parameters)

    def curvature(
        self, weighted: Sequence[tuple[float, Equations]], parameters: Sequence[nn.Parameter]
    ) -> CurvatureProduct:
        """The weighted sum of J^T J, J being the `jacobian` of each set by the same parameters."""
        with torch.enable_grad():
            moduli = self.material()
        return self.network.curvature(moduli, weighted, parameters)

    @property
    def _outputs(self) -> TrialFunction:
        """The network in the present material, with the free field of sources where there is one, and of the wavelet
        that drives it."""
        trial = self.network.within(self.material())
        trial = WithFreeField(trial, self._free_field) if self._free_field else trial
        return Delayed(trial, *self._wavelet, -self.scales.half[2] / self.scales.time) if self._wavelet else trial

    @property
    def _trial(self) -> TrialFunction:
        """The displacement that its outputs make."""
        if self.held:
            return self.held.displacement(self._outputs)
        return OfForm(self._outputs, self.form) if self.form is not FORMS["displacement"] else self._outputs

    def displacement(self, points: Tensor) -> Tensor:
        """Compute the displacement (N, 2) in m at points (N, 3) in m, m, s, without gradients."""
        return self._predicted(points, RECORDED_QUANTITIES["displacement"])

    def moduli(self, points: Tensor) -> Moduli:
        """Return the moduli, dimensionless: numbers, or, where they vary, (N,) at dimensionless points (N, 3).

        Those of a heterogeneous medium are interpolated between its samples.
        """
        if self.regions.count > 1:
            return self.material().at(self._region_index(points))
        if self.material.samples is None:
            return self.material()
        places = zip(self._places(points), self.scales.window, strict=True)
        inside = (each.clamp(*interval) for each, interval in places)  # up to rounding
        si = self._sampled_medium.moduli(*inside)
        return Moduli(*((each / unit).to(points) for each, unit in zip(si, self.scales.moduli, strict=True)))

    def _places(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """x and y of dimensionless points (N, 2 or 3), each (N,) in m."""
        (x, y, _), length = self.scales.origin, self.scales.length
        return x + length * points[:, 0].double(), y + length * points[:, 1].double()

    def _region_index(self, points: Tensor) -> Tensor:
        """The region that contains each of some dimensionless points (N, 2 or 3), (N,)."""
        return self.regions.index(*self._places(points))

    @cached_property
    def _sampled_medium(self) -> Medium:
        """The medium between its samples, which do not change: its splines take a while."""
        assert self.material.samples is not None, "a homogeneous material has none"
        return Medium.of_samples(self.material.samples, *self.scales.window, self.material.initial.plane)

    def predict(self, x: Any, y: Any, t: Any, quantity: str = "displacement") -> np.ndarray:
        """Predict a quantity of the wavefield.

        Parameters
        ----------
        x, y, t : array_like
            Positions in m and times in s, of shapes that broadcast.
        quantity : str
            "displacement" (m), "velocity" (m/s) or "acceleration" (m/s2), of x and y; "strain" (1), "strain_rate"
            (1/s) or "stress" (Pa), of xx, yy and xy.

        Returns
        -------
        ndarray
            The quantity, (..., 2) of a vector and (..., 3) of a tensor.

        Raises
        ------
        ValueError
            Outside the window of space and time that the network was trained in, and for another quantity.
        """
        if quantity not in RECORDED_QUANTITIES:
            raise ValueError(f"quantity = {quantity!r}: legal are {', '.join(RECORDED_QUANTITIES)}")
        x, y, t = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, y, t)))
        self.require_inside(x, y, t)
        points = torch.from_numpy(np.stack([x, y, t], axis=-1).reshape(-1, 3))  # (N, 3)
        wanted = RECORDED_QUANTITIES[quantity]
        chunks = [self._predicted(chunk, wanted) for chunk in points.split(65_536)]  # bounded memory
        return torch.cat(chunks).cpu().numpy().reshape(*x.shape, -1)

    def contains(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return whether places in the window, m, are inside the domain."""
        if self.shape is None:
            return np.ones(np.broadcast_shapes(x.shape, y.shape), dtype=bool)
        return self.shape.mask(x, y)

    def _predicted(self, points: Tensor, quantity: RecordedQuantity) -> Tensor:
        """A quantity at points (N, 3) in m, m, s, SI units, without gradients."""
        with torch.no_grad():
            inside = self.scales.dimensionless(points.to(self.scale_numbers.device, torch.float64)).to(self.dtype)
            u = self.derivatives(inside, quantity.derivatives)
            moduli = self.moduli(inside) if quantity.moduli else None
            return quantity.of(u, moduli).double() * quantity.physical.scale(self.scales)

    def require_inside(self, x: np.ndarray, y: np.ndarray, t: np.ndarray) -> None:
        """Raise ValueError unless positions in m and times in s, all of one shape, are in the window and the domain."""
        coordinates = {"x": x, "y": y, "t": t}
        for (name, values), middle, half in zip(coordinates.items(), self.scales.origin, self.scales.half, strict=True):
            low, high, unit = middle - half, middle + half, "s" if name == "t" else "m"
            within = np.abs(values - middle) <= (1.0 + EDGE) * half  # False of NaN
            if not within.all():
                raise ValueError(
                    f"{name} = {values[~within].flat[0]:g} {unit} is outside the window that the network was trained "
                    f"in, {low:g} to {high:g} {unit}: no prediction is valid there"
                )
        if self.shape and not (inside := self.contains(x, y)).all():
            where = float(x[~inside].flat[0]), float(y[~inside].flat[0])
            raise ValueError(
                f"x = {where[0]:g} m, y = {where[1]:g} m is {self.shape.whereabouts(*where)} that the network was "
                "trained in: no prediction is valid there"
            )
