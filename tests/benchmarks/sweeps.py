"""What a sweep costs beside its training: throughput, what Dask takes, scheduling of many queued runs, memory."""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from report import table, write_section

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook, Plan, Sweep, cluster, engine
from elastic_pinn.workbench.batch.engine import run_sweep
from elastic_pinn.workbench.batch.headless import run_notebook
from elastic_pinn.workbench.batch.supervisor import Supervisor

COMMAND = "python tests/benchmarks/sweeps.py"
FORWARD = Path(__file__).parents[2] / "notebooks" / "01_forward.ipynb"
SHORT = {"network": "mlp", "hidden_layers": [48, 48, 48], "stages": ["adam", "lbfgs"], "stage_steps": [50],
         "steps": 200, "precision": "float32", "validate_every": 50, "threads": 1, "log_level": "error"}  # fmt: skip
TINY = {**SHORT, "hidden_layers": [8], "steps": 60, "interior_points": 50, "boundary_points": 20, "initial_points": 20}
AT_ONCE = 2
WATCHED_S = 30
ALONE = 12  # runs by papermill alone, in each of the processes


def both_at_once(work, share):
    """Seconds of a work in two processes at a time, each with its share."""
    spawn = multiprocessing.get_context("spawn")
    barrier, seconds = spawn.Barrier(AT_ONCE), spawn.Queue()
    started = [spawn.Process(target=measured, args=(work, share, at, barrier, seconds)) for at in range(AT_ONCE)]
    for process in started:
        process.start()
    found = [seconds.get() for _ in started]
    for process in started:
        process.join()
    return max(found)


def measured(work, share, at, barrier, seconds):
    import torch

    torch.set_num_threads(1)
    work(1, at, AT_ONCE * share)  # imports, compiled code
    barrier.wait()
    began = time.perf_counter()
    result = work(share, at, 0)
    seconds.put(result if result is not None else time.perf_counter() - began)


def train_in_process(runs, at, first):
    """Back to back."""
    config = Notebook.read(FORWARD).config(SHORT)
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            ep.train(config.model_copy(update={"seed": first + AT_ONCE * run + at}), Path(folder) / str(run))


def papermill_alone(runs, at, first):
    """Seconds of a notebook run but for those of training in it, one after another."""
    seconds, notebook = [], Notebook.read(FORWARD)
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            began, place = time.perf_counter(), Path(folder) / str(run)
            run_notebook(notebook, place, SHORT | {"seed": first + run}, Supervisor(threads=1), echo_output=False)
            seconds.append(time.perf_counter() - began - ep.Run(place).summary.wall_s)
    return statistics.mean(seconds)


def throughput(runs):
    """A sweep beside the ideal: training back to back in two processes, and papermill's own cost for each run."""
    share = runs // AT_ONCE
    training = both_at_once(train_in_process, share)
    own = both_at_once(papermill_alone, ALONE)
    with tempfile.TemporaryDirectory() as folder:
        fields = {"notebook": str(FORWARD), "directory": folder, "workers": AT_ONCE}
        began = time.perf_counter()
        progress = run_sweep(Plan.of(Sweep(**fields, parameters=SHORT, seeds=list(range(runs)))))
        whole = time.perf_counter() - began
        assert progress.done == runs
    ideal = training + share * own
    return [
        [f"training, {share} runs back to back in each of {AT_ONCE} processes", f"{training:.1f} s"],
        [
            f"papermill's own cost of a run: kernel, imports, figures; mean of {AT_ONCE * ALONE}",
            f"{own:.2f} s",
        ],
        [f"ideal: the former and {share} times the latter", f"{ideal:.1f} s"],
        [f"`run_sweep`, {runs} runs, {AT_ONCE} workers, with their start", f"{whole:.1f} s"],
        ["**ideal / sweep**", f"**{100 * ideal / whole:.1f} %**"],
    ]


