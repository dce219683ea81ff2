"""What was recorded at points of a plane, with what is known of material and initial pulses.

Letters of shapes: R receivers, T times, P pulses.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import torch

from elastic_pinn.physics.data.receiver_checks import check_parts
from elastic_pinn.physics.data.receiver_file import ReceiverFileError, not_whole, read, read_bytes, write
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.data.records_given import records_given
from elastic_pinn.physics.data.repeated_shots import RepeatedChannel, repeated_channels
from elastic_pinn.physics.data.truth import Truth
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import UNITS, Material
from elastic_pinn.physics.numbers import Array
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Receivers:
    """What was recorded at receivers, with what is known of material and start.

    Receivers that recorded x and y of one quantity, at common times and without gaps, are given by xy, time and that
    quantity; `.xy`, `.time`, `.quantity`, `.recorded` and `.noise` have these again. All else is given by `records`.
    Beside the only `Records` of such receivers, xy, time, noise and the quantity take the place of what is in them.

    Parameters
    ----------
    xy
        Positions (R, 2) in m.
    time
        Times (T,) in s.
    displacement
        As recorded (R, T, 2) in m. NaN: nothing was recorded.
    noise
        Its standard deviation in m, m/s or m/s2, as the records; 0 or None where that is not stated.
    material
        A Material, or "lambda" and "mu" in Pa, "rho" in kg/m3, or "rho" alone; None or nothing where it is not known.
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
    records
        `Records`, one or several: other quantities, directions, gaps, clocks of their own, noise by channel.

    Raises
    ------
    ValueError
        For values that do not fit together, and for one recording as that of two shots.
    """

    records: tuple[Records, ...]
    material: Mapping[str, float]
    start: frozenset[str]
    pulses: tuple[GaussianPulse, ...]
    truth: Truth | None
    title: str
    provenance: str
    path: Path | None
    sha256: str
    given_as: Mapping[str, str] = field(init=False)  # types of arrays, for fingerprints of version 1

    def __init__(
        self,
        xy: Any = None,
        time: Any = None,
        displacement: Any = None,
        noise: float | None = None,
        material: Mapping[str, float] | Material | None = None,
        start: str | Iterable[str] = frozenset(),
        pulses: GaussianPulse | Sequence[GaussianPulse] = (),
        truth: Truth | None = None,
        title: str = "",
        provenance: str = "",
        path: Path | None = None,
        sha256: str = "",
        *,
        velocity: Any = None,
        acceleration: Any = None,
        records: Records | Sequence[Records] = (),
    ) -> None:
        vectors = {"displacement": displacement, "velocity": velocity, "acceleration": acceleration}
        plain = {"xy": xy, "time": time, "noise": noise}
        given = {name: each for name, each in plain.items() if each is not None}
        taken: dict[str, Any] = {
            "records": records_given(
                records, {name: each for name, each in vectors.items() if each is not None}, given
            ),
            "material": material or {},
            "start": frozenset([start] if isinstance(start, str) else start),
            "pulses": (pulses,) if isinstance(pulses, GaussianPulse) else tuple(pulses),
            "truth": truth,
            "title": title,
            "provenance": provenance,
            "path": path,
            "sha256": sha256,
        }
        if isinstance(material, Material):
            known = (material.lame_lambda, material.lame_mu, material.density)
            taken["material"] = dict(zip(UNITS, known, strict=True))
        arrays = {name: each for name, each in (plain | vectors).items() if isinstance(each, np.ndarray)}
        taken["given_as"] = {name: each.dtype.str for name, each in arrays.items()}
        for name, value in taken.items():
            object.__setattr__(self, name, value)
        check_parts(self)

    def __repr__(self) -> str:
        (x, y), (first, last) = self.places.T, self.span
        parts = [
            *(each.told for each in self.records),
            f"x {x.min():g} to {x.max():g} m, y {y.min():g} to {y.max():g} m, t {first:g} to {last:g} s",
            *(each.noise_told for each in self.records),
            *([f"start of {', '.join(sorted(self.start))}"] if self.start else []),
            *([f"pulses: {len(self.pulses)}"] if self.pulses else []),
            *([str(self.path)] if self.path else []),
        ]
        return f"Receivers({'; '.join(parts)})"

    @property
    def is_complete(self) -> bool:
        """Whether x and y of one vector were recorded at all receivers and common times, with one noise."""
        return len(self.records) == 1 and self.records[0].is_complete

    @cached_property
    def places(self) -> Array:
        """The places of all records, those of several quantities after each other, (R, 2) in m."""
        return np.concatenate([each.xy for each in self.records])

    def whose(self, row: int) -> tuple[int, int]:
        """Return the records that a row of `places` belongs to.

        Parameters
        ----------
        row
            Of `places`, from 0.

        Returns
        -------
        tuple of int
            The number of the records, from 0, and the row in these.
        """
        number = int(np.searchsorted(self.first_rows, row, side="right")) - 1
        return number, row - self.first_rows[number]

    @property
    def first_rows(self) -> tuple[int, ...]:
        """The row of `places` at which the receivers of each of the records begin."""
        return tuple(accumulate((len(each.xy) for each in self.records[:-1]), initial=0))

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first and the last instant that something was recorded of, s."""
        ends = [(np.nanmin(each[there]), np.nanmax(each[there])) for each, there in
                ((records.instants, records.is_there) for records in self.records)]  # fmt: skip
        return float(min(first for first, _ in ends)), float(max(last for _, last in ends))

    @property
    def kinds(self) -> tuple[RecordedQuantity, ...]:
        """What was recorded, each once."""
        return tuple(dict.fromkeys(each.kind for each in self.records))

    @property
    def shots(self) -> tuple[str, ...]:
        """The names of the shots that the records are of, each once."""
        return tuple(dict.fromkeys(each.shot for each in self.records))

    def of_shot(self, name: str) -> "Receivers":
        """Return the same receivers with the records of one shot.

        Parameters
        ----------
        name
            One of `shots`.

        Returns
        -------
        Receivers
            All that is known, and what was recorded in this shot.

        Raises
        ------
        ValueError
            For a shot that there is none of.
        """
        if name not in self.shots:
            raise ValueError(f"shot = {name!r}: recorded were {', '.join(map(repr, self.shots))}")
        if len(self.shots) == 1:
            return self
        return replace(self, records=tuple(each for each in self.records if each.shot == name))

    @cached_property
    def repeated(self) -> Sequence[RepeatedChannel]:
        """The channels that have the samples of one of earlier records."""
        return repeated_channels(self)

    @property
    def samples(self) -> int:
        """How many numbers were recorded."""
        return sum(int(each.is_there.sum()) for each in self.records)

    @property
    def only(self) -> Records:
        """The only records. Raises ProblemError where there are several."""
        if len(self.records) != 1:
            several = ", ".join(each.told for each in self.records)
            raise ProblemError(f"these receivers have {len(self.records)} sets of records, {several}: take one of them")
        return self.records[0]

    @property
    def _complete(self) -> Records:
        """The only records, of x and y without gaps. Raises ProblemError where they are of another kind."""
        if not self.only.is_complete:
            raise ProblemError(
                f"these receivers have {self.only.told}: x and y of a vector, complete and at common times, are needed "
                "here; .records has what there is"
            )
        return self.only

    @property
    def xy(self) -> Array:
        """The places of the only records, (R, 2) in m."""
        return self.only.xy

    @property
    def time(self) -> Array:
        """The times of complete records, (T,) in s."""
        return self._complete.time

    @property
    def quantity(self) -> RecordedQuantity:
        """What the only records are of."""
        return self.only.kind

    @property
    def recorded(self) -> Array:
        """Complete records, (R, T, 2) in their SI unit."""
        return self._complete.values

    @property
    def noise(self) -> float:
        """The standard deviation of complete records in their unit; 0 where it is not stated."""
        return float(self._complete.noise)

    @property
    def displacement(self) -> Array | None:
        """Complete records of the displacement, (R, T, 2) in m; None where another quantity was recorded."""
        return self._vector("displacement")

    @property
    def velocity(self) -> Array | None:
        """Complete records of the velocity, (R, T, 2) in m/s; None where another quantity was recorded."""
        return self._vector("velocity")

    @property
    def acceleration(self) -> Array | None:
        """Complete records of the acceleration, (R, T, 2) in m/s2; None where another quantity was recorded."""
        return self._vector("acceleration")

    def _vector(self, name: str) -> Array | None:
        return self.recorded if self.only.quantity == name else None

    @property
    def clean(self) -> Array:
        """Complete records without noise, if they are known, and as they are if not, (R, T, 2) in their SI unit."""
        return self.truth.recorded if self.truth and self.truth.records else self.recorded

    @property
    def noise_relative(self) -> float:
        """The noise over the largest component recorded, dimensionless: the true one where there is a truth."""
        return self.noise / float(np.abs(self.clean).max())

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
            raise not_whole(path, image, error) from error
        except (ValueError, TypeError) as error:
            raise ReceiverFileError(f"{path}: {error}; data/README.md shows the layout") from error

    @classmethod
    def read(
        cls,
        paths: str | Path | Sequence[str | Path],
        parameters: str | Path | None = None,
        of_files: Mapping[str, Mapping[str, Any]] | None = None,
        **options: Any,
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
        of_files
            Options of single files, by their paths, as the names of shots; they go before all others.
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

        return read_recordings(paths, parameters, options, of_files or {})[0]

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
