"""Answers that the kernel leaves out while a cell awaits.

The browser holds a widget's next value back until the kernel says that it is done with the last one. ipykernel 7.4 says
nothing of the kind for a message that comes while a cell runs (its kernelbase.py, dispatch_shell): a field could be
changed once, and never again. So it is said here. It is no harm where the kernel says so too.
"""

from typing import Any

import ipywidgets as widgets
from IPython import get_ipython

CHANGES = ["value", "index", "selected_index"]  # what a browser changes


def acknowledge(*changed: widgets.Widget) -> None:
    """Let the browser know, each time that it has changed one of these widgets, that the change has arrived."""
    for widget in changed:
        widget.observe(_send_done, [name for name in CHANGES if widget.has_trait(name)])


def _send_done(_: object) -> None:
    kernel: Any = getattr(get_ipython(), "kernel", None)
    message = kernel.get_parent("shell") if kernel else {}
    if message.get("header", {}).get("msg_type") != "comm_msg":  # a change by a program, not by the browser
        return
    for state in ("idle", "busy"):  # done with the message, and still busy with the cell
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent=message, ident=b"status")
