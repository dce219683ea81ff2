import math
import random
import struct
from io import BytesIO

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from elastic_pinn.storage import CheckpointError, read_tree, write_tree
from elastic_pinn.storage.format.hdf5 import NewGroup, new_file
from elastic_pinn.storage.format.image import Image
from elastic_pinn.storage.format.tree import EXOTIC, NATIVE
from tests.storage.sameness import same


def stored(tree) -> BytesIO:
    image = Image()
    with new_file(image, 512) as file:
        write_tree(NewGroup(image, file.id), "tree", tree)
    return BytesIO(image.getbuffer())


def round_trip(tree):
    with h5py.File(stored(tree)) as file:
        return read_tree(file["tree"])


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
numpy_dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(sizes=(64, 128)),
)
torch_dtypes = st.sampled_from([*sorted(NATIVE, key=str), torch.bfloat16, torch.complex64, torch.complex128])


def random_bits(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> torch.Tensor:
    data = bytearray(random.Random(seed).randbytes(dtype.itemsize * math.prod(shape)))
    return torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)


tensors = st.builds(random_bits, shapes, torch_dtypes, st.integers())
odd_keys = st.sampled_from(["", ".", "..", "a/b", "/", "%", "0", "-1", "%2F", "\0"])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**130), 2**130),
    st.floats(),
    st.text(max_size=9),
    tensors,
    hnp.arrays(numpy_dtypes, shapes),
)


def branches(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5) | st.integers() | odd_keys, inner, max_size=4),
        st.lists(st.integers(), max_size=4),
        st.lists(st.floats(), max_size=4).map(tuple),
        st.builds(lambda tensor, count: [tensor] * count, tensors, st.integers(0, 3)),
    )


trees = st.recursive(leaves, branches, max_leaves=12)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(trees)
def test_equal_types_and_bits_come_back(tree):
    assert same(round_trip(tree), tree)


@pytest.mark.parametrize("name", EXOTIC)
def test_dtypes_that_numpy_lacks_come_back(name):
    tensor = torch.tensor([0.0, 1.0, 1.0, 0.0]).to(EXOTIC[name])
    tree = {"one": tensor, "two": [tensor, tensor], "none": tensor[:0], "scalar": tensor[1]}
    assert same(round_trip(tree), tree)


def test_not_a_number_keeps_its_payload():
    payload = struct.unpack("d", struct.pack("Q", 0x7FF8_0000_DEAD_BEEF))[0]
    tree = [payload, -0.0, {"tensor": torch.tensor([payload, -0.0], dtype=torch.float64), "float": payload}]
    assert same(round_trip(tree), tree)


def test_views_parameters_and_lazy_bits_come_back_as_their_values():
    base = torch.arange(12.0).reshape(3, 4)
    cases = [
        base.T,
        base[::2, 1::2],
        base[0].expand(3, 4),
        torch.complex(base, base).conj(),
        torch.complex(base, base).conj().imag[0, :1],
        base.requires_grad_(),
    ]
    for tensor in cases:
        assert torch.equal(round_trip(tensor), tensor.detach())
    parameter = torch.nn.Parameter(torch.ones(2))
    assert same(round_trip(parameter), torch.ones(2))


def test_tensors_that_come_back_share_no_memory():
    one, other = round_trip([torch.zeros(3), torch.zeros(3)])
    assert one.untyped_storage().nbytes() == other.untyped_storage().nbytes() == 12


def test_empty_text_and_nuls_come_back():
    tree = ["", "\0", "a\0", "a\0b", {"": "", "\0": "\0"}]
    assert same(round_trip(tree), tree)


def test_states_of_generators_come_back():
    numpy_state = np.random.Generator(np.random.PCG64(1)).bit_generator.state
    python_state = random.Random(1).getstate()
    torch_state = torch.Generator().manual_seed(1).get_state()
    tree = {"numpy": numpy_state, "python": python_state, "torch": torch_state}
    assert same(round_trip(tree), tree)


def test_the_state_of_every_optimizer_comes_back():
    network = torch.nn.Linear(3, 2)

    def closure() -> torch.Tensor:
        network.zero_grad()
        loss = network(torch.ones(4, 3)).square().sum()
        loss.backward()
        return loss

    for kind in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.LBFGS):
        optimizer = kind(network.parameters(), lr=0.01)
        for _ in range(3):
            optimizer.step(closure)
        state = optimizer.state_dict()
        assert same(round_trip(state), {key: state[key] for key in state})


