"""A panel of own data as a hand and an eye have it: the shipped scan's parameters, its fields, what it shows."""

import html
import re

import ipywidgets as widgets

from elastic_pinn.workbench.panels.own_data.form import FIELDS
from tests.workbench.clicks import fields

SCAN = {
    "data": "data/aluminium_scan.csv", "output": "own.h5", "kind": "displacement", "value_unit": "nm",
    "length_unit": "mm", "time_unit": "us", "value_columns": ["u_x", "u_y"], "directions": ["x", "y"],
    "lame_lambda": "75 GPa", "lame_mu": "18 GPa", "density": "2700 kg/m3", "start": ["lambda", "mu"],
    "drop_rows": [17], "mute": [], "keep_x": [], "lowest_frequency": 0.0, "estimate_noise": True, "file_options": False,
}  # fmt: skip


CHOSEN = "shown_records"  # beside the pictures


def settled(panel):
    """The panel once its thread has done all that it was given."""
    panel._thread.submit(lambda: None).result(60)
    return panel


def change(panel, **values):
    for name, value in values.items():
        fields(panel)[name].value = value
    settled(panel)


def status(panel):
    return panel.children[2].value


def views(panel):
    return panel.children[3]


def shown(panel):
    """The text or the picture's bytes that the open tab shows; b"" for no picture."""
    seen = views(panel).children[views(panel).selected_index]
    if isinstance(seen, widgets.HTML):
        return html.unescape(seen.value)
    image = seen.children[-1]
    return bytes(image.value) if image.layout.display != "none" else b""


def beside(panel):
    """The fields at fault, each with the sentence that stands beside it."""
    found = {}

    def look(widget):
        children = getattr(widget, "children", ())
        if len(children) == 2 and getattr(children[0], "description", "") in FIELDS and children[1].value:
            assert children[1].layout.display is None
            found[children[0].description] = html.unescape(re.sub("<.*?>", "", children[1].value))
        for child in children:
            look(child)

    look(panel)
    marked = {name for name, field in fields(panel).items() if "ep-fault" in field._dom_classes}
    assert marked == found.keys()
    return found
