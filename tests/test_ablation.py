"""The ablation finds all results that are kept, and measures what is in the library and nothing else."""

import json
import math

import pytest

import elastic_pinn as ep
from tests.benchmarks.ablation import __main__ as ablation
from tests.benchmarks.ablation.__main__ import SHORT, Cell, Results, short_cells
from tests.benchmarks.ablation.problems import FORWARD
from tests.benchmarks.ablation.variants import BASE, FAMILIES, LEFT

LEFT_VARIANTS = [name for variants in LEFT.values() for name in variants]


def test_every_kept_result_is_of_the_recipe_that_its_variant_has():
    for line in ablation.KEPT.read_text().splitlines():
        key = json.loads(line)["cell"]
        variant, problem, seed, seconds, _ = key.split(" | ")
        assert Cell(variant, problem, int(seed), int(seconds)).key == key


def test_what_is_measured_is_in_the_library():
    assert all(ep.Config(**cell.recipe) for cell in short_cells())


@pytest.mark.parametrize("name", LEFT_VARIANTS)
def test_what_has_left_the_library_is_measured_no_more(name):
    assert name not in {cell.variant for cell in short_cells()}
    with pytest.raises(ep.ConfigError):
        ep.Config(**Cell(name, "C", 0, SHORT).recipe)


def test_the_base_states_what_its_variants_change():
    """A recipe that relied on a default would be another one with the next default."""
    changed = {field for variants in FAMILIES.values() for recipe in variants.values() for field in recipe}
    assert changed & {"network", "hidden_layers", "activation", "sampling"} <= BASE.keys()


def test_what_has_left_is_told_with_the_others_but_is_no_winner(tmp_path, monkeypatch):
    path, told = tmp_path / "results.jsonl", []
    cells = [*short_cells(), *(Cell(name, problem, seed, SHORT) for name in LEFT_VARIANTS for problem in FORWARD
                               for seed in range(2))]  # fmt: skip
    errors = {"RAD": 1e-9, "R3": 1e-3}
    lines = [json.dumps({"cell": cell.key, "error": errors.get(cell.variant, 0.1)}) for cell in cells]
    path.write_text("\n".join(lines))
    results = Results(path)
    assert ablation.best_of(results, "sampling") == "R3"
    assert math.isclose(results.median("RAD", "C", SHORT, 2), 1e-9)
    monkeypatch.setattr(ablation, "write_section", lambda name, command, text: told.append(text))
    ablation.write(results, [])
    assert "| sampling | RAD (left the library) | 1.0e-09" in told[0] and "| sampling | R3 | 1.0e-03" in told[0]
