"""Size of the library: lines of each room before it was laid out anew, and now."""

import subprocess
from collections import Counter
from pathlib import Path

from tests.benchmarks.report import table, write_section

ROOT = Path(__file__).parents[2]
BEFORE = "52f30da"  # the last commit before names and rooms changed
ROOMS = (
    "physics", "networks", "error_estimate", "training", "workbench/figures", "workbench/batch", "workbench/panels",
    "workbench/cli", "workbench", "storage", "",
)  # fmt: skip
KEPT = ("storage", "workbench/batch", "workbench/panels", "workbench/cli")  # which do what they did before


def room_of(path: str) -> str:
    """The first of the rooms that a module is in."""
    inside = path.removeprefix("elastic_pinn/")
    return next(room for room in ROOMS if not room or inside.startswith(f"{room}/"))


def sizes(commit: str) -> Counter[str]:
    """The lines of each room's modules at a commit."""
    listed = _git("ls-tree", "-r", "--name-only", commit, "elastic_pinn").splitlines()
    found: Counter[str] = Counter()
    for path in (each for each in listed if each.endswith(".py")):
        found[room_of(path)] += _git("show", f"{commit}:{path}").count("\n")
    return found


def _git(*words: str) -> str:
    """What git prints. Raises CalledProcessError in a clone without the commit."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Write the section."""
    before, now = sizes(BEFORE), sizes("HEAD")
    rows = [[room or "run, config and others", f"{before[room]:,}", f"{now[room]:,}"] for room in ROOMS]
    outside = [sum(each.values()) - each["physics"] for each in (before, now)]
    kept = [sum(each[room] for room in KEPT) for each in (before, now)]
    rows += [["all but physics", *(f"{each:,}" for each in outside)]]
    text = f"""{table(["lines of", f"at {BEFORE}", "now"], rows)}

The goal, fewer lines outside physics than at {BEFORE}, **falls short**. Rooms that do what they did then,
{", ".join(KEPT)}, have {kept[1]:,} lines, then {kept[0]:,}. The others grew
by what they do: in networks waves around holes and inclusions, potentials, patches and the free field of sources; in
training full-waveform inversion, samplers, balancing, the settings of a problem and their refinement; the estimate of
an error; and figures of plates, wavefields and errors."""
    write_section("size of the library", "python -m tests.benchmarks.library_size", text)


if __name__ == "__main__":
    main()
