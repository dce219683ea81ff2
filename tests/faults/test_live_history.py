"""history.h5 while its writer is killed again and again: readers see right rows, soon, and never disturb the writer."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

# Both programs load the storage wing's files alone: its whole package takes seconds to import.
PROLOGUE = """
    import os, struct, sys, time, types
    from pathlib import Path
    import numpy as np

    for name in ("elastic_pinn", "elastic_pinn.storage"):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(sys.argv[1], *name.split(".")))]
        sys.modules[name] = package
    from elastic_pinn.storage.errors import CheckpointError
    from elastic_pinn.storage.format.history_table import History
    from elastic_pinn.storage.live_history import LiveHistory
    from elastic_pinn.storage.live_reader import read_live_history

    path, progress = Path(sys.argv[2]), os.open(sys.argv[3], os.O_RDWR | os.O_CREAT)
    FLUSHED = struct.Struct("<qd")  # rows, and when (the clock is the same in all processes)
    os.set_blocking(sys.stdin.fileno(), True)
"""

# For each line it starts a writer that goes on with what the last one left, tells its pid, at once or when its file is
# made, and then how it ended.
WRITERS = """
    def write(is_late):
        history = read_live_history(path) if path.exists() else History(["step", "double", "square"])
        live = LiveHistory(path, history, every_s=0)  # as often as it can: most kills and looks fall into a write
        if is_late:
            print(os.getpid(), flush=True)
        step, rows = len(history), 0
        while not live.broken:
            history.append({"step": step, "double": 2.0 * step, "square": float(step) ** 2})
            live.update()
            step += 1
            if live._rows > rows:
                rows = live._rows
                os.pwrite(progress, FLUSHED.pack(rows, time.monotonic()), 0)
        print(live.broken, file=sys.stderr)

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            write(line.strip() == "late")
            os._exit(1)
        if line.strip() != "late":
            print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

# Reads until its input ends, and says what it saw.
READER = """
    import json, select
    import h5py

    def misuse():
        try:
            with h5py.File(path, swmr=bool(reads % 2)) as file:  # with a lock, and half the time without SWMR
                return len(file["step"])
        except OSError:
            return 0

    def look():
        columns = read_live_history(path).columns()
        step = np.arange(len(columns["step"]))
        expected = {"step": step, "double": 2.0 * step, "square": step.astype(float) ** 2}
        return len(step), sum(int(np.count_nonzero(columns[name] != expected[name])) for name in expected)

    print("ready", flush=True)
    reads = wrong = failed = rows = 0
    lag = 0.0
    while not select.select([sys.stdin], [], [], 0)[0]:
        stated = os.pread(progress, FLUSHED.size, 0)
        flushed, when = FLUSHED.unpack(stated) if stated else (0, 0.0)
        if sys.argv[4] == "misuse":
            misuse()
        try:
            rows, bad = look()
            wrong += bad
        except CheckpointError as error:
            failed += 1
            print(error, file=sys.stderr)
        if rows < flushed:
            lag = max(lag, time.monotonic() - when)
        reads += 1
    print(json.dumps({"reads": reads, "wrong": wrong, "failed": failed, "lag_s": lag, "rows": rows}))
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a program beside the others, with pipes."""
    processes = []

    def begin(source: str, *arguments: str) -> subprocess.Popen:
        program = [sys.executable, "-c", textwrap.dedent(PROLOGUE) + textwrap.dedent(source)]
        places = [str(Path(__file__).parents[2]), str(tmp_path / "history.h5"), str(tmp_path / "progress")]
        pipe = subprocess.PIPE
        process = subprocess.Popen([*program, *places, *arguments], stdin=pipe, stdout=pipe, text=True)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def kill_writers(writers: subprocess.Popen, path: Path, times: int) -> None:
    """Kill so many writers at random instants, each after its file was there."""
    chance = random.Random(times)
    for number in range(times):
        writers.stdin.write("late\n" if number % 2 == 0 else "at once\n")
        writers.stdin.flush()
        pid = int(writers.stdout.readline())
        while not path.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.2))
        os.kill(pid, signal.SIGKILL)
        assert int(writers.stdout.readline()) == -signal.SIGKILL, "the writer ended by itself"


@pytest.mark.parametrize(
    ("kills", "readers"), [(5, 2), pytest.param(100, 4, marks=pytest.mark.faults)], ids=["few", "many"]
)
def test_readers_see_right_rows_in_time_while_the_writer_is_killed_and_never_make_it_fail(
    start, tmp_path, kills, readers
):
    writers = start(WRITERS)
    path = tmp_path / "history.h5"
    kill_writers(writers, path, 1)
    watching = [start(READER, "misuse" if number % 2 else "plain") for number in range(readers)]
    assert [reader.stdout.readline() for reader in watching] == ["ready\n"] * readers
    kill_writers(writers, path, kills)
    for reader in watching:
        seen = json.loads(reader.communicate("\n", timeout=60)[0])
        print(seen)  # pytest -s shows the figures
        assert seen["wrong"] == seen["failed"] == 0
        assert seen["lag_s"] < 2.0
        assert seen["reads"] > 0 and seen["rows"] > 0
