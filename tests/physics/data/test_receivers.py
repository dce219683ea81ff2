"""A receiver file holds what was recorded, opens anywhere, and is refused in words when it is not right."""

import dataclasses
import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from elastic_pinn.physics import Material
from elastic_pinn.physics.data import ReceiverFileError, Receivers, Truth
from elastic_pinn.physics.solutions import GaussianPulse


def example(**changes) -> Receivers:
    rng = np.random.default_rng(0)
    clean = rng.standard_normal((3, 4, 2))
    fields = {
        "xy": np.array([[0.0, 0.0], [0.01, 0.0], [0.0, 0.02]]),
        "time": np.array([0.0, 1e-6, 2e-6, 4e-6]),
        "displacement": clean + 0.1,
        "noise": 0.1,
        "material": {"lambda": 7.488e10, "mu": 1.82e10, "rho": 2700.0},
        "start": frozenset({"lambda", "mu"}),
        "pulses": (GaussianPulse((0.01, 0.02), (0.6, 0.8), 0.006, 0.1),),
        "truth": Truth({"lambda": 5.76e10, "mu": 2.6e10, "rho": 2700.0}, clean),
        "title": "λ and μ",
        "provenance": "made up",
    }
    return Receivers(**(fields | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    example().save(tmp_path / "receivers.h5")
    return tmp_path / "receivers.h5"


def test_what_is_saved_comes_back(path):
    saved, found = example(), Receivers.load(path)
    for name in ("xy", "time", "displacement"):
        np.testing.assert_array_equal(getattr(found, name), getattr(saved, name))
    for name in ("noise", "material", "start", "pulses", "title", "provenance", "noise_relative"):
        assert getattr(found, name) == getattr(saved, name)
    assert found.truth is not None and saved.truth is not None
    assert found.truth.material == saved.truth.material
    np.testing.assert_array_equal(found.truth.displacement, saved.truth.displacement)


AS_OTHERS_GIVE_THEM = {
    "lists": lambda array: array.tolist(),
    "tuples": lambda array: tuple(array.tolist()),
    "torch": lambda array: torch.from_numpy(array).requires_grad_(),
    "fortran": np.asfortranarray,
    "views": lambda array: np.repeat(array, 2, axis=0)[::2],
}


@pytest.mark.parametrize("kind", AS_OTHERS_GIVE_THEM)
def test_lists_and_tensors_are_taken_for_arrays(kind):
    plain = example()
    given = {name: AS_OTHERS_GIVE_THEM[kind](getattr(plain, name)) for name in ("xy", "time", "displacement")}
    found = example(**given)
    for name in given:
        values = getattr(found, name)
        assert values.dtype == np.float64 and values.flags.c_contiguous
        np.testing.assert_array_equal(values, getattr(plain, name))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float32])
def test_numbers_of_other_types_are_taken_in_double_precision(dtype):
    found = example(xy=np.array([[0, 0], [1, 0], [0, 2]], dtype=dtype), time=np.array([0, 1, 2, 4], dtype=dtype))
    assert found.xy.dtype == found.time.dtype == np.float64
    assert found.xy.tolist() == [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]] and found.time.tolist() == [0.0, 1.0, 2.0, 4.0]


def test_what_its_arrays_become_afterwards_changes_nothing():
    xy = example().xy.copy()
    found = example(xy=xy)
    xy *= 2.0
    np.testing.assert_array_equal(found.xy, example().xy)


@pytest.mark.parametrize("noise", [None, 0, 0.0, np.float32(0.0)])
def test_noise_that_is_not_stated_is_zero(noise, tmp_path):
    found = example(noise=noise)
    assert found.noise == 0.0 and "noise not stated" in repr(found)
    found.save(tmp_path / "receivers.h5")
    assert Receivers.load(tmp_path / "receivers.h5").noise == 0.0


