"""Figures fill their paper, no text is cut off, upon another, or has a curve through it, and print is print."""

import io
import math
import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.workbench import figures
from elastic_pinn.workbench.figures.learning.losses import draw_stages
from elastic_pinn.workbench.figures.style.colors import BLUE, GREEN, VERMILLION
from elastic_pinn.workbench.figures.style.layout import Constrained, legend_below
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.widgets.view import Canvas
from tests.workbench.drawn_texts import layout_faults
from tests.workbench.test_pictures import FIGURES, sources  # noqa: F401 a fixture

LAYOUT = [name for name in FIGURES if name != "movie"]  # which is a file
EXTENT = {"wide": (10.0, 1.0), "high": (1.0, 10.0)}
FEW = {
    "hidden_layers": [8], "activation": "tanh", "sampling": "latin_hypercube", "interior_points": 40,
    "validation_points": 20, "validate_every": 4, "stages": ["adam", "lbfgs"], "stage_steps": [6], "steps": 10,
    "estimate_error": False, "log_level": "error", "problem": "own",
}  # fmt: skip


def map_of(width, height, title=""):
    """A picture with a map of some shape."""
    figure = Picture(4.0)
    axes = figure.subplots()
    image = axes.imshow(np.zeros((2, 2)), extent=(0.0, width, 0.0, height))
    figure.colorbar(image, ax=axes, location="bottom" if width > height else "right")
    axes.set_title(title)
    return figure, axes


def curves(*colors):
    """A picture with a curve of each colour."""
    figure = Picture(4.0)
    axes = figure.subplots()
    for number, color in enumerate(colors):
        axes.plot([0, 1, 2], [number, 1 + number, number], color=color, label=f"curve {number}", linewidth=1.4)
    axes.set_xlabel("optimizer step")
    legend_below(figure)
    figure.suptitle("what the caption has")
    return figure, axes


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda figure, axes: figure.text(0.9, 0.5, "much too long for where it is"), "outside"),
        (lambda figure, axes: [axes.text(1.0, 0.2, text) for text in ("one", "other")], "overlap: 'one' and 'other'"),
        (lambda figure, axes: axes.text(0.4, 0.5, "crossed"), "a curve runs through 'crossed'"),
        (lambda figure, axes: axes.legend(loc="upper center"), "a curve runs through 'legend of curve 0'"),
    ],
)
def test_each_kind_of_fault_is_found(spoil, fault):
    figure, axes = curves(BLUE)
    assert layout_faults(figure) == []
    spoil(figure, axes)
    assert any(fault in found for found in layout_faults(figure))


@pytest.mark.parametrize(("width", "height"), [(10.0, 1.0), (1.0, 1.0), (1.0, 10.0)])
def test_a_map_of_any_shape_fills_its_figure(width, height):
    figure, axes = map_of(width, height)
    figure.arrange()
    box, size = axes.get_window_extent(), figure.bbox.size
    around = (size - box.size) / figure.dpi
    assert around.min() < 1.6  # inches: it is as wide, or as high, as texts and scale allow
    assert size[1] / figure.dpi < 5.6
    assert not layout_faults(figure)


@pytest.mark.slow
def test_pictures_that_follow_each_other_have_one_size_and_their_titles_have_room():
    canvas, sizes = Canvas(), set()
    for title in ("short", "a title of several words " * 5, "a title of\nseveral lines\nin all"):
        figure, _ = map_of(1.0, 10.0)
        figure.suptitle(title, fontsize=10)
        assert not layout_faults(canvas.arrange(figure, "map")), title
        sizes.add(tuple(figure.get_size_inches()))
    assert len(sizes) == 1
    heights = [canvas.arrange(each, "wiggles").get_figheight() for each in (Picture(2.44), Picture(5.38))]
    assert heights == [2.44, 5.38]  # of two records, and of nine


def maps_with_one_scale(layout):
    """Six maps with a scale of colours below, and their axes' positions as an engine lays them out."""
    figure = Picture(4.0)
    figure.set_layout_engine(layout)
    table = figure.subplots(2, 3)
    for axes in table.flat:
        image = axes.imshow(np.zeros((2, 3)), extent=(0.0, 3.0, 0.0, 2.0))
        axes.set_title("a map")
    figure.colorbar(image, ax=table, label="their scale", location="bottom")
    figure.get_layout_engine().execute(figure)
    return figure, [axes.get_position().bounds for axes in figure.axes]


def test_the_layout_is_that_of_matplotlib_and_a_scale_is_measured_once_for_all_its_maps(monkeypatch):
    expected, measured, measure = maps_with_one_scale("constrained")[1], [], Axes.get_tightbbox
    monkeypatch.setattr(
        Axes, "get_tightbbox", lambda self, *given, **named: measured.append(self) or measure(self, *given, **named)
    )
    figure, found = maps_with_one_scale(Constrained())
    assert found == expected
    assert {measured.count(each) for each in figure.axes} == {2}
    assert not any({"get_tightbbox", "_update_ticks"} & {*vars(each)} for each in figure.findobj())


def test_a_size_that_the_user_gives_stays():
    figure, _ = map_of(10.0, 1.0)
    figure.set_size_inches(5.0, 5.0)
    figure.png()
    assert figure.get_size_inches().tolist() == [5.0, 5.0]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "letters"), [(1, 300), (12, 10), (12, 60), (3, 300)])
