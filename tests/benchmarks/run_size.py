"""What one run of a sweep leaves on a disk, and what it asks of a remote store: for capacity on paper."""

import os
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import table, write_section

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.batch.headless import run_notebook
from elastic_pinn.workbench.batch.jobs import send_to_mirror
from elastic_pinn.workbench.batch.status import status_row

COMMAND = "python tests/benchmarks/run_size.py"
FORWARD = Path(__file__).parents[2] / "notebooks" / "01_forward.ipynb"
SHORT = {"hidden_layers": [200], "steps": 1, "interior_points": 1500, "log_level": "error"}  # as 03_sweep has it
BUCKET = "capacity"


@contextmanager
def s3_server() -> Iterator[Counter[str]]:
    """An S3 store in this process, named in the environment; counts requests by their method."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from moto.s3.models import s3_backends
        from werkzeug.serving import WSGIRequestHandler, make_server
    asked: Counter[str] = Counter()
    store = DomainDispatcherApplication(create_backend_app)

    def counting(environ, start_response):
        asked[environ["REQUEST_METHOD"]] += 1
        return store(environ, start_response)

    quiet = type("Quiet", (WSGIRequestHandler,), {"log": lambda *_: None})
    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "test",
                   "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    s3_backends[DEFAULT_ACCOUNT_ID]["global"].create_bucket(BUCKET, "us-east-1")
    yield asked
    server.shutdown()
    server.server_close()


def on_disk(path: Path) -> float:
    """MB that a file, or all files of a folder, take on the disk, as du counts."""
    inside = [path, *path.rglob("*")]
    return sum(each.lstat().st_blocks * 512 for each in inside) / 1e6


def sizes(folder: Path) -> list[list[str]]:
    """Of a run of the notebook that 03_sweep runs."""
    run_dir = folder / "run"
    run_notebook(Notebook.read(FORWARD), run_dir, SHORT, echo_output=False)
    parts = {
        "executed notebook": on_disk(run_dir / "notebook.ipynb"),
        "history": on_disk(run_dir / "history.h5"),
        "figures": on_disk(run_dir / "figures"),
        "checkpoints, of this small network": on_disk(run_dir / "checkpoints"),
    }
    rows = [["on the disk, all of a run", f"{on_disk(run_dir):.2f} MB"]]
    rows += [[f"- {name}", f"{size:.2f} MB"] for name, size in parts.items()]
    return [*rows, ["files and folders", str(1 + sum(1 for _ in run_dir.rglob("*")))]]


def requests(folder: Path) -> list[list[str]]:
    """Of a run with a mirror, of each further checkpoint, and of a look at how the run stands."""
    with s3_server() as asked:
        few = SHORT | {"network": "mlp", "hidden_layers": [8], "stages": ["adam"], "interior_points": 50}
        config = Notebook.read(FORWARD).config(few | {"keep_every": 1, "mirror": f"s3://{BUCKET}/runs"})
        counts = []
        for steps in (10, 20):  # one further checkpoint
            asked.clear()
            run_dir = folder / f"mirrored-{steps}"
            ep.train(config.model_copy(update={"steps": steps, "checkpoint_every": 10}), run_dir)
            (run_dir / "notebook.ipynb").write_text("{}")
            for name in ("loss_curves", "snapshots", "error_map"):
                (run_dir / "figures").mkdir(exist_ok=True)
                (run_dir / "figures" / f"{name}.png").write_bytes(b"")
            send_to_mirror(run_dir)
            counts.append(Counter(asked))
        asked.clear()
        row = status_row(folder / "elsewhere" / run_dir.name, f"s3://{BUCKET}/runs")
        assert row["step"] == 20
        first, (further, puts) = counts[0], (counts[1].total() - counts[0].total(), counts[1]["PUT"] - counts[0]["PUT"])
        return [
            ["requests to S3, with a mirror, two checkpoints", f"{first.total()}, of which {first['PUT']} PUT"],
            [
                "each further checkpoint",
                f"{further}, of which {puts} PUT",
            ],
            ["a look at how a run elsewhere stands", str(asked.total())],
        ]


def main() -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as folder:
        rows = sizes(Path(folder)) + requests(Path(folder))
    write_section("size of a run", COMMAND, table(["a run of 01_forward as 03_sweep has it", "measured"], rows))


if __name__ == "__main__":
    main()
