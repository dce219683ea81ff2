"""Names that channels, receivers and shots have of their own, in figures: beside their numbers, and as they are."""

import shutil
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.channel_names import shown_name
from elastic_pinn.workbench.figures.records.b_scan import draw_fit_b_scan
from elastic_pinn.workbench.figures.records.data_fit import draw_fit
from elastic_pinn.workbench.figures.records.misfits import draw_misfit_map
from elastic_pinn.workbench.figures.records.wiggles import draw_wiggles
from tests.workbench.drawn_texts import layout_faults
from tests.workbench.pulses import gappy, pulses_along


def named(receivers):
    records = receivers.only
    names = [[f"laser {row} {axis}" for axis in "ab"] for row in range(len(records.xy))]
    return replace(receivers, displacement=None, records=replace(records, names=names))


def test_names_that_channels_have_in_their_file_stand_beside_numbers_in_figures(aluminium, inverse_run):
    texts = {text.get_text() for text in ep.figures.receivers(named(ep.Receivers.load(aluminium))).axes[0].texts}
    assert "15 (laser 15 a, laser 15 b)" in texts
    told = ep.figures.frequency_wavenumber(named(gappy(pulses_along(2900.0)))).get_suptitle().replace("\n", " ")
    assert told.endswith(
        "left out: 4 x (laser 4 a), 4 y (laser 4 b), 9 x (laser 9 a), 9 y (laser 9 b), 20 x (laser 20 a)"
    )
    seen = inverse_run.latest().shot()._replace(receivers=named(inverse_run.problem().receivers))
    assert draw_fit(seen, 3, 1).get_suptitle().startswith("receiver 3 (laser 3 a, laser 3 b) at x = ")


def few(receivers, at=(0, 5, 60, 110, 120), length=1):
    """Some of the receivers, with names."""
    own = receivers.only.at(list(at))
    names = [[f"laser {row} {length * axis}" for axis in "ab"] for row in range(len(own.xy))]
    return ep.Receivers(records=replace(own, names=names))


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 60])
def test_few_receivers_with_names_are_labelled_by_row_and_name(inverse_run, length):
    shot = inverse_run.latest().shot()
    seen = shot._replace(receivers=few(shot.receivers, length=length))
    a, b = (shown_name(f"2 (laser 2 {length * axis})") for axis in "ab")
    both = f"laser 2 {length * 'a'}, laser 2 {length * 'b'}" if length == 1 else None
    for column, axes in enumerate(draw_misfit_map(seen).axes[:2]):
        texts = [text.get_text() for text in axes.texts]
        assert len(texts) == 5 and (a, b)[column][:20] == texts[2][:20]
    model = inverse_run.latest().model()
    figures = [draw_misfit_map(seen), draw_wiggles(seen, model), ep.figures.wiggles(seen.receivers)]
    for figure in figures[1:]:
        labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
        assert [each[:8] for each in labels] == [f"{row} (laser" for row in range(5)]
        assert not both or labels[2].startswith(f"2 ({both})\n")
    for figure in [*figures, *[ep.figures.receivers(seen.receivers)] * (length == 1)]:  # which has both names whole
        assert not layout_faults(figure)
    many = seen._replace(receivers=few(shot.receivers, at=range(13)))
    assert not draw_misfit_map(many).axes[0].texts
    assert "laser" not in draw_wiggles(many, model).axes[0].get_yticklabels()[0].get_text()
    nameless = shot._replace(receivers=ep.Receivers(records=shot.receivers.only.at([0, 5])))
    assert not draw_misfit_map(nameless).axes[0].texts


def test_labels_of_further_records_have_the_rows_that_verdicts_have(inverse_run):
    one = few(inverse_run.latest().shot().receivers).only
    both = ep.Receivers(records=(one, replace(one, quantity="velocity")))
    labels = [ep.figures.wiggles(both, records=number).axes[0].get_yticklabels()[1].get_text() for number in (0, 1)]
    assert [label[:9] for label in labels] == ["1 (laser ", "6 (laser "]


ODD = {
    "price $\\x$": "price $\\x$",  # no formula
    "$x$": "$x$",
    "\\$a^2": "\\$a^2",
    "_{": "_{",
    "a\n\tb\x1b[31m\u202e": "a b [31m",
    "scan point " + 280 * "y" + " 12345678": "scan point yyyyyyyyy…yyyyyyyyyy 12345678",
}


def drawn_text(figure, path):
    """What a figure has of text; a formula that cannot be read, or no room, is an error."""
    figure.savefig(path / "drawn.svg")
    return " ".join(" ".join(ElementTree.parse(path / "drawn.svg").getroot().itertext()).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_names_from_files_and_of_shots_are_drawn_letter_by_letter_on_one_short_line(name, tmp_path):
    xy, values = np.random.default_rng(0).random((5, 2)), np.random.default_rng(1).standard_normal((2, 5, 30, 2))
    called, other = (ep.Records("velocity", each, xy, np.arange(30) / 30, names=[name] * 5) for each in values)
    assert ODD[name] in drawn_text(ep.figures.receivers(ep.Receivers(records=called)), tmp_path)
    shots = [replace(called, shot=name, names=None), replace(other, shot="2", names=None)]
    assert f"shot {ODD[name]}" in drawn_text(ep.figures.receivers(ep.Receivers(records=shots)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_drawn_beside_a_fit_too(name, inverse_run, tmp_path):
    gaps = named(gappy(pulses_along(2900.0)))
    every = replace(gaps, records=replace(gaps.only, names=np.full(gaps.only.names.shape, name)))
    assert ODD[name] in drawn_text(ep.figures.frequency_wavenumber(every), tmp_path)
    one = inverse_run.latest().shot()
    odd = replace(one.receivers, displacement=None, records=replace(one.receivers.only, names=[name] * 121))
    assert ODD[name] in drawn_text(draw_fit(one._replace(receivers=odd), 3, 1), tmp_path)
    assert f"shot {ODD[name]}: " in drawn_text(draw_fit_b_scan(one._replace(name=name)), tmp_path)


def test_names_of_runs_and_values_of_a_sweep_are_drawn_letter_by_letter(folder_of_runs, tmp_path):
    names = "5 $^ to 6 $", "$ x_{ $"  # no names of variables, which stand for what they hold in a path
    runs = [shutil.copytree(folder_of_runs / "a", tmp_path / name) for name in names]
    table = pd.DataFrame({"status": "completed", "error": [1.0, 2.0], "data": names, "network": names, "steps": [1, 2]})
    figures = [
        ep.figures.compare(runs, "loss/total"),
        ep.figures.loss_curves(runs),
        ep.figures.sweep_results(table, "error", ["data"]),
        ep.figures.sweep_results(table, "error", ["steps", "network"]),
    ]
    for figure in figures:
        drawn = drawn_text(figure, tmp_path)
        assert all(name in drawn for name in names)
    for run, name in zip(runs, names, strict=True):
        assert name in drawn_text(ep.figures.loss_curves([run]), tmp_path)
