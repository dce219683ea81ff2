"""Set up, start, watch, pause and stop a training run from a notebook, without ever blocking its kernel.

Training runs in a worker thread, which only fills the live record; the cell that awaits it polls, so that clicks and
the interrupt button arrive, and sets the widgets.
"""

import asyncio
import contextlib
import html
import time
from enum import Enum
from functools import partial
from pathlib import Path

import ipywidgets as widgets
import pandas as pd

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.physics import Problem, problem_from
from elastic_pinn.run import Run, load_checkpoint
from elastic_pinn.storage import CheckpointError
from elastic_pinn.training import Control, RunDirectoryError, train
from elastic_pinn.workbench.figures.sources import checkpoint_of
from elastic_pinn.workbench.folders import resume_from, run_folder
from elastic_pinn.workbench.panels.answers import answer
from elastic_pinn.workbench.panels.background import awaited, interrupt_calls, moment
from elastic_pinn.workbench.panels.buttons import Buttons, State
from elastic_pinn.workbench.panels.checkpoint_list import CheckpointList
from elastic_pinn.workbench.panels.fields import ConfigForm
from elastic_pinn.workbench.panels.live import LiveRecord
from elastic_pinn.workbench.panels.progress import Progress
from elastic_pinn.workbench.panels.views import LiveViews

TEXT_EVERY_S = 0.5


class Wish(Enum):
    """What a click asked of the training that runs or waits."""

    NONE, PAUSE, RESUME, STOP = range(4)


DOING = {Wish.NONE: "running", Wish.PAUSE: "pausing", Wish.RESUME: "running", Wish.STOP: "stopping"}