def test_a_material_and_single_names_and_pulses_are_taken():
    pulse = GaussianPulse((0.01, 0.02), (0.6, 0.8), 0.006, 0.1)
    found = example(material=Material(2.0, 1.0, 3.0), start="mu", pulses=pulse)
    assert found.material == {"lambda": 2.0, "mu": 1.0, "rho": 3.0}
    assert found.start == {"mu"} and found.pulses == (pulse,)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"xy": [[0.0, 0.0], [1.0], [0.0, 2.0]]}, "xy is a list whose items are not equally long"),
        ({"xy": [["a", "b"]] * 3}, "xy holds <U1, where real numbers are needed"),
        ({"displacement": np.ones((3, 4, 2), dtype=complex)}, "displacement holds complex128"),
        ({"time": np.arange(4.0).astype(np.float16)}, "time holds float16, which has three digits"),
        ({"displacement": np.ma.masked_less(np.ones((3, 4, 2)), 2.0)}, "displacement has no value: each channel is"),
        ({"time": None}, "time is missing"),
        ({"time": [True, False]}, "time holds bool"),
        ({"noise": "1 %"}, "the noise of displacement holds <U3"),
        ({"noise": [0.1]}, r"the noise of displacement has shape \(1,\)"),
        ({"start": ["nu"]}, "start has nu: legal are any of lambda, mu, rho"),
    ],
)
def test_what_are_no_numbers_is_refused_by_its_name(changes, fault):
    with pytest.raises(ValueError, match=fault):
        example(**changes)


def test_the_representation_is_short_and_tells_what_there_is(path):
    found = Receivers.load(path)
    assert repr(found) == (
        "Receivers(displacement of 3 at 4 times; x 0 to 0.01 m, y 0 to 0.02 m, t 0 to 4e-06 s; noise 0.1 m; "
        f"start of lambda, mu; pulses: 1; {path})"
    )
    assert (
        repr(found.truth)
        == "Truth({'lambda': 57600000000.0, 'mu': 26000000000.0, 'rho': 2700.0}, displacement (3, 4, 2))"
    )


def test_pulses_and_truth_may_be_unknown(tmp_path):
    example(pulses=(), truth=None).save(tmp_path / "measured.h5")
    found = Receivers.load(tmp_path / "measured.h5")
    assert found.pulses == () and found.truth is None
    assert found.noise_relative == pytest.approx(0.1 / np.abs(found.displacement).max())


