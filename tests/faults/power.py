"""What a disk may hold after the power was cut: a model, built from the calls that a save really made.

The model is harsher than the file systems in use. At the instant of the cut

- a file has what it had at its last fsync. Of what was written since, each block of 512 or of 4096 bytes may be
  there or not, in any order; the length may be any between the old and the new one, in blocks; what is not there is
  zeros or another file's old bytes;
- a folder has the entries that it had at its last fsync. Of those made and removed since, any subset may be there: an
  entry may be there without the file's data, and a later one without an earlier one;
- a rename within a folder is there as a whole or not at all; from one folder to another it is two independent changes;
- syncing a file does not sync its entry, and syncing a folder neither its files nor its own entry further up;
- a program that was told of a success has acted on it: what was acknowledged before the cut counts.

What a call returned from fsync has is kept: a disk that lies about that is beyond any program.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.calls import CHANGES, intercepted

ROOT = 0
PIECE = 1024
BLOCKS = (512, 4096)

Entries = dict[str, int | None]  # name -> number of a file or folder; None: the name is removed


class Enter(NamedTuple):
    """Changes to the entries of a folder that come as one."""

    folder: int
    entries: Entries


class Write(NamedTuple):
    """Bytes written at an offset of a file."""

    file: int
    offset: int
    data: bytes


class Cut(NamedTuple):
    """A file's new length."""

    file: int
    size: int


class Sync(NamedTuple):
    """An fsync of a file or folder."""

    number: int


class Note(NamedTuple):
    """What the program said at this point."""

    text: Any


Step = Enter | Write | Cut | Sync | Note