class TrainPanel(widgets.VBox):
    """The fields of a config; Start, Pause, Resume, Stop, Checkpoint now; progress; live pictures.

    config, problem: what train() is given, until a field is changed. name: of fresh run directories, runs/TIME-NAME.
    Make it in a notebook's cell: it keeps the kernel's event loop, on which clicks start training.

    Attributes:
        run_dir: where it trains, or trained last; Path() before.
        views: the live pictures, a tab each.
    """

    def __init__(self, config: Config, problem: Problem | None = None, name: str = "run") -> None:
        self.run_dir = Path()
        self._own, self._loop = problem, asyncio.get_running_loop()
        self._state, self._wish = State.IDLE, Wish.NONE
        self._control: Control | None = None
        self._next_text = 0.0
        self._record: LiveRecord | None = None
        self._said = "", ""  # a status, and a text
        self._done_by: Config | None = None  # what a run was told that has nothing left to do
        self._clicked: asyncio.Task[None] | None = None
        self._form = ConfigForm(config, problem, name, self._enable)
        self._buttons = Buttons(
            {
                "Start": self._start,
                "Pause": lambda: self._ask(Wish.PAUSE),
                "Resume": self._resume,
                "Stop": lambda: self._ask(Wish.STOP),
                "Checkpoint now": self._checkpoint,
            }
        )
        self._progress, self._status = Progress(config.steps), widgets.HTML()
        self._list, self.views = CheckpointList(self._choose), LiveViews()
        row = widgets.HBox([self._buttons, self._progress], layout={"align_items": "center", "flex_flow": "row wrap"})
        settings = widgets.Accordion([self._form], titles=("Settings",))
        answer(settings)
        super().__init__([settings, row, self._list, self._status, self.views])
        self._enable()
        self._say("ready", f"{config.steps:,} steps; Start makes a fresh run directory")

    @property
    def config(self) -> Config:
        """What the fields say; while that is not legal, the last that was."""
        return self._form.config

    async def train(self, run_dir: str = "", resume: str = "never") -> Run:
        """Train by the fields to the end, or until Stop or the kernel's interrupt; returns the Run.

        While it is paused it waits. run_dir, resume: as in train(), relative to the project's root; run_dir "" makes a
        fresh runs/TIME-NAME. Raises what train() raises, ValueError for fields that are not legal, and RuntimeError
        while this panel is training already.
        """
        if self._state is not State.IDLE:
            raise RuntimeError(f"this panel is training already, in {self.run_dir}: press Stop, or wait for its end")
        if self._form.fault:
            raise self._form.fault
        before = self.run_dir
        self._enter(State.RUNNING)
        try:
            self.run_dir = run_folder(run_dir, self._form.run_name)
            return await self._train_through_pauses(resume_from(resume))
        except BaseException as error:
            self._say_failed(error)
            if not (self.run_dir / "config.json").exists():  # it never began: Resume goes on with the run before it
                self.run_dir = before
            raise
        finally:
            self._list.refresh()
            self._enter(State.IDLE)

    async def _train_through_pauses(self, resume: str) -> Run:
        run, refusal = await self._train_on(resume), ""
        while self._wish is Wish.PAUSE and run.status == "stopped":
            self._enter(State.PAUSED)
            self._say_how(run, "paused", refusal or "fields may be changed; Resume goes on")
            if await self._next_wish() is Wish.STOP:
                break
            run, refusal = await self._train_again(run)
        self.views.draw_all()
        self._say_how(run, run.summary["status"], run.summary["reason"])
        return run

    async def _train_again(self, paused: Run) -> tuple[Run, str]:
        """Train on; where that cannot be, the pause goes on instead, and nothing is lost: the run, and why it could
        not."""
        before = self._record
        assert before, "what is paused has been recorded"
        try:
            return await self._train_on("auto"), ""
        except (ConfigError, RunDirectoryError, CheckpointError) as error:
            self._record = before
            self.views.follow(before)
            self._draw_newest(paused)
            if self._wish is not Wish.STOP:
                self._wish = Wish.PAUSE
            return paused, f"Resume was refused: {error}"

    async def _train_on(self, resume: str) -> Run:
        """One call of train(), watched, by the fields as they are now. From here on a click counts, also while the
        run's past is read."""
        config = self.config
        problem = self._form.problem or problem_from(config)
        self._wish, self._done_by = Wish.NONE, None
        self._record = record = LiveRecord(self.run_dir, config, problem)
        self._control = control = Control(record.take_row, record.take_weights)
        self._enter(State.RUNNING)
        try:
            record.take_earlier(await awaited(partial(self._history_until_now, resume), self._interrupted))
            self._progress.begin(config.steps, self._step)
            self.views.follow(record)
            call = partial(train, config, self.run_dir, self._own, resume, control)
            run = await awaited(call, self._interrupted, partial(self._look, control))
        finally:
            self._control = None
        self._progress.end(self._step)
        self._draw_newest(run)
        self._done_by = config if run.status == "completed" else None
        return run

    def _draw_newest(self, run: Run) -> None:
        assert self._record, "what was trained has been recorded"
        with contextlib.suppress(CheckpointError):  # none could be written
            self._record.take_checkpoint(run.latest())
        self.views.draw()

    def _look(self, control: Control) -> None:
        """Show what training does just now."""
        if time.monotonic() >= self._next_text:
            control.look()
            self._progress.show(self._step)
            later = (
                ""
                if self._record and self.config == self._record.config
                else "; changed fields count from the next Resume or Start"
            )
            self._say(DOING[self._wish], f"in {self.run_dir}{self._newest()}{later}")
            self._next_text = time.monotonic() + TEXT_EVERY_S
        self.views.draw_if_due()

    async def _next_wish(self) -> Wish:
        """What is asked for after the pause, when it is."""
        while self._wish is Wish.PAUSE:
            await moment(self._interrupted)
        return self._wish

    def _interrupted(self) -> None:
        self._obey(Wish.STOP)

    def _history_until_now(self, resume: str) -> pd.DataFrame:
        """What is known of the run before training goes on."""
        if resume != "never":
            with contextlib.suppress(FileNotFoundError, CheckpointError):  # train() says what is wrong, if anything is
                return checkpoint_of(self.run_dir if resume == "auto" else resume).history()
        return pd.DataFrame({"step": []})

    # Clicks may arrive on another thread than that of the event loop, on which all that follows from them is done.

    def _start(self) -> None:
        self._loop.call_soon_threadsafe(self._begin, "", "never")

    def _resume(self) -> None:
        self._loop.call_soon_threadsafe(self._go_on)

    def _ask(self, wish: Wish) -> None:
        self._loop.call_soon_threadsafe(self._obey, wish)

    def _go_on(self) -> None:
        if self._state is State.PAUSED:
            self._wish = Wish.RESUME
        elif chosen := self._list.chosen:
            self._list.forget()
            self._begin(str(chosen.parent.parent), str(chosen))
        else:
            self._begin(str(self.run_dir), "auto")

    def _begin(self, run_dir: str, resume: str) -> None:
        self._clicked = self._loop.create_task(self._train_unawaited(run_dir, resume))

    async def _train_unawaited(self, run_dir: str, resume: str) -> None:
        with interrupt_calls(partial(self._ask, Wish.STOP)), contextlib.suppress(Exception):  # the status line says it
            await self.train(run_dir, resume)

    def _obey(self, wish: Wish) -> None:
        """End the training that runs, for good or until it is resumed."""
        self._wish = wish
        if self._control:
            self._control.stop()

    def _checkpoint(self) -> None:
        if self._control:
            self._control.checkpoint()

    def _choose(self) -> None:
        """Let the fields say what a checkpoint was trained by, so that going on from it is legal."""
        if chosen := self._list.chosen:
            try:
                self._form.take(load_checkpoint(chosen).config)
            except (CheckpointError, ConfigError) as error:
                self._say_failed(error)
        self._enable()

    @property
    def _step(self) -> int:
        return int(self._record.row.get("step", 0)) if self._record else 0

    def _enter(self, state: State) -> None:
        self._state = state
        self._enable()

    def _enable(self) -> None:
        is_open = self.run_dir != Path() and self._done_by != self.config
        can_start = not self._form.fault
        self._buttons.enable(self._state, can_start, can_start and bool(is_open or self._list.chosen))
        self._list.enable(self._state is State.IDLE)
        self._show_status()

    def _say_how(self, run: Run, status: str, reason: str) -> None:
        self._say(status, f"at step {run.summary['step']:,}: {reason}{self._newest()}")

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

    def _say_failed(self, error: BaseException) -> None:
        self._say("failed", f"{type(error).__name__}: {error}")

    def _say(self, status: str, text: str) -> None:
        self._said = status, text
        self._show_status()

    def _show_status(self) -> None:
        """What was said last; or why the fields cannot be trained, which is not seen where they are folded."""
        fault = self._form.fault if self._state is not State.RUNNING else None
        status, text = ("not possible", str(fault)) if fault else self._said
        self._status.value = f"<b>{status}</b> {html.escape(text)}"
