"""The ten plates of notebooks/README.md are solved by their commands alone, as well as it tells.

They take minutes, and are left out of `make test`:

    make test-accuracy ARGS="-k plates"                    # runs all, most with a second seed
    WRITE_PICTURES=1 make test-accuracy ARGS="-k plates"   # and writes their pictures
"""

import io
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import yaml
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.quantities import GridFields
from elastic_pinn.workbench.recordings import shipped_recording

ROOT = Path(__file__).parents[2]
README = (ROOT / "notebooks/README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Ten plates\n")[2].partition("\n## ")[0]
PLATES = {name: text for text in SECTION.split("\n### ")[1:] for name in re.findall(r"\(pictures/(\w+)\.png\)", text)}
WIDTH, LARGEST = 720, 100_000  # of a picture, pixels and bytes
SHOWN = (0.55, 0.95)  # instants of a picture, as parts of the window of time
NODES, COLORS = 160, 256  # on a side of a picture's grid, and of its palette
ROUNDED = 1.3  # what is measured over what README tells: another machine rounds otherwise


class Command(NamedTuple):
    """A command of README, and what it gives the notebook."""

    words: list[str]
    parameters: dict


def command(name: str) -> Command:
    (line,) = re.findall(r"^    (\.venv/bin/papermill .*)$", PLATES[name], re.MULTILINE)
    words = shlex.split(line)
    assert words[:3] == [".venv/bin/papermill", "notebooks/06_plate.ipynb", "out.ipynb"] and words[3::2] in ([], ["-y"])
    return Command(words, yaml.safe_load(words[4]) if words[4:] else {})


def config(name: str) -> ep.Config:
    notebook = Notebook.read(ROOT / "notebooks/06_plate.ipynb")
    return notebook.config(command(name).parameters)


def told(name: str) -> float:
    """How far its wavefield is off, as README tells: by finite elements, or by another seed's."""
    (percent,) = re.findall(r"(\S+) % off (?:finite elements|that of another seed)", PLATES[name])
    return float(percent) / 100.0


def measured(run: ep.Run, folder: Path) -> float:
    """How far a wavefield is off what is shipped of its plate or, where nothing is, off that of the next seed."""
    if recording := shipped_recording(run.config):
        return ep.relative_error(run, recording)
    expected = wavefield(ep.train(run.config.model_copy(update={"seed": run.config.seed + 1}), folder))
    return float(np.linalg.norm(wavefield(run) - expected) / np.linalg.norm(expected))


def wavefield(run: ep.Run) -> np.ndarray:
    """The displacement on a grid over the plate and the window of time, (N, 2), m."""
    domain = ep.problem_from(run.config).domain
    t, y, x = np.meshgrid(*(np.linspace(*ends, 31) for ends in (domain.t, domain.y, domain.x)), indexing="ij")
    inside = domain.shape.mask(x, y)
    return run.predict(x[inside], y[inside], t[inside])


def picture(run: ep.Run) -> Image.Image:
    """Two instants of the film of the notebook, one above the other."""
    fields = GridFields(run.latest().model(), NODES)
    times = [part * ep.problem_from(run.config).domain.t[1] for part in SHOWN]
    frames = [Image.open(io.BytesIO(each.png())).convert("RGB") for each in FieldMap(fields, "magnitude").over(times)]
    width, height = frames[0].size
    whole = Image.new("RGB", (width, height * len(frames)))
    for i, frame in enumerate(frames):
        whole.paste(frame, (0, i * height))
    whole = whole.resize((WIDTH, whole.height * WIDTH // width), Image.Resampling.LANCZOS)
    return whole.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def test_there_are_ten():
    assert len(PLATES) == 10 and {each.stem for each in (ROOT / "notebooks/pictures").glob("plate_*")} == set(PLATES)


@pytest.mark.parametrize("name", PLATES)
def test_its_command_states_a_problem_and_its_picture_is_there(name):
    assert ep.problem_from(config(name)).domain.shape
    path = ROOT / f"notebooks/pictures/{name}.png"
    with Image.open(path) as shown:
        assert path.stat().st_size < LARGEST and shown.width == WIDTH


@pytest.mark.accuracy
@pytest.mark.parametrize("name", PLATES)
def test_its_command_solves_the_plate_as_well_as_is_told(name, tmp_path):
    words, run_dir = command(name).words, tmp_path / "run"
    arguments = [*words[1:2], str(tmp_path / words[2]), *words[3:], "-p", "run_dir", str(run_dir), "--no-progress-bar"]
    subprocess.run([ROOT / words[0], *arguments], cwd=ROOT, check=True)
    run = ep.Run(run_dir)
    assert (run.status, run.summary.warnings) == ("completed", [])
    if os.environ.get("WRITE_PICTURES"):
        picture(run).save(ROOT / f"notebooks/pictures/{name}.png", optimize=True)
    assert measured(run, tmp_path / "other") < ROUNDED * told(name)