def watching(seconds):
    """CPU that Dask takes for itself while its workers are at work, by its own settings and by those of sweeps."""
    shares, kept = [], cluster.DASK_SETTINGS
    with tempfile.TemporaryDirectory() as folder:
        for cluster.DASK_SETTINGS in ({}, kept):
            with cluster.connect(Sweep(notebook=str(FORWARD), directory=folder, workers=AT_ONCE), AT_ONCE) as client:
                waiting = client.map(time.sleep, [seconds + 10] * AT_ONCE, pure=False)
                time.sleep(6)  # imports
                processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
                before = cpu_seconds(processes)
                time.sleep(seconds)
                shares.append((cpu_seconds(processes) - before) / seconds)
                client.gather(waiting)
    told = " and ".join(f"{100 * share:.1f} %" for share in shares)
    return [[f"of a core, what Dask takes while {AT_ONCE} runs are on their way, by its own settings and ours", told]]


def cpu_seconds(processes):
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def instant(notebook, job):
    """A run that takes no time."""
    return {"run": job.run.name, "status": "completed", "reason": "", "step": 1, "seconds": 0.0}


def scheduling(runs):
    """Time of a queued run, and the parent's memory, where a run itself takes no time."""
    engine.execute, kept = instant, engine.execute
    looks, process = [], psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        fields = {"notebook": str(FORWARD), "directory": folder, "workers": AT_ONCE}

        def watch(progress):
            looks.append((time.perf_counter(), progress.done, process.memory_info().rss / 1e6))

        run_sweep(Plan.of(Sweep(**fields, seeds=[0, 1])))  # imports
        run_sweep(Plan.of(Sweep(**fields, parameters=TINY, seeds=list(range(runs)))), on_progress=watch)
    engine.execute = kept
    begun = next(at for at, look in enumerate(looks) if look[1])  # the workers have started
    (t0, done0, _), (t1, done1, _) = looks[begun], looks[-1]
    tenth = next(look[2] for look in looks if look[1] >= runs / 10)
    memory = f"{looks[0][2]:.0f}, {tenth:.0f}, {looks[-1][2]:.0f} MB"
    return [
        [f"{runs:,} queued runs that take no time: each", f"{1e3 * (t1 - t0) / (done1 - done0):.2f} ms"],
        ["the parent's memory before the first, after a tenth, after all", memory],
    ]


def is_worker(process):
    """Whether a kernel runs below it."""
    try:
        return any("ipykernel" in " ".join(child.cmdline()) for child in process.children())
    except psutil.Error:  # one of them has just ended
        return False


def memory(runs):
    """A worker's and the parent's memory after some runs and after many, and open files."""
    import nbformat

    cells = [
        nbformat.v4.new_code_cell("run_dir = ''\nresume = 'never'", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())"),
        nbformat.v4.new_code_cell("run = ep.train(config, run_dir, resume=resume)"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    seen, parent = {}, psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)

        def watch(progress):
            workers = [child for child in parent.children() if is_worker(child)]
            if workers and progress.done not in seen:
                at = [parent, *workers]
                seen[progress.done] = [(p.memory_info().rss / 1e6, p.num_fds()) for p in at]

        fields = {"notebook": str(path), "directory": folder, "workers": AT_ONCE}
        run_sweep(Plan.of(Sweep(**fields, parameters=TINY, seeds=list(range(runs)))), on_progress=watch)
    rows = []
    for done in sorted(seen):
        if done in (4, 5) or done >= runs - 3:
            (own, files), *workers = seen[done]
            worker = max(workers)
            rows.append([f"after {done} of {runs} runs: parent, a worker",
                         f"{own:.0f}, {worker[0]:.0f} MB; {files}, {worker[1]} open files"])  # fmt: skip
    return rows[:1] + rows[-1:]


def main(runs, queued, many):
    """Measure, and write the section."""
    rows = []
    for part, size in ((throughput, runs), (watching, WATCHED_S), (scheduling, queued), (memory, many)):
        rows += part(size)
        print(*rows, sep="\n", flush=True)
    text = table([f"01_forward, {SHORT['steps']} steps of an MLP 3 x 48", "measured"], rows)
    lost = "What is lost to the ideal: the workers' start and imports, once, and the end, when one works alone."
    write_section("sweeps", f"{COMMAND} --runs {runs} --queued {queued} --many {many}", f"{text}\n\n{lost}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=32)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100, help="runs over which memory is looked at")
    arguments = parser.parse_args()
    main(arguments.runs, arguments.queued, arguments.many)
