"""The panel that looks into a checkpoint, without a browser."""

import shutil

import ipywidgets as widgets
import pytest

from elastic_pinn.workbench.fields import QUANTITIES
from elastic_pinn.workbench.panels import ExplorePanel


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


def tabs(panel) -> widgets.Tab:
    return panel.children[2]


def shown(panel) -> bytes:
    return bytes(find(tabs(panel).children[tabs(panel).selected_index], widgets.Image).value)


def test_the_newest_checkpoint_opens_by_itself_and_its_field_is_drawn(place):
    panel = ExplorePanel()
    assert panel.checkpoint.step == 10 and "open" in said(panel)
    assert shown(panel).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", QUANTITIES)
def test_each_quantity_has_a_picture_of_its_own_at_each_instant(place, name):
    panel = ExplorePanel("runs/one")
    find(panel, widgets.Dropdown, "Quantity").value = name
    end = shown(panel)
    find(panel, widgets.IntSlider).value = 5
    assert shown(panel) != end


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
    assert "every byte" in said(panel) and "is good" in said(panel)
    path = panel.checkpoint.path
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    find(panel, widgets.Button, "Verify").click()
    assert "failed" in said(panel) and "damaged" in said(panel)


def test_what_cannot_be_opened_is_told_and_what_can_be_opened_then_is(place):
    panel = ExplorePanel("runs/none")
    assert panel.checkpoint is None and "holds no run" in said(panel)
    find(panel, widgets.Combobox).value = str(next((place / "checkpoints").glob("*.h5")))
    assert panel.checkpoint is not None
    find(panel, widgets.Checkbox, "isolated").value = True
    assert panel.checkpoint is not None and "open" in said(panel)


def test_without_any_checkpoint_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert "train one with 01_forward" in said(ExplorePanel())


def test_a_quantity_over_time_is_written_below_runs(place):
    panel = ExplorePanel("runs/one")
    find(panel, widgets.Button, "NC").click()
    assert "written" in said(panel)
    assert [path.name for path in (place.parent / "exports").iterdir()] == ["step-000000010-g000-u_x.nc"]
