"""The ablation finds all results that are kept, and measures what is in the library and nothing else."""

import json
import math
import sys

import pytest

import elastic_pinn as ep
from tests.benchmarks.ablation import __main__ as ablation
from tests.benchmarks.ablation.__main__ import (
    BASE_NAME,
    LONG,
    NOT_MEASURED,
    REFUSED,
    SEEDS_OF_LONG,
    SEEDS_OF_SHORT,
    SHORT,
    Cell,
    Results,
    best_of,
    long_cells,
    short_cells,
)
from tests.benchmarks.ablation.problems import FORWARD, INVERSE
from tests.benchmarks.ablation.variants import BASE, FAMILIES, LEFT
from tests.benchmarks.report import README

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
    assert best_of(results, "sampling") == "R3"
    assert math.isclose(results.median("RAD", "C", SHORT, 2), 1e-9)
    monkeypatch.setattr(ablation, "write_section", lambda name, command, text: told.append(text))
    ablation.write(results, [])
    assert "| sampling | RAD (left the library) | 1.0e-09" in told[0] and "| sampling | R3 | 1.0e-03" in told[0]


STEEPER = "sin, 4 times steeper start"
SHORTLY, LONGER = (SHORT, SEEDS_OF_SHORT), (LONG, SEEDS_OF_LONG)
SOLVED = 1e-2
FIRST = next(iter(FORWARD))


@pytest.fixture(scope="module")
def kept():
    return Results(ablation.KEPT)


@pytest.fixture(scope="module")
def winners(kept):
    return [best_of(kept, family) for family in FAMILIES]


def test_all_that_the_tables_tell_was_measured(kept, winners):
    cells = [*short_cells(), *long_cells(winners)]
    assert all(math.isfinite(kept.median(each.variant, each.problem, each.seconds, each.seed + 1)) for each in cells)


def test_what_left_was_nowhere_below_both_the_base_and_a_tenth(kept):
    for name in LEFT_VARIANTS:
        for problem in FORWARD:
            least = min(kept.median(BASE_NAME, problem, *SHORTLY), 0.1)
            assert kept.median(name, problem, *SHORTLY) >= least, (name, problem)
    rad, base = (kept.of(name, "free side, SV 30", *SHORTLY) for name in ("RAD", BASE_NAME))
    assert round(100 * (sum(rad) / sum(base) - 1)) == 4
    assert sum(one < other for one, other in zip(rad, base, strict=True)) == 1


def test_what_the_note_tells_of_a_minute_is_so(kept):
    def median(name, problem):
        return kept.median(name, problem, *SHORTLY)

    networks = FAMILIES["network"].keys() - {"hard start and sides"}
    for problem in FORWARD:
        assert min(networks, key=lambda name: median(name, problem)) in ("sin", STEEPER)
        assert min(FAMILIES["sampling"], key=lambda name: median(name, problem)) == "Sobol"
        unlike = abs(median("sin", problem) - median(STEEPER, problem))
        pairs = [kept.of(name, problem, *SHORTLY) for name in ("sin", STEEPER)]
        assert unlike < max(max(each) - min(each) for each in pairs)
    assert median(STEEPER, "free side, SV 30") == min(median(name, "free side, SV 30") for name in networks)
    assert [median("hard start and sides", each) > median(BASE_NAME, each) for each in FORWARD] == [False, True, True]
    assert f"{median('hard start and sides', FIRST):.0e}" == "6e-05"
    assert sum(each > SOLVED for each in kept.of(BASE_NAME, "C", *SHORTLY)) == 1
    assert all(max(kept.of(name, "C", *SHORTLY)) < SOLVED for name in ("sin", STEEPER, "Sobol", "swish"))


