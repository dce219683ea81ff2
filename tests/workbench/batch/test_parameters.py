"""What a notebook takes, and what is refused before its kernel starts."""

import json
from pathlib import Path

import nbformat
import pytest

from elastic_pinn.config import ConfigError
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.batch.headless import require_possible, run_notebook

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
ALL = "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())"
SOME = "import elastic_pinn as ep\nconfig = ep.Config(steps=steps)"


def notebook(*cells: str, parameters: int = 1, **metadata: object) -> Notebook:
    """A notebook of some cells, of which the first so many have the tag."""
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    for cell in made[:parameters]:
        cell.metadata["tags"] = ["parameters"]
    return Notebook("own", json.dumps(nbformat.v4.new_notebook(cells=made, metadata=metadata)))


def test_a_notebook_that_reads_a_recording_is_left_to_papermill():
    with pytest.raises(ConfigError, match="makes no run: run it in JupyterLab or by papermill"):
        Notebook.read(NOTEBOOKS / "07_own_data.ipynb").check({})


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("0[0-6]*.ipynb")), ids=lambda path: path.stem)
def test_each_shipped_notebook_takes_its_own_values(path):
    shipped = Notebook.read(path)
    assert "run_dir" in shipped.cell.names or path.stem == "00_reference_data"
    require_possible(shipped, {})


@pytest.mark.parametrize("cell", ["steps: int = 3", "steps = 3 * 1", "%matplotlib inline\nsteps = 3"])
def test_a_parameter_may_be_written_as_people_write_it(cell):
    assert notebook(cell, ALL).check({}).steps == 3
    assert notebook(cell, ALL).check({"steps": 5}).steps == 5


def test_a_computed_parameter_is_left_to_the_kernel_until_it_is_given():
    own = notebook("import numpy as np\nlength = np.pi", ALL)
    assert own.check({}) is None and own.check({"length": 2.0}).length == 2.0
    with pytest.raises(ConfigError, match=r"own\.ipynb .* not known before it runs: length of its parameters are"):
        own.config({})


def test_a_parameter_of_the_notebooks_own_can_be_given():
    own = notebook("steps = 3\nwidth = 0.1", SOME, "print(width)")
    assert own.check({"width": 0.2}).steps == 3
    assert own.own({"width": 0.2, "steps": 4}) == {"width": 0.2}
    by_keyword = notebook("steps = 3", "config = ep.Config.from_namespace(namespace=globals())")
    assert by_keyword.check({"seed": 4}).seed == 4


OWN = "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals(), own={'width': float, 'count': int})"


def test_the_numbers_of_a_notebooks_problem_are_checked_like_fields():
    own = notebook("width = 0.1\ncount = 2", OWN)
    assert dict(own.check({"width": 1, "steps": 4}).own) == {"width": 1.0, "count": 2}
    assert own.takes("width") and own.takes("steps")
    by_place = notebook("width = 0.1", OWN.replace("own=", "").replace(", 'count': int", ""))
    assert by_place.config({}).own == {"width": 0.1}


def test_a_number_that_only_a_kernel_computes_is_left_to_it_until_it_is_given():
    for cells in (["import math\nwidth = math.pi\ncount = 2", OWN], ["count = 2", "width = 3.0", OWN]):
        own = notebook(*cells)
        assert own.check({}) is None
        with pytest.raises(ConfigError, match=r"own\.ipynb .* not known before it runs: width of its parameters are"):
            own.config({})
    assert notebook("import math\nwidth = math.pi\ncount = 2", OWN).config({"width": 2}).own["width"] == 2.0


