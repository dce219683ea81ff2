"""Durable files: sealed checkpoints, the training state in them, and the history of a run.

This wing knows bytes only, no physics, networks or config, and imports nothing from the other wings.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = [
    "CHECKPOINTS",
    "FORMAT_VERSION",
    "HDF5_MAGIC",
    "LOSSES_OF_START_UNTIL",
    "MORE_FILES",
    "OUT_OF_FILES",
    "UNKNOWN_METRIC_ID",
    "UNVERIFIED",
    "CheckpointError",
    "Checkpoints",
    "Entry",
    "Folder",
    "FolderLock",
    "Found",
    "Header",
    "HeldFolder",
    "History",
    "InUseError",
    "LiveHistory",
    "LocalFolder",
    "LostFolderError",
    "Mirror",
    "MissingError",
    "NewerVersionError",
    "Policy",
    "RemoteFolder",
    "Repair",
    "Snapshot",
    "Store",
    "Tree",
    "UnreadableError",
    "best_first",
    "checkpoints_of",
    "copy_tree",
    "folder_at",
    "is_locked",
    "kept_text",
    "locked",
    "name_of",
    "naming",
    "open_image",
    "order",
    "owner_of",
    "parse_isolated",
    "parse_snapshot",
    "pin",
    "publish",
    "read_header",
    "read_isolated",
    "read_live_history",
    "read_sealed",
    "read_snapshot",
    "read_tree",
    "reasons_to_keep",
    "remove_leftovers",
    "repair_checkpoint",
    "replace_file",
    "split_location",
    "unpin",
    "write_tree",
]

if TYPE_CHECKING:
    from elastic_pinn.storage.checkpoint_repair import UNVERIFIED, Repair, repair_checkpoint
    from elastic_pinn.storage.checkpoints import (
        CHECKPOINTS,
        Checkpoints,
        Entry,
        Found,
        best_first,
        checkpoints_of,
        kept_text,
        name_of,
        order,
    )
    from elastic_pinn.storage.errors import CheckpointError, MissingError, NewerVersionError, UnreadableError
    from elastic_pinn.storage.files import MORE_FILES, OUT_OF_FILES, naming, remove_leftovers, replace_file
    from elastic_pinn.storage.folder import Folder, LocalFolder, folder_at, split_location
    from elastic_pinn.storage.format.history_table import LOSSES_OF_START_UNTIL, History
    from elastic_pinn.storage.format.seal import (
        FORMAT_VERSION,
        HDF5_MAGIC,
        UNKNOWN_METRIC_ID,
        Header,
        read_header,
        read_sealed,
    )
    from elastic_pinn.storage.format.snapshot import Snapshot, open_image, parse_snapshot, read_snapshot
    from elastic_pinn.storage.format.tree import Tree, copy_tree, read_tree, write_tree
    from elastic_pinn.storage.held_folder import HeldFolder
    from elastic_pinn.storage.isolation import parse_isolated, read_isolated
    from elastic_pinn.storage.live_history import LiveHistory
    from elastic_pinn.storage.live_reader import read_live_history
    from elastic_pinn.storage.lock import FolderLock, InUseError, LostFolderError, is_locked, locked, owner_of
    from elastic_pinn.storage.publishing import publish
    from elastic_pinn.storage.remote.mirror import Mirror
    from elastic_pinn.storage.remote.remote_folder import RemoteFolder
    from elastic_pinn.storage.retention import Policy, pin, reasons_to_keep, unpin
    from elastic_pinn.storage.store import Store
else:
    __getattr__, __dir__ = on_first_use(
        __name__,
        "checkpoint_repair",
        "checkpoints",
        "errors",
        "files",
        "folder",
        "format.history_table",
        "format.seal",
        "format.snapshot",
        "format.tree",
        "held_folder",
        "isolation",
        "live_history",
        "live_reader",
        "lock",
        "publishing",
        "retention",
        "store",
        "remote.mirror",
    )
