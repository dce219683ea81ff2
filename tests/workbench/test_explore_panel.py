"""The panel that looks into a checkpoint, without a browser."""

import html
import shutil
import time
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import h5py
import ipywidgets as widgets
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics import problem_from
from elastic_pinn.readable import percent
from elastic_pinn.run import Run
from elastic_pinn.storage import checkpoints
from elastic_pinn.workbench.exports.wavefields import export_path
from elastic_pinn.workbench.panels import ExplorePanel
from elastic_pinn.workbench.panels.exploration.tabs import BY_ELEMENTS
from elastic_pinn.workbench.panels.exploration.wavefield_views import most_energetic_instant
from elastic_pinn.workbench.quantities import QUANTITIES


@pytest.fixture
def place(forward_run, tmp_path, monkeypatch):
    """A copy of a run in a project of its own, which is the working directory."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(forward_run.path, tmp_path / "runs" / "one")


def title_of(axes) -> str:
    """The title as it reads, whatever its lines."""
    return axes.get_title().replace("\n", " ")


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


@pytest.mark.slow
def test_each_quantity_has_a_picture_of_its_own_at_each_instant(place):
    panel = ExplorePanel("runs/one")
    pictures = set()
    for name in QUANTITIES:
        find(panel, widgets.Dropdown, "Quantity").value = name
        for instant in (0, 5):
            find(panel, widgets.SelectionSlider).index = instant
            pictures.add(shown(panel))
    assert len(pictures) == 2 * len(QUANTITIES)


@pytest.mark.slow
def test_where_elements_solved_their_field_and_trace_are_shown_and_written(shots_run, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shots_run.path, tmp_path / "runs" / "shots")
    panel = ExplorePanel("runs/shots")
    quantity, instant = find(panel, widgets.Dropdown, "Quantity"), find(panel, widgets.SelectionSlider)
    assert set(quantity.options) == set(QUANTITIES) - {"residual"}
    quantity.value = "stress_yy"
    (axes, _), t = panel.figure().axes, instant.value
    assert axes.get_title().startswith("shot left: by finite elements: t = ")
    x, y = np.linspace(0.0, 0.02, BY_ELEMENTS)[40], np.linspace(0.0, 0.01, BY_ELEMENTS)[50]
    drawn = axes.images[0].get_array()[50, 40]
    network, expected = (each.predict(x, y, t, "stress")[1] / 1e3 for each in (shots_run.latest().model(), shots_run))
    assert drawn == pytest.approx(expected, rel=1e-6) and abs(network) < 1e-3 * abs(expected)
    find(panel, widgets.Button, "NetCDF").click()
    assert says(panel, "written")
    tabs(panel).selected_index = 1
    assert "elements" in [text.get_text() for text in panel.figure().legends[0].get_texts()]


@pytest.mark.slow
def test_where_elements_solve_for_an_own_problem_there_is_a_field_if_it_is_given(tiny, tmp_path, monkeypatch):
    problem = problem_from(tiny())
    run = ep.train(tiny(problem="own", steps=1), tmp_path / "run", problem)
    monkeypatch.setattr("elastic_pinn.run.checkpoint.Checkpoint.is_by_elements", True)
    assert tabs(ExplorePanel(str(run.path), problem=problem)).titles[:2] == ("Field", "Trace")
    panel = ExplorePanel(str(run.path))
    assert tabs(panel).titles == ("Numbers", "Contents") and shown(panel).startswith(b"\x89PNG")
    assert "ExplorePanel(run_dir, problem=problem) in 05_explore" in said(panel)
    assert panel.figure().axes


def test_a_receiver_file_that_has_changed_is_told_and_its_receivers_are_not_shown(tmp_path, tiny, receivers):
    data = tmp_path / "data.h5"
    receivers(noise=0.1).save(data)
    run = ep.train(tiny(problem="receivers", data=str(data), unknowns=["lambda", "mu"], steps=1), tmp_path / "run")
    assert "Without its problem" not in said(ExplorePanel(str(run.path)))
    receivers(noise=0.2).save(data)
    panel = ExplorePanel(str(run.path))
    assert panel.checkpoint.step == 1 and shown(panel).startswith(b"\x89PNG")
    assert f"Without its problem: {data} is not the file that" in html.unescape(said(panel))


def test_a_variable_that_is_not_set_is_told(place):
    panel = ExplorePanel()
    find(panel, widgets.Combobox, "").value = "$NO_SUCH_VARIABLE/run"
    assert says(panel, "not opened") and "there is no such variable" in html.unescape(said(panel))


def test_one_scale_serves_all_instants(place):
    panel = ExplorePanel("runs/one")
    scales = set()
    for instant in (0, 5):
        find(panel, widgets.SelectionSlider).index = instant
        scales.add(panel.figure().axes[0].images[0].get_clim())
    ((low, high),) = scales
    assert low == -high < 0
    find(panel, widgets.Dropdown, "Quantity").value = "energy"
    assert panel.figure().axes[0].images[0].get_clim()[0] == 0.0


@pytest.mark.slow
def test_the_plain_figure_is_what_the_panel_shows(place):
    panel = ExplorePanel("runs/one")
    find(panel, widgets.Dropdown, "Quantity").value = "residual"
    find(panel, widgets.SelectionSlider).index = 7
    field, scale = panel.figure().axes
    off = percent(panel.checkpoint.metrics["error/displacement"])
    assert title_of(field) == f"relative L2 error of the displacement {off}: t = 0.35 s"
    assert scale.get_ylabel() == "|residual| without force (N/m³)"
    assert panel.figure().png() == shown(panel)
    for tab in (1, 2):
        tabs(panel).selected_index = tab
        assert panel.figure().png() == shown(panel) != b""


def test_the_instant_is_told_with_its_unit(place, inverse_run):
    panel = ExplorePanel(str(inverse_run.path))
    slider = find(panel, widgets.SelectionSlider)
    assert slider.label.endswith(" µs") and slider.readout
    slider.index = len(slider.options) - 1
    assert slider.label.endswith(" µs") and panel.figure().axes[0].get_title() == f"t = {slider.label}"


def test_it_opens_at_the_instant_with_the_most_energy():
    def fields(energies, sizes):
        values = {"energy": energies, "magnitude": sizes}
        return SimpleNamespace(coarser=lambda _: SimpleNamespace(at=lambda name, t: np.full((2, 2), values[name][t])))

    assert most_energetic_instant(fields([1.0, 5.0, 2.0], [9.0, 0.0, 9.0]), range(3)) == 1
    standing_waves = fields([4.9, 5.0, 4.8], [1.0, 0.0, 2.0])  # which keep their energy
    assert most_energetic_instant(standing_waves, range(3)) == 2


def test_the_slider_and_play_start_at_the_instant_that_is_shown(place):
    panel = ExplorePanel("runs/one")
    slider, play = find(panel, widgets.SelectionSlider), find(panel, widgets.Play)
    assert slider.index == play.value
    assert title_of(panel.figure().axes[0]).endswith(f" %: t = {slider.label}")


@pytest.mark.parametrize("has_ffmpeg", [True, False])
def test_the_buttons_are_named_as_the_formats_are_and_a_film_takes_ffmpeg(place, monkeypatch, has_ffmpeg):
    monkeypatch.setattr("elastic_pinn.workbench.exports.wavefields.has_ffmpeg", lambda: has_ffmpeg)
    panel = ExplorePanel("runs/one")
    exports = {name: find(panel, widgets.Button, name) for name in ("GIF", "MP4", "HTML", "VTK", "NetCDF")}
    assert [name for name, button in exports.items() if button.disabled] == ([] if has_ffmpeg else ["MP4"])
    assert has_ffmpeg or "ffmpeg" in exports["MP4"].description


def test_a_trace_follows_the_point(place):
    panel = ExplorePanel("runs/one")
    tabs(panel).selected_index = 1
    before = shown(panel)
    find(tabs(panel).children[1], widgets.BoundedFloatText, "x").value = 0.2
    assert shown(panel) != before


def test_a_trace_begins_off_the_middle_where_there_are_no_receivers(place):
    panel = ExplorePanel("runs/one")
    x, y = (find(tabs(panel).children[1], widgets.BoundedFloatText, name) for name in "xy")
    assert (x.value, y.value) == (0.37, 0.58)


def test_a_trace_begins_at_the_loudest_receiver_and_asks_in_the_unit_of_the_plots(place, inverse_run):
    panel = ExplorePanel(str(inverse_run.path))
    x, y = (find(tabs(panel).children[1], widgets.BoundedFloatText, name) for name in "xy")
    receivers = problem_from(inverse_run.config).receivers
    row = np.square(receivers.displacement).sum((1, 2)).argmax()
    assert [x.value, y.value] == pytest.approx(100 * receivers.xy[row], rel=1e-3)
    assert [x.description, y.description] == ["x, 0 to 6 cm", "y, 0 to 6 cm"] and (x.min, x.max) == (0.0, 6.0)
    assert "(cm)" in panel.figure().axes[0].get_xlabel()


def test_sizes_of_weights_and_moments_are_drawn(place):
    panel = ExplorePanel("runs/one")
    tabs(panel).selected_index = 2
    assert shown(panel).startswith(b"\x89PNG")


def test_the_contents_are_the_tree_of_the_file_with_all_attributes(place):
    panel = ExplorePanel("runs/one")
    tabs(panel).selected_index = 3
    text = html.unescape(tabs(panel).children[3].value)
    said = []

    def look(name, item):
        leaf = name.rsplit("/", 1)[-1]
        said.append(f"{leaf} (" if isinstance(item, h5py.Group) else f"{leaf}: {_kind(item)} {item.shape}")
        said.extend(f"@{key} = " for key in item.attrs)

    with h5py.File(panel.checkpoint.path) as file:
        look("/", file)
        file.visititems(look)
    assert [line for line in said if line not in text] == [] and len(said) > 60
    assert "@step = 10" in text and "@type = json" in text and panel.checkpoint.snapshot.config in text


def _kind(dataset) -> str:
    return f"text of {dataset.dtype.itemsize:,} bytes" if dataset.dtype.kind == "S" else str(dataset.dtype)


@pytest.mark.slow
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


def test_what_cannot_be_opened_is_told_with_what_can_be(place):
    panel = ExplorePanel("runs/none")
    assert panel.checkpoint is None and panel.figure() is None
    assert not any(isinstance(each, widgets.Tab) for each in panel.children)
    assert "holds no run" in said(panel) and "a run's folder or a checkpoint's file (.h5)" in html.unescape(said(panel))
    find(panel, widgets.Combobox).value = str(next((place / "checkpoints").glob("*.h5")))
    assert panel.checkpoint is not None and said(panel).startswith("<b>open</b>")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "fault"),
    [("runs/none", "holds no run"), ("/etc/passwd", "is not a checkpoint"), ("", "choose a checkpoint"),
     ("nonsense://x", "Protocol not known"), ("runs", "holds no run"), ("runs/none.h5", "is missing")],
)  # fmt: skip
def test_a_wrong_path_leaves_open_what_is_open(place, wrong, fault):
    panel = ExplorePanel("runs/one")
    before, picture = panel.checkpoint, shown(panel)
    find(panel, widgets.Combobox).value = wrong
    assert fault in said(panel) and f"{before.path} stays open" in said(panel)
    assert panel.checkpoint is before and shown(panel) == picture
    assert not wrong or "a run's folder or a checkpoint's file (.h5)" in html.unescape(said(panel))


@pytest.mark.slow
def test_what_was_asked_for_last_is_shown_even_if_an_earlier_one_is_read_after_it(place, inverse_run, monkeypatch):
    shutil.copytree(inverse_run.path, place.parent / "two")
    picture = shown(ExplorePanel("runs/two"))
    panel, is_read, may_go_on, latest = ExplorePanel("runs/one"), Event(), Event(), Run.latest

    def held_up(run, isolated=False):
        if run.path.name == "one":
            is_read.set()
            assert may_go_on.wait(60)
        return latest(run)

    monkeypatch.setattr(Run, "latest", held_up)
    earlier = Thread(target=lambda: setattr(find(panel, widgets.Checkbox), "value", True))
    earlier.start()
    assert is_read.wait(60) and "reading runs/one" in said(panel)
    find(panel, widgets.Combobox).value = "runs/two"
    may_go_on.set()
    earlier.join()
    assert "runs/two" in said(panel) and "runs/two" in str(panel.checkpoint.path)
    assert shown(panel) == picture == panel.figure().png()
    find(panel, widgets.Button, "NetCDF").click()
    assert says(panel, "written") and list((place.parent / "exports" / "two").iterdir())


def test_an_earlier_one_that_fails_late_says_nothing(place, monkeypatch):
    panel, is_read, may_go_on, latest = ExplorePanel("runs/one"), Event(), Event(), Run.latest

    def held_up(run, isolated=False):
        if isolated:
            is_read.set()
            assert may_go_on.wait(60)
            raise FileNotFoundError("gone meanwhile")
        return latest(run)

    monkeypatch.setattr(Run, "latest", held_up)
    isolated = find(panel, widgets.Checkbox)
    earlier = Thread(target=lambda: setattr(isolated, "value", True))
    earlier.start()
    assert is_read.wait(60)
    isolated.value = False
    may_go_on.set()
    earlier.join()
    assert said(panel).startswith("<b>open</b>")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["runs/one", "runs/one/checkpoints/step-000000010-g000.h5"])
def test_a_foreign_run_or_checkpoint_is_read_by_another_process_only(place, monkeypatch, where):
    def here(*_):
        raise AssertionError("a foreign file was read in this process")

    monkeypatch.setattr(checkpoints, "parse_snapshot", here)
    monkeypatch.setattr("elastic_pinn.run.checkpoint.read_snapshot", here)
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
    find(panel, widgets.Button, "NetCDF").click()
    assert says(panel, "written")
    (written,) = (place.parent / "exports" / "one").iterdir()
    assert written.name == "step-000000010-g000-u_x.nc"


def test_exports_of_two_runs_lie_apart(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    file = "checkpoints/step-000000010-g000.h5"
    places = [tmp_path / "runs/sweep/a" / file, tmp_path / "runs/sweep/b" / file, Path("/lent/c") / file,
              Path("/lent/d.h5"), "s3://bucket/e/" + file]  # fmt: skip
    found = [export_path(place, "u_x", ".nc").relative_to(tmp_path / "runs/exports") for place in places]
    folders = [str(path.parent) for path in found]
    assert folders == ["sweep/a", "sweep/b", "c", "lent", "e"]
    assert found[0].name == "step-000000010-g000-u_x.nc"
