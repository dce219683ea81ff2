"""What a result depends on besides its config: software, processor, threads; and its changes on a resume."""

from __future__ import annotations

import os
import platform
import re
import socket
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("elastic_pinn", "torch", "numpy", "scipy", "numba", "h5py")
FEATURES = re.compile(r"(sse4|avx|fma|f16c|amx|asimd|sve|sme|bf16)\w*")  # by which libraries choose their loops
ROUNDING = "from here equal to rounding, no longer to the last bit"
WITHOUT_EFFECT = {"version_h5py"}  # on numbers

Facts = Mapping[str, str | int | float]


def environment(device: str, processes: int) -> dict[str, Any]:
    """Collect the content of environment.json.

    Parameters
    ----------
    device
        Of the config: "cpu", "cuda", "cuda:1".
    processes
        The number of processes of the run.
    """
    cuda = torch.cuda.get_device_name(device) if device.startswith("cuda") else None
    return {
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpus": os.cpu_count(),
        "processor": processor(),
        "processor_features": processor_features(),
        "torch_threads": torch.get_num_threads(),
        "processes": processes,
        "device": cuda or device,
    }


def facts(found: Mapping[str, Any]) -> Facts:
    """Select the part of an environment that the last bits of a result depend on, for each checkpoint."""
    versions = {f"version_{name}": text for name, text in found["packages"].items()}
    own = ("torch_threads", "processes", "device", "processor", "processor_features")
    return versions | {name: found[name] for name in own}


def changes(before: Mapping[str, Any], now: Facts) -> Iterator[str]:
    """Yield an event for each fact that differs from a checkpoint's attributes; older checkpoints lack some."""
    for name in [name for name in now if name not in WITHOUT_EFFECT]:
        then = before.get(name, 1 if name == "processes" else now[name])
        if then != now[name]:
            yield f"{TITLES.get(name, name.removeprefix('version_'))}: {_change(name, then, now[name])}: {ROUNDING}"


TITLES = {
    "processes": "number of processes",
    "torch_threads": "number of threads",
    "processor_features": "processor features",
}


def _change(name: str, then: object, now: object) -> str:
    if name != "processor_features":
        return f"{then} -> {now}"
    had, has = set(str(then).split()), set(str(now).split())
    return ", ".join([f"without {each}" for each in sorted(had - has)] + [f"with {each}" for each in sorted(has - had)])


def processor() -> str:
    """Return the processor's name, as the system reports it."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def processor_features() -> str:
    """Return the processor's vector instructions by name, and the set that torch uses, such as "torch:AVX2"."""
    flags = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return " ".join([*sorted(filter(FEATURES.fullmatch, flags)), f"torch:{torch.backends.cpu.get_cpu_capability()}"])


def _cpuinfo(field: str) -> str:
    """A field of the first processor in /proc/cpuinfo; "" where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == field)
    return next(found, "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a copy of the sources that was not installed
        return "unknown"
