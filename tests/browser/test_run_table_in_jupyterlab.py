"""The table of runs of 04 as a person uses it."""

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

import elastic_pinn as ep
from elastic_pinn.workbench.panels.comparison.run_grid import RunGrid
from tests.workbench.many_runs import copy_often

pytestmark = pytest.mark.slow

FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 3}
MANY = 300
ALIGNED = """() => {
    const cells = document.querySelector(".run-grid .dt-scroll-body tbody tr").querySelectorAll("td");
    const heads = document.querySelectorAll(".run-grid .dt-scroll-head thead th");
    const far = (a, b) => Math.abs(a.x - b.x) + Math.abs(a.width - b.width) > 1;
    return ![...heads].some((head, at) => far(head.getBoundingClientRect(), cells[at].getBoundingClientRect()));
}"""  # each head is above its cells


RENDERED = """async ([module, state]) => {
    const {default: widget} = await import(URL.createObjectURL(new Blob([module], {type: "text/javascript"})));
    window.sent = [];
    const model = {
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; },
        save_changes: () => window.sent.push([state.selected_rows, state._clicked]),
        on: () => {},
    };
    widget.render({model, el: document.body});
}"""  # the table alone, of which `sent` has what it sends to the kernel


def brightness(color):
    """The mean of red, green and blue, of 255, of a colour as "rgb(255, 255, 255)", which hides what is behind it."""
    red, green, blue, *opacity = map(float, re.findall(r"[\d.]+", color))
    assert all(part > 0.5 for part in opacity), color
    return (red + green + blue) / 3


class RunTable:
    """The table in a notebook that is open."""

    def __init__(self, lab):
        self.lab, self.grid = lab, lab.page.locator(".run-grid")
        self.rows = self.grid.locator(".dt-scroll-body tbody tr")
        expect(self.rows.first).to_be_visible()
        lab.kernel_is("idle")
        self.grid.scroll_into_view_if_needed()

    def head(self, name):
        """The head of a column."""
        return self.grid.locator(".dt-scroll-head thead th", has_text=re.compile(f"^{name}$"))

    def sort(self, name, direction):
        """Click a column's head, after which it is sorted so."""
        self.head(name).click()
        expect(self.head(name)).to_have_attribute("aria-sort", direction)

    def first_cells(self, name):
        """The cells of a column in the topmost rows that are in the page."""
        heads = self.grid.locator(".dt-scroll-head thead th").all_text_contents()
        cells = self.rows.all()[:10]
        return [row.locator("td").nth(heads.index(name)).text_content() for row in cells]

    def scroll(self, top):
        """Scroll the rows."""
        self.grid.locator(".dt-scroll-body").evaluate(f"box => box.scrollTop = {top}")

    def chosen(self, count, of=MANY + 2, listed=None):
        """Wait until so many runs are chosen."""
        told = f"{of if listed is None else listed} of {of} runs, {count} chosen"
        expect(self.lab.page.get_by_text(told)).to_be_visible()


def test_a_click_is_sent_with_the_number_of_the_list_that_it_is_into(page):
    grid = RunGrid(lambda: None)
    for names in (["a", "b"], ["a", "c"], ["b", "c"]):
        grid.show(pd.DataFrame({"status": "running"}, index=names), {}, {"c"})
    state = {name: getattr(grid, name) for name in ("_dt_args", "_number", "selected_rows", "classes", "_style")}
    page.evaluate(RENDERED, [grid._esm, state])
    page.locator(".dt-scroll-body tbody tr").first.click()
    page.locator(".dt-scroll-body tbody tr").last.click()
    assert page.evaluate("sent") == [[[0, 1], [3, 0, 1]], [[0], [3, 0]]]


@pytest.fixture
def table(notebook):
    """The table of 302 runs, of which two have a history."""
    lab = notebook("04_compare.ipynb", {"run_dir": "runs"})
    run = ep.train(ep.Config(**FEW, log_level="error"), lab.folder / "runs" / "first")
    ep.train(ep.Config(**FEW, log_level="error", seed=5), lab.folder / "runs" / "second")
    copy_often(run, lab.folder / "runs", MANY)
    lab.run_all()
    return RunTable(lab)


def test_several_hundred_runs_are_sorted_scrolled_and_chosen(table):
    lab = table.lab
    table.chosen(6)
    table.sort("error", "ascending")
    errors = [float(text) for text in table.first_cells("error")]
    assert errors == sorted(errors) and errors[0] < 1e-4
    table.sort("error", "descending")
    errors = [float(text) for text in table.first_cells("error")]  # and no empty cell before them
    assert errors == sorted(errors, reverse=True) and errors[0] > 1.0
    lab.shot("sorted")
    head = table.head("error").bounding_box()
    topmost = table.rows.first.text_content()
    table.scroll(3000)
    expect(table.rows.first).not_to_have_text(topmost)
    assert table.head("error").bounding_box() == head and table.grid.locator(".dt-scroll-body").is_visible()
    lab.shot("scrolled")
    lab.click("None")
    table.chosen(0)
    expect(lab.page.get_by_text("choose runs above")).to_be_visible()
    expect(table.grid.locator("tr.selected")).to_have_count(0)
    lab.click("Columns")
    lab.page.get_by_label("started", exact=True).check()
    expect(table.head("started")).to_be_visible()
    expect(table.head("error")).to_have_attribute("aria-sort", "descending")  # as before
    assert table.grid.locator(".dt-scroll-body").evaluate("box => box.scrollTop") > 2000
    lab.shot("columns")
    lab.page.get_by_label("started", exact=True).uncheck()
    expect(table.head("started")).to_have_count(0)
    table.scroll(0)
    for name, count in (("second", 1), ("first", 2)):
        table.rows.filter(has_text=re.compile(f"^{name}completed")).click()
        table.chosen(count)
        expect(table.grid.locator("tr.selected")).to_have_count(count)
    picture = lab.picture()
    before = picture.get_attribute("src")
    table.rows.filter(has_text=re.compile("^secondcompleted")).click()
    table.chosen(1)
    expect(picture).not_to_have_attribute("src", before)
    lab.field("Filter").fill("seed == 5")
    lab.field("Filter").press("Enter")
    table.chosen(0, listed=2)
    lab.field("Filter").fill("")
    lab.field("Filter").press("Enter")
    table.chosen(1)
    lab.click("All")
    table.chosen(MANY + 2)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_table_is_legible(table, theme):
    lab = table.lab
    if theme != "JupyterLab Light":
        lab.choose_theme(theme)
    for width in (1000, 1400):
        lab.page.set_viewport_size({"width": width, "height": 1000})
        table.grid.scroll_into_view_if_needed()
        lab.page.wait_for_function(ALIGNED)
        for cells in (".dt-scroll-body td", ".dt-scroll-head th"):
            text, ground = (
                table.grid.locator(cells).first.evaluate(f"cell => getComputedStyle(cell).{part}")
                for part in ("color", "backgroundColor")
            )
            assert abs(brightness(text) - brightness(ground)) > 130, (cells, text, ground)
        lab.shot(f"{theme.split()[-1].lower()}{width}")
