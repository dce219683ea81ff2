"""What is built for other people holds what they need."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TINY = ["steps=1", "hidden_layers=[4]", "interior_points=10", "boundary_points=4", "initial_points=4"]
# Root may write anywhere, but for this: an installed package is to be read-only here.
MORTAL = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 and shutil.which("setpriv") else []

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=PROJECT, check=True)
    return folder


@pytest.fixture(scope="module")
def site(built, tmp_path_factory) -> Path:
    """A folder that the wheel alone was installed into, read-only; the dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "--target", folder]
    subprocess.run([*pip, *built.glob("*.whl")], check=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def test_the_wheel_works_outside_the_repository_read_only_and_without_a_home(site, tmp_path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "HOME": "/nonexistent", "TMPDIR": str(tmp_path)}
    environment["JUPYTER_RUNTIME_DIR"] = str(tmp_path / "jupyter")

    def elastic_pinn(*words: str, cwd: str = "work") -> str:
        command = [*MORTAL, sys.executable, "-m", "elastic_pinn", *words]
        done = subprocess.run(command, cwd=tmp_path / cwd, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    elastic_pinn("notebooks", "work", cwd=".")
    elastic_pinn("run", "notebooks/01_forward.ipynb", "run_dir=one", *TINY)
    assert "completed" in elastic_pinn("inspect", "one")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "sweep.yaml").write_text(
        "notebook: notebooks/02_inverse.ipynb\ndirectory: runs\ngrid: {seed: [1, 2]}"
    )
    assert "2 runs" in elastic_pinn("sweep", "sweep.yaml", "--dry-run", cwd="elsewhere")
    assert not (tmp_path / "~").exists() and not (tmp_path / "work" / "~").exists()


@pytest.mark.skipif(
    not ((PROJECT / ".git").exists() and shutil.which("git")),
    reason="what git keeps is known in a git checkout only",
)
def test_the_sdist_holds_what_git_keeps(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    kept = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
    assert kept and set(kept) <= names