class Recorder:
    """Writes down what a program does to the files below a folder; what was in it is taken to be safely on the disk.

    The program's writes are cut short, so that power may fail between any two pieces of PIECE bytes.

    Attributes:
        steps: what was done.
        first: how many steps there are that only say what was there from the start.
        kinds: of each file and folder by its number: "file", "folder" or the target of a symbolic link.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self.steps: list[Step] = []
        self.kinds: list[str] = ["folder"]
        self._numbers: dict[str, int] = {self._root: ROOT}
        self._open: dict[int, list[int]] = {}  # descriptor -> [number, offset]
        self._adopt(self._root)
        self.first = len(self.steps)

    def note(self, text: Any) -> None:
        """Write down what the program said."""
        self.steps.append(Note(text))

    def __call__(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        new = name == "open" and not os.path.lexists(arguments[0])
        result = call() if name != "write" else call.func(arguments[0], memoryview(arguments[1])[:PIECE])
        record = getattr(self, f"_{name}", None)
        if record is not None:
            record(result, *arguments) if name != "open" else self._opened(result, new, *arguments)
        return result

    def _adopt(self, folder: str) -> None:
        for entry in os.scandir(folder):
            self._enter(entry.path, "folder" if entry.is_dir() else "file")
            if entry.is_dir():
                self._adopt(entry.path)
            else:
                self.steps.append(Write(self._numbers[entry.path], 0, Path(entry.path).read_bytes()))
            self.steps.append(Sync(self._numbers[entry.path]))
        self.steps.append(Sync(self._numbers[folder]))

    def _opened(self, descriptor: int, new: bool, path: Any, flags: int, *_: Any) -> None:
        place = self._place(path)
        if place is None:
            return
        if new:
            self._enter(place, "file")
        number = self._numbers[place]
        if flags & os.O_TRUNC and not new:
            self.steps.append(Cut(number, 0))
        self._open[descriptor] = [number, 0]

    def _close(self, _: None, descriptor: int) -> None:
        self._open.pop(descriptor, None)

    def _write(self, written: int, descriptor: int, data: Any) -> None:
        if descriptor in self._open:
            number, offset = self._open[descriptor]
            self.steps.append(Write(number, offset, bytes(memoryview(data)[:written])))
            self._open[descriptor][1] += written

    def _copy_file_range(self, copied: int, source: int, target: int, *_: Any) -> None:
        self._write(copied, target, os.pread(source, copied, os.lseek(source, 0, os.SEEK_CUR) - copied))

    def _pwrite(self, written: int, descriptor: int, data: Any, offset: int) -> None:
        if descriptor in self._open:
            self.steps.append(Write(self._open[descriptor][0], offset, bytes(memoryview(data)[:written])))

    def _ftruncate(self, _: None, descriptor: int, size: int) -> None:
        if descriptor in self._open:
            self.steps.append(Cut(self._open[descriptor][0], size))

    def _fsync(self, _: None, descriptor: int) -> None:
        if descriptor in self._open:
            self.steps.append(Sync(self._open[descriptor][0]))

    def _mkdir(self, _: None, path: Any, *__: Any) -> None:
        self._enter(self._place(path), "folder")

    def _symlink(self, _: None, target: Any, path: Any, *__: Any) -> None:
        self._enter(self._place(path), os.fspath(target))

    def _link(self, _: None, source: Any, path: Any) -> None:
        place = self._place(path)
        self._numbers[place] = self._numbers[self._place(source)]
        self._change({place: self._numbers[place]})

    def _unlink(self, _: None, path: Any) -> None:
        place = self._place(path)
        del self._numbers[place]
        self._change({place: None})

    _remove = _rmdir = _unlink

    def _rename(self, _: None, source: Any, path: Any) -> None:
        old, new = self._place(source), self._place(path)
        for place in [place for place in self._numbers if place == old or place.startswith(f"{old}/")]:
            self._numbers[new + place.removeprefix(old)] = self._numbers.pop(place)
        self._change({old: None, new: self._numbers[new]})

    _replace = _rename

    def _enter(self, place: str | None, kind: str) -> None:
        assert place is not None
        self._numbers[place] = len(self.kinds)
        self.kinds.append(kind)
        self._change({place: self._numbers[place]})

    def _change(self, changes: dict[str, int | None]) -> None:
        folders: dict[int, Entries] = {}
        for place, number in changes.items():
            folder, name = os.path.split(place)
            folders.setdefault(self._numbers[folder], {})[name] = number
        self.steps += [Enter(folder, entries) for folder, entries in folders.items()]

    def _place(self, path: Any) -> str | None:
        folder, name = os.path.split(os.path.abspath(path))
        place = os.path.join(os.path.realpath(folder), name)
        return place if place == self._root or place.startswith(f"{self._root}/") else None


def recorded(root: Path, work: Callable[[Callable[[Any], None]], None]) -> Recorder:
    """What `work(note)` does to the files below a folder.

    Raises AssertionError where the record does not give what then is in the folder: something went by unseen.
    """
    recorder = Recorder(root)
    with intercepted(recorder, CHANGES):
        work(recorder.note)
    disk = Disk(recorder.kinds)
    for step in recorder.steps:
        disk.take(step)
    assert disk.now() == found(root), "files were changed by calls that are not intercepted"
    return recorder


@dataclass
class Content:
    """A file: what is safely there, and what was written."""

    synced: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    dirty: bool = False


@dataclass
class Listing:
    """A folder: the entries that are safely there, and the changes since."""

    synced: Entries = field(default_factory=dict)
    changes: list[Entries] = field(default_factory=list)

    def after(self, changes: Sequence[Entries]) -> dict[str, int]:
        """The entries with some of the changes done."""
        entries = dict(self.synced)
        for change in changes:
            entries |= change
        return {name: number for name, number in entries.items() if number is not None}


Tree = dict[str, bytes | str | None]  # path -> what a file holds, the target of a link, None for a folder


class Disk:
    """What was done so far, and what of it is safe. Arguments: kinds, as `Recorder.kinds`."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._files = [Content() for _ in kinds]
        self._folders = [Listing() for _ in kinds]

    def take(self, step: Step) -> None:
        """Do one step."""
        match step:
            case Enter(folder, entries):
                self._folders[folder].changes.append(entries)
            case Write(number, offset, data):
                file = self._files[number]
                file.now.extend(bytes(max(0, offset - len(file.now))))
                file.now[offset : offset + len(data)] = data
                file.dirty = True
            case Cut(number, size):
                file = self._files[number]
                del file.now[size:]
                file.now.extend(bytes(size - len(file.now)))
                file.dirty = True
            case Sync(number):
                file, folder = self._files[number], self._folders[number]
                file.synced, file.dirty = bytes(file.now), False
                folder.synced, folder.changes = folder.after(folder.changes), []

    def now(self) -> Tree:
        """All that was done."""
        return self._tree(lambda folder: folder.changes, lambda file: bytes(file.now))

    def after_a_cut(self, rng: random.Random) -> Tree:
        """One of the states in which the power cut may leave the disk."""
        share = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        return self._tree(
            lambda folder: [change for change in folder.changes if rng.random() < share],
            lambda file: torn(file.synced, bytes(file.now), rng) if file.dirty else file.synced,
        )

    def _tree(self, choose: Callable[[Listing], Sequence[Entries]], read: Callable[[Content], bytes]) -> Tree:
        tree: Tree = {}
        contents: dict[int, bytes] = {}  # a file with two names has one content

        def visit(number: int, path: str) -> None:
            for name, inner in self._folders[number].after(choose(self._folders[number])).items():
                kind, place = self._kinds[inner], f"{path}{name}"
                if kind == "folder":
                    tree[place] = None
                    visit(inner, f"{place}/")
                elif kind == "file":
                    tree[place] = contents[inner] if inner in contents else read(self._files[inner])
                    contents[inner] = tree[place]
                else:
                    tree[place] = kind

        visit(ROOT, "")
        return tree


