"""Estimates of the last few wavefields: a run's end, figures, panels and tables ask for the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from elastic_pinn.error_estimate.estimate import ErrorEstimate, estimate_error
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics import Problem

MOST = 8  # of some megabytes each


class _Kept(NamedTuple):
    """An estimate, the key of its wavefield and the identity of its problem."""

    key: str
    identity: Mapping[str, Any]
    estimate: ErrorEstimate


_kept: list[_Kept] = []
_lock = Lock()


def kept_estimate(config: NetworkConfig, model: Model, problem: Problem) -> ErrorEstimate:
    """Estimate the error of a wavefield, or return what this process estimated of the same weights and problem.

    Parameters
    ----------
    config
        Of the network.
    model, problem
        As `estimate_error` takes them.

    Returns
    -------
    ErrorEstimate
        The error, whose arrays cannot be written to.

    Raises
    ------
    ErrorEstimateError
        As `estimate_error` does.
    """
    key = _key(config, model)
    with _lock:
        same = [each for each in _kept if each.key == key]
    for each in same:
        if problem.is_like(each.identity):
            return each.estimate
    found = estimate_error(model, problem)
    for array in (found.times, found.over_time, found.places, found.triangles, found.error):
        array.flags.writeable = False
    with _lock:
        _kept.append(_Kept(key, problem.identity, found))
        del _kept[:-MOST]
    return found


def _key(config: NetworkConfig, model: Model) -> str:
    """A hash of a network and its weights, material among them."""
    found = hashlib.sha256(repr([(name, getattr(config, name)) for name in NetworkConfig.model_fields]).encode())
    for name, value in sorted(model.state_dict().items()):
        found.update(name.encode())
        found.update(value.numpy().tobytes())
    return found.hexdigest()
