"""JupyterLab with settings of its own, and a browser to use it with."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.lab import PATIENCE_MS, Lab, write_with

expect.set_options(timeout=PATIENCE_MS)  # a busy machine takes its time; what comes soon is not waited for

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = Path("/usr/bin/chromium")
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """The address of a JupyterLab, and the folder of its files: one for all tests."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    folders = {name: str(folder / name.lower()) for name in names}
    for plugin, settings in SETTINGS.items():
        path = Path(folders["JUPYTERLAB_SETTINGS_DIR"], f"{plugin}.jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    (folder / "files").mkdir()
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
    ]
    command = [sys.executable, "-m", "jupyter", "lab", *options, f"--ServerApp.root_dir={folder / 'files'}"]
    with (folder / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | folders, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api", server, folder / "jupyterlab.log")
            yield address, folder / "files"
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium, without a window.

    It goes with the module: playwright runs an event loop in this thread, and no later test could run one of its own.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: on Debian, apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, tmp_path):
    """A page of a browser, pictured in tmp_path/end.png at the test's end; no error may stand in its console then."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.screenshot(path=tmp_path / "end.png")
    page.close()
    assert errors == []


@pytest.fixture
def themed(jupyterlab):
    """A function that sets JupyterLab's theme, by its name, for pages that are loaded from then on in this test."""
    _, files = jupyterlab
    path = files.parent / "jupyterlab_settings_dir" / "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    yield lambda theme: path.write_text(json.dumps({"theme": theme}))
    path.unlink(missing_ok=True)


@pytest.fixture
def notebook(jupyterlab, page, tmp_path):
    """A function that opens one of the project's notebooks, with other parameters, in a folder of its own."""
    address, files = jupyterlab

    def open_small(name, parameters):
        folder = files / tmp_path.name
        folder.mkdir()
        (folder / "pyproject.toml").touch()  # the root that runs/ is in
        write_with(folder / name, NOTEBOOKS / name, parameters)
        page.goto(f"{address}/lab/workspaces/{tmp_path.name}/tree/{tmp_path.name}/{name}")
        return Lab(page, folder, tmp_path)

    return open_small


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address):
            return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")
