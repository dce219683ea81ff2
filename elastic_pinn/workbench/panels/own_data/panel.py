"""From a raw file to a receiver file: fields, what of them cannot be, and pictures of what was recorded.

Files are read and prepared in a thread, so that fields can be changed meanwhile; what was asked for last is shown.
"""

from __future__ import annotations

import html
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import ipywidgets as widgets

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics.data import Receivers
from elastic_pinn.workbench.figures.records.b_scan import b_scan
from elastic_pinn.workbench.figures.records.frequency_wavenumber import frequency_wavenumber
from elastic_pinn.workbench.figures.records.overview import receivers, spectra
from elastic_pinn.workbench.figures.records.wiggles import wiggles
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.own_data import OwnData, understood
from elastic_pinn.workbench.panels.own_data.form import OwnDataForm
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.dark_theme import dark_theme
from elastic_pinn.workbench.panels.widgets.form_fields import STYLE
from elastic_pinn.workbench.panels.widgets.rows import row
from elastic_pinn.workbench.panels.widgets.status_line import StatusLine
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.panels.widgets.view import View

logger = logging.getLogger(__name__)

READ, PREPARED = "as read", "as prepared"
PICTURES: dict[str, Callable[..., Picture]] = {
    "Places": receivers,
    "Traces": wiggles,
    "B-scan": b_scan,
    "Spectra": spectra,
    "f-k": frequency_wavenumber,
}
"""Each tab's figure, of receivers and a number of their records."""
ICONS = {
    "Read anew": ("refresh", "read the file again, as after it has changed"),
    "Save": ("save", "write the receiver file, and beside it the parameters, from which papermill makes it again"),
}
OTHER_ROWS = "drop_rows and mute count receivers as they are read: here, without those left out, rows are others."
HEIGHT = "650px"  # of the tabs, in which most pictures have room: what is below stays where it is as one is drawn
TEXT = {"line-height": "1.4", "white-space": "pre-wrap", "overflow-wrap": "anywhere"}


