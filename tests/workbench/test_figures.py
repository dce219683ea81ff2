import os
import subprocess
import sys

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.workbench.figures.learning.losses import draw_terms
from elastic_pinn.workbench.figures.style import picture
from elastic_pinn.workbench.figures.wavefields.snapshots import trapezoid_weights
from elastic_pinn.workbench.run_table import find_runs, runs_table

PNG = b"\x89PNG\r\n"


def drawn(figure):
    """label -> (x, y) of the curves of a figure's first axes."""
    return {line.get_label(): line.get_data() for line in figure.axes[0].lines}


def labels(figure):
    """The axis labels of a figure, those of its colour bars among them."""
    every = [each for axes in figure.axes for each in (axes, *axes.child_axes)]
    found = [text for axes in every for text in (axes.get_xlabel(), axes.get_ylabel())]
    return {line for text in found for line in text.split("\n") if line}


def test_each_loss_term_is_drawn_at_each_step(forward_run):
    history = forward_run.history()
    curves = drawn(ep.figures.loss_curves([forward_run]))
    for column in ("total", "pde", "boundary", "initial", "validation"):
        label = column + (" (weighted)" if column in ("total", "validation") else "")
        measured = history[["step", f"loss/{column}"]].dropna()
        assert np.array_equal(curves[label][0], measured["step"])
        assert np.array_equal(curves[label][1], measured[f"loss/{column}"])
    assert len(history) == 10


def test_a_term_that_is_only_the_rounding_of_zero_is_named_and_spoils_no_axis():
    figure = picture.Picture(3.0)
    steps = np.array([1, 2])
    draw_terms(figure.subplots(), {"total": (steps, np.array([1e2, 1e-3])), "pde": (steps, np.array([0.0, 1e-23]))})
    assert len(drawn(figure)["pde: zero"][0]) == 0 and drawn(figure)["total (weighted)"][0].tolist() == [1, 2]
    assert figure.axes[0].get_ylim()[0] > 1e-5


@pytest.mark.parametrize("steps", [[1], [1, 2], range(7)])
def test_ticks_of_steps_are_whole_numbers_however_few_there_are(steps):
    figure = picture.Picture(3.0)
    axes = figure.subplots()
    axes.plot(steps, steps)
    picture.whole_ticks(axes)
    ticks = axes.get_xticks()
    assert len(ticks) and all(tick == round(tick) for tick in ticks)


@pytest.mark.slow
def test_loss_curves_of_a_run_a_checkpoint_and_their_paths_are_the_same(forward_run):
    sources = [forward_run, forward_run.path, forward_run.latest(), str(forward_run.latest().path)]
    for curves in map(drawn, (ep.figures.loss_curves([source]) for source in sources)):
        assert np.array_equal(curves["total (weighted)"][1], forward_run.history()["loss/total"])


@pytest.mark.parametrize("version", [1, 2])
def test_losses_of_an_earlier_version_stand_at_the_step_whose_weights_they_are_of(version, tmp_path):
    old = ep.load_checkpoint(f"tests/storage/format/golden/version-{version}.h5")
    assert drawn(ep.figures.loss_curves([old]))["total (weighted)"][0].tolist() == [0, 1, 2]
    axes = ep.figures.loss_curves([ep.train(old.config, tmp_path / "on", resume=str(old.path))]).axes[0]
    steps, losses = next(line.get_data() for line in axes.lines if line.get_label() == "total (weighted)")
    assert steps.tolist() == [0, 1, 2, 4, 5, 6] and (np.diff(losses) < 0).all()
    (mark,) = [text for text in axes.texts if "losses and grad_norm of" in text.get_text()]
    assert mark.xy[0] == 3


def test_a_lone_checkpoint_file_is_enough_for_its_loss_curves(forward_run, tmp_path):
    lone = tmp_path / "lone.h5"
    lone.write_bytes(forward_run.latest().path.read_bytes())
    assert len(drawn(ep.figures.loss_curves([lone]))["total (weighted)"][0]) == 10


def test_several_runs_stand_side_by_side_with_a_colour_each(forward_run, inverse_run):
    axes = ep.figures.loss_curves([forward_run, inverse_run], terms=["loss/total", "pde"]).axes[0]
    curves = [line for line in axes.lines if len(line.get_xdata()) == 10]
    assert len(curves) == 4
    assert len({line.get_color() for line in curves}) == 2
    assert len({line.get_linestyle() for line in curves}) == 2


