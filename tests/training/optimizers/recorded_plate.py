"""A small plate with a hole, and what elements record in it of a load with a Ricker pulse.

Elements are coarse, and so is the network that they correct: a search takes seconds.
"""

from dataclasses import replace

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import CORRECTED, resolution
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms
from tests.plates import PLATE

TRUE = {"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu}
LOAD = PLATE["sources"][0]
RICKER = ep.Ricker(100e3, 10e-6)
TIMES = np.linspace(0.0, 24e-6, 49)
NOISE = 0.04  # of the peak, beside which coarse elements are fine enough
CONFIG = PLATE | {
    "duration": 24e-6, "network": "hole_waves", "hidden_layers": [10, 10], "activation": "sin", "input_frequency": 6.0,
    "precision": "float64", "stages": ["full_waveform"], "steps": 8, "ridge": 1e4, "interior_points": 10,
    "boundary_points": 40, "initial_points": 30, "validation_points": 20, "validation_fraction": 0.0,
    "log_level": "error", "checkpoint_every": 0, "unknowns": ["lambda", "mu"],
    "density": ALUMINIUM.density, "lame_lambda": 0.8 * TRUE["lambda"], "lame_mu": 1.2 * TRUE["mu"],
}  # fmt: skip
CONFIG.pop("material")


def quicken(monkeypatch):
    """Take coarser elements and fewer time steps."""
    monkeypatch.setattr(resolution, "A_WAVE", 2.0)
    monkeypatch.setattr(resolution, "PIECES", 6)
    monkeypatch.setattr(resolution, "A_PERIOD", 7)


def places():
    top = [(x, 0.01) for x in np.linspace(0.001, 0.019, 7)]
    return np.array([*top, *((x, 0.0) for x in np.linspace(0.002, 0.018, 5)), (0.0, 0.005), (0.02, 0.005)])


@torch.no_grad()
def recorded(path, load=LOAD, **changes):
    """What elements record of a load in the true material, or in another, as displacement (R, T, 2) in m.

    path: of a receiver file that is written on the way.
    """
    times, step = TIMES, TIMES[1]
    shape = (len(places()), len(times), 2)
    ep.Receivers(places(), times, np.random.default_rng(0).standard_normal(shape), noise=1.0).save(path)
    true = {"lame_lambda": TRUE["lambda"], "lame_mu": TRUE["mu"]}
    config = ep.Config(**CONFIG | true | {"sources": [load]} | changes, data=str(path))
    problem = ep.problem_from(config)
    session = Session(config, problem)
    waveforms = Waveforms(problem, config, session.model, session.sampler.batches)
    found = problem.recorded.quantity.scale(problem.scales) * waveforms.by_elements(CORRECTED)[:, 0].numpy()
    # Back into the order of the records.
    points = problem.scales.in_si(waveforms.samples.points).numpy()
    rows = [int(np.abs(places() - at).sum(1).argmin()) for at in points[:, :2]]
    frames = np.rint(points[:, 2] / step).astype(int)
    displacement = np.zeros(shape)
    displacement[rows, frames] = found.reshape(-1, 2)
    return displacement


def with_noise_stated(displacement):
    """Records with a noise of a part of their peak, of which nothing is added yet."""
    return ep.Receivers(places(), TIMES, displacement, noise=NOISE * float(np.abs(displacement).max()))


def noisy(clean, path, seed=0):
    """A file of the records with noise."""
    noise = clean.noise * np.random.default_rng(seed).standard_normal(clean.displacement.shape)
    replace(clean, displacement=clean.displacement + noise).save(path)
    return str(path)


def searched(data, source, **changes):
    """A session that has found the material, beside what is unknown of a source."""
    config = ep.Config(**CONFIG | {"sources": [source]} | changes, data=data)
    session = Session(config, ep.problem_from(config))
    while not session.is_over:
        session.advance()
    return session


@torch.no_grad()
def bound_beside_wavelet(session, noise):
    """The Cramer-Rao bound of lambda and mu, Pa, where the wavelet is unknown, by central differences of all waveforms
    and the whole Fisher matrix.

    session: one that has searched.
    """
    problem, step, model = session.problem, 1e-3, session.model
    waveforms = Waveforms(problem, session.config, model, session.sampler.batches)
    place, columns, constants = gather(model.unknowns), [], []
    coefficients = session.optimizer.state[model.unknowns[0]]["source"][1]
    for each in step * torch.eye(2, dtype=torch.float64):
        both, values = [], []
        for sign in (1.0, -1.0):
            put(model.unknowns, place + sign * each)
            both.append(waveforms.by_elements(CORRECTED))
            values.append([model.material.si()[name] for name in TRUE])
        columns.append((both[0] - both[1]) @ coefficients / (2.0 * step))
        constants.append((np.array(values[0]) - values[1]) / (2.0 * step))
    put(model.unknowns, place)
    here = waveforms.by_elements(CORRECTED)
    scale = problem.recorded.quantity.scale(problem.scales)
    jacobian = scale * torch.column_stack([*columns, here / here.norm()]).numpy()
    _, sizes, turned = np.linalg.svd(jacobian, full_matrices=False)
    told = sizes > 1e-9 * sizes[0]  # the last pulses reach no receiver
    covariance = ((turned[told].T / sizes[told] ** 2) @ turned[told])[:2, :2]
    spread = np.stack(constants, axis=1)  # of lambda and mu, by each parameter
    return noise * np.sqrt(np.diag(spread @ covariance @ spread.T))
