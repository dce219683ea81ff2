"""The tab with what a run found, and what its verdict tells."""

import contextlib
import html
from pathlib import Path

import ipywidgets as widgets

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.workbench.verdict import fit_html

NOT_YET = "What is found, with ± or why there is none, is told here at the end of the run."
STYLE = """<style>.ep-result .widget-html-content {overflow-wrap: anywhere; line-height: 1.4; padding: 4px 0}
.ep-result ul {margin: 0; padding-left: 1.4em; list-style: disc}</style>"""


class ResultView(widgets.HTML):
    """What the run in a folder found, with the verdict on it, once it has ended."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self._run_dir = run_dir
        self.add_class("ep-result")
        self.draw()

    def draw(self) -> None:
        """Show what the run's summary has by now."""
        told = html.escape(NOT_YET)
        with contextlib.suppress(FileNotFoundError, CheckpointError):  # the run does not exist yet, or not any more
            if fit := Run(self._run_dir).fit:
                told = fit_html(fit)
        self.value = told + STYLE
