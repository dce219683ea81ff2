"""Structures of MATLAB's files: their fields by name, in v5 to v7 and in v7.3, and what in them is no array."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

import elastic_pinn as ep
from tests.physics.data.readers.files import ALONG, SAID, TIME, UNITS, VALUES, XY
from tests.physics.data.readers.test_bad_files import refusal
from tests.physics.data.readers.test_formats import assert_is_the_recording

NUMERIC = np.bytes_("double")
SCAN = {"geometry": {"xy": XY}, "t": TIME, "velocity": VALUES, "operator": "a name", "parts": [TIME, "text"]}


def v5(path, variables):
    """As SciPy writes it; a list of numbers and text is a cell, one of dicts an array of structures."""

    def written(value):
        if isinstance(value, dict):
            return {name: written(each) for name, each in value.items()}
        if not isinstance(value, list):
            return value
        cell = np.empty(len(value), dtype=object)
        cell[:] = [written(each) for each in value]
        is_struct = isinstance(value[0], dict)
        names = [(name, object) for name in value[0]] if is_struct else object
        return np.array([tuple(each.values()) for each in cell], dtype=names) if is_struct else cell

    savemat(path, written(variables), do_compression=True)
    return path


def v73(path, variables):
    """As MATLAB writes it: a group for a structure, references for a cell and for each field of an array of them."""

    def write(group, name, value):
        if isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for field, each in value.items():
                write(inner, field, each)
        elif isinstance(value, str):
            group[name] = np.frombuffer(value.encode("utf-16-le"), dtype=np.uint16)[:, None]
            group[name].attrs["MATLAB_class"] = np.bytes_("char")
        elif isinstance(value, list) and isinstance(value[0], dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for field in value[0]:
                inner[field] = references([each[field] for each in value])
        elif isinstance(value, list):
            group[name] = references(value)
            group[name].attrs["MATLAB_class"] = np.bytes_("cell")
        else:
            group.create_dataset(name, data=np.atleast_2d(value).T, compression="gzip")
            group[name].attrs["MATLAB_class"] = NUMERIC

    def references(values):
        """values: none of which is a list."""
        found = np.empty((len(values), 1), dtype=h5py.ref_dtype)
        for row, value in enumerate(values):
            name = f"n{len(kept)}"
            write(kept, name, value)
            found[row, 0] = kept[name].ref
        return found

    with h5py.File(path, "w", userblock_size=512) as file:
        kept = file.create_group("#refs#")
        for name, value in variables.items():
            write(file, name, value)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


both = pytest.mark.parametrize("write", [v5, v73])


@both
def test_fields_of_structures_say_what_they_hold_as_variables_do(write, tmp_path):
    path = write(tmp_path / "scan.mat", {"scan": SCAN, "date": "today"})
    assert_is_the_recording(ep.Receivers.read(path, **UNITS, **ALONG), 1e-3, 1e-12)


@both
def test_settings_in_a_structure_are_no_recording(write, tmp_path):
    path = write(tmp_path / "scan.mat", {"scan": SCAN, "info": {"gain": 2.0, "displacement": 3.0, "rate": 12.5}})
    assert_is_the_recording(ep.Receivers.read(path, **UNITS, **ALONG), 1e-3, 1e-12)


@both
def test_fields_are_named_as_in_matlab(write, tmp_path):
    scan = {"data": {"vx": VALUES[..., 0], "vy": VALUES[..., 1]}, "clock": TIME, "places": {"mm": XY}}
    path = write(tmp_path / "scan.mat", {"scan": scan})
    options = {"value_columns": ["scan.data.vx", "scan.data.vy"], "time_column": "scan.clock"}
    found = ep.Receivers.read(path, **options, xy_column="scan.places.mm", **SAID, **ALONG)
    assert_is_the_recording(found, 1e-3, 1e-12)
    text = refusal(path, value_columns=["scan"], **SAID)
    assert "names 'scan', which it does not hold; it holds scan." in text and "scan.data.vy" in text


@both
def test_arrays_of_structures_have_a_number_each_and_what_several_are_called_is_asked_for(write, tmp_path):
    shots = [{"velocity": VALUES, "t": TIME, "xy": XY}, {"velocity": 2.0 * VALUES, "t": TIME, "xy": XY}]
    path = write(tmp_path / "scan.mat", {"shot": shots})
    columns = {f"{name}_column": f"shot(2).{field}" for name, field in {"time": "t", "xy": "xy"}.items()}
    found = ep.Receivers.read(path, value_columns=["shot(2).velocity"], **columns, **SAID, **ALONG)
    np.testing.assert_allclose(found.velocity, 2e-3 * VALUES)
    with pytest.raises(ep.ConfigError, match=r"value_columns: which of .*shot\(2\)\.velocity.* hold the values"):
        ep.Receivers.read(path, **SAID, **ALONG)


@both
@pytest.mark.parametrize(("name", "what"), [("parts", "objects"), ("operator", "text")])
def test_what_is_no_array_of_numbers_is_refused_in_one_sentence(name, what, write, tmp_path):
    path = write(tmp_path / "scan.mat", {"scan": SCAN})
    assert f"scan.{name} holds {what}" in refusal(path, **SAID, **ALONG, value_columns=[f"scan.{name}"])


def test_objects_and_empty_arrays_of_v7_3_are_not_taken_for_the_numbers_that_stand_for_them(tmp_path):
    path = v73(tmp_path / "scan.mat", {"table": np.arange(6.0), "nothing": np.zeros(2), **SCAN["geometry"]})
    with h5py.File(path, "r+") as file:
        file["table"].attrs["MATLAB_class"] = np.bytes_("table")
        file["nothing"].attrs["MATLAB_empty"] = 1
    assert "table holds objects" in refusal(path, **SAID, value_columns=["table"])
    assert "shape (0,)" in refusal(path, **SAID, value_columns=["nothing"], time_step=1.0, axes=["receiver", "time"])


def test_a_sparse_matrix_is_no_array(tmp_path):
    savemat(tmp_path / "v5.mat", {"scan": {"velocity": csc_matrix(VALUES[..., 0])}})
    path = v73(tmp_path / "v73.mat", {"scan": {"velocity": {"data": TIME, "ir": TIME, "jc": TIME}}})
    with h5py.File(path, "r+") as file:
        file["scan/velocity"].attrs["MATLAB_sparse"] = 6
    for each in (tmp_path / "v5.mat", path):
        assert "scan.velocity holds objects" in refusal(each, **SAID, **ALONG)


@both
def test_structures_that_unpack_to_too_much_are_refused_before_they_are_read(write, tmp_path):
    path = write(tmp_path / "scan.mat", {"scan": {"velocity": np.zeros((1000, 2000))}})
    text = refusal(path, **SAID, size_limit=8_000_000)
    assert "is 16 MB, and size_limit allows 8 MB" in text and path.stat().st_size < 100_000


@pytest.mark.parametrize("kind", ["", "acceleration"])
@pytest.mark.parametrize("axes", [2, 3])
def test_a_matrix_of_places_of_any_name_is_asked_for_by_xy_column(kind, axes, tmp_path):
    places = np.hstack([XY, np.zeros((len(XY), 3))])[:, :axes]
    path = v5(tmp_path / "scan.mat", {kind or "acc": VALUES, "ort_cm": places, "t": TIME})
    text = refusal(path)
    assert "xy_column: which of ort_cm holds the places" in text and "xy_column='ort_cm'" in text
    assert "positions: " not in text and "positions=" not in text
    assert kind or ("value_columns: which of acc, t hold the values" in text and "value_columns=['acc']" in text)
    given = {"kind": "acceleration", "value_columns": [kind or "acc"], "xy_column": "ort_cm", "value_unit": "g"}
    scan = ep.Receivers.read(path, **{**UNITS, **ALONG, **given})
    np.testing.assert_allclose(scan.xy, 1e-3 * XY)
    np.testing.assert_allclose(scan.acceleration, 9.80665 * VALUES)
    assert "xy_column" not in refusal(path, positions=XY.tolist())


def test_two_components_of_one_receiver_are_no_places(tmp_path):
    text = refusal(v5(tmp_path / "scan.mat", {"acc": VALUES[0], "t": TIME}))
    assert "xy_column" not in text and "value_columns=['acc']" in text and "positions=" in text