@pytest.mark.parametrize(
    ("cells", "given", "told"),
    [
        (["steps = 1", ALL], {"stesp": 3}, "'stesp' is not a field; did you mean 'steps'"),
        (["stesp = 1", ALL], {}, "'stesp' is not a field; did you mean 'steps'"),
        (["steps = 1", SOME], {"stesp": 3}, "'stesp' is no parameter of own.ipynb, .*Did you mean 'steps'"),
        (["steps = 1", SOME], {"seed": 3}, "'seed' is no parameter of own.ipynb, which would not look at it"),
        (["steps = 1", SOME], {"resume": "auto"}, "'resume' is no parameter of own.ipynb"),
        (["steps = 1", "steps = 5\nprint(steps)"], {"steps": 3}, "steps = 3 would change nothing"),
        (["seed = 1", "seed, b = 3, 4\nprint(seed)"], {"seed": 5}, "seed = 5 would change nothing"),
        (["steps = 1\nwidth = 2", SOME], {"width": 3}, "width = 3 would change nothing"),
        (["steps = = 1", ALL], {}, "own.ipynb, cell of parameters: the cell is no Python, line 1"),
        (["%%time\nsteps = 1", ALL], {}, "begins with %%time"),
        (["steps = 0", ALL], {}, "steps = 0"),
        (["width = 0.1\ncount = 2", OWN], {"width": "wide"}, "width = 'wide': a finite number is needed"),
        (["width = 0.1\ncount = 2.5", OWN], {}, "count = 2.5: a whole number is needed"),
        (["width = 0.1\ncount = 2", OWN], {"widht": 0.2}, "'widht' is not a field; did you mean 'width'"),
        (["width = 0.1", OWN.replace("{'width': float, 'count': int}", "TYPES")], {}, "own = TYPES: write the names"),
        (["width = 0.1", OWN.replace("'count': int", "**more")], {}, "own = {.*}: write the names"),
        (["width = 0.1", OWN.replace("'count': int", "'count': list")], {}, "own = {.*}: write the names"),
        (["steps = 1\ncount = 2", OWN.replace("width", "steps")], {}, "own: 'steps' is a name of the config already"),
    ],
)
def test_what_would_be_refused_or_ignored_is_told_before_a_kernel_starts(tmp_path, cells, given, told):
    with pytest.raises(ConfigError, match=told):
        run_notebook(notebook(*cells), tmp_path / "run", given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("00_reference_data", "data, problem, unknowns"),
        ("04_compare", "monitor, run_dir"),
        ("05_explore", "run_dir"),
    ],
)
def test_a_notebook_that_trains_nothing_takes_no_field_that_it_does_not_read(name, legal):
    for given in ({"steps": 3}, {"resume": "auto"}):
        with pytest.raises(
            ConfigError, match=rf"'{next(iter(given))}' is no parameter of {name}.ipynb, .*has {legal}$"
        ):
            Notebook.read(NOTEBOOKS / f"{name}.ipynb").check(given)


def test_a_value_that_is_set_before_the_cell_of_parameters_can_be_given(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("scale = 1.0", "scale = 1.0", "print(scale)")]
    cells[1].metadata["tags"] = ["parameters"]
    own = Notebook("own", nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    own.check({"scale": 2.0})


@pytest.mark.parametrize(("tagged", "told"), [(0, "has no cell with the tag 'parameters'"), (2, "has 2 cells")])
def test_given_values_need_one_place_to_go_to(tmp_path, tagged, told):
    with pytest.raises(ConfigError, match=told):
        run_notebook(notebook("steps = 1", "seed = 2", ALL, parameters=tagged), tmp_path / "run", {"steps": 3})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("problem = 'receivers'\ndata = 'nowhere.h5'", r"data = 'nowhere\.h5': no such file"),
        ("problem = 'receivers'\ndata = 'README.md'", r"README\.md is not a whole HDF5 file"),
        ("problem = 'receivers'\ndata = '~no_such_user/a.h5'", "~no_such_user"),
        ("lame_lambda = -2.0", "no stable solid: lambda = -2 Pa"),
        ("device = 'cuda:9'", "no such device"),
    ],
)
def test_what_cannot_be_here_is_told_before_a_kernel_starts(tmp_path, cell, told):
    with pytest.raises(ElasticPinnError, match=told):
        run_notebook(notebook(cell, ALL), tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_run_directory(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(ConfigError, match="a' is a file: name a folder"):
        run_notebook(notebook("steps = 1", ALL), tmp_path / "a")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "R"),
        ({"language_info": {"name": "julia"}}, "julia"),
    ],
)
def test_a_notebook_in_another_language_is_refused(tmp_path, metadata, language):
    (tmp_path / "a.ipynb").write_text(notebook("steps = 1", **metadata).text)
    with pytest.raises(ConfigError, match=f"a.ipynb is a notebook in {language}: only those in Python"):
        Notebook.read(tmp_path / "a.ipynb")


@pytest.mark.slow
def test_a_notebook_runs_without_a_kernelspec_and_in_a_folder_with_braces(tmp_path):
    executed = run_notebook(notebook("steps = 1", "assert steps == 3"), tmp_path / "{run}", {"steps": 3})
    assert executed == tmp_path / "{run}" / "notebook.ipynb" and executed.exists()


def test_the_code_of_a_notebook_counts_without_comments_markdown_outputs_and_plain_values():
    def digest(*cells, **options):
        return notebook(*cells, **options).code_sha256

    base = digest("steps = 1", ALL, "print(steps)")
    assert digest("# how many\nsteps = 2  # few", ALL, "print(steps)  # aloud") == base
    content = json.loads(notebook("steps = 1", ALL, "print(steps)").text)
    output = nbformat.v4.new_output("stream", text="1")
    content["cells"][2]["outputs"], content["cells"][2]["execution_count"] = [output], 3
    content["cells"].insert(1, nbformat.v4.new_markdown_cell("More words."))
    injected = nbformat.v4.new_code_cell("steps = 7", metadata={"tags": ["injected-parameters"]})
    content["cells"].insert(1, injected)
    assert Notebook("own", json.dumps(content)).code_sha256 == base
    assert len({base, digest("steps = 1", ALL, "print(seed)"), digest("steps = 1 + seed", ALL, "print(steps)")}) == 3
