"""A loss that is no number ends the run, leaves every checkpoint good, and says what to go on from."""

import json
import math
import signal

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import LiveHistory
from elastic_pinn.training.distributed import roles
from elastic_pinn.training.distributed.roles import _deferred_signals
from elastic_pinn.training.lifecycle.record import Record


@pytest.fixture
def explosive(tiny):
    """A function that gives a config whose weights overflow within a few steps."""

    def make(**changes):
        return tiny(
            **(
                {"stages": ["sgd"], "activation": "tanh", "steps": 50, "learning_rate": 100.0, "momentum": 0.0}
                | {"checkpoint_every": 1}
                | changes
            )
        )

    return make


def all_finite(checkpoint: ep.Checkpoint) -> bool:
    return all(torch.isfinite(parameter).all() for parameter in checkpoint.model().parameters())


@pytest.mark.parametrize(("rate", "named"), [(100.0, "grad_norm = inf"), (1e30, "loss/total = ")])
def test_a_diverged_run_names_step_term_and_last_good_checkpoint(explosive, tmp_path, rate, named):
    with pytest.raises(ep.DivergedError) as error:
        ep.train(explosive(learning_rate=rate), tmp_path / "run")
    run = ep.Run(tmp_path / "run")
    last = run.checkpoints()[-1]
    steps = len(run.history())
    assert f"step {steps + 1}: " in str(error.value) and named in str(error.value)
    assert str(error.value).endswith(f"the last good checkpoint is {last.path}")


def test_a_diverged_run_has_failed_and_its_summary_says_why(explosive, tmp_path):
    with pytest.raises(ep.DivergedError) as error:
        ep.train(explosive(), tmp_path / "run")
    summary = ep.Run(tmp_path / "run").summary
    assert summary.status == "failed"
    assert summary.reason == f"DivergedError: {error.value}"


@pytest.mark.parametrize(("rate", "least"), [(100.0, 2), (1e30, 1)])
def test_no_checkpoint_of_a_diverged_run_holds_what_is_no_number(explosive, tmp_path, rate, least):
    with pytest.raises(ep.DivergedError):
        ep.train(explosive(learning_rate=rate), tmp_path / "run")
    run = ep.Run(tmp_path / "run")
    assert len(run.checkpoints()) >= least
    for entry in run.checkpoints():
        assert all_finite(ep.load_checkpoint(entry.path)) and math.isfinite(entry.header.metric)
    assert run.latest().step == run.checkpoints()[-1].header.step
    assert not run.history()["loss/total"].isna().any()
    assert run.summary.step == len(run.history()) == run.latest().step
    assert all(math.isfinite(value) for value in run.summary.metrics.values())


@pytest.mark.parametrize("every", [0, 1])
def test_a_diverged_run_goes_on_from_its_last_good_checkpoint_with_a_lower_rate(explosive, tmp_path, every):
    with pytest.raises(ep.DivergedError):
        ep.train(explosive(checkpoint_every=every), tmp_path / "run")
    good = tmp_path / "run" / "checkpoints" / "step-000000000-g000.h5"
    calm = explosive(checkpoint_every=every, learning_rate=1e-4, steps=5)
    run = ep.train(calm, tmp_path / "run", resume="auto" if not every else str(good))
    assert run.status == "completed" and len(run.history()) == 5
    assert (0, "learning_rate: 100.0 -> 0.0001") in run.events()


def test_a_run_that_diverges_in_its_last_step_is_not_completed(explosive, tmp_path):
    with pytest.raises(ep.DivergedError):
        ep.train(explosive(checkpoint_every=0), tmp_path / "run")
    last_step = len(ep.Run(tmp_path / "run").history()) + 1
    with pytest.raises(ep.DivergedError):
        ep.train(explosive(checkpoint_every=0, steps=last_step), tmp_path / "cut")
    cut = ep.Run(tmp_path / "cut")
    assert cut.status == "failed" and [entry.header.step for entry in cut.checkpoints()] == [0]


def test_a_loss_that_overflows_at_the_start_leaves_no_checkpoint(tiny, tmp_path, waves):
    def huge(x, y, t):
        return torch.full((len(x), 2), 1e30, dtype=torch.float64)

    with pytest.raises(ep.DivergedError, match=r"step 1: .*loss/pde = inf"):
        ep.train(tiny(), tmp_path / "run", waves(force=huge, displacement_scale=1e-10))
    run = ep.Run(tmp_path / "run")
    assert run.status == "failed" and run.checkpoints() == []


