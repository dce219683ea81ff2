import os
import pickle
import struct
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from elastic_pinn.storage import (
    FORMAT_VERSION,
    CheckpointError,
    Header,
    publish,
    read_header,
    read_sealed,
)
from elastic_pinn.storage.format.seal import DIGEST_AT, HEADER_BYTES, _pack, seal
from tests.storage.damage import overwrite

FIELDS = {"step": 500, "generation": 3, "metric": 0.25, "metric_name": "loss/validation"}


def small_image(**fields) -> bytearray:
    buffer = BytesIO()
    with h5py.File(buffer, "w", userblock_size=HEADER_BYTES, libver=("v110", "v110")) as file:
        file["x"] = np.arange(5.0)
    image = bytearray(buffer.getbuffer())
    seal(image, **{**FIELDS, **fields})
    return image


@pytest.fixture
def sealed_file(tmp_path: Path) -> Path:
    publish(tmp_path / "sealed.h5", small_image())
    return tmp_path / "sealed.h5"


def refusal(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        read_sealed(path)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert caught.value.advice
    return caught.value


@pytest.mark.parametrize("change", [lambda data: data + b"more", lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_what_may_be_repaired_is_refused_with_the_command_that_tries_it(sealed_file, change):
    data = sealed_file.read_bytes()
    sealed_file.unlink()
    sealed_file.write_bytes(change(data))
    assert "`elastic-pinn repair FILE` may give the sealed bytes back" in str(refusal(sealed_file))


def test_what_was_sealed_is_read_back(sealed_file):
    header, data = read_sealed(sealed_file)
    assert header == read_header(sealed_file)
    assert (header.step, header.generation, header.metric, header.metric_name) == tuple(FIELDS.values())
    assert header.format_version == FORMAT_VERSION and header.length == len(data) - HEADER_BYTES
    assert data == sealed_file.read_bytes()


def test_a_sealed_file_opens_in_plain_h5py(sealed_file):
    with h5py.File(sealed_file) as file:
        assert file.userblock_size == HEADER_BYTES
        assert file["x"][:].tolist() == [0, 1, 2, 3, 4]


def test_the_header_keeps_odd_metrics_and_names():
    image = small_image(metric=float("nan"), metric_name="λ/μ" * 25)
    assert struct.unpack_from("<d", image, 40)[0] != struct.unpack_from("<d", image, 40)[0]
    with pytest.raises(ValueError, match="at most 128"):
        small_image(metric_name="μ" * 65)


def test_every_flipped_byte_is_refused(sealed_file):
    whole = sealed_file.read_bytes()
    for at in [*range(HEADER_BYTES), *range(HEADER_BYTES, len(whole), 7)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        overwrite(sealed_file, damaged)
        refusal(sealed_file)


def test_every_truncation_length_is_refused(sealed_file):
    whole = sealed_file.read_bytes()
    for length in range(len(whole)):
        overwrite(sealed_file, whole[:length])
        assert "truncated" in refusal(sealed_file).fault
        with pytest.raises(CheckpointError, match="truncated"):
            read_header(sealed_file)


def test_a_truncated_file_names_expected_and_found_length(sealed_file):
    whole = sealed_file.read_bytes()
    overwrite(sealed_file, whole[:-1])
    assert f"{len(whole) - 1:,} bytes of {len(whole):,}" in refusal(sealed_file).fault


def test_appended_bytes_are_refused(sealed_file):
    overwrite(sealed_file, sealed_file.read_bytes() + b"\0")
    assert "longer" in refusal(sealed_file).fault


def test_a_zeroed_tail_and_another_files_body_are_damage(sealed_file):
    whole = sealed_file.read_bytes()
    overwrite(sealed_file, whole[:-100] + bytes(100))
    assert "damaged" in refusal(sealed_file).fault
    other = small_image(step=501)
    other[-1] ^= 1
    overwrite(sealed_file, whole[:HEADER_BYTES] + other[HEADER_BYTES:])
    assert "damaged" in refusal(sealed_file).fault


def test_a_newer_version_is_refused_with_both_versions_named(sealed_file):
    whole = sealed_file.read_bytes()
    header = read_header(sealed_file)
    newer = Header(**{**vars(header), "format_version": FORMAT_VERSION + 1})
    overwrite(sealed_file, _pack(newer) + whole[HEADER_BYTES:])
    error = refusal(sealed_file)
    assert f"version {FORMAT_VERSION + 1}" in error.fault and f"version {FORMAT_VERSION} " in error.fault


def test_a_damaged_version_is_damage_and_not_news(sealed_file):
    damaged = bytearray(sealed_file.read_bytes())
    damaged[16] = 99
    overwrite(sealed_file, damaged)
    assert "damaged" in refusal(sealed_file).fault
    assert DIGEST_AT == HEADER_BYTES - 32


def test_foreign_files_are_called_what_they_are(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x"] = 1
    with h5py.File(tmp_path / "userblock.h5", "w", userblock_size=HEADER_BYTES) as file:
        file["x"] = 1
    torch.save({"x": torch.ones(2)}, tmp_path / "torch.pt")
    (tmp_path / "pickle.pkl").write_bytes(pickle.dumps([1]))
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "empty.h5").touch()
    assert "plain HDF5" in refusal(tmp_path / "plain.h5").fault
    assert "no seal" in refusal(tmp_path / "userblock.h5").fault
    assert "torch.save" in refusal(tmp_path / "torch.pt").fault
    assert "pickle" in refusal(tmp_path / "pickle.pkl").fault
    assert "unknown kind" in refusal(tmp_path / "text.txt").fault
    assert "empty" in refusal(tmp_path / "empty.h5").fault


def test_missing_files_folders_links_and_fifos_are_refused(tmp_path, sealed_file):
    (tmp_path / "link.h5").symlink_to(sealed_file)
    os.mkfifo(tmp_path / "fifo.h5")
    assert "missing" in refusal(tmp_path / "none.h5").fault
    assert "folder" in refusal(tmp_path).fault
    assert "symbolic link" in refusal(tmp_path / "link.h5").fault
    assert "FIFO" in refusal(tmp_path / "fifo.h5").fault
    assert "device" in refusal(Path("/dev/zero")).fault
