"""data/README.md goes from each format to an answer: every line of it is run."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.yaml_values import write_yaml
from tests.physics.data.readers import files
from tests.workbench.commands import call

README = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## From a recording to an answer\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
[SCOPE] = [block for block in BLOCKS if "scope.csv" in block]
READ = [block for block in BLOCKS if "Receivers.read" in block and block != SCOPE]
[ANSWER] = [block for block in BLOCKS if "ep.train" in block]
WRITERS = {
    "scan.csv": files.long_csv,
    "wide.csv": files.wide_csv,
    "scan.npy": files.npy,
    "scan.npz": files.npz,
    "scan.mat": files.mat5,
    "raw.h5": files.hdf5,
    "scan.nc": files.netcdf,
    "scan.uff": files.uff,
    "line.sgy": files.segy,
    "line.su": files.su,
    "line.sg2": files.seg2,
    "line.mseed": files.miniseed,
}


def named(block: str) -> str:
    """The file that a block reads."""
    return re.findall(r'read\("([^"]+)"', block)[0]


def given() -> dict:
    """What the section says before its first line, and the places that a user has."""
    names: dict = {"ep": ep, "places": files.XY.tolist()}
    exec(BLOCKS[0], names)
    return names


def test_there_is_a_block_for_each_format():
    assert sorted(map(named, READ)) == sorted(WRITERS)
    assert all(len((block + ANSWER).strip().splitlines()) <= 6 for block in READ)  # with what a format needs beside


@pytest.mark.parametrize("block", READ, ids=named)
def test_each_line_reads_its_format(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    WRITERS[named(block)](Path(named(block)))
    files.positions_csv(Path("positions.csv"), names=True)
    names = given()
    exec(block, names)
    found = names["line" if named(block).startswith("line") else "scan"]
    size = 1.0 if named(block).startswith("line") else 1e-3  # of geophysics are m and ms, in the place of mm and us
    order = np.lexsort(found.xy.T[::-1])
    np.testing.assert_allclose(found.xy[order], size * files.XY, rtol=1e-12)
    np.testing.assert_allclose(found.time, 1e-3 * size * files.TIME, rtol=1e-9)
    np.testing.assert_allclose(found.velocity[order], 1e-3 * files.VALUES, rtol=1e-6)
    assert found.material == {"lambda": 75e9, "mu": 18e9, "rho": 2700.0} and found.start == {"lambda", "mu"}


def test_a_scope_of_lasers_that_see_one_component_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{time},{0.1 * time},{0.2 * time}" for time in range(20)]
    Path("scope.csv").write_text("\n".join(["time,CH1,CH2", "us,V,V", *rows]))
    names = given()
    exec(SCOPE, names)
    found = names["scope"].only
    assert found.labels == ("y",) and found.names.ravel().tolist() == ["CH1", "CH2"]
    np.testing.assert_allclose(found.values[:, -1, 0], [1.9 * 0.02, 3.8 * 0.02])
    np.testing.assert_allclose(found.xy, [[0.01, 0.02], [0.02, 0.02]])


@pytest.fixture
def aluminium(tmp_path, monkeypatch):
    """The shipped block in the place of the recording, in a folder without anything else."""
    block = ep.Receivers.load("data/aluminium_receivers.h5")
    for name, value in {"XY": 1e3 * block.xy, "TIME": 1e6 * block.time, "VALUES": 1e9 * block.displacement}.items():
        monkeypatch.setattr(files, name, value)
    monkeypatch.chdir(tmp_path)
    files.long_csv(Path("scan.csv"), header="x,y,time,displacement_x,displacement_y")
    return block.truth.material


@pytest.mark.slow
def test_an_answer_follows_within_five_lines(aluminium, capsys):
    names = given()
    names["units"] |= {"value_unit": "nm"}
    [block] = [block for block in READ if named(block) == "scan.csv"]
    exec(block + ANSWER, names)
    for name, true in aluminium.items():
        assert abs(names["run"].material()[name] / true - 1.0) < 0.01
    assert "the data are explained" in capsys.readouterr().out
    assert names["run"].summary.warnings == []


@pytest.mark.slow
def test_an_answer_follows_from_two_commands(aluminium):
    [lines] = SHELL
    names = given()
    options = {**names["units"], "value_unit": "nm", **names["material"]}
    Path("scan.yaml").write_text(write_yaml(options), encoding="utf-8")
    commands = [shlex.split(line)[1:] for line in lines.strip().splitlines()]
    result = call(*commands[0])
    assert result.exit_code == 0, result.output
    result = call(*[Path(__file__).parents[2] / word if word.endswith(".ipynb") else word for word in commands[1]])
    assert result.exit_code == 0, result.output
    [run] = Path("runs").iterdir()
    for name, true in aluminium.items():
        assert abs(ep.Run(run).material()[name] / true - 1.0) < 0.01