def test_a_legend_below_is_never_wider_than_its_figure(count, letters):
    figure = Picture(3.0)
    axes = figure.subplots()
    lines = [axes.plot([0, 1], [0, number])[0] for number in range(count)]
    legend_below(figure, lines, [f"{number:02d}" + "m" * letters for number in range(count)])
    assert not layout_faults(figure)
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(set(shown)) == count and all(len(text) <= letters + 2 for text in shown)


def test_curves_leave_room_for_the_names_of_stages():
    figure, axes = curves(BLUE)
    axes.axhline(1.0, color="black")
    axes.set_ylim(0.0, 1.01)
    draw_stages(axes, [(1, "adam → lbfgs")])
    assert not layout_faults(figure)
    figure, axes = curves(BLUE)
    axes.set_yscale("log")
    draw_stages(axes, [(1, "adam → lbfgs")])
    assert not layout_faults(figure)


def test_files_have_the_resolution_of_print_and_text_as_text(tmp_path):
    figure, axes = curves(BLUE)
    axes.pcolormesh(np.arange(3.0), np.arange(3.0), np.zeros((2, 2)))
    for kind in ("png", "pdf", "svg"):
        figure.savefig(tmp_path / f"figure.{kind}")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.width == 2700 and round(picture.info["dpi"][0]) == 300
    svg = (tmp_path / "figure.svg").read_text()
    assert re.search(r"<text[^>]*>optimizer step</text>", svg)
    assert "data:image/png" in svg  # the map
    assert b"/Type3" not in (tmp_path / "figure.pdf").read_bytes()  # outlines, which publishers refuse
    with Image.open(io.BytesIO(figure.png())) as picture:
        assert picture.width == 900  # of a cell


@pytest.mark.parametrize("width", [85.0, 170.0])
def test_a_copy_for_print_has_the_style_of_a_publication(width):
    figure, _ = curves(BLUE, VERMILLION, GREEN)
    before = figure.png()
    copy = figure.for_print(width)
    assert figure.png() == before
    assert not layout_faults(copy) and copy.get_suptitle() == ""
    assert math.isclose(copy.get_figwidth(), width / 25.4)
    assert {text.get_fontsize() for text in copy.findobj(Text) if text.get_text()} == {7.0, 8.0}
    drawn = copy.axes[0].lines
    assert [line.get_linewidth() for line in drawn] == [1.0, 1.0, 1.0]
    dashes = [str(line._unscaled_dash_pattern) for line in drawn]
    assert len(set(dashes)) == 3 and dashes[0] == "(0, None)"
    in_legend = {to_hex(line.get_color()): str(line._unscaled_dash_pattern) for line in copy.legends[0].get_lines()}
    assert in_legend == {line.get_color().lower(): dash for line, dash in zip(drawn, dashes, strict=True)}


@pytest.mark.parametrize("width", [0.0, 39.0, 401.0, math.nan])
def test_a_width_that_no_page_has_is_refused(width):
    with pytest.raises(figures.FigureError, match="legal are 40 to 400"):
        curves(BLUE)[0].for_print(width)


def test_dashes_of_curves_are_kept_where_there_is_one_colour():
    figure, axes = curves(BLUE)
    axes.plot([0, 1], [0, 1], "--", color=VERMILLION)
    assert [line.get_linestyle() for line in figure.for_print().axes[0].lines] == ["-", "--"]
    assert all(isinstance(line, Line2D) for line in figure.axes[0].lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUT)
def test_no_text_of_a_figure_is_in_the_way_on_the_screen_or_in_print(sources, name):  # noqa: F811
    figure = FIGURES[name](sources)
    assert not layout_faults(figure)
    assert not layout_faults(figure.for_print())


@pytest.fixture(scope="module")
def exact_runs(tmp_path_factory):
    """Runs in windows of extreme shapes, with their problems."""
    waves, folder = StandingWaves(2.0, 1.0, 1.0), tmp_path_factory.mktemp("exact")
    found = {}
    for name, (x, y) in EXTENT.items():
        problem = ep.Problem(
            ep.Domain((0.0, x), (0.0, y), (0.0, 2.0)), ep.Material(2.0, 1.0, 1.0), (ep.Displacement(waves),),
            ep.Initial.of(waves), exact=waves,
        )  # fmt: skip
        counts = {"boundary_points": 12, "initial_points": 12}
        found[name] = ep.train(ep.Config(**FEW | counts), folder / name, problem), problem
    return found


@pytest.mark.slow
@pytest.mark.parametrize("shape", EXTENT)
@pytest.mark.parametrize("name", ["snapshots", "error_map", "error", "energy", "b_scan", "wiggles", "problem"])
def test_figures_of_extreme_windows_are_legible(exact_runs, shape, name):
    run, problem = exact_runs[shape]
    figure = figures.problem(problem) if name == "problem" else getattr(figures, name)(run, problem=problem)
    assert not layout_faults(figure)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loss_curves", "compare"])
@pytest.mark.parametrize("count", [2, 12, 13])
def test_figures_of_many_runs_with_long_names_are_legible(forward_run, tmp_path, name, count):
    paths = [
        tmp_path / f"a_run_with_quite_a_long_name,learning_rate={number},waves={number}" for number in range(count)
    ]
    for path in paths:
        path.symlink_to(forward_run.path)
    assert not layout_faults(getattr(figures, name)(paths))
