"""Small checkpoints, and an Azure Blob store of a test's own, over real HTTP on this machine."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import torch

from elastic_pinn.storage import History, Snapshot

CONTAINERS = count()
AZURITE_ACCOUNT = "devstoreaccount1"  # the name and the key that every Azurite has
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
NO_AZURITE = (
    "needs Azurite: npm install --prefix FOLDER azurite, and AZURITE=FOLDER/node_modules/.bin/azurite-blob in the "
    "environment (or azurite-blob on the PATH)"
)


@pytest.fixture
def small() -> Callable[..., Snapshot]:
    """A function that gives the checkpoint of a step, with so many float64 of ballast."""

    def make(step: int, generation: int = 0, ballast: int = 0, run_id: str = "a1") -> Snapshot:
        history = History(["step", "loss/total"])
        history.append({"step": step, "loss/total": 1.0 / (1 + step)})
        generator = torch.Generator().manual_seed(step)
        return Snapshot(
            step=step,
            stage=0,
            generation=generation,
            config="{}",
            weights={"w": torch.rand(8 + ballast, generator=generator, dtype=torch.float64)},
            state={"optimizer": None},
            history=history,
            metrics={"loss/total": 1.0 / (1 + step)},
            metric=1.0 / (1 + step),
            metric_name="loss/total",
            attributes={"run_id": run_id},
            created="2026-01-01T00:00:00+00:00",
        )

    return make


@pytest.fixture(scope="session")
def azurite_endpoint() -> Iterator[str]:
    """The endpoint of an Azure Blob store on this machine."""
    command = os.environ.get("AZURITE") or shutil.which("azurite-blob")
    if not command or not Path(command).exists():
        pytest.skip(NO_AZURITE)
    options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence"]
    options += ["--skipApiVersionCheck", "--disableTelemetry"]
    with subprocess.Popen([command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        endpoint = next(filter(None, (re.search(r"listens on (http\S+)", line) for line in process.stdout)))[1]
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield endpoint
        process.terminate()
        drain.join()


@pytest.fixture
def azure(azurite_endpoint, monkeypatch, at_once) -> str:
    """The URL of a run's folder in a fresh container, with credentials for it in the environment."""
    import fsspec

    text = (
        f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};AccountKey={AZURITE_KEY};"
        f"BlobEndpoint={azurite_endpoint}/{AZURITE_ACCOUNT};"
    )
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    container = f"container{next(CONTAINERS)}"
    fsspec.filesystem("abfs", connection_string=text).mkdir(container)
    return f"abfs://{container}/runs/one"
