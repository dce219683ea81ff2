"""The commands of elastic-pinn, called as from a shell, and what is done to their files."""

from pathlib import Path

from typer.testing import CliRunner

from elastic_pinn.workbench.cli import app
from tests.storage.damage import overwrite


def call(*words):
    """The result of a command: .exit_code, .stdout, .stderr."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def said(*words) -> str:
    """What a command prints that succeeds and has nothing to complain of."""
    result = call(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(status: int, *words) -> str:
    """The one line of a command that fails."""
    result = call(*words)
    assert result.exit_code == status and result.stdout == "", result.output
    [line] = result.stderr.splitlines()
    assert line.startswith("error: ") and "Traceback" not in line
    return line


def row(text: str, name: str) -> list[str]:
    """The cells of the table's row that begins so."""
    [line] = [line for line in text.splitlines() if line.split()[:1] == [name]]
    return line.split()


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(path, content)
