"""What was recorded at points of a plane, with what is known of material and initial pulses.

Letters of shapes: R receivers, T times, P pulses.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import torch

from elastic_pinn.parameters import plain
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES, only_quantity
from elastic_pinn.physics.data.receiver_file import ReceiverFileError, read, read_bytes, write
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.media.material import UNITS, Material
from elastic_pinn.physics.numbers import Array, real_array
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses


class _Records:
    """What has the records of one quantity, in the field of its name."""

    @property
    def quantity(self) -> RecordedQuantity:
        """What is recorded."""
        return only_quantity([name for name in RECORDED_QUANTITIES if getattr(self, name) is not None])

    @property
    def recorded(self) -> Array:
        """The records of that quantity, (R, T, 2) in its SI unit."""
        values: Array = getattr(self, self.quantity.name)
        return values


@dataclass(frozen=True, eq=False, repr=False)
class Truth(_Records):
    """The truth of simulated data, for figures and tests only.

    material: "lambda" and "mu" in Pa, "rho" in kg/m3; displacement, velocity or acceleration: without noise, (R, T, 2)
    in m, m/s or m/s2.
    """

    material: Mapping[str, float]
    displacement: Array | None = None
    velocity: Array | None = field(default=None, kw_only=True)
    acceleration: Array | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        name = self.quantity.name
        object.__setattr__(self, name, real_array(f"truth/{name}", self.recorded))

    def __repr__(self) -> str:
        return f"Truth({dict(self.material)}, {self.quantity.name} {self.recorded.shape})"


@dataclass(frozen=True, eq=False, repr=False)
class Receivers(_Records):
    """Displacement, velocity or acceleration recorded at receivers, with what is known of material and start.

    Arrays, tensors and lists of real numbers are taken; copies in double precision are kept. One of the quantities is
    given; `.recorded` has its records, and `.quantity` tells which it is.

    Parameters
    ----------
    xy
        Positions (R, 2) in m.
    time
        Times (T,) in s.
    displacement
        As recorded (R, T, 2) in m.
    noise
        Its standard deviation in m, m/s or m/s2, as the records; 0 or None where that is not stated.
    material
        A Material, or "lambda" and "mu" in Pa, "rho" in kg/m3; None or nothing where it is not known.
    start
        Those names of the material whose values only start a search; the others are known.
    pulses
        The known velocity at time zero; none: unknown.
    truth
        The true material and records without noise of simulated data, where there are any.
    title, provenance
        For people.
    path, sha256
        Of the file that was read.
    velocity, acceleration
        As recorded (R, T, 2) in m/s or m/s2, in the place of the displacement.

    Raises
    ------
    ValueError
        For values that do not fit together.
    """

    xy: Array
    time: Array
    displacement: Array | None = None
    noise: float = 0.0
    material: Mapping[str, float] = field(default_factory=dict)
    start: frozenset[str] = frozenset()
    pulses: tuple[GaussianPulse, ...] = ()
    truth: Truth | None = None
    title: str = ""
    provenance: str = ""
    path: Path | None = None
    sha256: str = ""
    velocity: Array | None = field(default=None, kw_only=True)
    acceleration: Array | None = field(default=None, kw_only=True)
    given_as: Mapping[str, str] = field(init=False, default_factory=dict)  # types, for fingerprints of version 1

    def __post_init__(self) -> None:
        self._take_plain_values()
        _check_shapes(self)
        _check_values(self)
        if self.material:
            _check_material("known", self.material)
        if self.truth:
            _check_material("truth", self.truth.material)

    def _take_plain_values(self) -> None:
        """Convert lists and tensors to arrays, and the other fields to plain values."""
        given = {name: getattr(self, name) for name in ("xy", "time", self.quantity.name)}
        taken: dict[str, Any] = {name: real_array(f"receivers/{name}", values) for name, values in given.items()}
        taken["given_as"] = {name: values.dtype.str for name, values in given.items() if isinstance(values, np.ndarray)}
        if isinstance(self.material, Material):
            known = (self.material.lame_lambda, self.material.lame_mu, self.material.density)
            taken["material"] = dict(zip(UNITS, known, strict=True))
        elif self.material is None:
            taken["material"] = {}
        taken["noise"] = 0.0 if self.noise is None else plain(self.noise)
        taken["start"] = frozenset([self.start] if isinstance(self.start, str) else self.start)
        taken["pulses"] = (self.pulses,) if isinstance(self.pulses, GaussianPulse) else tuple(self.pulses)
        for name, value in taken.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        (x, y), t = self.xy.T, self.time
        parts = [
            f"{self.quantity.name} of {len(self.xy)} at {len(t)} times",
            f"x {x.min():g} to {x.max():g} m, y {y.min():g} to {y.max():g} m, t {t.min():g} to {t.max():g} s",
            f"noise {self.noise:.3g} {self.quantity.unit}" if self.noise else "noise not stated",
            *([f"start of {', '.join(sorted(self.start))}"] if self.start else []),
            *([f"pulses: {len(self.pulses)}"] if self.pulses else []),
            *([str(self.path)] if self.path else []),
        ]
        return f"Receivers({'; '.join(parts)})"

    @property
    def noise_relative(self) -> float:
        """The noise over the largest component recorded, dimensionless: the true one where there is a truth."""
        return self.noise / float(np.abs((self.truth or self).recorded).max())

    def in_free_space(self) -> Array:
        """Compute what is recorded, exactly, for the known pulses in an infinite solid.

        Returns
        -------
        ndarray
            The recorded quantity, (R, T, 2) in its SI unit.

        Raises
        ------
        ValueError
            For a file without truth or pulses: nothing is known then that could be exact.
        """
        if not (self.truth and self.pulses):
            missing = "pulses" if self.truth else "truth"
            raise ValueError(f"{self.path or 'these receivers'}: no {missing}, and hence no exact solution")
        true = self.truth.material
        solid = Material(true["lambda"], true["mu"], true["rho"])
        xy, times = torch.from_numpy(self.xy), torch.from_numpy(self.time)
        u = {
            name: record_pulses(self.pulses, xy, times, solid.c_p, solid.c_s, order=len(name))
            for name in self.quantity.derivatives or ("",)
        }
        return self.quantity.of(u).numpy()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a receiver file.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Receivers
            Its content.

        Raises
        ------
        ReceiverFileError
            If the file is missing, incomplete or inconsistent.
        """
        path = Path(path)
        image = read_bytes(path)
        try:
            with h5py.File(BytesIO(image)) as file:
                fields = read(file)
            fields["truth"] = fields["truth"] and Truth(**fields["truth"])
            return cls(**fields, path=path, sha256=hashlib.sha256(image).hexdigest())
        except (OSError, KeyError, RuntimeError) as error:
            raise ReceiverFileError(f"{path} is not a whole HDF5 file: {error}; fetch or make it anew") from error
        except (ValueError, TypeError) as error:
            raise ReceiverFileError(f"{path}: {error}; data/README.md shows the layout") from error

    @classmethod
    def read(
        cls, paths: str | Path | Sequence[str | Path], parameters: str | Path | None = None, **options: Any
    ) -> "Receivers":
        """Read recordings as instruments and programs write them; nothing that a file does not say is guessed.

        Formats are CSV, .npy, .npz, .mat, HDF5 and NetCDF; with the extra `formats`, UFF 58, SEG-Y, SU, SEG-2 and
        MiniSEED too. `elastic-pinn import --help` and data/README.md list the options.

        Parameters
        ----------
        paths
            One file, or several of one recording.
        parameters
            A YAML file of options, which makes the import repeatable.
        **options
            Options, as kind="velocity", value_unit="mm/s", length_unit="mm"; they go before those of the file.

        Returns
        -------
        Receivers
            The recordings in SI units, with files, their SHA-256 and the options in `provenance`.

        Raises
        ------
        ConfigError
            For options that are not legal, or missing; all of them are named.
        ReceiverFileError
            For a file that cannot be read.
        """
        from elastic_pinn.physics.data.readers.importing import read_recordings  # which needs this module

        return read_recordings(paths, parameters, options)[0]

    def save(self, path: str | Path) -> None:
        """Write a receiver file, in the place of one that is there.

        Parameters
        ----------
        path
            The file.
        """
        image = BytesIO()
        with h5py.File(image, "w") as file:
            write(file, self)
        Path(path).write_bytes(image.getbuffer())


