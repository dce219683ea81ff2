import pytest

from elastic_pinn.workbench.run_folders import resume_from, run_folder


def test_a_fresh_folder_is_never_an_old_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda form: "20260101-000000")
    made = [run_folder("", "01_forward") for _ in range(3)]
    assert [path.name for path in made] == [f"20260101-000000-01_forward{end}" for end in ("", "-2", "-3")]
    assert all(path.is_dir() and path.parent == tmp_path / "runs" for path in made)


def test_a_runs_folder_that_cannot_be_made_is_told_and_not_tried_for_ever(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(tmp_path / "unplugged")
    with pytest.raises(FileExistsError, match="runs"):
        run_folder("", "01_forward")


def test_relative_paths_start_at_the_projects_root(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert run_folder("runs/first", "x") == tmp_path / "runs" / "first"
    assert run_folder("/elsewhere/run", "x").as_posix() == "/elsewhere/run"
    assert resume_from("runs/first/c.h5") == str(tmp_path / "runs" / "first" / "c.h5")


def test_never_and_auto_are_no_paths():
    assert [resume_from(word) for word in ("never", "auto")] == ["never", "auto"]
