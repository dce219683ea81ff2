"""What the last bits of a result depend on beside the config is stored, and each change of it is told on a resume."""

import json

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import environment
from elastic_pinn.training.lifecycle.environment import ROUNDING, changes, facts, processor, processor_features


def stop_at(step: int) -> ep.Control:
    control = ep.Control(lambda record: control.stop() if record["step"] == step else None)
    return control


CHANGED = {
    "processor": ("processor: {before} -> Another CPU", lambda found: {"processor": "Another CPU"}),
    "features": (
        "processor features: without avx2, with avx9",
        lambda found: {"processor_features": found["processor_features"].replace("avx2", "avx9")},
    ),
    "device": ("device: cpu -> Another GPU", lambda found: {"device": "Another GPU"}),
    "torch": ("torch: {before} -> 9.9", lambda found: {"packages": found["packages"] | {"torch": "9.9"}}),
    "numpy": ("numpy: {before} -> 9.9", lambda found: {"packages": found["packages"] | {"numpy": "9.9"}}),
    "numba": ("numba: {before} -> 9.9", lambda found: {"packages": found["packages"] | {"numba": "9.9"}}),
}


@pytest.fixture
def elsewhere(monkeypatch):
    """A function that makes this process another environment."""
    real = environment.environment

    def change(how):
        def found(*args):
            here = real(*args) | {"processor_features": "avx avx2 torch:AVX2"}
            return here | how(here)

        for module in ("trainer", "record"):
            monkeypatch.setattr(f"elastic_pinn.training.lifecycle.{module}.environment", found)

    return change


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_of_the_environment_is_an_event_and_ends_equality_to_the_last_bit(tiny, tmp_path, elsewhere, name):
    told, how = CHANGED[name]
    elsewhere(lambda found: {})
    first = ep.train(tiny(), tmp_path / "run", control=stop_at(3))
    assert first.summary.no_longer_bitwise == []
    here = json.loads((first.path / "environment.json").read_text())
    elsewhere(how)
    run = ep.train(tiny(), tmp_path / "run", resume="auto")
    event = f"{told.format(before={**here, **here['packages']}.get(name))}: {ROUNDING}"
    assert run.events() == [(3, event)]
    assert run.summary.no_longer_bitwise == [f"step 3: {event}"]
    assert json.loads((first.path / "environment.json").read_text()) != here


def test_another_number_of_threads_is_a_change_too(tiny, tmp_path):
    before = torch.get_num_threads()
    ep.train(tiny(), tmp_path / "run", control=stop_at(3))
    run = ep.train(tiny(threads=before + 1), tmp_path / "run", resume="auto")
    told = f"number of threads: {before} -> {before + 1}: {ROUNDING}"
    assert run.events() == [(3, f"threads: 0 -> {before + 1}"), (3, told)]
    assert run.summary.no_longer_bitwise == [f"step 3: {told}"]


def test_a_checkpoint_that_does_not_say_all_is_compared_in_what_it_says():
    now = facts(environment.environment("cpu", 1))
    assert list(changes({}, now)) == []
    assert list(changes({"version_torch": "0.1"}, now)) == [f"torch: 0.1 -> {now['version_torch']}: {ROUNDING}"]
    assert list(changes({"version_h5py": "0.1"}, now)) == [], "which has no effect on numbers"
    assert list(changes({}, now | {"processes": 2})) == [f"number of processes: 1 -> 2: {ROUNDING}"]


def test_the_environment_names_the_processor_and_what_torch_uses_of_it(tiny, tmp_path):
    run = ep.train(tiny(steps=1), tmp_path / "run")
    found = json.loads((run.path / "environment.json").read_text())
    assert found["processor"] == processor() and found["processor"]
    assert found["processor_features"] == processor_features()
    assert f"torch:{torch.backends.cpu.get_cpu_capability()}" in found["processor_features"].split()
    attributes = run.latest().snapshot.attributes
    assert {"version_numba", "processor", "processor_features", "torch_threads", "device"} <= attributes.keys()


def test_a_system_without_cpuinfo_still_says_something(monkeypatch):
    monkeypatch.setattr(environment.Path, "read_text", lambda *args, **options: (_ for _ in ()).throw(OSError()))
    monkeypatch.setattr(environment.platform, "processor", lambda: "")
    monkeypatch.setattr(environment.platform, "machine", lambda: "riscv64")
    assert processor() == "riscv64" and processor_features().startswith("torch:")