def test_any_other_error_is_in_the_summary_and_reaches_the_caller(tiny, tmp_path):
    def fail(record):
        if record["step"] == 3:
            raise ZeroDivisionError("in a callback")

    with pytest.raises(ZeroDivisionError, match="in a callback"):
        ep.train(tiny(), tmp_path / "run", control=ep.Control(fail))
    run = ep.Run(tmp_path / "run")
    assert run.status == "failed" and "ZeroDivisionError: in a callback" in run.summary.reason
    assert str(run.checkpoints()[-1].path) in run.summary.reason
    assert len(run.history()) == 3


def test_an_interrupt_is_a_stop(tiny, tmp_path):
    def interrupt(record):
        if record["step"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ep.train(tiny(), tmp_path / "run", control=ep.Control(interrupt))
    assert ep.Run(tmp_path / "run").status == "stopped"
    assert ep.train(tiny(), tmp_path / "run", resume="auto").status == "completed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_stop_with_a_checkpoint_and_then_what_it_is_to_any_program(tiny, tmp_path, caplog, number):
    seen = []
    before = signal.signal(number, lambda *_: seen.append(number))

    def interrupt(record):
        if record["step"] == 3:
            signal.raise_signal(number)

    try:
        ep.train(tiny(steps=10_000), tmp_path / "run", control=ep.Control(interrupt))
    finally:
        signal.signal(number, before)
    run = ep.Run(tmp_path / "run")
    assert (run.status, run.reason, run.latest().step) == ("stopped", f"asked to stop by {number.name}", 3)
    assert seen == [number]
    [told] = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told.startswith(
        f"{number.name}: {run.path} was stopped at step 3; step-000000003-g000.h5 keeps all until then; "
    )
    assert told.endswith("the same call with resume='auto' goes on from there")


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt; it is ignored where tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("summary", "told"),
    [
        ({"status": "completed", "step": 9}, "was completed at step 9 by then"),
        (
            {"status": "stopped", "step": 500, "checkpoint": "step-000000100-g000.h5"},
            "was stopped at step 500; step-000000100-g000.h5 keeps all until step 100, and nothing after it; the same "
            "call with resume='auto' goes on from there",
        ),
        (
            {"status": "stopped", "step": 5},
            "was stopped at step 5; no checkpoint keeps anything of it; the same call with resume='auto' begins anew",
        ),
        ({"status": "stopped", "step": "five"}, "ended is not known: 1 validation error"),
        (None, "was not begun at step 0 by then"),
    ],
)
def test_a_signal_tells_what_the_summary_knows_and_has_its_effect_whatever_that_is(tmp_path, caplog, summary, told):
    if summary:
        (tmp_path / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(KeyboardInterrupt), _deferred_signals(lambda reason: None, tmp_path):
        signal.raise_signal(signal.SIGINT)
    [text] = caplog.messages
    assert text.startswith("SIGINT: ") and f"{tmp_path} {told}" in text


@pytest.mark.usefixtures("interruptible")
def test_a_signal_has_its_effect_where_its_end_cannot_be_told(tmp_path, monkeypatch):
    monkeypatch.setattr(roles, "_end_text", lambda run_dir: 1 / 0)
    with pytest.raises(KeyboardInterrupt), _deferred_signals(lambda reason: None, tmp_path):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("interruptible")
def test_the_second_interrupt_is_obeyed_at_once(tiny, tmp_path):
    def impatient(record):
        if record["step"] == 3:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ep.train(tiny(), tmp_path / "run", control=ep.Control(impatient))
    assert ep.Run(tmp_path / "run").latest().step == 0


def full_disk(*_) -> None:
    raise OSError(28, "No space left on device")


def test_a_failing_end_never_hides_why_the_run_ended(explosive, tmp_path, monkeypatch, caplog):
    summarise = Record.summarise
    monkeypatch.setattr(Record, "summarise", lambda *args: full_disk() if args[1] == "failed" else summarise(*args))
    close = LiveHistory.close
    monkeypatch.setattr(LiveHistory, "close", lambda live: (close(live), full_disk()))
    with pytest.raises(ep.DivergedError, match="the last good checkpoint is"):
        ep.train(explosive(), tmp_path / "run")
    assert "could not write its summary: [Errno 28] No space left on device" in caplog.text
    assert "could not close its history: [Errno 28] No space left on device" in caplog.text
