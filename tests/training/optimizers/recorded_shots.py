"""Two shots in a small plate with a hole, and what elements record of them."""

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import CORRECTED
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms
from tests.plates import PLATE

LEFT, RIGHT = PLATE["sources"][0] | {"shot": "left"}, PLATE["sources"][0] | {"shot": "right", "at": [0.016, 0.01]}
PULSES = {"left": ep.Ricker(100e3, 10e-6), "right": ep.Ricker(80e3, 12e-6)}
KNOWN = {"left": {"frequency": 100e3, "delay": 10e-6}, "right": {"frequency": 80e3, "delay": 12e-6}}
SOUGHT = {
    "duration": 24e-6, "network": "hole_waves", "hidden_layers": [10, 10], "activation": "sin", "input_frequency": 6.0,
    "precision": "float64", "stages": ["full_waveform"], "steps": 8, "ridge": 1e4, "interior_points": 10,
    "boundary_points": 40, "initial_points": 30, "validation_points": 20, "validation_fraction": 0.0,
    "log_level": "error", "checkpoint_every": 0, "unknowns": ["lambda", "mu"], "density": ALUMINIUM.density,
}  # fmt: skip
PLACES = {
    "left": np.array([(x, 0.01) for x in np.linspace(0.001, 0.019, 7)] + [(0.02, 0.005), (0.01, 0.0)]),
    "right": np.array([(x, 0.0) for x in np.linspace(0.002, 0.018, 6)] + [(0.0, 0.005)]),
}
AT = np.linspace(0.0, 24e-6, 49)


def plate(path, **changes):
    """A search for the plate's material, by a file of two shots."""
    start = {"lame_lambda": 0.8 * ALUMINIUM.lame_lambda, "lame_mu": 1.2 * ALUMINIUM.lame_mu}
    return ep.Config(**{name: each for name, each in PLATE.items() if name != "material"} | SOUGHT | start | changes,
                     data=str(path))  # fmt: skip


def empty(places):
    """Receivers that are to record in each shot, by its name."""
    return [
        ep.Records("displacement", np.ones((len(xy), len(AT), 2)), xy, AT, noise=1.0, shot=name)
        for name, xy in places.items()
    ]


@torch.no_grad()
def clean(path, places):
    """What elements record in each shot of the true plate, by its name, (R, T, 2) in m."""
    ep.Receivers(records=empty(places)).save(path)
    true = {"lame_lambda": ALUMINIUM.lame_lambda, "lame_mu": ALUMINIUM.lame_mu}
    config = plate(path, sources=[LEFT | KNOWN["left"], RIGHT | KNOWN["right"]], **true)
    problem = ep.problem_from(config)
    session = Session(config, problem)
    waveforms = Waveforms(problem, config, session.model, session.sampler.batches)
    found = waveforms.by_elements(CORRECTED).sum(1)  # in the noise of 1, which is that of all
    values = found.numpy() * problem.recorded.quantity.scale(problem.scales)
    parts = np.split(values, np.cumsum([each.values.size for each in empty(places)])[:-1])
    return {name: part.reshape(len(xy), len(AT), 2) for (name, xy), part in zip(places.items(), parts, strict=True)}


def noisy(path, exact, places, rng):
    """A file of the records of each shot with noise."""
    records = []
    for name, values in exact.items():
        noise = 0.04 * float(np.abs(values).max())
        values = values + noise * rng.standard_normal(values.shape)
        records.append(ep.Records("displacement", values, places[name], AT, noise=noise, shot=name))
    ep.Receivers(records=records).save(path)
    return path
