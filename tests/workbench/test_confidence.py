"""The ellipses of what was found hold what they say, and there are none where no ± holds."""

from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.fit import DerivedValue
from elastic_pinn.workbench.figures.found import confidence

ERRORS, CORRELATION = {"lambda": 1.1e9, "mu": 2.4e8}, -0.6


@pytest.fixture
def with_fit(inverse_run, monkeypatch):
    """The run with other values of some fields of its fit."""

    def change(**fields):
        holds = {
            "verdict": "holds",
            "reason": "the data are explained",
            "remedies": [],
            "plus_minus": ERRORS,
            "correlations": {"lambda and mu": CORRELATION},
            "derived": {},
            "is_lower_bound": False,
        }
        monkeypatch.setattr(ep.Run, "fit", replace(inverse_run.fit, **holds | fields))
        return inverse_run

    return change


def test_an_ellipse_holds_both_constants_by_its_probability(with_fit):
    run = with_fit()
    (axes,) = ep.figures.material_confidence(run).axes
    found = np.array([run.fit.values["lambda"], run.fit.values["mu"]])
    sizes = np.array(list(ERRORS.values()))
    together = np.array([[1.0, CORRELATION], [CORRELATION, 1.0]]) * np.outer(sizes, sizes)
    drawn = np.random.default_rng(0).multivariate_normal(found, together, 100_000) / 1e9
    for patch, probability in zip(axes.patches, (0.95, 0.68), strict=True):
        assert patch.get_path().contains_points(drawn).mean() == pytest.approx(probability, abs=0.005)
        assert patch.get_label() == f"{100 * probability:.0f} % confidence"
    assert axes.get_title() == "correlation -0.60"
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$\lambda$ (GPa)", r"$\mu$ (GPa)")


def test_an_ellipse_of_a_lower_bound_is_told_to_be_one(with_fit):
    figure = ep.figures.material_confidence(with_fit(is_lower_bound=True))
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:2] == ["95 % confidence, at least", "68 % confidence, at least"]


def test_start_and_truth_are_drawn_where_they_are_near_and_the_truth_never_outside(with_fit):
    def shown(**values):
        (axes,) = ep.figures.material_confidence(with_fit(values={"lambda": 5.8e10, "mu": 2.6e10} | values)).axes
        points = {line.get_label(): line for line in axes.lines}
        for line in points.values():
            (x,), (y,) = line.get_data()
            assert axes.get_xlim()[0] < x < axes.get_xlim()[1] and axes.get_ylim()[0] < y < axes.get_ylim()[1]
        return points

    assert shown().keys() == {"found", "truth"}, "the start is 30 % off"
    assert shown()["truth"].get_data() == ([57.6], [26.0])
    assert "truth" in shown(mu=2.6e10 + 7 * ERRORS["mu"]) and "truth" not in shown(mu=2.6e10 + 9 * ERRORS["mu"])
    assert shown(**{"lambda": 7.5e10, "mu": 1.82e10}).keys() == {"found", "start"}


def test_pairs_with_a_degenerate_correlation_or_an_uneven_error_are_left_out(with_fit):
    derived = {
        "c_p": DerivedValue(6400.0, 30.0, 6370.0, 6430.0),
        "c_s": DerivedValue(2600.0, 15.0, 2585.0, 2615.0),
        "E": DerivedValue(5e10, 1e9, 4.9e10, 5.1e10),
        "nu": DerivedValue(0.4, None, 0.2, 0.45),
    }
    correlations = {"c_p and c_s": 0.1, "E and nu": -0.3}
    figure = ep.figures.material_confidence(with_fit(derived=derived, derived_correlations=correlations))
    assert [axes.get_ylabel() for axes in figure.axes] == [r"$\mu$ (GPa)", "$c_{s}$ (m/s)"]
    only = with_fit(values={"mu": 2.6e10}, plus_minus={"mu": 1e8}, correlations={}, derived=derived,
                    derived_correlations={"c_p and c_s": 1.0})  # fmt: skip
    with pytest.raises(ep.figures.FigureError, match="one does not determine the other: found are mu"):
        ep.figures.material_confidence(only)


def test_without_plus_minus_there_is_no_ellipse(inverse_run, forward_run):
    with pytest.raises(ep.figures.FigureError, match="no ellipse without a ±; no ±: the data are not explained"):
        ep.figures.material_confidence(inverse_run)
    with pytest.raises(ep.figures.FigureError, match="needs a problem with unknowns"):
        ep.figures.material_confidence(forward_run)


def test_each_material_has_a_row(with_fit):
    fit = replace(
        with_fit().fit,
        values={"lambda_1": 2.0, "mu_1": 1.0, "lambda_2": 4.0, "mu_2": 3.0},
        plus_minus={"lambda_1": 0.1, "mu_1": 0.1, "lambda_2": 0.2, "mu_2": 0.1},
        correlations={"lambda_1 and mu_1": 0.3, "lambda_2 and mu_2": -0.3, "mu_1 and lambda_2": 0.5},
    )
    found = [each for name in ("mu_1", "mu_2") for each in confidence._of_material(fit, name)]
    assert [each.names for each in found] == [("lambda_1", "mu_1"), ("lambda_2", "mu_2")]
    assert [each.correlation for each in found] == [0.3, -0.3]


def test_the_traces_have_a_band_of_the_final_error_where_one_is_given(with_fit):
    run = with_fit()
    columns = ep.figures.material_traces(run).axes
    upper, lower = columns[0], columns[2]
    value = run.fit.values["lambda"] / 1e9
    (band,) = upper.patches
    assert band.get_y() == pytest.approx(value - 1.1) and band.get_height() == pytest.approx(2.2)
    assert upper.get_title(loc="right") == rf"$\lambda$ = {value:.1f} ± 1.1 GPa"
    (below,) = lower.patches
    assert below.get_y() + below.get_height() == pytest.approx(100 * 1.1 / 57.6)
    bare = ep.figures.material_traces(with_fit(plus_minus={}))
    assert not any(axes.patches for axes in bare.axes) and "±" not in bare.axes[0].get_title(loc="right")