def test_what_the_note_tells_of_five_minutes_is_so(kept, winners):
    assert {"Sobol", STEEPER, "ReLoBRaLo", "potentials"} == {*winners}
    for problem in FORWARD:
        order = sorted([BASE_NAME, *winners], key=lambda name: kept.median(name, problem, *LONGER))
        assert {*order[:2]} == {"Sobol", STEEPER}
        base = kept.median(BASE_NAME, problem, *LONGER)
        assert kept.median("potentials", problem, *LONGER) >= base
        assert (kept.median("ReLoBRaLo", problem, *LONGER) > base) is (problem != "C")
    for name in ("Sobol", STEEPER):
        assert max(kept.of(name, "C", *LONGER)) < SOLVED and kept.median(name, "C", *LONGER) < 6e-6
    assert max(kept.of("ReLoBRaLo", "C", *LONGER)) < 2.1e-3
    assert sum(each > SOLVED for each in kept.of(BASE_NAME, "C", *LONGER)) == 2
    [constants] = INVERSE
    for name in (BASE_NAME, "Sobol", STEEPER):
        assert f"{kept.median(name, constants, SHORT, SEEDS_OF_LONG):.0e}" in ("9e-04", "1e-03")
    assert sum(each > 0.1 for each in kept.of("ReLoBRaLo", constants, SHORT, SEEDS_OF_LONG)) == 1


def test_the_section_has_the_note_and_the_tables_as_they_are(kept, winners, monkeypatch):
    told = []
    monkeypatch.setattr(ablation, "write_section", lambda name, command, text: told.append(text))
    ablation.write(kept, winners)
    assert told[0].strip() in README.read_text()


def test_what_was_refused_is_told_apart_from_what_was_never_measured(tmp_path):
    path = tmp_path / "results.jsonl"
    lines = [
        {"cell": Cell("sin", "C", 0, SHORT).key, "error": None},
        {"cell": Cell("sin", "C", 1, SHORT).key, "error": 1},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    results = Results(path)
    assert results.of("sin", "C", SHORT, 3) == [REFUSED, 1, NOT_MEASURED]
    told = [ablation.told(results.of("sin", problem, SHORT, 2)) for problem in ("C", FIRST)]
    assert told == ["refused", "not measured"]
    assert ablation.told([2.0, 1.0, 3.0]) == "2.0e+00 (1.0e+00 .. 3.0e+00)"
    assert results.median("sin", "C", SHORT, 1) == math.inf
    with pytest.raises(LookupError, match="sin was not measured on C for 60 s from each of 3 seeds"):
        results.median("sin", "C", SHORT, 3)


ENDS = {
    "kill -TERM $$": "ended with -15, and is not kept: no reason told",
    "kill -KILL $$": "ended with -9, and is not kept: no reason told",
    "echo Traceback >&2; echo MemoryError: 8 GiB >&2; exit 1": "ended with 1, and is not kept: MemoryError: 8 GiB",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_breaks_off_ends_the_measurement_and_is_not_kept(end, tmp_path, monkeypatch):
    path, script = tmp_path / "results.jsonl", tmp_path / "python"
    script.write_text(f'#!/bin/sh\ncase "$*" in *swish*) {end};; esac\necho 0.5\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    first, second = Cell("sin", "C", 0, SHORT), Cell("swish", "C", 0, SHORT)
    with pytest.raises(RuntimeError, match=ENDS[end]) as raised:
        Results(path).measure([first, second, Cell("sin", "C", 1, SHORT)])
    assert str(raised.value).startswith(second.key)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"cell": first.key, "error": 0.5}]


@pytest.mark.slow
def test_what_is_refused_or_diverges_is_kept_as_such_and_nothing_else(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results.jsonl"
    refused = Cell("RAD", "C", 0, 1)
    Results(path).measure([refused])
    assert json.loads(path.read_text()) == {"cell": refused.key, "error": None}

    capsys.readouterr()

    def ends(error):
        raise error

    monkeypatch.setattr(Cell, "error", lambda cell: ends(ep.DivergedError("the loss is nan")))
    ablation._tell_error(refused)
    assert capsys.readouterr() == ("null\n", "the loss is nan\n")
    for error in (MemoryError(), RuntimeError("disk"), ep.ProblemError("no such side")):
        monkeypatch.setattr(Cell, "error", lambda cell, error=error: ends(error))
        with pytest.raises(type(error)):
            ablation._tell_error(refused)
