"""train() that is refused leaves a run directory as it was, to the last byte."""

import json

import pytest

import elastic_pinn as ep
from elastic_pinn.storage import locked
from tests.files import contents


def stop_at(step: int) -> ep.Control:
    control = ep.Control(lambda record: control.stop() if record["step"] == step else None)
    return control


@pytest.fixture
def killed(tiny, tmp_path):
    """A run that was killed: its newest checkpoint is damaged, a save was cut short, and its lock names who is gone."""
    run = ep.train(tiny(checkpoint_every=1), tmp_path / "run", control=stop_at(4))
    newest = run.checkpoints()[-1].path
    newest.chmod(0o644)
    newest.write_bytes(newest.read_bytes()[:-1])
    (newest.parent / ".step-000000005-g000.h5.0123456789abcdef.tmp").write_bytes(b"half")
    (run.path / ".config.json.0123456789abcdef.tmp").write_bytes(b"half")
    (run.path / ".lock").write_text("process 1 on nowhere")
    return run.path


def refused_as(error, config, folder, **others) -> None:
    before = contents(folder)
    with pytest.raises(error):
        ep.train(config, folder, **others)
    assert contents(folder) == before


CHANGES = {
    "another network": {"hidden_layers": [9, 9]},
    "another problem": {"lame_mu": 2.0},
    "another past stage": {"stages": ["sgd"]},
    "a stage to come that cannot be": {"stages": ["adam", "ssbfgs"], "stage_steps": [5]},
    "no such device": {"device": "cuda:77"},
    "no such measure": {"monitor": "loss/none"},
}


@pytest.mark.parametrize("resume", ["auto", "path"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_config_that_does_not_fit_changes_nothing(killed, tiny, changes, resume):
    place = resume if resume == "auto" else str(killed / "checkpoints" / "step-000000002-g000.h5")
    refused_as(ep.ConfigError, tiny(**changes), killed, resume=place)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"interior_points": 10**12}, "interior_points = 1000000000000: their coordinates alone take 12,000 GB"),
        ({"validation_points": 10**12, "precision": "float64"}, "their coordinates alone take 24,000 GB"),
        ({"hidden_layers": [10**6, 10**6]}, r"hidden_layers = \[1000000, 1000000\]: their weights alone take 4,000 GB"),
    ],
)
@pytest.mark.parametrize("call", [ep.preview, lambda config: ep.train(config, "run")], ids=["preview", "train"])
def test_what_no_memory_holds_is_refused_before_any_work(call, changes, told, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ep.ConfigError, match=f"{told}, and this machine has .* GB of memory: take fewer"):
        call(tiny(**changes))
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("count", [1025, 10**6])
def test_more_threads_than_a_process_survives_are_refused(count, tiny):
    with pytest.raises(ep.ConfigError, match=f"threads = {count}: Input should be less than or equal to 1024"):
        tiny(threads=count)


def test_a_problem_that_is_refused_changes_nothing(killed, tiny, waves):
    refused_as(ep.ConfigError, tiny(), killed, problem=waves(), resume="auto")
    refused_as(ep.ConfigError, tiny(target_error=0.1), killed, problem=waves(exact=None), resume="auto")
    refused_as(ValueError, tiny(problem="receivers", data="none.h5"), killed, resume="auto")


def test_a_used_run_directory_is_not_changed(killed, tiny):
    refused_as(ep.RunDirectoryError, tiny(), killed)
    (killed / ".lock").unlink()  # as in a copy
    refused_as(ep.RunDirectoryError, tiny(), killed)


def test_a_run_directory_in_use_is_not_changed(killed, tiny):
    with locked(killed):
        for resume in ("never", "auto"):
            refused_as(ep.RunDirectoryError, tiny(), killed, resume=resume)


def test_a_checkpoint_that_cannot_be_gone_on_from_changes_nothing(killed, tiny, tmp_path):
    other = ep.train(tiny(seed=1), tmp_path / "other")
    refused_as(ep.RunDirectoryError, tiny(seed=1, steps=8), killed, resume=str(other.latest().path))
    refused_as(ep.CheckpointError, tiny(), killed, resume=str(killed / "checkpoints" / "step-000000004-g000.h5"))
    refused_as(ep.CheckpointError, tiny(), killed, resume=str(tmp_path / "nowhere.h5"))
    for entry in ep.Run(killed).checkpoints():
        entry.path.chmod(0o644)
        entry.path.write_bytes(entry.path.read_bytes()[:-1])
    refused_as(ep.RunDirectoryError, tiny(), killed, resume="auto")


def test_a_mirror_that_holds_another_run_changes_nothing(killed, tiny, tmp_path):
    there = tmp_path / "mirror" / "run"
    there.mkdir(parents=True)
    (there / "run_id.txt").write_text("another")
    before = contents(there)
    refused_as(ep.CheckpointError, tiny(mirror=f"file://{tmp_path}/mirror"), killed, resume="auto")
    assert contents(there) == before


def test_an_init_from_that_does_not_fit_leaves_no_folder(tiny, tmp_path):
    with pytest.raises(FileNotFoundError):
        ep.train(tiny(init_from=str(tmp_path)), tmp_path / "run")
    (tmp_path / "empty").mkdir()
    refused_as(FileNotFoundError, tiny(init_from=str(tmp_path)), tmp_path / "empty")
    assert not (tmp_path / "run").exists()


def test_what_is_accepted_after_all_is_tidied_up(killed, tiny):
    run = ep.train(tiny(checkpoint_every=1), killed, resume="auto")
    assert run.status == "completed" and run.summary.parent == "step 3, generation 0"
    assert [path.name for path in (killed / "quarantine").iterdir()] == ["step-000000004-g000.h5"]
    assert not list(killed.rglob(".*.tmp"))
    assert json.loads((killed / "summary.json").read_text())["generation"] == 1
