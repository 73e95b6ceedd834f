"""A training step's fusion part on a pretend device: no tensor is made on another one."""

from contextlib import nullcontext

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch._subclasses.fake_tensor import FakeTensorMode

from moefusion.fusion import FusionNetwork, Gating

DEVICE = 'meta'
NETWORKS = [dict(), dict(stride=2, source_skip=True), dict(local='attention', gating='plain')]


@pytest.fixture
def step(monkeypatch, fusion_only):
    """Losses and gradients of a step, by network options and loss.

    What depends on values has none here and is given: which experts a gate selects, how many
    batches its statistics have seen. PyTorch has no autocast for this device.
    """
    monkeypatch.setattr(Gating, 'selected', property(lambda self: [[0]] * len(self.index)))
    monkeypatch.setattr(torch, 'autocast', lambda *args, **kwargs: nullcontext())

    def run(options):
        with FakeTensorMode(allow_non_fake_inputs=True):
            with torch.device(DEVICE):
                model = fusion_only(**options).train()
                names = 'visible', 'infrared', 'visible_gray', 'infrared_gray', 'visible_rgb'
                inputs = {name: torch.rand(2, 1 if 'gray' in name else 3, 32, 32) for name in names}
            for gate in model.fusion.gates().values():
                if 'batches' in dict(gate.standard.named_buffers()):
                    del gate.standard.batches
                    gate.standard.batches = 7
            samples = [DetDataSample(metainfo=dict(img_shape=(30, 31))) for _ in range(2)]
            for sample in samples:
                sample.gt_instances = InstanceData()
            losses = model.loss(inputs, samples)
            sum(loss for name, loss in losses.items() if 'loss' in name).backward()
            return losses, dict(model.fusion.named_parameters())

    return run


@pytest.mark.parametrize('options', NETWORKS)
def test_all_tensors_are_on_the_device_of_the_model(step, options):
    """PyTorch refuses an operation on tensors of two devices here as on a GPU.

    It cannot find what autocast refuses, what depends on values (masks of boxes, gates that stop
    a rank), an index or convolution weights on another device, and nothing about detectors.
    """
    losses, parameters = step(options)
    assert {loss.device.type for loss in losses.values()} == {DEVICE}
    used = [value.grad.device.type for value in parameters.values() if value.grad is not None]
    assert used and set(used) == {DEVICE}


def test_a_tensor_on_another_device_is_found(step, monkeypatch):
    def wrong(region, attention):
        return attention * torch.ones(attention.shape)

    monkeypatch.setattr(FusionNetwork, 'prior', staticmethod(wrong))
    with pytest.raises(Exception, match='found at least two devices, meta and cpu'):
        step({})