def test_stages_are_marked_by_their_optimizers(forward_run):
    axes = ep.figures.loss_curves([forward_run]).axes[0]
    assert {(text.get_text(), text.xy[0]) for text in axes.texts} == {("adam → lbfgs", 7)}


def test_moves_of_points_weights_and_densities_stand_with_the_losses(moved_run):
    figure = ep.figures.loss_curves([moved_run])
    losses, weights, *maps = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert drawn(figure)["points moved: 2 times"][0].tolist() == [5, 9]
    history = moved_run.history()
    found = [line.get_ydata() for line in weights.lines]
    assert len(found) == 3 and all(any(np.array_equal(history[f"weight/{term}"], each) for each in found)
                                   for term in ("pde", "boundary", "initial"))  # fmt: skip
    assert weights.get_xlim() == losses.get_xlim() and len(maps) == 2
    assert {"x (m)", "y (m)", "t (s)", "weight (dimensionless)", "relative density"} <= labels(figure)
    density = maps[0].collections[0].get_array()
    assert density.mean() == pytest.approx(1.0, abs=0.1) and density.std() > 0.1


def test_a_run_whose_points_stay_and_weights_are_fixed_has_losses_alone(forward_run):
    assert len(ep.figures.loss_curves([forward_run]).axes) == 1


def test_points_of_ones_own_problem_are_mapped_where_it_is_given(moved_run, tmp_path, waves):
    run = ep.train(moved_run.config.model_copy(update={"problem": "own"}), tmp_path / "own", waves())
    assert len(ep.figures.loss_curves([run]).axes) == 2
    assert len(ep.figures.loss_curves([run], problem=waves()).axes) == 6


def test_a_term_that_no_run_has_is_refused_with_the_legal_ones(forward_run):
    with pytest.raises(ValueError, match="no such term: data; legal here: total, pde, boundary, initial, validation"):
        ep.figures.loss_curves([forward_run], terms=["data"])


def test_loss_curves_of_nothing_are_refused():
    with pytest.raises(ValueError, match="needs a list of runs"):
        ep.figures.loss_curves([])


@pytest.mark.parametrize("name", [pytest.param("snapshots", marks=pytest.mark.slow), "error_map"])
def test_figures_of_a_forward_run_have_units_on_all_axes(forward_run, name):
    figure = getattr(ep.figures, name)(forward_run)
    assert {"x (m)", "y (m)"} <= labels(figure)
    assert all("(" in label or label.startswith("t = ") for label in labels(figure))
    assert figure.png().startswith(PNG)


@pytest.mark.parametrize("name", [pytest.param("snapshots", marks=pytest.mark.slow), "material_traces", "data_fit"])
def test_figures_of_an_inverse_run_have_units_on_all_axes(inverse_run, name):
    figure = getattr(ep.figures, name)(inverse_run)
    rows = ("$u_x$ network", "$u_y$ network", "standard deviation", "optimizer step")
    assert all("(" in label or label in rows for label in labels(figure))
    assert figure.png().startswith(PNG)


def test_the_problem_is_drawn_in_units_of_its_size(forward_run, inverse_run):
    forward, inverse = (
        ep.figures.problem(ep.problem_from(run.config), run.config) for run in (forward_run, inverse_run)
    )
    assert labels(forward) == {"x (m)", "y (m)", "magnitude (m)"}
    assert labels(inverse) == {"x (cm)", "y (cm)", "magnitude (mm/s)"}
    legend = {text.get_text() for text in inverse.axes[0].get_legend().get_texts()}
    assert legend == {"edge: nothing imposed", "interior points", "121 receivers", "initial velocity pulse, radius 1/e"}


def test_snapshots_share_one_symmetric_scale_and_differences_another(forward_run):
    images = {}
    for axes in ep.figures.snapshots(forward_run, times=[0.0, 0.5]).axes[:6]:
        images[axes.get_title()] = axes.images[0]
    assert {image.get_clim() for title, image in images.items() if "difference" not in title} == {
        images["$u_y$ exact"].get_clim()
    }
    assert all(low == -high for low, high in (image.get_clim() for image in images.values()))
    difference = images["$u_x$ network"].get_array() - images["$u_x$ exact"].get_array()
    assert np.allclose(images["$u_x$ difference"].get_array(), difference)


