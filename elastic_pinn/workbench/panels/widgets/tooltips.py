"""Tooltips of widgets, shown while the mouse is over them.

ipywidgets 8.1 has a `tooltip`, but shows it only where a widget has no description (its DOMWidgetView.updateTooltip).
"""

import json
import zlib

import ipywidgets as widgets

STYLE = """.ep-tip:hover, .widget-box:has(.ep-tip:hover) {overflow: visible}
.ep-tip:hover {z-index: 100}
.ep-tip:is(:disabled, :focus-within)::after {display: none}
.ep-tip:hover::after {position: absolute; top: calc(100% + 4px); left: 0; z-index: 100; width: max-content;
max-width: 320px; padding: 4px 8px; white-space: normal; text-align: left; line-height: 1.4; pointer-events: none;
font-size: var(--jp-ui-font-size1, 13px); color: var(--jp-ui-font-color1, black);
background: var(--jp-layout-color1, white); border: 1px solid var(--jp-border-color1, gray)}
.ep-tip {position: relative}"""


def tooltips(*shown: widgets.DOMWidget) -> widgets.HTML:
    """Return a hidden widget with the styles that show the tooltips of some widgets."""
    rules = []
    for widget in shown:
        name = f"ep-tip-{zlib.crc32(widget.tooltip.encode()):08x}"  # a page may have panels of several kernels
        widget.add_class("ep-tip")
        widget.add_class(name)
        rules.append(f".{name}:hover::after {{content: {json.dumps(widget.tooltip, ensure_ascii=False)}}}")
    return widgets.HTML(f"<style>{STYLE}{''.join(rules)}</style>", layout={"display": "none"})
