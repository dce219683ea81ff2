"""A TrainPanel as a hand and an eye have it: its buttons, its fields, what it says."""

import asyncio

import ipywidgets as widgets

import elastic_pinn as ep

TINY = {
    "hidden_layers": [8],
    "interior_points": 20,
    "boundary_points": 8,
    "initial_points": 8,
    "validation_points": 8,
    "validate_every": 10,
    "checkpoint_every": 0,
    "estimate_error": False,
}
ENDLESS = ep.Config(**TINY, steps=1_000_000, time_limit=60.0)  # ends by itself, or a failing test would hang


async def until(condition):
    """Give the loop away until the condition holds; the test's own time limit is the guard."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def inside(widget, kind):
    """The widgets of a kind in a panel, by what their label says."""
    found = {widget.description: widget} if isinstance(widget, kind) else {}
    for child in getattr(widget, "children", ()):
        found |= inside(child, kind)
    return found


def buttons(panel):
    return inside(panel, widgets.Button)


def enabled(panel):
    """The buttons that can be clicked, but for those of the fields."""
    found, of_fields = buttons(panel).items(), {"ep-take", "ep-take-all", "ep-back-all"}
    return {name for name, button in found if name and not button.disabled and not of_fields & {*button._dom_classes}}


def fields(panel):
    kinds = (widgets.Text, widgets.Textarea, widgets.Dropdown, widgets.Checkbox)
    return {name: field for kind in kinds for name, field in inside(panel, kind).items()}


def status(panel):
    return panel.children[3].value


def step(panel):
    return inside(panel, widgets.IntProgress)[""].value


async def started(panel, *where):
    """A running training, after its first step."""
    task = asyncio.create_task(panel.train(*where))
    await until(lambda: "Stop" in enabled(panel))
    await until(lambda: step(panel) > 0)
    return task
