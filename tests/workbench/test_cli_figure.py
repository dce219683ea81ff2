"""elastic-pinn figure: what it writes, and what it refuses before any work."""

import inspect
import re

import pytest
from PIL import Image

from elastic_pinn.workbench import figures
from elastic_pinn.workbench.cli.figure import NAMES, OF_SHOTS
from tests.workbench.commands import refused, said


def test_every_figure_of_a_run_can_be_drawn_by_its_name():
    functions = {name: each for name in figures.__all__ if inspect.isfunction(each := getattr(figures, name))}
    parameters = {name: list(inspect.signature(each).parameters) for name, each in functions.items()}
    of_runs = {name for name, found in parameters.items() if found and found[0] in ("source", "sources", "run")}
    more = {"movie", "compare", "reference_field"}  # a command of its own, several runs, another file
    assert set(NAMES) == of_runs - more
    assert set(OF_SHOTS) == {name for name in NAMES if "shot" in parameters[name]}


@pytest.mark.slow
def test_a_figure_is_written_in_pixels_and_in_millimetres(run, tmp_path):
    said("figure", run.path, "error_map", "--output", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 2700 and round(picture.info["dpi"][0]) == 300
    text = said("figure", run.path, "error_map", "--output", tmp_path / "a.svg", "--width", 85)
    assert "for the caption: relative L2 error" in text
    assert re.search(r'width="([\d.]+)pt"', (tmp_path / "a.svg").read_text()).group(1).startswith("240.9")  # 85 mm
    said("figure", run.checkpoints()[-1].path, "loss_curves", "--output", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        (2, ["wave", "--output", "a.pdf"], "'wave' is no figure of a run; legal are b_scan"),
        (2, ["data_ft", "--output", "a.pdf"], "wiggles; did you mean 'data_fit'?"),
        (2, ["data_fit", "--output", "pics/a.pdf"], "pics/a.pdf: there is no folder pics; did you mean 'picks'?"),
        (2, ["error_map", "--output", "a.tif"], "must end in .pdf, .svg, .png"),
        (2, ["energy", "--output", "a.pdf", "--shot", "left"], "legal with b_scan"),
        (1, ["energy", "--output", "a.pdf", "--width", "3"], "width = 3 mm: legal are 40 to 400"),
        (1, ["material_traces", "--output", "a.pdf"], "needs a problem with unknowns"),
    ],
)
def test_what_is_not_legal_is_refused_in_one_line(run, tmp_path, monkeypatch, status, words, fault):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picks").mkdir()
    assert fault in refused(status, "figure", run.path, *words)
    assert not list(tmp_path.glob("a.*"))
