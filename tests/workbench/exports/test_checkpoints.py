"""What was exported is, to the last bit, what was in the checkpoint."""

import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from pyarrow import parquet
from safetensors import safe_open

from elastic_pinn.storage import History, Snapshot
from elastic_pinn.workbench.exports.checkpoints import history_csv, history_parquet, weights_safetensors, whole_torch

AWKWARD = [0.1, 1 / 3, 1e-310, -0.0, 123456789.123456789, np.inf, np.nan]


@pytest.fixture
def snapshot() -> Snapshot:
    history = History.from_columns(
        {"step": range(1, 8), "loss/total": AWKWARD, "wall_s": AWKWARD[::-1]}, [(3, "resumed")]
    )
    return Snapshot(
        step=7,
        stage=1,
        generation=2,
        config='{"steps": 7}',
        weights={"net.0": torch.arange(6.0).reshape(2, 3).T, "half": torch.ones(2, dtype=torch.bfloat16)},
        state={
            "optimizer": {"state": {0: {"old_dirs": [torch.ones(2), torch.zeros(2)], "t": (1, 2.5), "none": None}}},
            "rng": {"state": 2**127 + 1, "words": np.arange(3, dtype=">u4"), "flags": np.array([True, False])},
        },
        history=history,
        metrics={"loss/total": 0.5},
        units={"wall_s": "s"},
        attributes={"run_id": "abc"},
    )


@pytest.fixture
def frame(snapshot) -> pd.DataFrame:
    return pd.DataFrame(snapshot.history.columns())


def test_safetensors_holds_the_weights_with_config_and_step(snapshot, tmp_path):
    data = weights_safetensors(snapshot)
    found = safetensors.torch.load(data)
    assert found.keys() == snapshot.weights.keys()
    for name, weight in snapshot.weights.items():
        assert found[name].dtype == weight.dtype and torch.equal(found[name], weight)
    (tmp_path / "w.safetensors").write_bytes(data)
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert json.loads(file.metadata()["config"]) == {"steps": 7} and file.metadata()["step"] == "7"


def test_csv_has_every_digit(frame):
    data = history_csv(frame)
    names, *rows = data.decode().splitlines()
    assert names == "step,loss/total,wall_s"
    found = [float(row.split(",")[1] or "nan") for row in rows]
    assert np.array_equal(np.array(found).view(np.int64)[:-1], np.array(AWKWARD).view(np.int64)[:-1])
    assert np.isnan(found[-1]) and rows[-1].startswith("7,,")
    plain = pd.read_csv(BytesIO(data))
    assert plain["step"].dtype == np.int64 and np.allclose(plain["wall_s"], frame["wall_s"], rtol=1e-15, equal_nan=True)


def test_parquet_has_the_bits_and_the_units(frame):
    data = history_parquet(frame, {"wall_s": "s"})
    found = pd.read_parquet(BytesIO(data))
    assert list(found.columns) == ["step", "loss/total", "wall_s"] and found["step"].dtype == np.int64
    for name in ("loss/total", "wall_s"):
        assert np.array_equal(found[name].to_numpy().view(np.int64), frame[name].to_numpy().view(np.int64))
    schema = parquet.read_schema(BytesIO(data))
    assert schema.field("wall_s").metadata[b"units"] == b"s"
    assert b"units" not in (schema.field("loss/total").metadata or {})


def test_torch_loads_all_of_it_without_trusting_any_code(snapshot):
    found = torch.load(BytesIO(whole_torch(snapshot)), weights_only=True)
    assert found["config"] == snapshot.config and (found["step"], found["generation"]) == (7, 2)
    assert torch.equal(found["weights"]["net.0"], snapshot.weights["net.0"])
    state = found["optimizer"]["state"][0]
    assert torch.equal(state["old_dirs"][0], torch.ones(2)) and state["t"] == (1, 2.5) and state["none"] is None
    assert found["rng"]["state"] == 2**127 + 1
    assert found["rng"]["words"].tolist() == [0, 1, 2] and found["rng"]["flags"].dtype == torch.bool
    columns = found["history"]["columns"]
    assert np.array_equal(columns["loss/total"].numpy().view(np.int64), np.array(AWKWARD).view(np.int64))
    assert found["history"]["units"] == {"wall_s": "s"} and found["history"]["events"] == [(3, "resumed")]
    assert found["attributes"] == {"run_id": "abc"} and found["metrics"] == {"loss/total": 0.5}