def test_a_loaded_file_is_named_by_path_and_digest(path):
    found = Receivers.load(path)
    assert found.path == path
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_recording_gives_the_same_bytes(path, tmp_path):
    example().save(tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_plain_h5py_shows_values_units_and_roles(path):
    with h5py.File(path) as file:
        records = file["records/1"]
        assert records.attrs["quantity"] == b"displacement" and set(records) == {
            "values", "xy", "time", "directions", "noise"
        }  # fmt: skip
        assert records["values"].shape == (3, 4, 2) and records["values"].attrs["units"] == b"m"
        assert records["directions"].attrs["components"] == b"x y" and (records["directions"][()] == np.eye(2)).all()
        assert records["noise"][()] == 0.1 and records["noise"].attrs["units"] == b"m"
        assert file["known/mu"][()] == 1.82e10
        assert file["known/mu"].attrs["role"] == b"start"
        assert file["known/rho"].attrs["role"] == b"known"
        assert file["known/pulses/direction"][0].tolist() == [0.6, 0.8]
        assert file.attrs["title"].decode() == "λ and μ"


def test_no_string_has_variable_length(path):
    types = []

    def collect(_: str, node: h5py.HLObject) -> None:
        types.extend(node.attrs.get_id(name).dtype for name in node.attrs)
        if isinstance(node, h5py.Dataset):
            types.append(node.dtype)

    with h5py.File(path) as file:
        file.visititems(collect)
        collect("/", file)
    assert len(types) > 20
    assert all(h5py.check_string_dtype(kind) is None or kind.kind == "S" for kind in types)


def replaced(name: str, values: object):
    """An edit of a file: other values in a data set that keeps its attributes."""

    def edit(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, data=values).attrs.update(attributes)

    return edit


def attribute(name: str, key: str, value: object):
    def edit(file: h5py.File) -> None:
        file[name].attrs[key] = value

    return edit


def without(name: str, key: str | None = None):
    def edit(file: h5py.File) -> None:
        del (file[name].attrs if key else file)[key or name]

    return edit


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (without("/", "format"), "format is 'missing'"),
        (
            attribute("/", "format", "elastic_pinn receivers 9"),
            "'elastic_pinn receivers 2' is needed, or 'elastic_pinn receivers 1'",
        ),
        (without("records/1/xy"), "records/1/xy is missing"),
        (without("records/1/time"), "records/1/time is missing"),
        (without("records/1/values"), "records/1/values is missing"),
        (without("records/1/noise"), "records/1/noise is missing"),
        (without("records/1/directions"), "records/1/directions is missing"),
        (attribute("records/1/directions", "components", "y x"), "components of records/1/directions is 'y x'"),
        (attribute("records/1", "quantity", "speed"), "quantity of records/1 is 'speed', where one of displacement"),
        (without("records"), "the group records is missing"),
        (lambda file: file.move("records/1", "records/one"), "records/one is no number from 1 to 1"),
        (without("known/mu"), "known/mu is missing"),
        (without("known/pulses/peak"), "known/pulses/peak is missing"),
        (without("known/mu", "role"), "role of known/mu is 'missing'"),
        (attribute("known/mu", "role", "guess"), "'start' or 'known' is needed"),
        (without("records/1/xy", "units"), "units of records/1/xy is 'missing', where 'm' is needed"),
        (attribute("records/1/time", "units", "us"), "units of records/1/time is 'us', where 's' is needed"),
        (attribute("known/lambda", "units", "GPa"), "units of known/lambda is 'GPa', where 'Pa' is needed"),
        (attribute("known/pulses/width", "units", "mm"), "units of known/pulses/width is 'mm'"),
        (replaced("records/1/xy", np.zeros((3, 3))), r"records/1: xy has shape \(3, 3\)"),
        (replaced("records/1/time", np.zeros((4, 1))), r"records/1: time has shape \(4, 1\)"),
        (replaced("records/1/values", np.ones((4, 3, 2))), r"\(4, 3, 2\), .* need \(3, 4\) and channels"),
        (replaced("truth/displacement", np.ones((3, 4))), r"truth/displacement has shape \(3, 4\)"),
        (replaced("known/rho", [2700.0]), r"known/rho has shape \(1,\), where one number"),
        (replaced("known/pulses/center", np.zeros((2, 2))), "known/pulses/center has shape"),
        (replaced("known/pulses/direction", [[2.0, 0.0]]), "a vector of length 1"),
        (replaced("records/1/xy", [[0, 0], [0, np.nan], [1, 1]]), "xy has values that are not fin"),
        (replaced("records/1/time", [0, 1, 2, np.inf]), "time has values that are not finite"),
        (
            replaced("records/1/values", np.full((3, 4, 2), np.nan)),
            "displacement has no value",
        ),
        (replaced("records/1/values", np.zeros((3, 4, 2))), "displacement is zero everywhere"),
        (replaced("records/1/time", [0, 1e-6, 1e-6, 4e-6]), "does not increase after row 1"),
        (replaced("records/1/time", [0, 2e-6, 1e-6, 4e-6]), "does not increase after row 1"),
        (replaced("records/1/time", [b"a", b"b", b"c", b"d"]), "where real numbers are needed"),
        (replaced("records/1/values", np.ones((3, 4, 2), np.float16)), "holds float16"),
        (replaced("records/1/noise", -1.0), "the noise of displacement is -1 m, where it must be 0 or more"),
        (replaced("records/1/noise", b"1 %"), "where real numbers are needed"),
        (replaced("records/1/directions", np.zeros((2, 2))), "records/1: directions of displacement have a vector of"),
        (replaced("known/mu", -1.0), "known: .*mu"),
        (replaced("truth/rho", np.inf), "truth has a material constant that is not finite"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name_and_fault(path, edit, fault):
    with h5py.File(path, "r+") as file:
        edit(file)
    with pytest.raises(ReceiverFileError, match=fault) as caught:
        Receivers.load(path)
    assert str(path) in str(caught.value)
    assert "data/README.md" in str(caught.value)


def test_a_missing_file_is_refused_with_the_place_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReceiverFileError, match="No such file") as caught:
        Receivers.load("data/none.h5")
    assert str(tmp_path / "data" / "none.h5") in str(caught.value)


@pytest.mark.parametrize("kept", [0, 5, 0.3, 0.9])
def test_a_truncated_file_is_refused_by_name(path, kept):
    image = path.read_bytes()
    path.write_bytes(image[: kept if isinstance(kept, int) else int(kept * len(image))])
    with pytest.raises(ReceiverFileError, match="not a whole HDF5 file") as caught:
        Receivers.load(path)
    assert str(path) in str(caught.value)


def test_a_file_of_another_kind_is_refused_with_what_makes_a_receiver_file_of_it(tmp_path):
    (tmp_path / "scan.csv").write_text("t (us), v (mm/s)\n0, 1\n")
    with pytest.raises(ReceiverFileError, match=r"of a raw recording, `elastic-pinn import \S+scan\.csv --output"):
        Receivers.load(tmp_path / "scan.csv")


def test_values_that_do_not_fit_together_are_refused_when_made():
    with pytest.raises(ValueError, match=r"displacement has shape \(3, 4, 2\)"):
        example(time=np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="where lambda, mu, rho are needed"):
        dataclasses.replace(example(), material={"lambda": 1.0, "mu": 1.0})
