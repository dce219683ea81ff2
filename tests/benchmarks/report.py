"""What the benchmarks share: timings taken in turn, and a section of README.md that each rewrites."""

import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import torch

README = Path(__file__).with_name("README.md")


def in_turn(
    works: Mapping[str, Callable[[], object]], rounds: int, before: Callable[[str], object] = lambda name: None
) -> dict[str, list[float]]:
    """Seconds of each work in each round, A B C A B C ..., so that a machine that slows down slows all.

    The first round warms up and does not count, and neither does what is done before each work of a name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for counted in [False] + [True] * rounds:
        for name, work in works.items():
            before(name)
            started = time.perf_counter()
            work()
            if counted:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ms(seconds: Sequence[float]) -> str:
    """Median and range in milliseconds."""
    median, low, high = (1e3 * value for value in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{median:.3g} ({low:.3g} .. {high:.3g})"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown: the first column is text, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def write_section(name: str, command: str, text: str) -> None:
    """Put a section in the place of the one of its name in README.md, or at its end, and print it."""
    section = f"<!-- {name} -->\n`{command}` on {_machine()}:\n\n{text.strip()}\n<!-- end of {name} -->"
    print(section)
    old = README.read_text()
    pattern = re.compile(f"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
    new = pattern.sub(lambda _: section, old) if pattern.search(old) else f"{old.rstrip()}\n\n{section}\n"
    README.write_text(new)


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "h5py", "numpy"))
    cpus = f"{os.cpu_count()} virtual CPUs of a {_cpu()}"
    threads = f"{torch.get_num_threads()} torch threads"
    return f"{time.strftime('%Y-%m-%d')}, {cpus}, {threads}, Python {platform.python_version()}, {packages}"


def _cpu() -> str:
    names = (
        re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if os.path.exists("/proc/cpuinfo") else []
    )
    return names[0] if names else platform.processor() or platform.machine()
