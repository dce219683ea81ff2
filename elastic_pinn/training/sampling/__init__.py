"""Where the points of training are, and when they move.

A way to spread points is a function in `points.py`. A way to move them by the model's residuals is a file, as `r3.py`:
a function of a place's `Cloud` that returns as many points of the unit cube; its line is in `MOVES`.
Imports from physics and training's config and seeds.
"""

from elastic_pinn.training.sampling.draw import counts_of, draw_evenly, first_points, moved_points
from elastic_pinn.training.sampling.minibatches import Minibatches, require_divisible
from elastic_pinn.training.sampling.points import unit_points
from elastic_pinn.training.sampling.recorded import data_batches, held_out_count, held_out_told, split_data
from elastic_pinn.training.sampling.sampler import Sampler

__all__ = [
    "Minibatches",
    "Sampler",
    "counts_of",
    "data_batches",
    "draw_evenly",
    "first_points",
    "held_out_count",
    "held_out_told",
    "moved_points",
    "require_divisible",
    "split_data",
    "unit_points",
]
