"""The application of the commands: one line for each error, and the exit statuses."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.workbench.cli.console import clean

FAILURE, USAGE_ERROR, INTERRUPTED = 1, 2, 130

HELP = """Run notebooks; look into runs and checkpoints, verify, export and tidy them.

A FILE is a checkpoint, checkpoints/step-*.h5 of a run, or a copy of one. A RUN is a run directory. What is only read
may be at a URL of a remote store, such as s3://bucket/run.

Exit status: 0 success; 1 the command failed, or something is damaged, missing, in use or not legal; 2 the command line
itself is wrong; 130 it was stopped.
"""


class OneLineErrors(TyperGroup):
    """Ends each command with an exit status, and reports an error in one line on standard error."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **options: Any) -> NoReturn:
        """Run the command in the arguments; without arguments, show the help."""
        args = list(sys.argv[1:] if args is None else args) or ["--help"]
        options["standalone_mode"] = False
        with _warnings_on_stderr():
            try:
                status = super().main(args, *others, **options)
            except typer.TyperException as error:  # an illegal name or value on the command line
                status = _fail(f"{error.format_message().rstrip('.')}{_hint(error)}", USAGE_ERROR)
            except (typer.Abort, KeyboardInterrupt):
                status = _fail("interrupted", INTERRUPTED)
            except ElasticPinnError as error:  # any other error is a bug, and its traceback is shown
                status = _fail(str(error), FAILURE)
            except OSError as error:
                status = _fail(_of_the_system(error), FAILURE)
        sys.exit(status)


def _hint(error: typer.TyperException) -> str:
    """Return a hint at the help, if the error has the command."""
    context = getattr(error, "ctx", None)
    return f". See {context.command_path} --help" if context else ""


def _of_the_system(error: OSError) -> str:
    """Return the path, if there is one, and its fault."""
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _fail(fault: str, status: int) -> int:
    typer.echo(f"error: {clean(' '.join(fault.split()))}", err=True)
    return status


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {clean(record.getMessage())}"


@contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Show the library's warnings while a command runs."""
    handler, logger = logging.StreamHandler(), logging.getLogger("elastic_pinn")
    handler.setFormatter(_OneLine())
    handler.setLevel(logging.WARNING)
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


app = typer.Typer(
    name="elastic-pinn",
    cls=OneLineErrors,
    help=HELP,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_given: bool) -> None:
    if is_given:
        from importlib.metadata import version

        typer.echo(f"elastic-pinn {version('elastic_pinn')}")
        raise typer.Exit()


@app.callback()
def _of_all_commands(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Handle the options before the command."""
