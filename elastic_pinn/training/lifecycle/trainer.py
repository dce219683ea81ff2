"""train(): from a config to a run directory; the loop of training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elastic_pinn.config import Config
from elastic_pinn.fit import NOT_ASSESSED, NOT_WHEN_STOPPED, Fit
from elastic_pinn.networks.cancellation import check_cancelled
from elastic_pinn.networks.progress import Report, reported
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run
from elastic_pinn.storage import (
    CHECKPOINTS,
    CheckpointError,
    FolderLock,
    InUseError,
    Mirror,
    Store,
    copy_tree,
    locked,
)
from elastic_pinn.summary import Status
from elastic_pinn.training.assessment.judgement import ASSESSING, assess
from elastic_pinn.training.distributed.processes import Processes, join
from elastic_pinn.training.distributed.roles import run_leader, run_worker, start_workers
from elastic_pinn.training.lifecycle.advice import advise
from elastic_pinn.training.lifecycle.control import Control
from elastic_pinn.training.lifecycle.ending import (
    DOUBTFUL,
    drift_of_energy,
    energy_text,
    estimate_doubt,
    estimate_text,
    explain_end,
    progress_text,
    unseen_text,
    with_verdict,
)
from elastic_pinn.training.lifecycle.environment import environment, facts
from elastic_pinn.training.lifecycle.record import Record, mirrored
from elastic_pinn.training.lifecycle.refinement import is_too_coarse, refined, resolved, told
from elastic_pinn.training.lifecycle.requirements import (
    folder_of,
    require_device,
    require_kinds,
    require_measured,
    require_one_process,
    settle,
)
from elastic_pinn.training.lifecycle.rescue import LostRunDirectoryError
from elastic_pinn.training.lifecycle.resume import (
    RunDirectoryError,
    adopt,
    lacks_outcome,
    make_ready,
    mirror_of,
    note_environment,
    origin_of,
    reason_to_end_here,
    start_of,
    starting_point,
)
from elastic_pinn.training.lifecycle.search_refinement import refined_search
from elastic_pinn.training.lifecycle.threads import threads
from elastic_pinn.training.lifecycle.time_limit import TimeLimit
from elastic_pinn.training.lifecycle.warm_start import warm_start
from elastic_pinn.training.session import DivergedError, Session
from elastic_pinn.training.settings import Settings
from elastic_pinn.training.step_objective import StepCancelled, cancelled_when

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 10.0
LONG_S = 2.0  # of work within a step that is worth a line of the log
BY_HAND = "asked for by hand"

End = tuple[Status, str]  # of a run, and the reason


def train(
    config: Config,
    run_dir: str | Path,
    problem: Problem | ProblemMaker | None = None,
    resume: str | Path = "never",
    control: Control | None = None,
) -> Run:
    """Train according to a config and write everything to a run directory, which is returned as a Run.

    If torchrun started several processes, all call this with the same arguments and share one run: the first writes
    the files, has the control, and is the one that a signal stops; all return or raise the same.

    In a main thread, Ctrl-C or SIGTERM first stops the run, with a checkpoint, and has its usual effect afterwards; a
    second one has it at once.

    Parameters
    ----------
    config
        The experiment.
    run_dir
        A folder; `~` and `$NAME` are expanded as in a shell, in `resume` too.
    problem
        One of the user's own, in place of the one that the config names, or the function that makes it, called with the
        config's own numbers by their names.
    resume
        "never" (a used run_dir is an error), "auto" (continue from what is there or in the mirror, if anything), or the
        path or URL of a checkpoint or a run. A run that has ended for a reason of its own is returned unchanged, unless
        the config was changed; where other errors are stated (`at_plus_minus` and its like), it is only judged anew.
    control
        Lets another thread monitor and stop.

    Returns
    -------
    Run
        The run directory, completed or stopped.

    Raises
    ------
    ConfigError, ProblemError, ReceiverFileError, RunDirectoryError, CheckpointError
        Before any work.
    DivergedError
        When the loss is no longer a number. As for each error from here on, the status in the run directory's summary
        is then "failed", with the reason, and all checkpoints are kept.
    LostProcessError
        When another process is gone.
    LostRunDirectoryError
        When the run directory was removed, moved, replaced or became read-only, with the folder that the state was
        saved to instead.
    """
    require_kinds(config, problem, control)
    logging.getLogger("elastic_pinn").setLevel(config.log_level.upper())
    run_dir, resume, control = folder_of(run_dir), start_of(resume), control or Control()
    with threads(config.threads):
        config, problem = settle(config, problem)
        require_device(config.device)
        processes = join(config.device)
        processes.require_same(config, problem)
        require_one_process(config, processes)
        if processes.is_worker:
            return Run(run_worker(processes, problem))
        with run_leader(processes, run_dir, control.stop), _exclusive_use(run_dir) as lock:
            return _train(config, run_dir, problem, resume, control, processes, lock)


@contextmanager
def _exclusive_use(run_dir: Path) -> Iterator[FolderLock]:
    """Lock the run directory: only one process writes to it."""
    try:
        with locked(run_dir) as lock:
            yield lock
    except InUseError as error:
        raise RunDirectoryError(str(error)) from None


def _train(
    config: Config,
    run_dir: Path,
    problem: Problem,
    resume: str,
    control: Control,
    processes: Processes,
    lock: FolderLock,
) -> Run:
    """train() in a run directory that this process has locked."""
    store, mirror_url = Store(lock.folder / CHECKPOINTS, lock), mirror_of(config, run_dir)
    found, over, unverified = starting_point(run_dir, store, resume, mirror_url), "", ""
    if found:
        config, settings = resolved(config, problem, found.snapshot)
        config = adopt(config, problem, found)
        over = reason_to_end_here(config, found.snapshot)
        if over and not (lacks_outcome(run_dir, config, problem, found) or is_too_coarse(config, found.snapshot)):
            return _ended_run(run_dir, over)
        note_environment(found.snapshot, facts(environment(config.device, processes.count)))
    else:
        config, settings = resolved(config, problem, None)
    session = Session(config, problem, processes)
    require_measured(config, session)
    advice = advise(config, problem, settings)
    for sentence in advice:
        logger.warning("%s", sentence)
    for line in told(config, settings, problem).splitlines():
        logger.info("%s", line)
    if found:
        session.restore(found.snapshot)
        session.reason_to_end = found.snapshot.state["stopping"].get("reason", "") if over else ""
    elif config.init_from:
        unverified = warm_start(session, config.init_from)
    start_workers(session)
    origin = origin_of(found, store, mirror_url, unverified)
    mirror = Mirror(mirror_url, store.folder, origin.run_id, lock) if mirror_url else None
    make_ready(found, run_dir, store, origin)
    with mirrored(lock, mirror):
        record = Record(lock, session, store, origin, mirror, advice, settings)
        _guarded_loop(session, record, control)
    return Run(run_dir)


def _ended_run(run_dir: Path, reason: str) -> Run:
    """The run that needs no step more."""
    if not (run_dir / "config.json").exists():
        raise RunDirectoryError(f"{run_dir} would hold nothing: the checkpoint is {reason}")
    logger.info("nothing to do: %s is %s", run_dir, reason)
    return Run(run_dir)


def _guarded_loop(session: Session, record: Record, control: Control) -> None:
    """The loop, for each refinement of the settings, with a summary of how it ended, in any case."""
    limit = TimeLimit(session.config.time_limit)
    try:
        with reported(_reporter(control, lambda: session.step + 1)):
            record.checkpoint()
            record.settle()  # so that a run that cannot be saved fails before work starts
            status, reason = _loop(session, record, control, limit)
            fit, finer = _refined(session, record, control, limit, status)
            while not isinstance(finer, str):
                session = finer[0]
                record.follow(*finer)
                status, reason = _loop(session, record, control, limit)
                fit, finer = _refined(session, record, control, limit, status)
    except BaseException as error:
        if isinstance(error, CheckpointError):
            _require_kept(record, error)
        _try_to("finish the checkpoint in flight", record.settle)
        kept = record.last_checkpoint
        place = f"; the last good checkpoint is {kept}" if kept else ""
        status = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        reason = f"{type(error).__name__}: {error}{place}"
        _try_to("write its summary", lambda: record.summarise(status, reason))
        if isinstance(error, DivergedError):
            raise DivergedError(f"{error}{place}") from None
        raise
    else:
        drift = None
        if status == "completed":  # told with it, so that no summary has the one without the other
            drift, chosen = drift_of_energy(session), record.settings.names
            doubts = list(
                filter(None, (estimate_doubt(session, chosen), energy_text(drift), unseen_text(session, chosen)))
            )
            for text in filter(None, (finer, *doubts)):
                record.warn(text)
            reason = "; ".join(filter(None, (reason, estimate_text(session), DOUBTFUL if doubts else "")))
        elif doubt := estimate_doubt(session, record.settings.names):
            record.warn(doubt)
        _try_to("write its summary", lambda: record.summarise(status, reason, None, drift))
        _require_kept(record)
        told: list[str] = []
        if session.problem.unknowns:
            reason, told = _assessed(session, record, control, status, reason, drift, fit)
            _require_kept(record)
        for line in (f"{status} at step {session.step}: {reason}", *told):
            logger.info("%s", line)
    finally:
        _try_to("close its history", record.close)


def _require_kept(record: Record, cause: Exception | None = None) -> None:
    """Raise LostRunDirectoryError if the run directory is lost. cause: the error that revealed it, if any."""
    if fault := record.why_lost:
        raise LostRunDirectoryError(record.rescue(fault)) from cause


def _refined(
    session: Session, record: Record, control: Control, limit: TimeLimit, status: Status
) -> tuple[Fit | Exception | None, tuple[Session, Settings] | str]:
    """What a session that has ended for a reason of its own is followed by, as `refined` tells it, and its fit, or why
    there is none, where this decides."""
    if status != "completed" or not record.settings.names:
        return None, ""
    if not session.problem.unknowns:
        return None, refined(session, record.settings, limit)
    try:
        fit = _fit(session, record, control)
    except Exception as error:  # a request to stop, too: the end tells it
        return error, ""
    return fit, refined_search(session, record.settings, fit, limit)


def _fit(session: Session, record: Record, control: Control) -> Fit:
    """Assess whether the data are explained. Raises StepCancelled."""
    with cancelled_when(lambda: control.stop_asked or record.is_lost):
        check_cancelled()
        logger.info("step %d: %s", session.step, ASSESSING)
        with reported(_reporter(control, lambda: session.step)):
            return assess(session.trained())


def _assessed(
    session: Session,
    record: Record,
    control: Control,
    status: Status,
    reason: str,
    drift: float | None,
    fit: Fit | Exception | None,
) -> tuple[str, list[str]]:
    """Add to the summary whether the data are explained; return the reason with the verdict, and the lines below it.

    fit: None where it is not known yet, an error where its assessment has ended in that. It may take as long as a step,
    and is cancelled by a request to stop: tables assess such a run when needed.
    """
    try:
        if isinstance(fit, Exception):
            raise fit
        fit = fit or _fit(session, record, control)
    except StepCancelled:
        reason = f"{reason}; {NOT_WHEN_STOPPED}"
        _try_to("write its summary", lambda: record.summarise(status, reason, None, drift))
        return reason, []
    except Exception as error:
        logger.error("the run could not work out whether its data are explained: %s", error)
        return f"{reason}; {NOT_ASSESSED}", []
    reason = with_verdict(session, reason, fit)
    _try_to("write its summary", lambda: record.summarise(status, reason, fit, drift))
    return reason, fit.lines_below


def _try_to(what: str, act: Callable[[], None]) -> None:
    """Do something whose failure must not hide how a run ended: it is only logged."""
    try:
        act()
    except Exception as error:
        logger.error("the run could not %s: %s", what, error)


def _loop(session: Session, record: Record, control: Control, limit: TimeLimit) -> End:
    """Make steps until there is a reason to end: (status, reason)."""
    logged = saved = time.monotonic()
    saved_step = session.step
    if session.is_over:
        return _completed(session)
    while True:
        limit.begin_step()
        try:
            row = session.advance(lambda: control.stop_asked or record.is_lost or limit.ends_step)
        except StepCancelled:
            if session.step > saved_step:
                record.checkpoint()
            record.settle()
            lost = "the run directory was gone for a moment"  # a lasting loss raises later
            why = control.stop_reason or (str(limit) if limit.ends_step else lost)
            return "stopped", f"{why}, within a step, which was given up"
        record.row()
        control.on_step(row)
        if control.take_look_request():
            control.on_weights(session.step, copy_tree(session.model.state_dict()))
        now = time.monotonic()
        failing = record.reason_to_end
        ending: End | None = ("stopped", failing) if failing else _ending(session, control, limit)
        is_requested = control.take_checkpoint_request()
        if is_requested or ending or _is_due(session, now - saved):
            record.checkpoint(BY_HAND if is_requested else "")
            saved, saved_step = now, session.step
        if ending:
            if not failing or record.why_lost:  # else the reason is that the last ones are missing
                record.settle()
            return ending
        if now - logged > PROGRESS_EVERY_S:
            logged = now
            logger.info("%s", progress_text(session, limit.elapsed))


def _reporter(control: Control, step: Callable[[], int]) -> Report:
    """A report that passes long work to the control, and logs it now and then with the step."""
    logged = time.monotonic()

    def report(what: str, part: float) -> None:
        nonlocal logged
        control.report(what, part)
        now = time.monotonic()
        if control.work and now - control.work.began > LONG_S and now - logged > PROGRESS_EVERY_S:
            logged = now
            logger.info("step %d: %s", step(), control.work.text(now))

    return report


def _is_due(session: Session, since_s: float) -> bool:
    """Whether a checkpoint is due after the step just made: by the steps, by the time, or as a stage ended."""
    config = session.config
    by_steps = config.checkpoint_every and session.step % config.checkpoint_every == 0
    by_time = config.checkpoint_every_s and since_s >= config.checkpoint_every_s
    return bool(by_steps or by_time or session.at_stage_end)


def _ending(session: Session, control: Control, limit: TimeLimit) -> End | None:
    """Why to end now: (status, reason); None to continue."""
    if session.is_over:
        return _completed(session)
    if control.stop_asked:
        return "stopped", control.stop_reason
    return ("stopped", str(limit)) if limit.is_over else None


def _completed(session: Session) -> End:
    return "completed", explain_end(session)
