"""Every panel in a narrow and a wide window, light and dark: nothing is cut off or illegible, tabs keep their names,
and each tab that has a picture shows it."""

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 30}
ONE_STEP = {"hidden_layers": [40], "interior_points": 60, "boundary_points": 20, "initial_points": 20}
SWEEP = {"network": "mlp", "stages": ["adam"], "precision": "float32", **FEW, "log_level": "error", "seed": [0, 1]}
TRAINED = {"network": "mlp", "stages": ["adam"], "tolerance": 0.0, **FEW}
NOTEBOOKS = {
    "01_forward": {"steps": 1, **ONE_STEP},
    "02_inverse": {name: value for name, value in TRAINED.items() if name != "boundary_points"},
    "03_sweep": {**SWEEP, "steps": [5], "hidden_layers": [8], "run_dir": "runs/s"},
    "04_compare": {"run_dir": "runs"},
    "05_explore": {"run_dir": ""},
    "06_plate": TRAINED,
    "07_own_data": {"output": "runs/scan.h5"},
}
"""Each with parameters that take little time."""
NEEDS_RUNS = ("04_compare", "05_explore")
TRAINS = ("01_forward", "02_inverse", "06_plate")
WITHOUT_PICTURE = ("Recording", "Parameters", "Contents", "Result")
"""Tabs that have none, beside those of settings."""

# What a person reads or presses lies within the cell's output, and its text within itself, in a shade that stands out
# from what is behind it; tables are scrolled.
CUT_OFF = """panels => panels.flatMap(panel => {
    const area = panel.getBoundingClientRect(), found = [];
    const shade = color => {
        const [red, green, blue, opacity = 1] = color.match(/[\\d.]+/g).map(Number);
        return opacity < 0.3 ? null : (red + green + blue) / 3;
    };
    const behind = each => each ? shade(getComputedStyle(each).backgroundColor) ?? behind(each.parentElement) : 255;
    const parts = "button, input, select, textarea, .widget-label, .lm-TabBar-tab, .widget-html-content, img, canvas";
    for (const each of panel.querySelectorAll(parts)) {
        const box = each.getBoundingClientRect();
        if (!box.width || !box.height) continue;
        if (each.closest(".sweep-table, .run-grid, table") || each.querySelector("table")) continue;
        const name = each.innerText || each.title || each.className;
        if (box.right > area.right + 1 || box.left < area.left - 1) found.push("outside: " + name);
        if (each.matches("img, canvas")) continue;
        const text = each.querySelector(".lm-TabBar-tabLabel") ?? each;
        const isText = each.matches("button, .lm-TabBar-tab, .widget-label");
        if (isText && text.scrollWidth > text.clientWidth + 1) found.push("cut: " + name);
        const own = shade(getComputedStyle(text).color);  // null: nothing is written
        if (own !== null && Math.abs(own - behind(text)) < 60) found.push("illegible: " + name);
    }
    return found;
})"""

# Figures are black on white in any theme: what is behind them is not seen.
SEE_THROUGH = """async images => {
    await Promise.all(images.map(each => each.decode()));
    return images.filter(each => {
        const pixel = new OffscreenCanvas(1, 1).getContext("2d");
        pixel.drawImage(each, 0, 0);
        return pixel.getImageData(0, 0, 1, 1).data.some(part => part < 250);
    }).length;
}"""

# The arrows of dropdowns, which are images, stand out from what is behind them.
FAINT_ARROWS = """async selects => {
    const found = [];
    for (const each of selects) {
        const {backgroundImage, backgroundColor} = getComputedStyle(each);
        const arrow = new Image(), canvas = new OffscreenCanvas(18, 18).getContext("2d");
        arrow.src = backgroundImage.slice(5, -2);  // of url("...")
        await arrow.decode();
        canvas.fillStyle = backgroundColor;
        canvas.fillRect(0, 0, 18, 18);
        const [behind] = canvas.getImageData(0, 0, 1, 1).data;
        canvas.drawImage(arrow, 0, 0, 18, 18);
        const shades = canvas.getImageData(0, 0, 18, 18).data.filter((_, i) => i % 4 == 0);
        if (!shades.some(red => Math.abs(red - behind) > 60)) found.push(each.parentElement.innerText);
    }
    return found;
}"""


def opened(notebook, name):
    """The notebook, with its cells run; runs are made where it reads some."""
    lab = notebook(f"{name}.ipynb", NOTEBOOKS[name])
    if name in NEEDS_RUNS:
        for run, rate in {"one": 2e-3, "two": 0.02}.items():
            ep.train(ep.Config(**FEW, learning_rate=rate, log_level="error"), lab.folder / "runs" / run)
    lab.run_all()
    panel = lab.page.locator(".jp-OutputArea-output.jupyter-widgets, .jp-OutputArea-output .jupyter-widgets").first
    expect(panel).to_be_visible()
    if name in TRAINS:
        lab.says("completed")
        lab.menu("Kernel", "Interrupt Kernel")  # figures of the cells below take long
    indicator = lab.page.locator(".jp-Notebook-ExecutionIndicator")
    expect(indicator).to_have_attribute("data-status", "idle")
    return lab


def faults_of(page, panels):
    """What is cut off, cannot be seen, or lets what is behind it be seen, by now."""
    faint = panels.locator(".widget-dropdown > select:visible").evaluate_all(FAINT_ARROWS)
    see_through = page.locator(".jp-OutputArea-output img:visible").evaluate_all(SEE_THROUGH)
    return [
        *panels.evaluate_all(CUT_OFF),
        *(f"faint arrow: {each}" for each in faint),
        *[f"{see_through} pictures that are not white"] * bool(see_through),
    ]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_is_cut_off_or_illegible_in_a_narrow_or_wide_window(notebook, page, themed, name, theme):
    page.set_viewport_size({"width": 1000, "height": 1000})
    themed(theme)
    lab = opened(notebook, name)
    panels = page.locator(".jp-OutputArea-output:has(.jupyter-widgets)")
    panels.first.scroll_into_view_if_needed()
    folded = page.locator(".jupyter-widget-Collapse-header")
    if folded.count():
        folded.first.click()  # the settings
    bars = page.locator(".jp-OutputArea-output:has(.jupyter-widgets) .lm-TabBar")
    faults = []
    for width in (1000, 1400):
        page.set_viewport_size({"width": width, "height": 1000})
        for i in range(bars.count()):
            tabs = bars.nth(i).locator(".lm-TabBar-tab:visible")
            for title in tabs.all_inner_texts():
                tabs.filter(has_text=title).first.click()
                page.wait_for_timeout(100)
                is_of_settings = bars.nth(i).evaluate("bar => bar.closest('.ep-form') !== null")
                if not is_of_settings and title.strip() not in WITHOUT_PICTURE:  # on a busy machine it comes late
                    pictures = bars.nth(i).locator("xpath=following-sibling::*").locator("img.widget-image:visible")
                    expect(pictures.first, f"{title} at {width} px").to_be_visible()
                if width == 1000:
                    lab.kernel_is("idle")  # what is drawn once stays
                lab.shot(f"{width} {i} {title.strip()}".replace("/", " "))
                faults += [(width, title, each) for each in faults_of(page, panels)]
        lab.shot(f"{width} last")
        faults += faults_of(page, panels)
    assert faults == []
    assert bars.count() or page.locator("img.widget-image:visible").count()  # a panel without tabs has a picture
