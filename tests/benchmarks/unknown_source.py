"""lambda and mu beside what is not known of a source or of channels: errors over noises, and the Cramer-Rao bound.

Records are those of finite elements with sides half as long as the search takes, with noise of 1 % of their peak; each
search starts with lambda 20 % too low and mu 20 % too high. The bound counts all that is unknown.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import resolution
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session
from tests.benchmarks.report import table, write_section
from tests.training.optimizers import recorded_plate
from tests.training.optimizers.recorded_plate import LOAD, TRUE, bound_beside_wavelet, noisy, recorded, searched

COMMAND = "python -m tests.benchmarks.unknown_source"
NOISE = 0.01  # of the peak
FINER = 2.0  # elements and steps that record
STEP = 1e-3  # of differences, relative
LATE, FACTOR = 1.3e-6, 0.7  # of the source: later than stated, s, and so many times as strong
RECEIVERS = len(recorded_plate.places())
GAINS = np.exp(0.3 * np.random.default_rng(5).standard_normal((RECEIVERS, 2)))
GAINS[0] = 1.0  # which is known
BAR = {"holes": [], "sides": ["fixed", "absorbing", "free", "free"], "network": "plane_waves", "hidden_layers": [10]}
BURST = LOAD | {"pulse": "tone_burst", "frequency": 80e3, "cycles": 2}
NOTHING = {name: value for name, value in LOAD.items() if name != "frequency"} | {"pulse": "unknown"}

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Case:
    """A recording: what acted, what is stated, the gains of channels, and the plate where it is not the small one."""

    name: str
    acted: Mapping[str, Any]
    stated: Mapping[str, Any]
    plate: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    gains: Array = field(default_factory=lambda: np.ones((RECEIVERS, 2)))
    effects: Callable[["Case", Path], list[Array]] | None = None
    """of what else is unknown on the records, each (R, T, 2); None: of a wavelet"""

    def record(self, path: Path, load: Mapping[str, Any] | None = None, **changes: float) -> Array:
        """What finer elements record, without noise, (R, T, 2) in m."""
        with finer_elements():
            return self.gains[:, None] * recorded(path, load or self.acted, **self.plate, **changes)

    def search(self, clean: ep.Receivers, folder: Path, seed: int) -> Session:
        """A session that has found the material."""
        return searched(noisy(clean, folder / "noisy.h5", seed), self.stated, **self.plate, **self.changes)

    def bound(self, clean: ep.Receivers, session: Session, path: Path) -> Array:
        """The least standard errors of lambda and mu, Pa, (2,)."""
        if self.effects is None:
            return bound_beside_wavelet(session, clean.noise)
        names = {"lambda": "lame_lambda", "mu": "lame_mu"}
        differences = [
            [self.record(path, **{names[name]: (1.0 + step) * value}) for step in (STEP, -STEP)]
            for name, value in TRUE.items()
        ]
        of_material = [(up - down) / (2.0 * STEP) for up, down in differences]  # of relative changes
        jacobian = np.stack([each.ravel() for each in (*of_material, *self.effects(self, path))], axis=1)
        sizes = np.linalg.norm(jacobian, axis=0)
        fisher = (jacobian / sizes).T @ (jacobian / sizes)
        errors = clean.noise * np.sqrt(np.diag(np.linalg.inv(fisher))) / sizes
        return errors[:2] * list(TRUE.values())


@contextmanager
def finer_elements() -> Any:
    """Record by finer elements and time steps than a search takes."""
    scaled = {name: FINER * getattr(resolution, name) for name in ("A_WAVE", "PIECES", "A_PERIOD", "ON_RIM")}
    with patch.multiple(resolution, **{name: type(getattr(resolution, name))(each) for name, each in scaled.items()}):
        yield


def later(late: float) -> dict[str, Any]:
    """A load that acts so much later than LOAD, and weaker."""
    return LOAD | {"force": [0.0, FACTOR * LOAD["force"][1]], "delay": 10e-6 + late}


def of_force(case: Case, path: Path) -> list[Array]:
    """The effects of amplitude and origin time."""
    later_by = [case.record(path, later(LATE + each)) for each in (1e-8, -1e-8)]
    return [case.record(path) / FACTOR, (later_by[0] - later_by[1]) / 2e-8]


def of_gains(case: Case, path: Path) -> list[Array]:
    """The effects of the gains of all channels but those of the first receiver."""
    here, effects = case.record(path), []
    for row in range(1, RECEIVERS):
        for component in range(2):
            effects.append(np.zeros_like(here))
            effects[-1][row, :, component] = here[row, :, component]
    return effects


CASES = (
    Case("wavelet: plate with a hole, Ricker pulse", LOAD, LOAD | {"pulse": "unknown"}),
    Case("wavelet, its band too: plate without a hole, a side fixed, one absorbing, tone burst", BURST, NOTHING, BAR),
    Case("amplitude and origin time", later(LATE), LOAD | {"unknowns": ["amplitude", "origin_time"]}, effects=of_force),
    Case(
        "gains of 12 of 13 receivers", LOAD, LOAD, changes={"unknown_gains": [str(row) for row in range(1, RECEIVERS)]},
        gains=GAINS, effects=of_gains,
    ),
)  # fmt: skip


def row(case: Case, noises: int, folder: Path) -> list[str]:
    """The line of a case."""
    peak = case.record(folder / "clean.h5")
    clean = replace(recorded_plate.with_noise_stated(peak), noise=NOISE * float(np.abs(peak).max()))
    errors, off, seconds, bound = [], [], [], np.full(2, np.nan)
    for seed in range(noises):
        started = time.process_time()
        session = case.search(clean, folder, seed)
        fit = assess(session.trained())
        seconds.append(time.process_time() - started)
        if not seed:
            bound = case.bound(clean, session, folder / "known.h5")
        errors.append([fit.values[name] - true for name, true in TRUE.items()])
        off += [abs(fit.values[name] - true) / fit.plus_minus[name] for name, true in TRUE.items() if fit.plus_minus]
        print(case.name, seed, fit.verdict, fit.reason, np.abs(errors[-1]) / bound, off[-2:], flush=True)
    rms, true = np.sqrt(np.square(errors).mean(axis=0)), np.array(list(TRUE.values()))
    told = [
        f"{100.0 * r:.2g} %, {part:.2f} of {100.0 * b:.2g} %"
        for r, part, b in zip(rms / true, rms / bound, bound / true, strict=True)
    ]
    given = f"{len(off) // 2} of {noises}"
    return [case.name, *told, given, f"{max(off):.1f}" if off else "-", f"{np.median(seconds):.0f}"]


def main(noises: int, only: str) -> None:
    """Search by each recording, and write the section; `only` looks at some, and writes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(case, noises, Path(folder)) for case in CASES if only in case.name]
    head = ["unknown", "lambda: error, of the bound", "mu: error, of the bound", "with ±", "worst, in ±", "s of CPU"]
    if only:
        print(table(head, rows))
        return
    text = f"""{table(head, rows)}

Root mean square of the relative errors over {noises} noises of 1 %, and what part that is of the Cramer-Rao bound,
which counts what is unknown of the source or of the channels. "with ±": how many of the runs gave one; "worst, in ±":
by how many of these a value was off at most. Aluminium, 2 x 1 cm, 13 receivers on its sides, for 24 us; a load on the
top."""
    write_section("unknown source", COMMAND, text)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--noises", type=int, default=10, help="of each recording")
    parser.add_argument("--only", default="", help="a part of the names of recordings")
    arguments = parser.parse_args()
    main(arguments.noises, arguments.only)
