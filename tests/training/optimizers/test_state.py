"""What an optimizer remembers survives storage, whatever it remembers of which parameter."""

import h5py
import pytest
import torch
from torch import nn

from elastic_pinn.config import Config
from elastic_pinn.storage import copy_tree, read_tree, write_tree
from elastic_pinn.storage.format.hdf5 import NewGroup, new_file
from elastic_pinn.storage.format.image import Image
from elastic_pinn.training.optimizers import OPTIMIZERS, load_moments, moments, translated
from tests.storage.sameness import same
from tests.training.optimizers.trained import Trained

CONFIG = Config(precision="float64")
EVERY_ONE = ("adam", "adamw", "sgd", "soap", "lbfgs", "ssbfgs", "ssbroyden")


def round_trip(tree):
    image = Image()
    with new_file(image, 512) as file:
        write_tree(NewGroup(image, file.id), "tree", tree)
    with h5py.File(image) as file:
        return read_tree(file["tree"])


def made(name: str):
    """An optimizer over matrices, vectors and a number, and what makes it go a step down."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(24, 3), (2, 24), (24,), (2,), ()]
    parameters = [nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator)) for shape in shapes]
    optimizer = OPTIMIZERS[name].make(Trained(parameters), CONFIG)

    def closure():
        with torch.enable_grad():
            loss = sum((parameter - 1).pow(4).sum() + parameter.sum().square() for parameter in parameters)
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.grad = gradient
        return loss.detach()

    def step():
        closure()
        optimizer.step(closure)

    return optimizer, parameters, step


@pytest.mark.parametrize("steps", [2, 12])
@pytest.mark.parametrize("name", EVERY_ONE)
def test_after_a_round_trip_an_optimizer_goes_on_to_the_same_bits(name, steps):
    one, parameters, step = made(name)
    for _ in range(steps):
        step()
    kept = round_trip(copy_tree(moments(one)))
    assert same(kept, copy_tree(moments(one)))
    other, others, step_other = made(name)
    with torch.no_grad():
        for parameter, value in zip(others, parameters, strict=True):
            parameter.copy_(value)
    load_moments(other, kept)
    for _ in range(12):
        step()
        step_other()
    assert all(torch.equal(a, b) for a, b in zip(parameters, others, strict=True))
    assert same(copy_tree(moments(one)), copy_tree(moments(other)))


def test_a_parameter_has_none_of_what_it_does_not_remember():
    optimizer, _, step = made("soap")
    step()
    memory = moments(optimizer)
    assert [value is None for value in memory["left"]] == [False, False, True, True, True]
    assert [value.shape for value in memory["exp_avg"]] == [(24, 3), (2, 24), (24,), (2,), ()]


@pytest.mark.parametrize("name", ["lbfgs", "ssbroyden"])
def test_what_is_of_all_parameters_stands_once(name):
    optimizer, _, step = made(name)
    step()
    assert {len(values) for values in moments(optimizer).values()} == {1}


def test_what_torchs_lbfgs_remembered_is_gone_on_with():
    ours, parameters, step = made("lbfgs")
    former = torch.optim.LBFGS(parameters, max_iter=1, line_search_fn="strong_wolfe")
    for _ in range(4):
        step()

        def closure():
            for parameter in parameters:
                parameter.grad = 4 * (parameter.detach() - 1) ** 3 + 2 * parameter.detach().sum()
            return sum((p.detach() - 1).pow(4).sum() + p.detach().sum().square() for p in parameters)

        former.step(closure)
    found, note = translated(moments(former))
    assert found.keys() == {"steps", "changes"} and "not to the same bits" in note
    theirs = former.state[parameters[0]]
    load_moments(ours, found)
    memory = ours.state[parameters[0]]
    assert len(memory["steps"]) > 1 and same(memory["steps"], theirs["old_stps"])
    assert all(s.dot(y) > 0 for s, y in zip(memory["steps"], memory["changes"], strict=True))
    step()
    assert translated(moments(ours)) == (moments(ours), "")


def test_before_the_first_step_there_is_nothing():
    optimizer, _, _ = made("soap")
    assert moments(optimizer) == {}
    load_moments(optimizer, {})
    assert moments(optimizer) == {}


def test_what_was_loaded_is_a_copy():
    optimizer, _, step = made("ssbfgs")
    for _ in range(3):
        step()
    kept = copy_tree(moments(optimizer))
    before = kept["inverse_hessian"][0].clone()
    load_moments(optimizer, kept)
    step()
    assert torch.equal(kept["inverse_hessian"][0], before)