def torn(old: bytes, new: bytes, rng: random.Random) -> bytes:
    """What may be there of a file that was being changed from `old` to `new`."""
    block = rng.choice(BLOCKS)
    blocks = -(-len(new) // block)
    first = rng.randint(0, blocks)
    kept = rng.choice(
        (
            lambda at: True,
            lambda at: False,
            lambda at: at < first,
            lambda at: at >= first,
            lambda at: at != first,
            lambda at: rng.random() < 0.5,
        )
    )
    under = old.ljust(len(new), b"\0") if rng.random() < 0.7 else old + rng.randbytes(max(0, len(new) - len(old)))
    parts = [(new if kept(at) else under)[at * block : (at + 1) * block] for at in range(blocks)]
    mixed = b"".join(parts)
    return mixed if rng.random() < 0.6 else mixed[: max(min(len(old), len(new)), block * rng.randint(0, blocks))]


def crash_states(recorder: Recorder, states: int, rng: random.Random) -> Iterator[tuple[list[Any], Tree]]:
    """Different states that a power cut may leave, spread over all instants, each with what was noted before.

    Arguments:
        recorder: of the work.
        states: about how many different ones; an instant at which nothing is unsafe has one, others have many.
        rng: chooses.
    """
    disk, notes = Disk(recorder.kinds), []
    share = 7 * states / (len(recorder.steps) - recorder.first)
    for number, step in enumerate(recorder.steps):
        disk.take(step)
        if number < recorder.first:
            continue
        if isinstance(step, Note):
            notes.append(step.text)
        most = int(share + rng.random())
        trees = (disk.after_a_cut(rng) for _ in range(3 * most))
        different = {frozenset(tree.items()): tree for tree in trees}
        yield from ((list(notes), tree) for tree in list(different.values())[:most])


def lay_out(tree: Tree, root: Path) -> None:
    """Make a folder what a state says."""
    root.mkdir()
    for name, content in sorted(tree.items()):
        if content is None:
            (root / name).mkdir()
        elif isinstance(content, str):
            (root / name).symlink_to(content)
        else:
            (root / name).write_bytes(content)


def found(root: Path) -> Tree:
    """What is in a folder."""
    tree: Tree = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        tree[name] = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return tree
