"""The form of settings as a person uses it: search, units, recommended values, what differs from the cell."""

import re

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

PARAMETERS = {"steps": 1, "hidden_layers": [40], "interior_points": 60, "boundary_points": 20, "initial_points": 20}
WIDTHS = [1000, 1400]
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


def cut(lab):
    """The titles of tabs that are not seen whole."""
    labels = lab.page.locator(".ep-form .lm-TabBar-tabLabel:visible")
    return labels.evaluate_all("found => found.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_settings_are_searched_taken_and_copied(notebook, page, themed, theme, width):
    page.set_viewport_size({"width": width, "height": 1000})
    themed(theme)
    lab = notebook("01_forward.ipynb", PARAMETERS)
    lab.run_all()
    lab.prints("relative L2 error of the displacement:")
    lab.kernel_is("idle")
    lab.settings("Run")
    lab.shot("run")
    assert cut(lab) == []
    expect(lab.tab_of("Plate")).to_be_hidden()
    lab.settings("Stages")
    expect(lab.field("weight_decay")).to_be_hidden()
    expect(lab.field("ridge")).to_be_visible()

    search = lab.field("search")
    search.press_sequentially("decay")
    for name in ("weight_decay", "decay_rate", "decay_every", "beta1"):
        expect(lab.field(name)).to_be_visible()
    expect(lab.field("steps")).to_be_hidden()
    expect(search).to_be_focused()
    lab.shot("searched")
    lab.field("weight_decay").fill("often")
    expect(page.get_by_text("weight_decay = 'often': Input should be a valid number").first).to_be_visible()
    search.fill("")
    expect(lab.tab_of("Stages")).to_be_visible()
    lab.settings("Stages")
    expect(lab.field("weight_decay")).to_be_visible()
    expect(lab.field("weight_decay")).to_have_value("often")
    lab.shot("refused")
    lab.back("weight_decay").click()
    expect(lab.field("weight_decay")).to_be_hidden()

    lab.settings("Stopping")
    lab.field("tolerance").fill("0.05")
    lab.settings("Network")
    take = lab.page.locator(".ep-cell-hidden_layers .ep-take")
    expect(lab.page.locator(".ep-cell-hidden_layers .ep-why")).to_contain_text("implied for an error of 5 %")
    lab.shot("recommended")
    value = take.inner_text().partition("recommended: ")[2]
    take.click()
    expect(lab.field("hidden_layers")).to_have_value(value)
    expect(take).to_have_count(0)
    lab.shot("taken")

    lab.settings("Parameters cell")
    cell = lab.page.locator(".ep-cell-text")
    expect(cell).to_contain_text(f"hidden_layers = [{value}]")
    cell.click()
    page.keyboard.press("Control+c")
    lab.shot("cell")
    page.context.grant_permissions(["clipboard-read"])
    copied = page.evaluate("navigator.clipboard.readText()")
    namespace = {}
    exec(copied, namespace)
    config = ep.Config.from_namespace(namespace)
    assert config.tolerance == 0.05 and config.hidden_layers == (int(value),) and config.interior_points == 60

    take_all, back_all = page.locator(".ep-take-all"), page.locator(".ep-back-all")
    expect(back_all).to_have_text("All back to the cell (2)")
    expect(take_all).to_have_text(re.compile(r"^Take all recommended \([1-9]\d*\)$"))
    lab.shot("all to take")
    take_all.click()
    expect(take_all).to_be_hidden()
    expect(cell).not_to_contain_text("interior_points = 60")
    expect(cell).to_contain_text("tolerance = 0.05")
    lab.settings("Points")
    lab.shot("all taken")
    assert cut(lab) == []
    back_all.click()
    expect(back_all).to_be_hidden()
    lab.settings("Network")
    expect(lab.field("hidden_layers")).to_have_value("40")
    lab.settings("Stopping")
    expect(lab.field("tolerance")).to_have_value("0.0")
    lab.shot("all back")