def test_plain_tensors_are_plain_data_sets():
    with h5py.File(stored({"layers.0.weight": torch.ones(2, 3), "layers.0.bias": torch.ones(2)})) as file:
        assert list(file["tree"]) == ["layers.0.weight", "layers.0.bias"]
        weight = file["tree/layers.0.weight"]
        assert weight.dtype == np.float32 and weight[:].tolist() == [[1, 1, 1], [1, 1, 1]]


def test_equal_trees_give_equal_bytes():
    tree = {"b": torch.ones(3), "a": [1, "two", None], 3: {"x": 2**100}}
    assert stored(tree).getvalue() == stored(tree).getvalue()


def test_no_variable_length_compound_or_reference_types_are_written():
    tree = {"text": "long " * 100, "complex": torch.ones(2, dtype=torch.complex64), "flag": [True, None]}
    kinds = set()
    with h5py.File(stored(tree)) as file:
        file.visititems(lambda _, item: kinds.add(item.dtype.kind) if isinstance(item, h5py.Dataset) else None)
        assert kinds <= set("iufS")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({1, 2}, "set"),
        (object(), "object"),
        (np.float64(1), "numpy.float64"),
        (np.array(["a"]), "array of <U1"),
        (np.array([None]), "array of object"),
        (1j, "complex"),
        (torch.ones(2).to_sparse(), "sparse"),
        (torch.ones(2, device="meta"), "meta"),
        ({2.5: 1}, "key of type float"),
        ({True: 1}, "key of type bool"),
    ],
)
def test_what_would_not_come_back_is_refused_by_its_place(value, kind):
    with pytest.raises(TypeError, match=rf"^/tree/state/0.*{kind}.*legal is"):
        stored({"state": [value]} if not isinstance(value, dict) else {"state": {0: value}})


def hostile(make) -> h5py.File:
    """A file with a good tree into which `make(group)` puts something bad."""
    buffer = stored({"good": torch.zeros(2)})
    with h5py.File(buffer, "r+") as file:
        make(file["tree"])
    return h5py.File(buffer, "r")


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3,))
    group.create_virtual_dataset("bad", layout).attrs["type"] = "tensor"


def external(group: h5py.Group) -> None:
    dataset = group.create_dataset("bad", (8,), "u1", external=[("/etc/passwd", 0, 8)])
    dataset.attrs.create("type", b"tensor", dtype="S6")


def typed(kind: str, data, **options):
    def make(group: h5py.Group) -> None:
        dataset = group.create_dataset("bad", data=data, **options)
        dataset.attrs.create("type", kind.encode(), dtype=h5py.string_dtype("utf-8", len(kind)))

    return make


def linked(link):
    def make(group: h5py.Group) -> None:
        group["bad"] = group if link is None else link

    return make


@pytest.mark.parametrize(
    "make",
    [
        linked(h5py.SoftLink("/tree/good")),
        linked(h5py.ExternalLink("/etc/passwd", "x")),
        linked(None),
        linked(np.dtype("f8")),
        virtual,
        external,
        typed("tensor", np.zeros(9), chunks=(3,)),
        typed("tensor", np.zeros(9), chunks=(3,), compression="gzip"),
        typed("tensor", "text", dtype=h5py.string_dtype()),
        typed("tensor", np.zeros(2, dtype=[("a", "f8")])),
        typed("tensor", np.array(b"text")),
        typed("tensor[os]", np.zeros(2)),
        typed("tensor[bfloat16]", np.zeros(2)),
        typed("list[tensor]", np.zeros(())),
        typed("list[str]", np.zeros(2)),
        typed("list[int]", np.zeros(2)),
        typed("int", np.zeros(2)),
        typed("int", np.array(b"1e5")),
        typed("float", h5py.Empty("f8")),
        typed("set", np.zeros(())),
        typed("json", np.array(b"[1]")),
        typed("json", np.array(b'{"a": [1]}')),
        typed("json", np.array('{"a": 1}'.encode("utf-16-be"))),
        typed("list[tensors]", np.zeros(3)),
        lambda group: group.create_group("bad").attrs.create("type", b"set", dtype="S3"),
        lambda group: group.create_group("bad").attrs.create("type", "dict"),
    ],
)
def test_what_writing_never_makes_is_refused_by_its_name(make):
    with hostile(make) as file, pytest.raises(CheckpointError, match=r"'/tree.*bad|'bad'"):
        read_tree(file["tree"])


def test_a_declared_size_that_is_not_stored_is_refused():
    def bomb(group: h5py.Group) -> None:
        group.create_dataset("bad", (2**40,), "f8").attrs.create("type", b"tensor", dtype="S6")

    with hostile(bomb) as file, pytest.raises(CheckpointError, match="more than it stores"):
        read_tree(file["tree"])
