"""Bytes that last: sealed checkpoint files, the training state in them, and the history of a run.

It knows no physics, networks or config, and imports nothing else from the package.
"""

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import replace_file
from elastic_pinn.storage.history import History
from elastic_pinn.storage.live import LiveHistory, read_live
from elastic_pinn.storage.lock import InUseError, is_locked, locked
from elastic_pinn.storage.seal import FORMAT_VERSION, Header, publish, read_header, read_sealed
from elastic_pinn.storage.snapshot import Snapshot, open_checkpoint, read_snapshot
from elastic_pinn.storage.store import Entry, Store
from elastic_pinn.storage.tree import Tree, read_tree, write_tree

__all__ = [
    "FORMAT_VERSION",
    "CheckpointError",
    "Entry",
    "Header",
    "History",
    "InUseError",
    "LiveHistory",
    "Snapshot",
    "Store",
    "Tree",
    "is_locked",
    "locked",
    "open_checkpoint",
    "publish",
    "read_header",
    "read_live",
    "read_sealed",
    "read_snapshot",
    "read_tree",
    "replace_file",
    "write_tree",
]
