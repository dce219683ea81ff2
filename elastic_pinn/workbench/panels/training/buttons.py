"""The buttons of a training run."""

from collections.abc import Callable, Mapping
from enum import Enum

import ipywidgets as widgets

from elastic_pinn.workbench.panels.widgets.rows import WRAPPED
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips

ICONS = {
    "Start": ("play", "train anew by the fields as they are, in a fresh run directory"),
    "Pause": ("pause", "stop with a checkpoint, and wait: fields may be changed before Resume"),
    "Resume": (
        "step-forward",
        "continue from the newest checkpoint, or from the one chosen below, by the fields as they are",
    ),
    "Stop": ("stop", "end with a checkpoint; the cells below then draw what there is"),
    "Checkpoint now": ("save", "write a checkpoint after the present step, and continue"),
    "Estimate error": ("crosshairs", "estimate how far the newest checkpoint is off, while training goes on"),
}
"""Button -> its icon and its tooltip."""


class State(Enum):
    """The state of a panel."""

    IDLE, RUNNING, PAUSED = range(3)


class Buttons(widgets.HBox):
    """The buttons from Start to Estimate error, each with its action. Clicks may arrive on any thread.

    Attributes:
        tooltips: their tooltips, a widget to be shown beside them.
    """

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        super().__init__([_button(name, action) for name, action in actions.items()], layout=WRAPPED)
        self.tooltips = tooltips(*self.children)

    def enable(self, state: State, can_start: bool, can_resume: bool, can_estimate: bool) -> None:
        """Enable the buttons that have an effect in the panel's state."""
        enabled = {
            State.IDLE: {"Start": can_start, "Resume": can_resume},
            State.RUNNING: {"Pause": True, "Stop": True, "Checkpoint now": True},
            State.PAUSED: {"Resume": can_start, "Stop": True},
        }[state]
        for button in self.children:
            button.disabled = not (enabled | {"Estimate error": can_estimate}).get(button.description, False)


def _button(name: str, action: Callable[[], None]) -> widgets.Button:
    icon, tooltip = ICONS[name]
    button = widgets.Button(description=name, icon=icon, tooltip=tooltip, layout={"width": "auto", "flex": "none"})
    button.on_click(lambda _: action())
    return button
