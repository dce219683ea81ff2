"""A receiver file: displacements recorded at points of a plane, with the known material and initial pulses.

data/README.md lists the file's data sets. Letters of shapes: R receivers, T times, P pulses.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import torch

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.parameters import plain
from elastic_pinn.physics.material import UNITS, Material
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses

FORMAT = "elastic_pinn receivers 1"
PULSE_UNITS = {"center": "m", "direction": "1", "width": "m", "peak": "m/s"}

Array = np.ndarray[Any, np.dtype[np.float64]]


class ReceiverFileError(ElasticPinnError, ValueError):
    """A receiver file that cannot be used; the text names the file, the fault and what to do."""


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """The truth of simulated data, for figures and tests only.

    material: "lambda" and "mu" in Pa, "rho" in kg/m3; displacement: without noise (R, T, 2) in m.
    """

    material: Mapping[str, float]
    displacement: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "displacement", _array("truth/displacement", self.displacement))

    def __repr__(self) -> str:
        return f"Truth({dict(self.material)}, displacement {self.displacement.shape})"


@dataclass(frozen=True, eq=False, repr=False)
class Receivers:
    """Displacements recorded at receivers, with the known material and initial pulses.

    Arrays, tensors and lists of real numbers are taken; copies in double precision are kept.

    Parameters
    ----------
    xy
        Positions (R, 2) in m.
    time
        Times (T,) in s.
    displacement
        As recorded (R, T, 2) in m.
    noise
        Its standard deviation, m; 0 or None where that is not stated.
    material
        A Material, or "lambda" and "mu" in Pa, "rho" in kg/m3.
    start
        Those names of the material whose values only start a search; the others are known.
    pulses
        The known velocity at time zero; none: unknown.
    truth
        The true material and displacement of simulated data, where there is one.
    title, provenance
        For people.
    path, sha256
        Of the file that was read.

    Raises
    ------
    ValueError
        For values that do not fit together.
    """

    xy: Array
    time: Array
    displacement: Array
    noise: float
    material: Mapping[str, float]
    start: frozenset[str]
    pulses: tuple[GaussianPulse, ...] = ()
    truth: Truth | None = None
    title: str = ""
    provenance: str = ""
    path: Path | None = None
    sha256: str = ""
    given_as: Mapping[str, str] = field(init=False, default_factory=dict)  # types, for fingerprints of version 1

    def __post_init__(self) -> None:
        self._take_plain_values()
        _check_shapes(self)
        _check_values(self)
        _check_material("known", self.material)
        if self.truth:
            _check_material("truth", self.truth.material)

    def _take_plain_values(self) -> None:
        """Convert lists and tensors to arrays, and the other fields to plain values."""
        given = {name: getattr(self, name) for name in ("xy", "time", "displacement")}
        taken: dict[str, Any] = {name: _array(f"receivers/{name}", values) for name, values in given.items()}
        taken["given_as"] = {name: values.dtype.str for name, values in given.items() if isinstance(values, np.ndarray)}
        if isinstance(self.material, Material):
            known = (self.material.lame_lambda, self.material.lame_mu, self.material.density)
            taken["material"] = dict(zip(UNITS, known, strict=True))
        taken["noise"] = 0.0 if self.noise is None else plain(self.noise)
        taken["start"] = frozenset([self.start] if isinstance(self.start, str) else self.start)
        taken["pulses"] = (self.pulses,) if isinstance(self.pulses, GaussianPulse) else tuple(self.pulses)
        for name, value in taken.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        (x, y), t = self.xy.T, self.time
        parts = [
            f"{len(self.xy)} at {len(t)} times",
            f"x {x.min():g} to {x.max():g} m, y {y.min():g} to {y.max():g} m, t {t.min():g} to {t.max():g} s",
            f"noise {self.noise:.3g} m" if self.noise else "noise not stated",
            *([f"start of {', '.join(sorted(self.start))}"] if self.start else []),
            *([f"pulses: {len(self.pulses)}"] if self.pulses else []),
            *([str(self.path)] if self.path else []),
        ]
        return f"Receivers({'; '.join(parts)})"

    @property
    def noise_relative(self) -> float:
        """The noise over the largest displacement component, dimensionless: the true one where there is a truth."""
        return self.noise / float(np.abs((self.truth or self).displacement).max())

    def in_free_space(self) -> Array:
        """Compute the exact displacement of the known pulses at the receivers in an infinite solid.

        Returns
        -------
        ndarray
            Displacement (R, T, 2) in m.

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
        return record_pulses(self.pulses, xy, times, solid.c_p, solid.c_s).numpy()

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
        image = _read_bytes(path)
        try:
            with h5py.File(BytesIO(image)) as file:
                return cls(**_read(file), path=path, sha256=hashlib.sha256(image).hexdigest())
        except (OSError, KeyError, RuntimeError) as error:
            raise ReceiverFileError(f"{path} is not a whole HDF5 file: {error}; fetch or make it anew") from error
        except (ValueError, TypeError) as error:
            raise ReceiverFileError(f"{path}: {error}; data/README.md shows the layout") from error

    def save(self, path: str | Path) -> None:
        """Write a receiver file, in the place of one that is there.

        Parameters
        ----------
        path
            The file.
        """
        image = BytesIO()
        with h5py.File(image, "w") as file:
            _write(file, self)
        Path(path).write_bytes(image.getbuffer())


