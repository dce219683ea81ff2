"""Convert checkpoints to other formats, as bytes: safetensors, CSV, Parquet, torch."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import torch

from elastic_pinn.storage import LOSSES_OF_START_UNTIL, Snapshot


def weights_safetensors(snapshot: Snapshot) -> bytes:
    """Return the weights under their state_dict names; the metadata have the config as JSON, and the step."""
    from safetensors.torch import save  # needed only for exports

    weights = {name: weight.contiguous() for name, weight in snapshot.weights.items()}
    return save(weights, {"format": "pt", "config": snapshot.config, "step": str(snapshot.step)})


def history_csv(history: pd.DataFrame) -> bytes:
    """Return CSV with names in the first row, then a row for each step with every digit; empty if not measured."""
    return history.to_csv(index=False).encode()


def history_parquet(history: pd.DataFrame, units: Mapping[str, str]) -> bytes:
    """Return Parquet with the columns unchanged; a column's unit is "units" in its field's metadata, and the `attrs` of
    `Run.history` are in the schema's metadata."""
    import pyarrow as pa  # needed only for exports
    from pyarrow import parquet

    columns = {name: history[name].to_numpy() for name in history.columns}
    fields = [
        pa.field(name, pa.from_numpy_dtype(column.dtype), metadata={"units": units[name]} if name in units else None)
        for name, column in columns.items()
    ]
    metadata = {name: str(value) for name, value in history.attrs.items()}
    sink = BytesIO()
    arrays = [pa.array(column) for column in columns.values()]
    parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata)), sink)
    return sink.getvalue()


def whole_torch(snapshot: Snapshot) -> bytes:
    """Return all of a checkpoint as torch.load(weights_only=True) reads it: dicts and lists of tensors, numbers and
    texts.

    Keys: config (JSON text), step, stage, generation, created, metric, metric_name, measure, weights, metrics,
    attributes, history (columns, units, events, losses_of_start_until), and each part of the training state: optimizer,
    scheduler, rng, ...
    """
    history = {
        "columns": snapshot.history.columns(),
        "units": dict(snapshot.units),
        "events": snapshot.history.events,
        LOSSES_OF_START_UNTIL: snapshot.history.losses_of_start_until,
    }
    names = ("step", "stage", "generation", "created", "metric", "metric_name")
    contents = {name: getattr(snapshot, name) for name in (*names, "config", "weights", "metrics", "attributes")}
    contents |= {"measure": snapshot.metric_id, "history": history, **snapshot.state}
    sink = BytesIO()
    torch.save(_plain(contents), sink)
    return sink.getvalue()


def _plain(tree: Any) -> Any:
    """Return a tree with arrays as tensors, since torch.load(weights_only=True) refuses NumPy arrays."""
    if isinstance(tree, np.ndarray):
        return torch.from_numpy(tree.astype(tree.dtype.newbyteorder("=")))
    if isinstance(tree, Mapping):
        return {key: _plain(child) for key, child in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map(_plain, tree))
    return tree