def test_the_error_map_tells_the_runs_own_error_and_its_curves_mean_the_same(forward_run):
    error = forward_run.latest().metrics["error/displacement"]
    figure = ep.figures.error_map(forward_run)
    said = f"relative L2 error of the displacement at step 10: {error:.2e} (20 held-out points)"
    assert figure.get_suptitle() == said
    over_space, over_time = figure.axes[0].images[0].get_array(), figure.axes[1].lines[0].get_ydata()
    of_side, of_instant = trapezoid_weights(len(over_space)), trapezoid_weights(len(over_time))
    whole = np.sqrt(of_instant @ np.square(over_time))
    assert np.sqrt(of_side @ np.square(over_space) @ of_side) == pytest.approx(whole)
    assert whole == pytest.approx(error, rel=0.3), "20 points see a window by and large"


def test_the_map_of_a_field_that_is_off_by_its_own_size_is_one_everywhere(forward_run, monkeypatch):
    monkeypatch.setattr(ep.Checkpoint, "predict", lambda self, x, *others, **_: np.zeros((*np.shape(x), 2)))
    figure = ep.figures.error_map(forward_run)
    over_time = figure.axes[1].lines[0].get_ydata()
    assert trapezoid_weights(len(over_time)) @ np.square(over_time) == pytest.approx(1.0)


def test_a_run_that_never_knew_the_exact_solution_has_a_map_without_a_number(tmp_path, waves, tiny):
    run = ep.train(tiny(steps=1), tmp_path / "run", waves(exact=None))
    assert ep.figures.error_map(run, waves()).get_suptitle() == "relative error of the displacement at step 1"


@pytest.mark.slow
def test_an_error_map_by_elements_of_a_problem_of_ones_own_is_of_their_wavefield(tmp_path, waves, tiny, monkeypatch):
    run, own = ep.train(tiny(steps=1), tmp_path / "run", waves()), waves()
    monkeypatch.setattr(ep.Checkpoint, "is_by_elements", True)  # as of a search by waveforms without a network
    over_time = ep.figures.error_map(run, own).axes[1].lines[0].get_ydata()
    assert over_time.max() < 0.05


def test_an_error_map_needs_an_exact_solution(inverse_run):
    with pytest.raises(ValueError, match="needs a problem with an exact solution"):
        ep.figures.error_map(inverse_run)


def test_material_traces_show_found_start_and_truth(inverse_run):
    curves = drawn(ep.figures.material_traces(inverse_run))
    assert np.allclose(curves["found"][1], inverse_run.history()["material/lambda"] / 1e9)
    assert curves["truth"][1] == pytest.approx([57.6, 57.6])
    assert curves["start"][1] == pytest.approx([1.3 * 57.6] * 2)


def test_a_run_that_took_no_step_is_drawn_empty(inverse_run, tmp_path, monkeypatch):
    empty = inverse_run.history().iloc[:0]
    monkeypatch.setattr(ep.Run, "history", lambda self: empty)
    for figure in (ep.figures.material_traces(inverse_run), ep.figures.loss_curves([inverse_run])):
        assert figure.png().startswith(PNG)


def test_material_traces_need_unknowns(forward_run):
    with pytest.raises(ValueError, match="needs a problem with unknowns"):
        ep.figures.material_traces(forward_run)


def test_a_data_fit_shows_what_the_receiver_recorded_and_what_the_network_says_there(inverse_run):
    receivers = ep.problem_from(inverse_run.config).receivers
    curves = drawn(ep.figures.data_fit(inverse_run, receiver=3))
    assert np.allclose(curves["recorded"][1], receivers.displacement[3, :, 0] * 1e9)
    last = inverse_run.predict(*receivers.xy[3], receivers.time[-1])[0]
    assert curves["predicted"][1][-1] == pytest.approx(last * 1e9, rel=1e-4)


