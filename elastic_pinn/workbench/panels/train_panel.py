"""Start, watch and stop a training run from a notebook, without ever blocking its kernel.

Training runs in a worker thread, which only fills the live record; the cell that awaits it polls, so that clicks and
the interrupt button arrive, and sets the widgets.
"""

import asyncio
import contextlib
import html
import logging
import math
import time
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.training import Control, train
from elastic_pinn.workbench.folders import resume_from, run_folder
from elastic_pinn.workbench.panels.live import LiveRecord, Pace, progress_text

logger = logging.getLogger(__name__)

POLL_S = 0.1
TEXT_EVERY_S = 0.5
DRAW_EVERY_S = 1.0
DRAW_SHARE = 20  # the next draw waits so many times as long as the last one took: at most 5 % of the time


class TrainPanel(widgets.VBox):
    """Start, Stop and Checkpoint now; progress, live loss curve, status.

    config, problem: what train() is given. name: of fresh run directories, runs/TIME-NAME. Make it in a notebook's
    cell: it keeps the kernel's event loop, on which clicks start training.
    """

    def __init__(self, config: Config, problem: Problem | None = None, name: str = "run") -> None:
        self.config, self.run_dir = config, Path()
        self._problem, self._name = problem, name
        self._loop = asyncio.get_running_loop()
        self._control: Control | None = None
        self._clicked: asyncio.Task[None] | None = None
        self._record = LiveRecord()
        super().__init__(self._widgets())
        self._say("ready", f"{config.steps:,} steps; Start makes a fresh run directory")

    async def train(self, run_dir: str = "", resume: str = "never") -> Run:
        """Train to the end, or until Stop or the kernel's interrupt; returns the Run, and raises what train() raises.

        run_dir, resume: as in train(), relative to the project's root; run_dir "" makes a fresh runs/TIME-NAME.
        Raises RuntimeError while this panel is training already.
        """
        if self._control:
            raise RuntimeError(f"this panel is training already, in {self.run_dir}: press Stop, or wait for its end")
        self.run_dir = run_folder(run_dir, self._name)
        self._record = self._record if resume == "auto" else LiveRecord()
        self._control = Control(on_step=self._record)
        self._enable(start=False, running=True)
        call = (self.config, self.run_dir, self._problem, resume_from(resume), self._control)
        work = asyncio.create_task(asyncio.to_thread(train, *call))
        try:
            run = await self._watch(work, self._control)
        except BaseException as error:
            self._control.stop()  # whatever failed, no run goes on unseen
            await asyncio.wait({work})
            self._say("failed", f"{type(error).__name__}: {error}")
            self._enable(start=True, running=False)
            raise
        finally:
            self._control = None
        self._say_end(run)
        return run

    async def _watch(self, work: asyncio.Task[Run], control: Control) -> Run:
        """Keep the widgets up to date until the work is done; an interrupt is a Stop, never a lost run."""
        pace, next_text, next_draw = Pace(), 0.0, time.monotonic() + DRAW_EVERY_S
        while not work.done():
            try:
                await asyncio.sleep(POLL_S)
            except (KeyboardInterrupt, asyncio.CancelledError):
                self._stop()
            now = time.monotonic()
            if now >= next_text:
                self._show_progress(pace.mark(self._step))
                self._say("stopping" if control.stop_asked else "running", f"in {self.run_dir}{self._newest()}")
                next_text = now + TEXT_EVERY_S
            if now >= next_draw:
                self._draw()
                finished = time.monotonic()
                next_draw = finished + max(DRAW_EVERY_S, DRAW_SHARE * (finished - now))
        self._show_progress(math.nan)
        self._draw()
        return work.result()

    def _widgets(self) -> list[widgets.Widget]:
        def button(label: str, icon: str, tooltip: str, action: Any) -> widgets.Button:
            made = widgets.Button(
                description=label, icon=icon, tooltip=tooltip, layout={"width": "auto", "flex": "none"}
            )
            made.on_click(lambda _: action())
            return made

        self._start_button = button("Start", "play", "train; after a stop, go on with the same run", self._start)
        self._stop_button = button("Stop", "stop", "end after the present step, with a checkpoint", self._stop)
        self._checkpoint_button = button("Checkpoint now", "save", "write a checkpoint and go on", self._checkpoint)
        self._progress = widgets.IntProgress(max=self.config.steps, layout={"width": "auto", "flex": "1 1 120px"})
        self._text = widgets.Label(progress_text(0, self.config.steps, math.nan), layout={"flex": "none"})
        self._status = widgets.HTML()
        self._curve = widgets.Image(format="png", layout={"width": "900px", "max_width": "100%", "display": "none"})
        self._enable(start=True, running=False)
        buttons = [self._start_button, self._stop_button, self._checkpoint_button]
        row = widgets.HBox(
            [*buttons, self._progress, self._text], layout={"align_items": "center", "flex_flow": "row wrap"}
        )
        return [row, self._status, self._curve]

    def _enable(self, *, start: bool, running: bool) -> None:
        """Which buttons can be pressed: Start, and those that only a running training heeds."""
        self._start_button.disabled = not start
        self._stop_button.disabled = self._checkpoint_button.disabled = not running

    def _start(self) -> None:
        """A click: begin, or go on with the same run. It may arrive on another thread than the event loop's."""
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._clicked = self._loop.create_task(self._train_unawaited())

    async def _train_unawaited(self) -> None:
        run_dir = "" if self.run_dir == Path() else str(self.run_dir)
        with contextlib.suppress(Exception):  # the status line says it, and nobody awaits
            await self.train(run_dir, "auto")

    def _stop(self) -> None:
        if self._control:
            self._control.stop()

    def _checkpoint(self) -> None:
        if self._control:
            self._control.checkpoint()

    @property
    def _step(self) -> int:
        return int(self._record.row.get("step", 0))

    def _show_progress(self, pace: float) -> None:
        self._progress.value = self._step
        self._text.value = progress_text(self._step, self.config.steps, pace)

    def _draw(self) -> None:
        """Draw the curve; a fault in a picture is logged, and never ends a run."""
        if not self._record.row:
            return
        try:
            self._curve.value = self._record.png()
            self._curve.layout.display = None
        except Exception:
            logger.exception("the live loss curve could not be drawn")

    def _say_end(self, run: Run) -> None:
        summary = run.summary
        self._enable(start=summary["status"] != "completed", running=False)
        self._say(summary["status"], f"at step {summary['step']:,}: {summary['reason']}{self._newest()}")

    def _newest(self) -> str:
        """Words about the newest checkpoint, as far as there is one, and about those that could not be written."""
        try:
            summary = Run(self.run_dir).summary
        except (FileNotFoundError, CheckpointError):  # training has not begun yet
            return ""
        newest = f"; newest checkpoint {summary['checkpoint']}" if summary["checkpoint"] else ""
        if not (count := summary.get("checkpoint_failures")):  # a run of an older version has none
            return newest
        return f"{newest}; {count} failed to be written, the last one: {summary['checkpoint_failure']}"

    def _say(self, status: str, text: str) -> None:
        self._status.value = f"<b>{status}</b> {html.escape(text)}"
