"""summary.json is one typed object: files of all versions load, and nothing in them is lost by a change."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import elastic_pinn as ep
from elastic_pinn.summary import SUMMARY, Summary

FILES = sorted([*Path(__file__).parent.glob("golden/*/summary.json"), *Path(__file__).parent.glob("golden/*.json")])
FILES = [path for path in FILES if path.name.startswith("summary")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_of_any_version_loads_and_is_written_as_it_was(path):
    told = json.loads(path.read_text())
    summary = Summary.model_validate_json(path.read_text())
    assert list(json.loads(summary.to_json()).items()) == list(told.items())
    assert {name: getattr(summary, name) for name in told} == told


def test_the_keys_of_a_new_run_are_the_fields(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    told = json.loads((run.path / SUMMARY).read_text())
    assert list(told) == [name for name in Summary.model_fields if name not in ("notebook", "energy_drift")]


def test_a_run_that_has_not_started_has_the_initial_values(tmp_path):
    assert Summary.of(tmp_path) == Summary()
    assert json.loads(Summary.of(tmp_path).changed({"status": "failed", "reason": "no space"}).to_json()) == {
        "status": "failed", "reason": "no space", "step": 0, "wall_s": 0.0, "checkpoint": None
    }  # fmt: skip


def test_a_change_keeps_what_a_newer_version_wrote(tmp_path):
    (tmp_path / SUMMARY).write_text('{"status": "running", "step": 3, "shots": [1, 2]}')
    changed = Summary.of(tmp_path).changed({"status": "stopped"})
    assert json.loads(changed.to_json()) == {"status": "stopped", "step": 3, "shots": [1, 2]}


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"status": "perhaps"}', '{"step": "many"}', '{"material": {"mu": "stiff"}}']
)
def test_what_no_run_writes_is_refused(tmp_path, text):
    (tmp_path / SUMMARY).write_text(text)
    with pytest.raises(ValidationError):
        Summary.of(tmp_path)
    (tmp_path / "config.json").write_text(ep.Config().to_json())
    with pytest.raises(ep.CheckpointError, match=r"summary\.json: is not what a run writes"):
        _ = ep.Run(tmp_path).summary