def test_a_receiver_that_is_not_there_is_refused(inverse_run):
    with pytest.raises(ValueError, match="receiver = 121: legal are 0 to 120"):
        ep.figures.data_fit(inverse_run, receiver=121)


@pytest.mark.slow
def test_ones_own_problem_is_drawn_when_it_is_given(tmp_path):
    exact = StandingWaves(2.0, 1.0, 1.0)
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    own = ep.Problem(domain, ep.Material(2.0, 1.0, 1.0), boundary=[ep.Displacement(exact)], exact=exact)
    config = ep.Config(steps=2, hidden_layers=[4], interior_points=8, boundary_points=8, validation_points=8)
    run = ep.train(config, tmp_path / "run", problem=own)
    assert ep.figures.snapshots(run, problem=own).png().startswith(PNG)
    assert ep.figures.problem(own).png().startswith(PNG)
    with pytest.raises(ep.ConfigError, match="own"):
        ep.figures.snapshots(run)


def test_a_figure_is_saved_in_the_runs_folder_and_returned(forward_run):
    figure = ep.figures.loss_curves([forward_run])
    assert ep.figures.save(figure, forward_run, "losses") is figure
    assert (forward_run.path / "figures" / "losses.png").read_bytes().startswith(PNG)


@pytest.mark.slow
def test_a_saved_figure_is_shown_as_it_was_saved_and_drawn_again_afterwards(forward_run, monkeypatch):
    figure, files, savefig = ep.figures.snapshots(forward_run), [], picture.Picture.savefig
    monkeypatch.setattr(picture.Picture, "savefig", lambda *of, **how: files.append(of) or savefig(*of, **how))
    ep.figures.save(figure, forward_run, "snapshots")
    saved = (forward_run.path / "figures" / "snapshots.png").read_bytes()
    assert figure._repr_png_() == saved and len(files) == 1
    figure.axes[0].yaxis.label.set_color("red")  # of which matplotlib tells the figure nothing
    assert figure._repr_png_() not in (saved, b"")


@pytest.mark.slow
def test_a_figure_that_was_changed_after_it_was_saved_is_drawn_again(forward_run):
    figure = ep.figures.snapshots(forward_run)
    ep.figures.save(figure, forward_run, "snapshots")
    [image] = figure.axes[0].images
    image.set_data(0 * image.get_array())
    assert figure._repr_png_() != (forward_run.path / "figures" / "snapshots.png").read_bytes()


@pytest.mark.slow
def test_figures_need_no_pyplot_and_leave_no_global_state(forward_run):
    code = """
import sys, matplotlib
before = matplotlib.rcParams.copy()  # dict() of it would import pyplot
import elastic_pinn as ep
ep.figures.loss_curves([sys.argv[1]])._repr_png_()
ep.figures.snapshots(sys.argv[1])._repr_png_()
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams.copy() == before
"""
    subprocess.run([sys.executable, "-c", code, forward_run.path], check=True)


def test_a_lone_path_in_the_place_of_a_list_is_told_so(forward_run):
    with pytest.raises(ValueError, match=r"needs a list of runs, checkpoints or paths: loss_curves\(\[run\]\)"):
        ep.figures.loss_curves(str(forward_run.path))


def test_the_loss_curve_of_a_run_is_marked_where_it_was_resumed_with_something_changed(tmp_path):
    for changes in ({"steps": 6}, {"steps": 9, "learning_rate": 5e-4}):
        run = ep.train(ep.Config(hidden_layers=[4], interior_points=20, **changes), tmp_path / "run", resume="auto")
    figure = ep.figures.loss_curves([run])
    marks = [text for text in figure.axes[0].texts if "learning_rate: 0.001 -> 0.0005" in text.get_text()]
    assert [mark.xy[0] for mark in marks] == [6]


def test_a_path_with_a_home_or_a_variable_in_it_is_written_out(forward_run, monkeypatch):
    monkeypatch.setenv("HOME", str(forward_run.path.parent))
    monkeypatch.setenv("RUNS", str(forward_run.path.parent))
    for place in ("~/forward", "$RUNS/forward"):
        assert len(drawn(ep.figures.loss_curves([place]))["total (weighted)"][0]) == 10
        assert "forward" in [path.name for path in find_runs(os.path.dirname(place))]
        assert runs_table(place).index.tolist() == ["."]
