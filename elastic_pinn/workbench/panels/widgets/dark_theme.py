"""What ipywidgets 8.1 draws in black in a dark theme too: the arrows of dropdowns, which are an image."""

import ipywidgets as widgets

ARROW = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='18' height='18' viewBox='0 0 18 18'%3E"
    "%3Cpath fill='white' fill-opacity='0.87' d='M5.2 5.9 9 9.7l3.8-3.8 1.2 1.2-4.9 5-4.9-5z'/%3E%3C/svg%3E"
)
STYLE = f"""<style>[data-jp-theme-light="false"] .widget-box:has(> .ep-dark-theme) {{
--jp-widgets-dropdown-arrow: url("{ARROW}")}}</style>"""


def dark_theme() -> widgets.HTML:
    """Return a hidden widget, by which the box that it is in has light arrows in JupyterLab's dark themes."""
    style = widgets.HTML(STYLE, layout={"display": "none"})
    style.add_class("ep-dark-theme")
    return style
