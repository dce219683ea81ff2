"""Data sets of an HDF5 file with their units, and attributes, read and written; a fault is a ValueError."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from elastic_pinn.physics.numbers import Array, require_real


def numbers(file: h5py.File, name: str, unit: str) -> Array:
    """Return the values of a data set in the stated unit, in double precision."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"the data set {name} is missing")
    require_real(name, dataset.dtype)
    found = text(dataset.attrs.get("units", "missing"))
    if found != unit:
        raise ValueError(f"the attribute units of {name} is {found!r}, where {unit!r} is needed")
    return np.asarray(dataset[()], dtype=np.float64)


def scalar(file: h5py.File, name: str, unit: str) -> float:
    """Return the value of a data set that holds one number."""
    value = numbers(file, name, unit)
    if value.shape != ():
        raise ValueError(f"{name} has shape {value.shape}, where one number is needed")
    return float(value)


def text(value: object) -> str:
    """Return an attribute as text, whichever kind of string a writer chose."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def texts(file: h5py.File, name: str) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Return a data set of texts, whichever kind of string a writer chose."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset) or h5py.check_string_dtype(dataset.dtype) is None:
        raise ValueError(f"{name} is no data set of texts")
    values = np.asarray(dataset[()])
    return np.array([text(each) for each in values.ravel()], dtype=np.str_).reshape(values.shape)


def put_texts(file: h5py.File, name: str, words: np.ndarray[Any, np.dtype[np.str_]]) -> None:
    """Write texts as UTF-8 of fixed length, which every viewer shows."""
    data = np.char.encode(words, "utf-8")
    file.create_dataset(name, data=data.astype(h5py.string_dtype("utf-8", max(data.dtype.itemsize, 1))))


def put(file: h5py.File, name: str, values: object, unit: str) -> h5py.Dataset:
    """Write numbers with their unit."""
    dataset = file.create_dataset(name, data=np.asarray(values, dtype=np.float64))
    put_text(dataset, "units", unit)
    return dataset


def put_text(node: h5py.HLObject, name: str, words: str) -> None:
    """Write an attribute as UTF-8 of fixed length, which every viewer shows."""
    data = words.encode()
    node.attrs.create(name, data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
