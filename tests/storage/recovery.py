"""What training does in a used folder of checkpoints before it writes there."""

from elastic_pinn.storage import Found, Store


def recovered(store: Store) -> Found | None:
    """The newest whole checkpoint, of a folder that is tidied."""
    found = store.latest()
    store.tidy(found)
    return found
