"""What a training step costs on a GPU: launched kernel by kernel, compiled into CUDA graphs, and in plain torch."""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from plain_torch import SIZES, by_torch, made
from report import in_turn, ms, table, write_section

COMMAND = "python tests/benchmarks/gpu_step.py"
NOTE = """Equation of motion of problem A' on one {gpu}, tanh; a step is the loss and its gradients at the same points
and weights, then Adam, until the card has finished. Our gradient with `compile` differs from the one on the CPU,
relative to its length, by {error}."""


def finished(step: Callable[[], object]) -> Callable[[], object]:
    """The step with the card waited for: launches alone take no time."""

    def timed() -> None:
        step()
        torch.cuda.synchronize()

    return timed


def compare(name: str, rounds: int) -> list[list[str]]:
    """A row for each way to make a step; `compile` with the seconds of its first step, in which torch compiles."""
    works: dict[str, Callable[[], object]] = {}
    firsts: dict[str, float] = {}
    for way, fields in {"elastic_pinn": {}, "**elastic_pinn, `compile`**": {"compile": True}}.items():
        ours, started = made(*SIZES[name], device="cuda", **fields), time.perf_counter()
        works[way] = finished(ours.advance)
        works[way]()
        firsts[way] = time.perf_counter() - started
    plain = made(*SIZES[name], device="cuda")
    works["nested autograd, plain torch"] = finished(by_torch(plain, nested=True))
    works["jets, plain torch"] = finished(by_torch(plain, nested=False))
    cpu = made(*SIZES[name])
    works["elastic_pinn on this machine's CPU"] = cpu.advance
    seconds = in_turn(works, rounds)
    best = statistics.median(seconds["**elastic_pinn, `compile`**"])
    return [
        [
            f"{name}: {way}" if i == 0 else way,
            ms(times),
            f"{statistics.median(times) / best:.2f}",
            f"{firsts[way]:.0f}" if way in firsts else "",
        ]
        for i, (way, times) in enumerate(seconds.items())
    ]


def against_cpu() -> str:
    """How far the compiled gradient of a GPU is from the one of a CPU at the same weights and points."""
    found = []
    for precision in ("float64", "float32"):
        gradients = []
        for fields in ({}, {"device": "cuda", "compile": True}):
            ours = made(10_000, [64] * 4, precision, **fields)
            ours.objective()
            gradients.append(torch.cat([parameter.grad.reshape(-1).cpu() for parameter in ours.parameters]))
        cpu, gpu = gradients
        found.append(f"{((gpu - cpu).norm() / cpu.norm()).item():.1e} in {precision}")
    return " and ".join(found)


def main(rounds: int) -> None:
    """Measure all, and write the section."""
    if not torch.cuda.is_available():
        raise SystemExit(f"{COMMAND} needs a GPU, and torch sees none: the section stays as it is")
    rows = [row for name in SIZES for row in compare(name, rounds)]
    head = ["", "ms a step", "times `compile`", "first step, s"]
    note = NOTE.format(gpu=torch.cuda.get_device_name(), error=against_cpu())
    write_section("training step on a GPU", COMMAND, f"{note}\n\n{table(head, rows)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    main(parser.parse_args().rounds)
