"""Acknowledge changes of widgets that the kernel does not acknowledge while a cell awaits.

The browser holds a widget's next value back until the kernel reports that it is done with the last one. ipykernel 7.4
does not report this for a message that arrives while a cell runs (its kernelbase.py, dispatch_shell): a field could be
changed once, and never again. Therefore it is reported here. A second report by the kernel does no harm.
"""

from typing import Any

import ipywidgets as widgets
from IPython import get_ipython

CHANGES = [
    "value",
    "index",
    "selected_index",
    "selected_rows",
    "_clicked",
    "playing",
]  # the traits that a browser changes


def acknowledge(*changed: widgets.Widget) -> None:
    """Tell the browser after each of its changes of these widgets that the change has arrived."""
    for widget in changed:
        widget.observe(_send_done, [name for name in CHANGES if widget.has_trait(name)])


def _send_done(_: object) -> None:
    kernel: Any = getattr(get_ipython(), "kernel", None)
    message = kernel.get_parent("shell") if kernel else {}
    if message.get("header", {}).get("msg_type") != "comm_msg":  # a change by a program, not by the browser
        return
    for state in ("idle", "busy"):  # done with the message, and still busy with the cell
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent=message, ident=b"status")
