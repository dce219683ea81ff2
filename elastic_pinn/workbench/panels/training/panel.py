"""Set up, start, follow, pause and stop a training run from a notebook, without blocking its kernel.

Training runs in a worker thread, which only fills the live record; the awaiting cell polls, so that clicks and
interrupts are handled, and updates the widgets.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.physics import Problem, problem_from
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run, load_checkpoint
from elastic_pinn.storage import CheckpointError
from elastic_pinn.summary import Summary
from elastic_pinn.training.stopping import may_end_early
from elastic_pinn.workbench.panels.settings.config_form import ConfigForm
from elastic_pinn.workbench.panels.training.buttons import Buttons, State
from elastic_pinn.workbench.panels.training.error_line import ErrorLine
from elastic_pinn.workbench.panels.training.kernel_shutdown import INTERRUPT_S, stop_training_at_shutdown
from elastic_pinn.workbench.panels.training.live_record import LiveRecord
from elastic_pinn.workbench.panels.training.live_views import LiveViews
from elastic_pinn.workbench.panels.training.progress import ProgressBar
from elastic_pinn.workbench.panels.training.thread import Request, Training
from elastic_pinn.workbench.panels.widgets.background import on_interrupt, wait_until
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.checkpoint_list import CheckpointList
from elastic_pinn.workbench.panels.widgets.dark_theme import dark_theme
from elastic_pinn.workbench.panels.widgets.form_fields import MARK
from elastic_pinn.workbench.panels.widgets.rows import row
from elastic_pinn.workbench.panels.widgets.status_line import StatusLine
from elastic_pinn.workbench.run_folders import resume_from, run_folder
from elastic_pinn.workbench.text import status_text

TEXT_EVERY_S = 0.5
SETTINGS = "Settings"
ACTIVITY = {
    Request.NONE: "running",
    Request.PAUSE: "pausing",
    Request.RESUME: "running",
    Request.STOP: "stopping",
}


class TrainPanel(widgets.VBox):
    """The fields of a config; Start, Pause, Resume, Stop, Checkpoint now, Estimate error; progress; live figures.

    Make the panel in a notebook's cell: it uses the kernel's event loop, in which clicks start training. If the kernel
    is training a run of that name already, as after the page was reloaded or the cell was run again, the panel shows
    and controls that run.

    Parameters
    ----------
    config, problem
        The arguments of train(), until a field is changed; where problem is a function, the config's own numbers have
        fields, too.
    name
        Of new run directories, runs/TIME-NAME.
    of_notebook
        Parameters that the notebook itself reads, by their names, for the tab with the parameters cell.

    Attributes
    ----------
    run_dir
        The present or last run directory; Path() before the first.
    views
        The live figures, a tab each.
    """

    def __init__(
        self,
        config: Config,
        problem: Problem | ProblemMaker | None = None,
        name: str = "run",
        of_notebook: Mapping[str, Any] | None = None,
    ) -> None:
        self.run_dir = Path()
        self._own, self._name, self._loop = problem, name, asyncio.get_running_loop()
        self._state = State.IDLE
        self._training: Training | None = None  # the shown run, until its end
        self._record: LiveRecord | None = None  # its record, which the figures show
        self._seen = 0  # the last seen number of its changes
        self._next_text = 0.0
        self._last_status = "", ""  # status and text
        self._done_by: Config | None = None  # the config of the shown run if it is completed
        self._clicked: asyncio.Task[None] | None = None
        self._keep_interrupts: Callable[[], None] = lambda: None
        self._form = ConfigForm(config, problem, name, self._enable, of_notebook)
        self._buttons = Buttons(
            {
                "Start": self._start,
                "Pause": self._pause,
                "Resume": self._resume,
                "Stop": self._stop,
                "Checkpoint now": self._checkpoint,
                "Estimate error": lambda: self._error.estimate(self._own),
            }
        )
        steps = self._form.preview.config.steps if self._form.preview else config.steps
        self._progress, self._status = ProgressBar(steps), StatusLine()
        self._error = ErrorLine()
        self._list, self.views = CheckpointList(self._choose), LiveViews()
        in_row = row([self._buttons, self._progress, self._error])
        self._settings = widgets.Accordion([self._form], titles=(SETTINGS,))
        self._settings.observe(lambda _: self._show_status(), "selected_index")
        acknowledge(self._settings)
        super().__init__(
            [self._settings, in_row, self._list, self._status, self.views, self._buttons.tooltips, dark_theme()]
        )
        self._enable()
        self._set_status("ready", f"{steps:,} step{'s' * (steps > 1)}; Start makes a fresh run directory")
        if training := self._matching("", "auto") or next(iter(Training.current(name)), None):
            self._show(training)
            self._clicked = self._loop.create_task(self._run_task(partial(self._follow, training)))

    @property
    def config(self) -> Config:
        """The config of the fields; while that is illegal, the last legal one."""
        return self._form.config

    @property
    def run(self) -> Run:
        """The present or last run, started by a cell or a click. Raises RuntimeError before the first."""
        if self.run_dir == Path():
            raise RuntimeError("this panel has trained nothing yet: run the cell that trains, or press Start")
        return Run(self.run_dir)

    async def train(self, run_dir: str = "", resume: str = "never") -> Run:
        """Train the config of the fields to the end, or until Stop or the kernel's interrupt; return the Run.

        It waits during a pause. If this panel already shows the same run in training, that run is awaited.

        Parameters
        ----------
        run_dir, resume
            As in train(), relative to the project's root; run_dir "" makes a new runs/TIME-NAME.

        Raises
        ------
        ValueError
            For illegal fields.
        RuntimeError
            While this panel trains another run.
        Exception
            What train() raises.
        """
        if self._training:
            training = self._require_matching(self._training, run_dir, resume)
            if training is not self._training:
                self._show(training)
            return await self._follow(training)
        if self._form.fault:
            raise self._form.fault
        before = self.run_dir
        try:
            self.run_dir = run_folder(run_dir, self._form.run_name)
            config = self.config
            problem = self._form.problem or problem_from(config, self._own)
            training = Training(self._name, self.run_dir, resume_from(resume), config, problem, self._own)
            stop_training_at_shutdown()
            self._show(training)
            training.begin()
            return await self._follow(training)
        except BaseException as error:
            self._set_failed(error)
            if not (self.run_dir / "config.json").exists():  # it never started: Resume continues the previous run
                if not run_dir:
                    with contextlib.suppress(OSError):  # it was not made, or is not empty
                        self.run_dir.rmdir()
                self.run_dir = before
                self._enable()
            raise

    def _matching(self, run_dir: str, resume: str) -> Training | None:
        """Return the run in training that has this name and these arguments of `train`; preferably the shown one."""
        current = sorted(Training.current(self._name), key=lambda training: training is not self._training)
        given = self.config, self._own and self._form.problem, run_dir, resume_from(resume)
        return next((training for training in current if training.matches(*given)), None)

    def _require_matching(self, training: Training, run_dir: str, resume: str) -> Training:
        """Return the run in training with these arguments. Raises RuntimeError if there is none."""
        if matching := self._matching(run_dir, resume):
            return matching
        names = ", ".join(training.config.differences(self.config))
        by = f" by other values of {names}" if names else ""
        raise RuntimeError(
            f"this panel is training already, in {training.run_dir}{by}: press Stop, or wait for its end"
        )

    def _show(self, training: Training) -> None:
        """Show a run."""
        self.run_dir, self._training, self._record, self._seen = training.run_dir, training, None, -1
        self._done_by = None
        self._error.begin(self.run_dir)
        self._enter(State.RUNNING)

    async def _follow(self, training: Training) -> Run:
        """Update the widgets until a run ends; an interrupt stops the run in order. Return the run, or raise its error,
        or RuntimeError if the panel shows another run meanwhile."""

        def is_done() -> bool:
            return training.is_over() or self._training not in (training, None)

        try:
            await wait_until(is_done, partial(self._stop_later, training), partial(self._refresh, training))
        except BaseException:
            self._training = None
            self._enter(State.IDLE)
            raise
        if self._training is training:  # otherwise its end is shown already
            self._show_end(training)
        if not training.is_over():
            raise RuntimeError(f"this panel shows another run now, in {self.run_dir}; {training.run_dir} is trained on")
        if training.error:
            raise training.error
        assert training.run, "what ended without an error gave a run"
        return training.run

    def _refresh(self, training: Training) -> None:
        """Show changes, and the present work of training."""
        if self._training is not training:
            return
        self._keep_interrupts()
        if training.changes != self._seen:
            self._seen = training.changes
            self._follow_record(training)
            if training.state is State.PAUSED:
                self._progress.end(self._step, self._record.status_text() if self._record else "")
                self.views.draw()
                self._set_run_status("paused", training.refusal or "fields may be changed; Resume continues")
            if training.state is not State.IDLE:
                self._enter(training.state)
        if training.state is State.RUNNING:
            self._refresh_progress(training)

    def _refresh_progress(self, training: Training) -> None:
        if time.monotonic() >= self._next_text:
            training.look()
            self._progress.show(self._step, self._record.status_text() if self._record else "", training.work)
            is_changed = self._record and self.config != self._record.config
            later = "; changed fields count from the next Resume or Start" if is_changed else ""
            self._set_status(ACTIVITY[training.request], f"in {self.run_dir}{_newest(self._summary())}{later}")
            self._next_text = time.monotonic() + TEXT_EVERY_S
        self.views.draw_if_due()

    def _follow_record(self, training: Training) -> None:
        """Let the figures follow the newest call of train()."""
        record = training.record
        if record and record is not self._record:
            self._record = record
            self._progress.begin(record.resolved.steps, self._step, may_end_early(record.resolved))
            self.views.follow(record)

    def _show_end(self, training: Training) -> None:
        self._follow_record(training)
        self._training = None
        self._progress.end(self._step, self._record.status_text() if self._record else "")
        if training.run:
            self.views.draw_all()
            try:
                summary = training.run.summary
                self._done_by = training.config if summary.status == "completed" else None
                self._set_run_status(status_text(summary.status, len(summary.warnings)), summary.reason)
            except (FileNotFoundError, CheckpointError) as error:  # the folder was removed
                self._set_failed(error)
        else:
            self._set_failed(training.error)
        self._list.refresh()
        self._enter(State.IDLE)

    def _stop_later(self, training: Training) -> None:
        """Stop shortly after an interrupt, since the kernel's shutdown, which is another reason, may follow."""
        self._loop.call_soon_threadsafe(lambda: self._loop.call_later(INTERRUPT_S, training.stop))

    # Clicks may arrive on any thread; they are handled in the event loop.

    def _start(self) -> None:
        self._loop.call_soon_threadsafe(self._start_training, "", "never")

    def _resume(self) -> None:
        self._loop.call_soon_threadsafe(self._continue)

    def _pause(self) -> None:
        if training := self._training:
            training.pause()

    def _stop(self) -> None:
        if training := self._training:
            training.stop()

    def _checkpoint(self) -> None:
        if training := self._training:
            training.checkpoint()

    def _continue(self) -> None:
        if self._training:
            self._training.resume_with(self.config, self._form.problem or problem_from(self.config, self._own))
        elif chosen := self._list.chosen:
            self._list.forget()
            self._start_training(str(chosen.parent.parent), str(chosen))
        else:
            self._start_training(str(self.run_dir), "auto")

    def _start_training(self, run_dir: str, resume: str) -> None:
        self._clicked = self._loop.create_task(self._run_task(partial(self.train, run_dir, resume)))

    async def _run_task(self, work: Callable[[], Awaitable[Run]]) -> None:
        """Train, or follow training, without an awaiting cell."""

        def stop() -> None:
            if training := self._training:
                self._stop_later(training)

        with contextlib.suppress(Exception), on_interrupt(stop) as keep:  # the status line shows the fault
            self._keep_interrupts = keep
            try:
                await work()
            finally:
                self._keep_interrupts = lambda: None
            status, text = self._last_status
            self._set_status(status, f"{text}; the cells below show this run when they are executed again")

    def _choose(self) -> None:
        """Show the config of the chosen checkpoint in the fields, so that resuming it is legal."""
        if chosen := self._list.chosen:
            try:
                self._form.load(load_checkpoint(chosen).config)
            except (CheckpointError, ConfigError) as error:
                self._set_failed(error)
        self._enable()

    @property
    def _step(self) -> int:
        return self._record.step if self._record else 0

    def _enter(self, state: State) -> None:
        self._state = state
        self.views.set_training(state is State.RUNNING)
        self._enable()

    def _enable(self) -> None:
        has_run, can_start = self.run_dir != Path(), not self._form.fault
        is_open = has_run and self._done_by != self.config
        self._buttons.enable(self._state, can_start, can_start and bool(is_open or self._list.chosen), has_run)
        self._list.enable(self._state is State.IDLE)
        self._show_status()

    def _set_run_status(self, status: str, reason: str) -> None:
        summary = self._summary()
        at = f"at step {summary.step:,}: " if summary else ""
        self._set_status(status, f"{at}{reason}{_newest(summary)}")

    def _summary(self) -> Summary | None:
        """Return the run's summary; None before training has started, and if its folder was removed."""
        try:
            return Run(self.run_dir).summary
        except (FileNotFoundError, CheckpointError):
            return None

    def _set_failed(self, error: BaseException | None) -> None:
        self._set_status("failed", f"{type(error).__name__}: {error}")

    def _set_status(self, status: str, text: str) -> None:
        self._last_status = status, text
        self._show_status()

    def _show_status(self) -> None:
        """Show the last status; or that the fields cannot be trained, with the reason if the fields are folded."""
        fault = self._form.fault
        self._settings.titles = (MARK * bool(fault) + SETTINGS,)
        status, text = self._last_status
        if fault and self._state is not State.RUNNING:
            names = ", ".join(self._form.names_at_fault) or "the fields"
            is_folded = self._settings.selected_index is None
            status, text = "not possible", str(fault) if is_folded else f"see {names} above"
        self._status.show(status, text)


def _newest(summary: Summary | None) -> str:
    """Return a text about the newest checkpoint, if there is one, and about failed ones."""
    newest = f"; newest checkpoint {summary.checkpoint}" if summary and summary.checkpoint else ""
    if not summary or not (count := summary.checkpoint_failures):
        return newest
    return f"{newest}; {count} failed to be written, the last one: {summary.checkpoint_failure}"
