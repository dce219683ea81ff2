"""The fields of a config that choose the network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from elastic_pinn.config_sections import (
    Count,
    Fraction,
    List,
    NonNegative,
    OfList,
    OptionalCount,
    Positive,
    Section,
)
from elastic_pinn.field_declarations import With
from elastic_pinn.parameters import in_one_line

HELD_AT_ZERO = 1e3  # a ridge from which on a last layer that is solved for stays at zero
NUMBERS_OF_WAVES = {
    "plane_waves": ((1,), "one number, of waves, as in [3000]"),
    "hole_waves": (
        (2, 3),
        "two numbers, of plane waves and of waves around holes, as in [1000, 800], and with inclusions perhaps a "
        "third, of plane waves in each",
    ),
}
"""How many numbers networks without layers need in their place, and which."""

NUMBERS_OF_POTENTIALS = (
    "one number, of polynomials, as in [100], and where there are holes a second one, of potentials around them, as in "
    "[100, 300]"
)

COUNTS_OF_LAYERS = {**NUMBERS_OF_WAVES, "patches": ((1,), "one number, of features in each patch, as in [200]")}
"""The same of each network whose `hidden_layers` are no layers and whose activation is the sine."""

TRAINED = ("mlp", "separable")
"""Networks of which every layer is trained."""

WITH_FORMS = ("mlp", "random_features")
"""Networks whose outputs may be of another form than the displacement."""

WITH_HARD_CONDITIONS = (*TRAINED, "random_features")
"""Networks around which conditions may be built that hold exactly."""

WITHOUT_LAYERS = (*NUMBERS_OF_WAVES, "potentials")
"""Networks that are sums of solutions of the equation, whatever their amplitudes."""

WITH_ACTIVATIONS = ("mlp", "separable", "random_features")
"""Networks with a nonlinearity that can be chosen."""

WITH_WAVE_NUMBERS = (*WITH_ACTIVATIONS, *COUNTS_OF_LAYERS)
"""Networks that start with waves up to some wave number."""

WITH_FREQUENCIES = ("random_features", *COUNTS_OF_LAYERS)
"""Networks that start with waves up to a frequency of its own."""


class NetworkConfig(Section):
    """The network (x, y, t) -> (u_x, u_y)."""

    network: Literal["mlp", "separable", "random_features", "plane_waves", "hole_waves", "potentials", "patches"] = (
        "mlp"
    )
    """the kind of network. mlp: every layer is trained. separable: sums of products of functions of x, of y and of t
    (SPINN, 2023), of a grid of points (sampling) many times quicker. random_features: only the last layer is trained,
    and the others stay as drawn. plane_waves: the amplitudes of P and S waves, which satisfy the equation of a
    homogeneous solid; what point forces and moment sources do in an unbounded solid is added. hole_waves: those, and
    waves with a pole in each hole of an ep.Plate, in each circular inclusion and beside each ep.SideLoad. potentials:
    of a plate at rest, the amplitudes of fields in equilibrium, polynomials and around each hole negative powers.
    patches: random features in each patch of space and time, blended: for windows of many wavelengths or periods"""
    hidden_layers: Annotated[List[Count], Field(min_length=1)] = (100, 100, 100, 100)
    """width of each hidden layer; of separable, along each axis. Numbers, of plane_waves: of waves in each material; of
    hole_waves: of plane waves there, and waves around holes, inclusions and loads, or of plane waves around inclusions,
    waves with poles, and plane waves in each inclusion; of potentials: of polynomials, and around holes; of patches: of
    features in each"""
    patches: Annotated[tuple[Count, Count, Count], OfList, With(network=("patches",))] = (1, 1, 1)
    """of the network patches: into how many the window is divided along x, y and time"""
    rank: Annotated[Count, With(network=("separable",))] = 32
    """of the network separable: how many products each component of the displacement is the sum of"""
    initialization: Annotated[Literal["glorot", "features"], With(network=("mlp",))] = "glorot"
    """how an mlp starts. glorot: Glorot's normal weights. features: the last hidden layer as random features, for
    last_layer to begin with; random_features always does"""
    activation: Annotated[Literal["tanh", "sin", "swish"], With(network=WITH_ACTIVATIONS)] = "sin"
    """nonlinearity after each hidden layer; of plane_waves, hole_waves and patches always 'sin'; potentials have
    none. sin is the most exact of an mlp in the ablation (tests/benchmarks/README.md)"""
    form: Annotated[Literal["displacement", "potentials"], With(network=WITH_FORMS)] = "displacement"
    """what an mlp's or random features' outputs are. displacement: itself. potentials: of P and S waves, with a scalar
    wave equation each, in a homogeneous solid without body force"""
    hard_conditions: Annotated[List[Literal["start", "sides"]], With(network=WITH_HARD_CONDITIONS)] = ()
    """conditions that hold exactly whatever the weights, as the output of a network with layers is built around them:
    "start" and "sides", those of a rectangle all along which both components of the displacement are prescribed"""
    input_frequency: Annotated[Positive, With(network=WITH_WAVE_NUMBERS)] = 1.0
    """the higher, the shorter the waves that the network starts with: a factor on the first layer's weights (glorot),
    or the greatest wave number in radians per half the window's longer side (features, plane_waves, hole_waves), of
    patches along each axis in radians per half of what a patch extends over: half as much again as its part of the
    window, along an axis that is divided"""
    time_frequency: Annotated[NonNegative, With(network=WITH_FREQUENCIES), With(initialization=("features",))] = 0.0
    """the greatest frequency of features, and of the P waves among plane_waves, in radians per time that a P wave takes
    over half the window's longer side, of patches in radians per half of what a patch extends over in time; 0: as
    input_frequency. Lower where P waves are much longer than S waves, as in tissue, or where all is slow"""
    s_wave_fraction: Annotated[Fraction, With(network=tuple(NUMBERS_OF_WAVES))] = 0.0
    """the part of plane waves that are S waves; 0: one in three, as P and S waves up to one wave number need. About
    0.67 where time_frequency leaves P waves no higher frequencies than S waves have"""
    adaptive_activation: Annotated[bool, With(network=TRAINED)] = False
    """of networks that are trained whole: whether each layer learns how steep its nonlinearity is (Jagtap and others,
    2020)"""
    periodic_axes: Annotated[List[Literal["x", "y"]], With(network=TRAINED)] = ()
    """the axes, "x", "y" or both, along which a network that is trained whole is periodic whatever its weights: those
    whose two sides are periodic, in a window that is the period (Dong and Ni, 2021)"""
    hole_inputs: Annotated[OptionalCount, With(network=("mlp",))] = 0
    """of an mlp: the number of holes of the plate, or 0. Of each hole, of radius a around c, it then gets a (x - c) /
    |x - c|^2 beside x, y and t: what spreads from a hole is steep beside its rim, and smooth in these. Without
    them an mlp follows it slowly"""
    precision: Literal["float32", "float64"] = "float32"
    """floating-point type of weights, points and losses"""

    @model_validator(mode="after")
    def _waves_have_no_layers(self) -> Self:
        counts, numbers = COUNTS_OF_LAYERS.get(self.network, ((), ""))
        has_layers = self._leaves_open("hidden_layers") or len(self.hidden_layers) in counts
        if counts and not (has_layers and (self._leaves_open("activation") or self.activation == "sin")):
            raise ValueError(
                f"network {self.network!r} with hidden_layers = {list(self.hidden_layers)}, activation = "
                f"{self.activation!r}: it needs {numbers}, and the activation 'sin'"
            )
        return self

    @model_validator(mode="after")
    def _only_patches_divide(self) -> Self:
        if self.network != "patches" and tuple(self.patches) != (1, 1, 1):
            raise ValueError(f"patches = {list(self.patches)} with network {self.network!r}: only 'patches' has any")
        return self

    @model_validator(mode="after")
    def _outputs_are_made_of(self) -> Self:
        for name, networks in (("form", WITH_FORMS), ("hard_conditions", WITH_HARD_CONDITIONS)):
            value = getattr(self, name)
            if value != type(self).model_fields[name].default and self.network not in networks:
                legal = ", ".join(map(repr, networks))
                raise ValueError(f"{name} = {in_one_line(value)} with network {self.network!r}: only with {legal}")
        if self.hard_conditions and self.form != "displacement":
            given = list(self.hard_conditions)
            raise ValueError(f"hard_conditions = {given} with form = {self.form!r}: only with 'displacement'")
        return self

    @model_validator(mode="after")
    def _potentials_have_no_layers(self) -> Self:
        if self.network == "potentials" and len(self.hidden_layers) > 2 and not self._leaves_open("hidden_layers"):
            given = list(self.hidden_layers)
            raise ValueError(f"network 'potentials' with hidden_layers = {given}: it needs {NUMBERS_OF_POTENTIALS}")
        return self

    @model_validator(mode="after")
    def _only_separable_has_a_rank(self) -> Self:
        if self.network != "separable" and not self._is_default("rank"):
            raise ValueError(f"rank = {self.rank} with network {self.network!r}: only 'separable' has one")
        return self

    @model_validator(mode="after")
    def _only_an_mlp_inverts(self) -> Self:
        if self.hole_inputs and (self.network != "mlp" or self.initialization == "features"):
            others = f"network {self.network!r}, initialization = {self.initialization!r}"
            raise ValueError(f"hole_inputs = {self.hole_inputs} with {others}: only with 'mlp' and 'glorot'")
        if self.hole_inputs and self.periodic_axes:
            given = f"hole_inputs = {self.hole_inputs} with periodic_axes = {list(self.periodic_axes)}"
            raise ValueError(f"{given}: what is inverted in holes is not periodic: leave one of the two out")
        return self

    @model_validator(mode="after")
    def _only_trained_layers_adapt(self) -> Self:
        for name in ("adaptive_activation", "periodic_axes"):
            value = getattr(self, name)
            if value and self.network not in TRAINED:
                legal = ", ".join(map(repr, TRAINED))
                raise ValueError(f"{name} = {in_one_line(value)} with network {self.network!r}: only with {legal}")
        if self.periodic_axes and self.initialization == "features":
            raise ValueError(
                f"periodic_axes = {list(self.periodic_axes)} with initialization = 'features', whose features are of "
                "the coordinates: only with 'glorot'"
            )
        for name, each in (("periodic_axes", "axis"), ("hard_conditions", "condition")):
            if len(set(given := getattr(self, name))) < len(given):
                raise ValueError(f"{name} = {list(given)}: each {each} once")
        return self

    @model_validator(mode="after")
    def _trained_start_by_glorot(self) -> Self:
        if self.initialization == "features" and self.network in TRAINED and self.network != "mlp":
            raise ValueError(f"initialization = 'features' with network {self.network!r}: only with 'glorot'")
        return self

    def _leaves_open(self, name: str) -> bool:
        """Whether a field is one that a tolerance leaves to the library: it is as by default."""
        return bool(getattr(self, "tolerance", 0.0)) and self._is_default(name)

    def _is_default(self, name: str) -> bool:
        return getattr(self, name) == type(self).model_fields[name].default
