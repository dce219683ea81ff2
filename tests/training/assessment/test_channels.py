"""Data misfits by channel, in whatever order their samples were drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from elastic_pinn.training.assessment.channels import Channels, channels_of
from elastic_pinn.training.session import Session


def recorded_at_one_place(names, of, time):
    """Channels of which nothing but names, channel and time of each misfit matters."""
    return Channels(names, of, time, torch.zeros(len(of), 2), torch.ones(len(of), 1), torch.zeros(len(of)))


def test_neighbours_in_time_are_those_of_one_channel_in_whatever_order_they_come():
    of = torch.tensor([0, 1, 0, 1, 0])
    time = torch.tensor([2.0, 0.0, 0.0, 1.0, 1.0])
    values = torch.tensor([4.0, 10.0, 1.0, 30.0, 2.0])  # channel 0: 1, 2, 4; channel 1: 10, 30
    expected = (1.0 + 4.0 + 400.0) / (1.0 + 4.0 + 4.0 + 16.0 + 100.0 + 900.0)
    assert recorded_at_one_place(["0 x", "0 y"], of, time).von_neumann_ratio(values) == pytest.approx(expected)


def test_white_noise_has_a_ratio_of_one_and_what_lasts_less():
    of, time = torch.arange(4).repeat_interleave(500), torch.arange(500.0).repeat(4)
    channels = recorded_at_one_place(list("abcd"), of, time)
    noise = torch.randn(4, 500, generator=torch.Generator().manual_seed(0))
    assert channels.von_neumann_ratio(noise.flatten()) == pytest.approx(1.0, abs=0.1)
    assert channels.von_neumann_ratio((noise + noise.roll(1, dims=1)).flatten()) == pytest.approx(0.5, abs=0.1)


def test_misfits_of_one_instant_are_those_within_a_usual_step_in_whatever_order_they_come():
    of = torch.tensor([0, 1, 0, 1, 0, 1])
    time = torch.tensor([2.0, 0.2, 0.0, 1.3, 1.0, 2.1])
    assert recorded_at_one_place(["0 x", "1 x"], of, time).instants().tolist() == [2, 0, 0, 1, 1, 2]
    shots = replace(recorded_at_one_place(["0 x", "1 x"], of, time), shot=of)
    assert len(set(shots.instants().tolist())) == 6, "of each shot its own"
    alone = recorded_at_one_place(["0 x", "1 x"], of[:2], time[:2]).instants()
    assert len(alone) == 2


def test_each_misfit_belongs_to_its_receiver_and_component(tiny, inverse):
    batch = Session(tiny(precision="float64", validation_fraction=0.2), inverse).sampler.batches["data"]
    channels, receivers = channels_of(batch, inverse.recorded, [slice(None)]), inverse.receivers
    stations = torch.from_numpy(np.pad(receivers.xy, ((0, 0), (0, 1))))  # (R, 3)
    rows = torch.cdist(batch.points[:, :2], inverse.scales.dimensionless(stations)[:, :2]).argmin(1)
    assert channels.of.tolist() == torch.stack([2 * rows, 2 * rows + 1], dim=1).flatten().tolist()
    assert channels.names[2:4] == ("1 x", "1 y") and len(channels.names) == 2 * len(stations)


def test_receivers_at_one_place_count_as_the_first_of_them(tiny, inverse):
    receivers = inverse.receivers
    xy = receivers.xy.copy()
    xy[2] = xy[0]
    problem = replace(inverse, receivers=replace(receivers, xy=xy, truth=None))
    channels = channels_of(
        Session(tiny(precision="float64"), problem).sampler.batches["data"], problem.recorded, [slice(None)]
    )
    assert not {4, 5} & set(channels.of.tolist()) and {0, 1} <= set(channels.of.tolist())
