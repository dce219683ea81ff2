"""The panel that looks into a checkpoint, without a browser."""

import shutil
import time
from pathlib import Path

import ipywidgets as widgets
import pytest

from elastic_pinn.storage import checkpoints
from elastic_pinn.workbench.fields import QUANTITIES
from elastic_pinn.workbench.panels import ExplorePanel
from elastic_pinn.workbench.panels.explore_panel import export_path


@pytest.fixture
def place(forward_run, tmp_path, monkeypatch):
    """A copy of a run in a project of its own, which is the working directory."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(forward_run.path, tmp_path / "runs" / "one")


def find(panel, kind, text: str = ""):
    """The first widget of a kind whose description begins so."""

    def look(widget):
        if isinstance(widget, kind) and str(getattr(widget, "description", "")).startswith(text):
            return widget
        return next((found for child in getattr(widget, "children", ()) if (found := look(child))), None)

    return look(panel)


def said(panel) -> str:
    return panel.children[1].value


def says(panel, text: str) -> bool:
    """Whether it says so before long: work that takes seconds is done behind it."""
    until = time.monotonic() + 60
    while text not in said(panel) and time.monotonic() < until:
        time.sleep(0.05)
    return text in said(panel)


def tabs(panel) -> widgets.Tab:
    return panel.children[2]


def shown(panel) -> bytes:
    return bytes(find(tabs(panel).children[tabs(panel).selected_index], widgets.Image).value)


def test_the_newest_checkpoint_opens_by_itself_and_its_field_is_drawn(place):
    panel = ExplorePanel()
    assert panel.checkpoint.step == 10 and "open" in said(panel)
    assert shown(panel).startswith(b"\x89PNG")


def test_each_quantity_has_a_picture_of_its_own_at_each_instant(place):
    panel = ExplorePanel("runs/one")
    pictures = set()
    for name in QUANTITIES:
        find(panel, widgets.Dropdown, "Quantity").value = name
        for instant in (0, 5):
            find(panel, widgets.IntSlider).value = instant
            pictures.add(shown(panel))
    assert len(pictures) == 2 * len(QUANTITIES)


def test_one_scale_serves_all_instants(place):
    panel = ExplorePanel("runs/one")
    scales = {panel.figure("u_x").axes[0].images[0].get_clim(), panel._map("u_x").at(0.5).axes[0].images[0].get_clim()}
    ((low, high),) = scales
    assert low == -high < 0
    assert panel.figure("energy").axes[0].images[0].get_clim()[0] == 0.0


def test_a_trace_follows_the_point(place):
    panel = ExplorePanel("runs/one")
    tabs(panel).selected_index = 1
    before = shown(panel)
    find(tabs(panel).children[1], widgets.BoundedFloatText, "x").value = 0.2
    assert shown(panel) != before


def test_weights_moments_and_the_tree_are_shown(place):
    panel = ExplorePanel("runs/one")
    tabs(panel).selected_index = 2
    assert shown(panel).startswith(b"\x89PNG")
    assert "network.weights.0: float32 (8, 3)" in tabs(panel).children[3].value


def test_verify_says_whether_every_byte_is_good(place):
    panel = ExplorePanel("runs/one")
    find(panel, widgets.Button, "Verify").click()
    assert says(panel, "is good") and "every byte" in said(panel)
    path = panel.checkpoint.path
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    find(panel, widgets.Button, "Verify").click()
    assert says(panel, "damaged") and "failed" in said(panel)


def test_what_cannot_be_opened_is_told_and_what_can_be_opened_then_is(place):
    panel = ExplorePanel("runs/none")
    assert panel.checkpoint is None and "holds no run" in said(panel)
    find(panel, widgets.Combobox).value = str(next((place / "checkpoints").glob("*.h5")))
    assert panel.checkpoint is not None and tabs(panel).layout.display is None
    find(panel, widgets.Combobox).value = ""
    assert panel.checkpoint is None and "choose a checkpoint" in said(panel) and tabs(panel).layout.display == "none"


@pytest.mark.parametrize("where", ["runs/one", "runs/one/checkpoints/step-000000010-g000.h5"])
def test_a_foreign_run_or_checkpoint_is_read_by_another_process_only(place, monkeypatch, where):
    def here(*_):
        raise AssertionError("a foreign file was read in this process")

    monkeypatch.setattr(checkpoints, "parse_snapshot", here)
    monkeypatch.setattr("elastic_pinn.run.read_snapshot", here)
    with pytest.raises(AssertionError):
        ExplorePanel(where)
    panel = ExplorePanel(where, isolated=True)
    assert panel.checkpoint.step == 10 and shown(panel).startswith(b"\x89PNG")


def test_without_any_checkpoint_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert "train one with 01_forward" in said(ExplorePanel())


def test_a_quantity_over_time_is_written_below_runs(place):
    panel = ExplorePanel("runs/one")
    find(panel, widgets.Button, "NC").click()
    assert says(panel, "written")
    (written,) = (place.parent / "exports" / "one").iterdir()
    assert written.name == "step-000000010-g000-u_x.nc"


def test_exports_of_two_runs_lie_apart(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    file = "checkpoints/step-000000010-g000.h5"
    places = [tmp_path / "runs/sweep/a" / file, tmp_path / "runs/sweep/b" / file, Path("/lent/c") / file,
              Path("/lent/d.h5"), "s3://bucket/e/" + file]  # fmt: skip
    found = [export_path(place, "u_x", "nc").relative_to(tmp_path / "runs/exports") for place in places]
    folders = [str(path.parent) for path in found]
    assert folders == ["sweep/a", "sweep/b", "c", "lent", "e"]
    assert found[0].name == "step-000000010-g000-u_x.nc"
