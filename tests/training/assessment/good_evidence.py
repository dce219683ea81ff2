"""The evidence on a good fit, with parts of it changed."""

from dataclasses import replace

from elastic_pinn.physics.data import Noise
from elastic_pinn.training.assessment.channel_errors import ChannelDeviation
from elastic_pinn.training.assessment.common_errors import CommonDeviation
from elastic_pinn.training.assessment.evidence import Channel, Evidence, Scatter
from elastic_pinn.training.assessment.neighbours import Likeness

GOOD = Evidence(
    unknowns=("lambda", "mu"),
    is_identifiable=True,
    samples=1000,
    amplitudes=250,
    effective_parameters=100.0,
    noise=Noise(1e-9, "stated"),
    deviations={"lambda": 2e9, "mu": 1e9},
    correlations={"lambda and mu": -0.4},
    chi_square=1.0,
    channels=tuple(Channel(name, 1.0, 18.0) for name in ("0 x", "0 y", "1 x", "1 y")),
    held_out=1.0,
    held_out_samples=100,
    signal=100.0,
    other_misfit=0.1,
    von_neumann_ratio=1.0,
    alike=(Likeness("all", 0.0, 0.0), *(Likeness(name, 0.0, 0.0) for name in ("0 x", "0 y", "1 x", "1 y"))),
    by_channels=Scatter(1.0, 8.0),
    by_instants=Scatter(1.0, 8.0),
    ridge=0.01,
    ridge_pull=0.1,
    noise_part=0.1,
    remaining_step=0.01,
    shift=0.1,
    most_shifted="mu",
    common_errors=(
        CommonDeviation("the trigger time", 1.0, 0.1, "mu"),
        CommonDeviation("the size of the records", 1.0, 0.1, "lambda"),
    ),
    channel_errors=(ChannelDeviation("1 x", "the clock of 1 x, 1e-07 s late,", 1.0, 0.1, 0.1, "mu"),),
)


def channel_of(chi_square, degrees=18.0):
    """The channels, the last but one of them with another misfit."""
    return {"channels": (*GOOD.channels[:2], Channel("1 x", chi_square, degrees), GOOD.channels[3])}


def common_of(**changes):
    """What the records have in common, the trigger time of another size."""
    return {"common_errors": (replace(GOOD.common_errors[0], **changes), GOOD.common_errors[1])}
