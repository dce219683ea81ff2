"""Labels that distinguish runs in limited space."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from elastic_pinn.config import Config
from elastic_pinn.workbench.run_table import varying, written

HASH = re.compile(r"-[0-9a-f]{16}$")  # with which batch/plan.py ends the name of a run
ALL_FIELDS = 60  # characters: longer labels omit the fields that are not needed


def without_hashes(names: Sequence[str]) -> list[str]:
    """Return the names without the hashes of sweeps, unless only these distinguish them."""
    plain = [HASH.sub("", name) for name in names]
    seen = Counter(plain)
    return [short if seen[short] == 1 else name for short, name in zip(plain, names, strict=True)]


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the ends of paths, with as many folders as distinguish them, without common parts: "seed=0" and "seed=1"
    of a sweep over nothing else."""
    parts = [path.split("/") for path in without_hashes([path.rstrip("/") for path in paths])]
    ends = ["/".join(each[-1:]) for each in parts]
    for length in range(2, max(map(len, parts), default=0) + 1):
        seen = Counter(ends)
        ends = ["/".join(each[-length:]) if seen[end] > 1 else end for each, end in zip(parts, ends, strict=True)]
    return _without_common(ends)


def by_fields(configs: Sequence[Config]) -> list[str]:
    """Return for each run the fields, except the seed, in which some runs differ; if there are many, the fewest that
    distinguish the same runs."""
    names = sorted(set(varying(configs)) - {"seed"})
    labels = _of_fields(configs, names)
    return labels if max(map(len, labels), default=0) <= ALL_FIELDS else _of_fields(configs, _fewest(configs, names))


def fit_labels(labels: Sequence[str], room: float, width: Callable[[str], float] = len) -> list[str]:
    """Return labels that fit, cut in the middle if necessary, and numbered if different ones become equal.

    width: of a text, in the unit of the room; characters if not given.
    """
    cut = [_cut(label, room, width) for label in labels]
    if len(set(cut)) == len(set(labels)):
        return cut
    return [_cut(f"{number}: {label}", room, width) for number, label in enumerate(labels, 1)]


def letter_by_letter(text: str) -> str:
    """Return a text that matplotlib draws as it is given, where names may hold what would else be a formula."""
    return text.replace("$", r"\$")


def _without_common(names: Sequence[str]) -> list[str]:
    """Return names without their common parts between commas, if the results differ."""
    parts = [name.split(",") for name in names]
    common = set(parts[0]).intersection(*parts) if len(parts) > 1 else set()
    left = [",".join(part for part in each if part not in common) for each in parts]
    return left if all(left) and len(set(left)) == len(left) else list(names)


def _of_fields(configs: Sequence[Config], names: Sequence[str]) -> list[str]:
    texts = [", ".join(f"{name} = {written(getattr(config, name, None))}" for name in names) for config in configs]
    return [text or "all alike" for text in texts]


def _fewest(configs: Sequence[Config], names: Sequence[str]) -> list[str]:
    """Return some fields, the most distinctive first, that distinguish the same runs as all fields."""

    def count_distinct(fields: Sequence[str]) -> int:
        return len(set(_of_fields(configs, fields)))

    chosen: list[str] = []
    while count_distinct(chosen) < count_distinct(names):
        chosen.append(max(names, key=lambda name: count_distinct([*chosen, name])))
    return chosen


def _cut(text: str, room: float, width: Callable[[str], float]) -> str:
    size = width(text)
    length = len(text) if size <= room else int(len(text) * room / size)  # an estimate, since letters differ in width
    while width(cut := _without_middle(text, length)) > room:
        length -= 1
    return cut


def _without_middle(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    head = length // 2
    return f"{text[:head]}…{text[len(text) - (length - head - 1) :]}"
