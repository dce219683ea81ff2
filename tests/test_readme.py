"""What the README says works, works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import elastic_pinn as ep
from elastic_pinn.fit import Fit
from elastic_pinn.workbench.batch import Notebook

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = ["README.md", "data/README.md", "notebooks/README.md", "CONTRIBUTING.md"]


@pytest.fixture
def own_problem() -> str:
    """The README's example of a problem of one's own."""
    (block,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "make_problem" in code]
    return block


def test_a_problem_of_ones_own_takes_at_most_20_lines(own_problem):
    assert len([line for line in own_problem.splitlines() if line.strip()]) <= 20


def test_the_readmes_own_problem_trains_and_says_how_good_it_is(own_problem, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(own_problem, {})
    run = ep.Run("runs/plane-wave")
    error = run.latest().metrics["error/displacement"]
    assert run.status == "completed"
    assert capsys.readouterr().out.strip() == str(error)
    assert error < 0.1


@pytest.mark.slow
def test_the_readmes_plate_is_solved_to_its_stated_tolerance(tmp_path, monkeypatch, capsys):
    (block,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "tolerance=0.02" in code]
    assert len([line for line in block.splitlines() if line.strip()]) <= 12
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    run = ep.Run("runs/plate")
    assert run.summary.metrics["error/estimated"] <= 0.02 and run.summary.warnings == []
    assert capsys.readouterr().out.startswith(str(run.summary.metrics["error/estimated"]))


@pytest.mark.slow
def test_the_readmes_search_in_a_plate_finds_its_material(tmp_path, monkeypatch):
    (block,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if 'data="receivers.h5"' in code]
    shipped = ep.Receivers.load(ROOT / "data" / "plate_receivers.h5")
    noise = 0.01 * float(np.abs(shipped.displacement).max())
    noisy = shipped.displacement + noise * np.random.default_rng(0).standard_normal(shipped.displacement.shape)
    monkeypatch.chdir(tmp_path)
    ep.Receivers(shipped.xy, shipped.time, noisy, noise).save("receivers.h5")
    scope = {"ep": ep}
    exec(block.replace('"receivers.h5"', f'"{tmp_path}/receivers.h5"'), scope)
    fit = ep.train(scope["config"], "runs/found").fit
    true = {"lambda": ep.physics.ALUMINIUM.lame_lambda, "mu": ep.physics.ALUMINIUM.lame_mu}
    assert fit.verdict == "holds", fit.text
    for name, value in fit.values.items():
        assert abs(value - true[name]) < 3.0 * fit.plus_minus[name] < 0.01 * true[name]


SCRIPTS = {
    code.split(":")[0].removeprefix("# "): code for code in re.findall(r"```python\n(# 0.*?)```", README, re.DOTALL)
}


def test_each_notebook_is_a_script_of_at_most_ten_lines_in_the_readme():
    assert SCRIPTS.keys() == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    for code in SCRIPTS.values():
        assert len([line for line in code.splitlines() if line.strip() and not line.startswith("#")]) <= 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        ["00_reference_data", "01_forward", "05_explore"],
        ["02_inverse"],
        ["03_sweep", "04_compare"],
        ["06_plate"],
        ["07_own_data"],
    ],
    ids=" ".join,
)
def test_the_scripts_in_the_readme_run_as_they_are(names, tmp_path):
    for folder in ("data", "notebooks"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "runs").mkdir()
    for name in names:
        (tmp_path / f"{name}.py").write_text(SCRIPTS[name])
        done = subprocess.run([sys.executable, f"{name}.py"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for file in re.findall(r'(?:savefig|save)\("(.*?)"\)', SCRIPTS[name]):
            assert (tmp_path / file).stat().st_size > 1000
        said = done.stdout.split("\n")[0]
        if name in ("00_reference_data", "01_forward"):
            assert float(said) < 1e-3
        if name == "02_inverse":
            assert said.split()[0] in ("holds", "widened")
            assert float(re.search(r"'lambda': ([\d.]+)", said)[1]) == pytest.approx(5.76e10, rel=0.01)
        if name == "03_sweep":
            assert said == "4"
        if name == "06_plate":
            assert float(said) <= 0.05 and (tmp_path / "runs/hole/figures/movie.webp").stat().st_size > 10_000


def test_every_file_that_the_readme_names_is_there():
    linked = re.findall(r"\]\((\S+?)\)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_by_its_path_is_there(page):
    named = re.findall(r"`((?:notebooks|data|elastic_pinn|tests)/[\w/.]+)`", (ROOT / page).read_text())
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES[:3])
def test_what_a_page_asks_of_the_library_of_a_run_and_of_its_fit_is_there(page):
    there = {"ep": {*dir(ep)}, "run": {"path", *dir(ep.Run)}, "run.fit": {*dir(Fit), *Fit.__dataclass_fields__}}
    asked = {
        f"{owner}.{name}": name in there[owner]
        for owner in there
        for name in re.findall(rf"(?<![\w./]){re.escape(owner)}\.([A-Za-z_]\w*)", (ROOT / page).read_text())
    }
    assert asked and [name for name, is_there in asked.items() if not is_there] == []


def unlisted_in(command: str, section: str) -> set[str]:
    """The parameters of a papermill command that the notebook's cell does not list; of a file those in the section."""
    words = shlex.split(command)
    given = {words[i + 1] for i, word in enumerate(words) if word == "-p"}
    for i, word in enumerate(words):
        given |= set(yaml.safe_load(words[i + 1])) if word == "-y" else set()
        given |= set(re.findall(r"^(\w+):", section, re.MULTILINE)) if word == "-f" else set()
    return given - Notebook.read(ROOT / words[1]).cell.names


@pytest.mark.parametrize("page", ["README.md", "notebooks/README.md"])
def test_what_papermill_warns_of_is_explained_where_a_command_makes_it_warn(page):
    sections = re.split(r"^## ", (ROOT / page).read_text(), flags=re.MULTILINE)
    warned = {
        section.partition("\n")[0]: unlisted
        for section in sections
        for command in re.findall(r"^ *(\.venv/bin/papermill notebooks/\w+\.ipynb .*)$", section, re.MULTILINE)
        if (unlisted := unlisted_in(command, section))
    }
    assert (
        warned.keys()
        == {
            "README.md": set(),
            "notebooks/README.md": {"Ten plates", "From a recording of your own plate to its material"},
        }[page]
    )
    told = [section for section in sections if "`Passed unknown parameter: " in section]
    assert warned.keys() <= {section.partition("\n")[0] for section in told} and told


def test_every_make_target_that_the_readme_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`|^    make ([a-z-]+)", README, re.MULTILINE))
    assert {name for pair in named for name in pair if name} <= targets
