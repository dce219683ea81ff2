"""A triangle that grows row by row: that of all rows at once, and no larger than where they are zero allows."""

import pytest
import torch

from elastic_pinn.physics import problem_from
from elastic_pinn.training.optimizers.registry import _kept
from elastic_pinn.training.optimizers.streaming_qr import PANEL, StreamingQR
from elastic_pinn.training.session import Session


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def solved(blocks: list[torch.Tensor], right: torch.Tensor) -> tuple[StreamingQR, torch.Tensor]:
    """The answer to rows that come in blocks."""
    qr = StreamingQR(blocks[0].shape[1], blocks[0])
    top = blocks[0].new_zeros(blocks[0].shape[1], right.shape[1])
    for block, below in zip(blocks, right.split([len(each) for each in blocks]), strict=True):
        qr.add(block.clone()).rotate(top, below.clone())
    return qr, qr.solve(top)


def banded(count: int, width: int, cells: int) -> torch.Tensor:
    """Rows of which each has columns of two cells next to each other alone."""
    matrix = draw(count, width * cells)
    of_row = torch.arange(count) * (cells - 1) // count
    of_column = torch.arange(width * cells) // width
    apart = of_column - of_row[:, None]
    return matrix * ((apart == 0) | (apart == 1))


@pytest.mark.parametrize("rows", [(700,), (60, 500, 140), (10, 10, 680), (299, 401)])
def test_rows_in_blocks_have_the_answer_of_all_at_once(rows):
    matrix, right = draw(700, 300), draw(700, 2, seed=1)
    _, x = solved(list(matrix.split(rows)), right)
    torch.testing.assert_close(x, torch.linalg.lstsq(matrix, right).solution, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_columns_that_a_row_does_not_touch_take_no_memory():
    matrix, right = banded(4000, 100, 20), draw(4000, 1, seed=1)
    qr, x = solved(list(matrix.split(500)), right)
    torch.testing.assert_close(x, torch.linalg.lstsq(matrix, right).solution, rtol=1e-8, atol=1e-11)
    kept = sum(panel.numel() for panel in qr._panels)
    assert kept < 0.45 * 2000**2 / 2


def test_reflectors_turn_vectors_there_and_back():
    matrix, right = draw(500, 300), draw(500, 3, seed=1)
    reflectors = StreamingQR(300, matrix).add(matrix.clone())
    top, below = right.new_zeros(300, 3), right.clone()
    reflectors.rotate(top, below)
    torch.testing.assert_close(top.square().sum() + below.square().sum(), right.square().sum())
    reflectors.rotate_back(top, below)
    torch.testing.assert_close(below, right)
    torch.testing.assert_close(top, torch.zeros_like(top), rtol=0.0, atol=1e-12)


def test_norms_and_rows_are_those_of_the_matrix():
    matrix, rows = draw(400, 260), draw(5, 260, seed=2)
    qr, _ = solved(list(matrix.split(150)), draw(400, 1))
    torch.testing.assert_close(qr.norms(), matrix.norm(dim=0))
    z = qr.solve_rows(rows)
    torch.testing.assert_close(z @ z.T, rows @ torch.linalg.inv(matrix.T @ matrix) @ rows.T, rtol=1e-8, atol=1e-10)


def test_rows_of_zeros_and_columns_of_zeros_change_nothing():
    matrix, right = draw(400, 200), draw(400, 1, seed=1)
    matrix[:, 150:] = 0.0
    qr, _ = solved([matrix, torch.zeros(30, 200, dtype=torch.float64)], torch.cat([right, right[:30]]))
    torch.testing.assert_close(qr.norms(), matrix.norm(dim=0))
    assert torch.equal(qr.norms()[150:], torch.zeros(50, dtype=torch.float64))


@pytest.mark.parametrize("boundary_points", [60, 700])
def test_a_least_squares_of_patches_keeps_what_is_promised_of_it(boundary_points, tiny):
    config = tiny(
        network="patches", patches=[1, 1, 12], hidden_layers=[30], activation="sin", precision="float64",
        stages=["last_layer"], interior_points=800, boundary_points=boundary_points, initial_points=60,
    )  # fmt: skip
    session = Session(config, problem_from(config))
    model, columns = session.model, 12 * 2 * 30
    qr = StreamingQR(columns, model.last_layer[0])
    for block in session.loss.blocks(model, session.sampler.batches, model.last_layer):
        qr.add(block.jacobian)
    kept = sum(panel.numel() for panel in qr._panels)
    assert kept <= _kept(columns, 0, 12) + columns * PANEL
    assert _kept(columns, 0, 12) < 0.4 * columns**2 / 2


def test_blocks_have_the_rows_of_the_system_in_another_order(tiny):
    config = tiny(network="patches", patches=[2, 1, 3], hidden_layers=[8], activation="sin", precision="float64")
    session = Session(config, problem_from(config))
    model, batches = session.model, session.sampler.batches
    residuals, matrix = session.loss.system(model, batches, model.last_layer)
    blocks = list(session.loss.blocks(model, batches, model.last_layer))
    assert sum(block.part for block in blocks) == pytest.approx(1.0)
    mine = torch.cat([torch.cat([b.residuals[:, None], b.jacobian], dim=1) for b in blocks])
    theirs = torch.cat([residuals[:, None], matrix], dim=1)
    torch.testing.assert_close(mine.T @ mine, theirs.T @ theirs)
    assert len(mine) == len(theirs)