def _array(name: str, values: Any) -> Array:
    """A copy of real numbers in double precision. Raises ValueError, naming them, for anything else."""
    values = values.detach().cpu() if isinstance(values, torch.Tensor) else values
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values, where a number is needed in each place: leave such receivers out")
    try:
        found = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} is a list whose items are not equally long, where an array is needed") from None
    _require_real(name, found.dtype)
    return np.array(found, dtype=np.float64, order="C")


def _require_real(name: str, dtype: np.dtype[Any]) -> None:
    """Raise ValueError for what holds no real numbers, or none to more than three digits."""
    if dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {dtype}, where real numbers are needed")
    if dtype == np.float16:
        raise ValueError(f"{name} holds float16, which has three digits and makes small values zero: use float32 or 64")


def _recordings(receivers: Receivers) -> dict[str, Array]:
    """Return the displacements as recorded and without noise, by their names in a file."""
    truth = {"truth/displacement": receivers.truth.displacement} if receivers.truth else {}
    return {"receivers/displacement": receivers.displacement} | truth


def _check_shapes(receivers: Receivers) -> None:
    """Raise ValueError unless the arrays fit each other."""
    xy, time = receivers.xy, receivers.time
    if xy.ndim != 2 or xy.shape[1] != 2 or not len(xy):
        raise ValueError(f"receivers/xy has shape {xy.shape}, where (receivers, 2) is needed")
    if time.ndim != 1 or not len(time):
        raise ValueError(f"receivers/time has shape {time.shape}, where (times,) is needed")
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
        raise ValueError(f"the noise is {receivers.noise} m, where a standard deviation of 0 or more is needed")
    if unknown := receivers.start - set(UNITS):
        raise ValueError(f"start has {', '.join(map(str, unknown))}: legal are any of {', '.join(UNITS)}")


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


def _read_bytes(path: Path) -> bytes:
    """Return the file's bytes, or say where they were looked for."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReceiverFileError(
            f"no receiver file could be read at {path.absolute()}: {error.strerror}; check the path, "
            "or make a file with data/make_aluminium_receivers.py"
        ) from error


def _read(file: h5py.File) -> dict[str, Any]:
    """Return the fields of Receivers from an open file."""
    found = _text(file.attrs.get("format", "missing"))
    if found != FORMAT:
        raise ValueError(f"the attribute format is {found!r}, where {FORMAT!r} is needed")
    displacement = _dataset(file, "receivers/displacement", "m")
    if "noise" not in displacement.attrs:
        raise ValueError("receivers/displacement lacks the attribute noise (standard deviation in m, or 0)")
    return {
        "xy": _numbers(file, "receivers/xy", "m"),
        "time": _numbers(file, "receivers/time", "s"),
        "displacement": _numbers(file, "receivers/displacement", "m"),
        "noise": float(displacement.attrs["noise"]),
        "material": _read_material(file, "known"),
        "start": frozenset(name for name in UNITS if _read_role(file, f"known/{name}") == "start"),
        "pulses": _read_pulses(file) if "known/pulses" in file else (),
        "truth": Truth(_read_material(file, "truth"), _numbers(file, "truth/displacement", "m"))
        if "truth" in file
        else None,
        "title": _text(file.attrs.get("title", "")),
        "provenance": _text(file.attrs.get("provenance", "")),
    }


def _dataset(file: h5py.File, name: str, unit: str) -> h5py.Dataset:
    """Return a data set of numbers in the stated unit."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"the data set {name} is missing")
    _require_real(name, dataset.dtype)
    found = _text(dataset.attrs.get("units", "missing"))
    if found != unit:
        raise ValueError(f"the attribute units of {name} is {found!r}, where {unit!r} is needed")
    return dataset