class OwnDataPanel(widgets.VBox):
    """The parameters of `07_own_data` as fields; what was recorded, as it is read and as it is prepared; Save.

    Parameters
    ----------
    own
        The initial values: those of the notebook.
    """

    def __init__(self, own: OwnData) -> None:
        self._number = 0  # of the last change: what belongs to an earlier one is not shown
        self._lock = threading.Lock()  # held from a look at the number until what belongs to it is shown
        self._recordings, self._thread = _Recordings(), ThreadPoolExecutor(max_workers=1)
        self._shown: dict[str, Receivers] = {}  # by READ and PREPARED
        self._form = OwnDataForm(own, self._update)
        self._buttons = {name: widgets.Button(description=name, icon=icon, tooltip=tip, layout={"width": "auto"})
                         for name, (icon, tip) in ICONS.items()}  # fmt: skip
        self._buttons["Read anew"].on_click(lambda _: self._read_anew())
        self._buttons["Save"].on_click(lambda _: self._thread.submit(self._save, self._number, self.own))
        self._status, self._note = StatusLine(), StatusLine()
        self._which = widgets.ToggleButtons(options=[PREPARED, READ], value=PREPARED, style={"button_width": "110px"})
        self._records = widgets.Dropdown(
            description="shown_records", style=STYLE, layout={"width": "auto", "display": "none"}
        )
        self._number_shown = own.shown_records
        self._words, self._parameters = widgets.HTML(), widgets.HTML()
        views = {name: View(partial(self._picture, draw)) for name, draw in PICTURES.items()}
        self._views = widgets.Tab([self._words, *views.values(), self._parameters], selected_index=0,
                                  titles=("Recording", *views, "Parameters"))  # fmt: skip
        self._views.add_class("ep-views")
        self._views.layout.min_height = HEIGHT
        self._views.observe(lambda _: self._draw(), "selected_index")
        self._which.observe(lambda _: self._draw(), "value")
        acknowledge(self._views, self._which, self._records)
        in_row = row([*self._buttons.values(), self._which, self._records])
        styles = tooltips(*self._buttons.values()), dark_theme()
        super().__init__([self._form, in_row, self._status, self._views, self._note, *styles])
        self._update()

    @property
    def own(self) -> OwnData:
        """What the fields say, and which records are shown. Raises ConfigError for what is not legal."""
        own = self._form.own
        return own.model_copy(update={"shown_records": self._number_shown} if self._number_shown else {})

    @property
    def raw(self) -> Receivers:
        """What was recorded, as the fields say that it is read. Raises as `OwnData.read`."""
        return self._recordings.raw(self.own)

    @property
    def prepared(self) -> Receivers:
        """What was recorded, as the fields say that it is prepared. Raises as `OwnData.read` and `OwnData.prepare`."""
        return self._recordings.prepared(self.own)

    def _update(self) -> None:
        """Read and prepare by the fields as they are, in the thread; what is not legal is told at once."""
        with self._lock:
            self._number += 1
            self._buttons["Save"].disabled = True
            try:
                own = self.own
            except ElasticPinnError as error:
                self._show_fault(error)
            else:
                self._set_status("reading", own.data)
                self._thread.submit(self._refresh, self._number, own)

    def _read_anew(self) -> None:
        self._recordings.forget()
        self._form.take_options_beside()
        self._update()

    def _refresh(self, number: int, own: OwnData) -> None:
        """Show what was recorded, unless fields have changed since."""
        if number != self._number:
            return
        found: dict[str, Receivers] = {}
        fault: Exception | None = None
        try:
            found[READ] = self._recordings.raw(own)
            found[PREPARED] = self._recordings.prepared(own)
        except (ElasticPinnError, OSError) as error:
            fault = error
        except Exception as error:  # nobody awaits the thread
            logger.exception("the recording could not be read")
            fault = error
        with self._lock:
            if number != self._number:
                return
            self._shown = found
            if fault:
                self._show_fault(fault)
            else:
                self._form.show(None)
                self._buttons["Save"].disabled = False
                self._set_status("ready", f"{len(found[PREPARED].places)} receivers; Save writes {own.output}")
            self._tell_parameters(own)
            if READ in found:
                self._offer()
        self._draw()

    def _offer(self) -> None:
        """Offer each of several records, as far as they can be read, to be shown."""
        options = [(each.told, number) for number, each in enumerate(self._shown[READ].records)]
        if list(self._records.options) != options:
            self._records.unobserve_all("value")
            self._records.options = options
            self._records.value = self._number_shown if self._number_shown < len(options) else None
            self._records.observe(self._choose, "value")
        self._records.layout.display = None if len(options) > 1 else "none"

    def _choose(self, change: Any) -> None:
        """Show the records that were chosen."""
        self._number_shown = change["new"]
        with suppress(ElasticPinnError):
            self._tell_parameters(self.own)
        self._draw()

    def _tell_parameters(self, own: OwnData) -> None:
        self._parameters.value = _text(f"As in the first cell of the notebook:\n\n{own.told}")

    def _show_fault(self, error: Exception) -> None:
        fields = self._form.show(error)
        self._set_status("not possible", f"see {', '.join(fields)} above")

    def _draw(self) -> None:
        """Draw what is seen."""
        seen = self._views.children[self._views.selected_index or 0]
        counts = {len(each.places) for each in self._shown.values()}
        self._note.show("", OTHER_ROWS if self._which.value == PREPARED and len(counts) > 1 else "")
        if isinstance(seen, View):
            seen.draw()
        elif seen is self._words:
            shown = self._shown.get(self._which.value)
            told = f"{understood(shown)}\n\n{shown.provenance}" if shown else self._nothing()
            self._words.value = _text(told)

    def _picture(self, draw: Callable[..., Picture]) -> Picture | None:
        """Return a figure; where there is none, tell why."""
        try:
            if shown := self._shown.get(self._which.value):
                return draw(shown, records=self._number_shown)
            self._note.show("", self._nothing())
        except (ElasticPinnError, ValueError) as error:
            self._note.show("", str(error))
        return None

    def _nothing(self) -> str:
        return f"Nothing is there {self._which.value} yet: the fields above tell what is missing."

    def _save(self, number: int, own: OwnData) -> None:
        """Save what was shown when the button was pressed, unless fields have changed since."""
        if number != self._number:
            return
        try:
            said = "saved", own.save(self._recordings.prepared(own)).split("\n\n")[0]
        except (ElasticPinnError, OSError) as error:
            said = "not saved", str(error)
        except Exception as error:  # nobody awaits the thread
            logger.exception("the receiver file could not be written")
            said = "not saved", str(error) or type(error).__name__
        with self._lock:
            if number == self._number:
                self._set_status(*said)

    def _set_status(self, status: str, text: str) -> None:
        self._status.show(status, text)


class _Recordings:
    """What was read and prepared last, so that neither is done twice; one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Read the file again when it is asked for."""
        self._raw: tuple[object, Receivers] | None = None
        self._prepared: tuple[OwnData, Receivers, Receivers] | None = None  # by which, from which, and what

    def raw(self, own: OwnData) -> Receivers:
        with self._lock:
            key = own.data, own.more_data, own.read_options, [(path, path.stat().st_mtime_ns) for path in own.files]
            if self._raw is None or self._raw[0] != key:
                self._raw = key, own.read()
            return self._raw[1]

    def prepared(self, own: OwnData) -> Receivers:
        with self._lock:
            raw = self.raw(own)
            if self._prepared is None or self._prepared[0] != own or self._prepared[1] is not raw:
                self._prepared = own, raw, own.prepare(raw)
            return self._prepared[2]


def _text(text: str) -> str:
    style = ";".join(f"{name}:{value}" for name, value in TEXT.items())
    return f'<div style="{style}">{html.escape(text)}</div>'
