"""A line with the state of a panel."""

import html

import ipywidgets as widgets

# Paths are long, and have no spaces. The height of one line is that of any other widget, and letters are as large as
# those of the notebook's text, since one looks here first.
STYLE = """<style>.ep-status .widget-html-content {overflow-wrap: anywhere; line-height: 1.4; padding: 4px 0;
font-size: var(--jp-content-font-size1, 14px)}</style>"""


class StatusLine(widgets.HTML):
    """A status and a text, which is broken anywhere in a narrow window."""

    def __init__(self) -> None:
        super().__init__()
        self.add_class("ep-status")

    def show(self, status: str, text: str) -> None:
        """Show another status and another text, either of which may be empty."""
        told = f"{f'<b>{status}</b> ' if status else ''}{html.escape(text)}"
        self.value = f"{told}{STYLE}" if told else ""