def _numbers(file: h5py.File, name: str, unit: str) -> Array:
    """Return the values of a data set, in double precision."""
    return np.asarray(_dataset(file, name, unit)[()], dtype=np.float64)


def _scalar(file: h5py.File, name: str, unit: str) -> float:
    """Return the value of a data set that holds one number."""
    value = _numbers(file, name, unit)
    if value.shape != ():
        raise ValueError(f"{name} has shape {value.shape}, where one number is needed")
    return float(value)


def _read_material(file: h5py.File, group: str) -> dict[str, float]:
    return {name: _scalar(file, f"{group}/{name}", unit) for name, unit in UNITS.items()}


def _read_role(file: h5py.File, name: str) -> str:
    """Return "start" or "known"."""
    role = _text(file[name].attrs.get("role", "missing"))
    if role not in ("start", "known"):
        raise ValueError(f"the attribute role of {name} is {role!r}, where 'start' or 'known' is needed")
    return role


def _read_pulses(file: h5py.File) -> tuple[GaussianPulse, ...]:
    """Return the pulses; a data set holds one of their values for all of them."""
    columns = {name: _numbers(file, f"known/pulses/{name}", unit) for name, unit in PULSE_UNITS.items()}
    for name, column in columns.items():
        needed = (columns["width"].size, 2) if name in ("center", "direction") else (columns["width"].size,)
        if column.shape != needed:
            raise ValueError(f"known/pulses/{name} has shape {column.shape}, where {needed} is needed")
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return tuple(GaussianPulse(tuple(center), tuple(direction), *rest) for center, direction, *rest in rows)


def _text(value: object) -> str:
    """Return an attribute as text, whichever kind of string a writer chose."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _write(file: h5py.File, receivers: Receivers) -> None:
    """Fill an open file."""
    for name in ("title", "provenance"):
        _put_text(file, name, getattr(receivers, name))
    _put_text(file, "format", FORMAT)
    _put(file, "receivers/xy", receivers.xy, "m")
    _put(file, "receivers/time", receivers.time, "s")
    displacement = _put(file, "receivers/displacement", receivers.displacement, "m")
    displacement.attrs["noise"] = receivers.noise
    displacement.attrs["noise_relative"] = receivers.noise_relative
    for name, unit in UNITS.items():
        dataset = _put(file, f"known/{name}", receivers.material[name], unit)
        _put_text(dataset, "role", "start" if name in receivers.start else "known")
    if receivers.pulses:
        for name, unit in PULSE_UNITS.items():
            _put(file, f"known/pulses/{name}", [getattr(pulse, name) for pulse in receivers.pulses], unit)
    if receivers.truth:
        for name, unit in UNITS.items():
            _put(file, f"truth/{name}", receivers.truth.material[name], unit)
        _put(file, "truth/displacement", receivers.truth.displacement, "m")


def _put(file: h5py.File, name: str, values: object, unit: str) -> h5py.Dataset:
    dataset = file.create_dataset(name, data=np.asarray(values, dtype=np.float64))
    _put_text(dataset, "units", unit)
    return dataset


def _put_text(node: h5py.HLObject, name: str, text: str) -> None:
    """Write an attribute as UTF-8 of fixed length, which every viewer shows."""
    data = text.encode()
    node.attrs.create(name, data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
