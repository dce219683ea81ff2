"""A notebook in JupyterLab, as a person uses it."""

import re

import nbformat
from playwright.sync_api import expect

import elastic_pinn as ep

PATIENCE_MS = 360_000  # for what takes seconds on a machine with nothing else to do


def write_with(path, source, parameters):
    """The notebook with other parameters, injected as papermill does."""
    notebook = nbformat.read(source, as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    lines = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(lines))
    nbformat.write(notebook, path)


class Lab:
    """A notebook that is open in a page. folder: where it lies; pictures: where screenshots go."""

    def __init__(self, page, folder, pictures):
        self.page, self.folder, self._pictures = page, folder, pictures
        expect(page.get_by_text("| Idle")).to_be_visible()  # before, running asks for a kernel

    def menu(self, title, item):
        """Choose an item of the menu bar."""
        self.page.get_by_role("menuitem", name=title, exact=True).click()
        self.page.get_by_role("menuitem", name=re.compile(f"^{item}")).first.click()

    def choose_theme(self, name):
        """Choose one of JupyterLab's themes."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        for item in ("Theme", name):  # those with a submenu have no role
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).first.click()
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")

    def run_all(self):
        """Run all cells."""
        self.menu("Run", "Run All Cells$")

    def prints(self, text):
        """Wait until a cell has printed a text, or what a pattern finds."""
        printed = self.page.locator(".jp-OutputArea-output", has_text=text)
        expect(printed.first).to_be_visible()

    def kernel_is(self, status):
        """Wait until the kernel is idle or busy."""
        indicator = self.page.locator(".jp-Notebook-ExecutionIndicator")
        expect(indicator).to_have_attribute("data-status", status)

    def button(self, name):
        """A button of the panel."""
        return self.page.locator(".jupyter-button", has_text=re.compile(f"^ *{name}$"))

    def click(self, name):
        """Click a button of the panel."""
        self.button(name).click()

    def says(self, text):
        """Wait until the panel's status line begins so."""
        status = self.page.locator(".widget-html-content", has_text=re.compile(f"^{text}"))
        expect(status).to_have_count(1)

    def step(self):
        """The step that the panel shows, once it is not 0."""
        text = self.page.locator(".widget-label", has_text=re.compile("^step [1-9]")).text_content()
        return int(re.match(r"step ([\d,]+) of", text)[1].replace(",", ""))

    def has_left(self, step):
        """Wait until the panel shows another step."""
        label = self.page.locator(".widget-label", has_text=f"step {step:,} of")
        expect(label).to_have_count(0)

    def tab(self, title):
        """Open a tab of the live pictures."""
        self.page.locator(".lm-TabBar-tab:visible", has_text=re.compile(f"^{title}$")).last.click()

    def field(self, name):
        """The input of a field of the panel."""
        label = self.page.locator(".widget-label", has_text=re.compile(f"^{name}$"))
        return label.locator("xpath=..").locator("input, select, textarea")

    def settings(self, title):
        """Open a tab of the settings, unfolded if they are not."""
        tab = self.tab_of(title)
        if not tab.is_visible():
            self.page.locator(".jupyter-widget-Collapse-header").click()
        tab.click()

    def tab_of(self, title):
        """The tab of the settings of a title."""
        return self.page.locator(".widget-accordion .lm-TabBar-tab", has_text=re.compile(f"^(⚠ )?(• )?{title}$"))

    def back(self, name):
        """The button that gives a field the value of the notebook's cell."""
        return self.page.locator(f".ep-cell-{name} .ep-back")

    def picture(self):
        """The live picture that is seen."""
        picture = self.page.locator("img.widget-image:visible")
        expect(picture).to_have_count(1)
        picture.scroll_into_view_if_needed()
        return picture

    def changes(self, picture):
        """Wait until a picture is another."""
        expect(picture).not_to_have_attribute("src", picture.get_attribute("src"))

    def save(self):
        """Save the notebook, and wait until it lies on the disk: loading the page anew breaks off a save."""
        self.menu("File", "Save Notebook ")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)

    def reopen(self):
        """Load the page anew, with the notebook as it was saved."""
        self.page.reload()
        expect(self.page.get_by_text("| Idle")).to_be_visible()

    def runs(self):
        """The runs that the notebook made, the oldest first."""
        return [ep.Run(path) for path in sorted((self.folder / "runs").iterdir())]

    def shot(self, name):
        """A picture of the page, to be looked at."""
        self.page.screenshot(path=self._pictures / f"{name}.png")
