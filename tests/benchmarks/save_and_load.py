"""What one checkpoint costs to write and to read, beside torch.save, safetensors and Lightning's ModelCheckpoint.

All write the weights of 8 hidden layers of 200 and Adam's moments, float32, after a few steps; torch.save and a sealed
checkpoint also write config, random states, history and metrics.
"""

import argparse
import dataclasses
import os
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import lightning
import safetensors.torch
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from report import in_turn, ms, table, write_section

import elastic_pinn as ep
from elastic_pinn.storage import Snapshot, Store, copy_tree, read_snapshot
from elastic_pinn.training.session import Session

COMMAND = "python tests/benchmarks/save_and_load.py"
CONFIG = ep.Config(
    hidden_layers=[200] * 8, interior_points=100, boundary_points=50, initial_points=50, validation_points=50
)


class Folder:
    """A folder with fresh names."""

    def __init__(self, path: Path, ending: str) -> None:
        self.path, self._ending, self._count = path, ending, 0
        path.mkdir()

    def empty(self) -> None:
        """Remove what is there, so that each write finds the disk as the one before did."""
        for old in self.path.iterdir():
            old.unlink()

    def fresh(self) -> Path:
        """A name that was not there yet."""
        self._count += 1
        return self.path / f"{self._count}{self._ending}"

    @property
    def newest(self) -> Path:
        """The only file."""
        return next(self.path.iterdir())


def trained() -> Session:
    """A session that has made three steps."""
    session = Session(CONFIG, ep.problem_from(CONFIG))
    for _ in range(3):
        session.advance()
    return session


def snapshot(session: Session, compression: int = 0) -> Snapshot:
    """The session's state as Record takes it, copies and all."""
    return Snapshot(
        step=session.step,
        stage=0,
        generation=0,
        config=session.config.to_json(),
        weights=copy_tree(session.model.state_dict()),
        state=copy_tree(session.state()),
        history=session.history.frozen(),
        metrics=session.history.last,
        metric=1.0,
        metric_name="loss/validation",
        compression=compression,
    )


def synced(path: Path) -> None:
    """Let a file be on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def writers(session: Session, scratch: Path) -> dict[str, tuple[Folder, Callable[[], object]]]:
    """Name -> its folder and what writes one checkpoint into it."""
    columns = {name: torch.from_numpy(column.copy()) for name, column in session.history.columns().items()}
    state = {
        "step": session.step,
        "config": session.config.to_json(),
        "weights": session.model.state_dict(),
        "state": session.state(),
        "history": columns,
        "metrics": session.history.last,
    }
    flat = {f"weights/{name}": value for name, value in session.model.state_dict().items()}
    for i, moments in session.optimizer.state_dict()["state"].items():
        flat |= {f"optimizer/{i}/{name}": value for name, value in moments.items()}
    folders = {name: Folder(scratch / name, ending) for name, ending in ENDINGS.items()}

    def torch_save(name: str, sync: bool) -> None:
        path = folders[name].fresh()
        torch.save(state, path)
        if sync:
            synced(path)

    def safetensors_save() -> None:
        path = folders["safetensors"].fresh()
        safetensors.torch.save_file(flat, path)
        synced(path)

    def ours(name: str, compression: int) -> None:
        stores[name].publish(dataclasses.replace(state_of_now, compression=compression))

    state_of_now = snapshot(session)
    stores = {name: Store(folder.path) for name, folder in folders.items()}
    save_lightning = lightning_saver(session)
    works: dict[str, Callable[[], object]] = {
        "torch": lambda: torch_save("torch", False),
        "torch-fsync": lambda: torch_save("torch-fsync", True),
        "safetensors": safetensors_save,
        "lightning": lambda: save_lightning(folders["lightning"].fresh()),
        "ours": lambda: ours("ours", 0),
        **{f"gzip-{level}": lambda level=level: ours(f"gzip-{level}", level) for level in LEVELS},
    }
    return {name: (folders[name], work) for name, work in works.items()}


LEVELS = (1, 4, 9)
ENDINGS = {"torch": ".pt", "torch-fsync": ".pt", "safetensors": ".safetensors", "lightning": ".ckpt", "ours": ""} | {
    f"gzip-{level}": "" for level in LEVELS
}
LABELS = {
    "torch": "torch.save, not synced",
    "torch-fsync": "torch.save and fsync",
    "safetensors": "safetensors and fsync",
    "lightning": "Lightning's ModelCheckpoint, not synced",
    "ours": "**a sealed checkpoint**: built, synced, read back, linked, folder synced",
} | {f"gzip-{level}": f"the same, compression {level}" for level in LEVELS}


class Module(lightning.LightningModule):
    """The session's model as Lightning sees it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.model, self._session = session.model, session

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self._session.optimizer

    def training_step(self, batch: object, index: int) -> None:
        return None

    def train_dataloader(self) -> list[int]:
        return [0]


def lightning_saver(session: Session) -> Callable[[Path], None]:
    """What ModelCheckpoint does when it saves, in a trainer that has begun."""
    callback = ModelCheckpoint(save_top_k=-1)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_steps=0,
            callbacks=[callback],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            accelerator="cpu",
            default_root_dir=folder,
        )
        trainer.fit(Module(session))
    return lambda path: callback._save_checkpoint(trainer, str(path))


def readers(folders: dict[str, Folder]) -> dict[str, Callable[[], object]]:
    """Name -> what reads back what its writer wrote."""
    return {
        "torch-fsync": lambda: torch.load(folders["torch-fsync"].newest, weights_only=True),
        "safetensors": lambda: safetensors.torch.load_file(folders["safetensors"].newest),
        "lightning": lambda: torch.load(folders["lightning"].newest, weights_only=False),
        "ours": lambda: read_snapshot(folders["ours"].newest),
        **{f"gzip-{level}": lambda level=level: read_snapshot(folders[f"gzip-{level}"].newest) for level in LEVELS},
    }


def main(rounds: int) -> None:
    """Time all in turn and write the section."""
    session = trained()
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        todo = writers(session, Path(scratch))
        copies = in_turn({"copy": lambda: snapshot(session)}, rounds)["copy"]
        folders = {name: folder for name, (folder, _) in todo.items()}
        works = {name: work for name, (_, work) in todo.items()}
        saved = in_turn(works, rounds, before=lambda name: folders[name].empty())
        loaded = in_turn(readers(folders), rounds)
        sizes = {name: f"{folder.newest.stat().st_size / 1e6:.2f}" for name, folder in folders.items()}
    rows = [[LABELS[name], ms(saved[name]), ms(loaded[name]) if name in loaded else "", sizes[name]] for name in todo]
    ratios = sorted(ours / theirs for ours, theirs in zip(saved["ours"], saved["torch-fsync"], strict=True))
    low, middle, high = ratios[0], statistics.median(ratios), ratios[-1]
    text = f"""{table(["8 x 200, Adam", "save, ms", "load, ms", "MB"], rows)}

Median (lowest .. highest) of {rounds} rounds in turn. A sealed save takes {middle:.2f} times as long as torch.save and
fsync (pair by pair; {low:.2f} .. {high:.2f}). It runs in the background: training is held up for the copy of its state,
{ms(copies)} ms. Loading a sealed checkpoint verifies every byte; the others verify nothing."""
    write_section("save and load", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    main(**vars(parser.parse_args()))