def _recordings(receivers: Receivers) -> dict[str, Array]:
    """Return what is recorded, with and without noise, by its names in a file."""
    truth = {f"truth/{receivers.quantity.name}": receivers.truth.recorded} if receivers.truth else {}
    return {f"receivers/{receivers.quantity.name}": receivers.recorded} | truth


def _check_shapes(receivers: Receivers) -> None:
    """Raise ValueError unless the arrays fit each other."""
    xy, time = receivers.xy, receivers.time
    if xy.ndim != 2 or xy.shape[1] != 2 or not len(xy):
        raise ValueError(f"receivers/xy has shape {xy.shape}, where (receivers, 2) is needed")
    if time.ndim != 1 or not len(time):
        raise ValueError(f"receivers/time has shape {time.shape}, where (times,) is needed")
    if receivers.truth and receivers.truth.quantity != receivers.quantity:
        raise ValueError(
            f"the truth is {receivers.truth.quantity.name}, where {receivers.quantity.name} is recorded: both must be "
            "of one quantity"
        )
    needed = (len(xy), len(time), 2)
    for name, values in _recordings(receivers).items():
        if values.shape != needed:
            raise ValueError(f"{name} has shape {values.shape}, where receivers/xy and /time need {needed}")


def _check_values(receivers: Receivers) -> None:
    """Raise ValueError unless all numbers are finite, times increase and something was recorded."""
    recordings = _recordings(receivers)
    for name, values in {
        "receivers/xy": receivers.xy,
        "receivers/time": receivers.time,
        **recordings,
    }.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} has values that are not finite: leave out such receivers or times")
    for name, values in recordings.items():
        if not values.any():
            raise ValueError(f"{name} is zero everywhere")
    falls = np.flatnonzero(np.diff(receivers.time) <= 0)
    if len(falls):
        raise ValueError(f"receivers/time does not increase after row {falls[0]}: sort it, each time once")
    if not isinstance(receivers.noise, float | int) or not 0 <= receivers.noise < np.inf:
        unit = receivers.quantity.unit
        raise ValueError(f"the noise is {receivers.noise} {unit}, where a standard deviation of 0 or more is needed")
    if unknown := receivers.start - set(UNITS):
        raise ValueError(f"start has {', '.join(map(str, unknown))}: legal are any of {', '.join(UNITS)}")
    if receivers.start and not receivers.material:
        raise ValueError(f"start has {', '.join(receivers.start)}, but there is no material with its value")


def _check_material(group: str, material: Mapping[str, float]) -> None:
    """Raise ValueError unless the material is complete and a stable solid."""
    if set(material) != set(UNITS):
        raise ValueError(f"{group} holds {', '.join(material)}, where {', '.join(UNITS)} are needed")
    if not np.isfinite(list(material.values())).all():
        raise ValueError(f"{group} has a material constant that is not finite")
    try:
        Material(material["lambda"], material["mu"], material["rho"])
    except ValueError as error:
        raise ValueError(f"{group}: {error}") from error
