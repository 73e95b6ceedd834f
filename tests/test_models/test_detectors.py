"""MoEFusion with its detectors: attention, separate learning, heads that rest, detections."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from torch.nn import functional as F

from moefusion.models.auxiliary import _attention_loss
from moefusion.models.moe_fusion import MODALITIES


def count_calls(modules):
    calls = []
    for module in modules:
        module.register_forward_hook(lambda *_: calls.append(1))
    return calls


def heads(detector):
    return [detector.rpn_head.rpn_conv, detector.roi_head.bbox_head.fc_cls]


def test_attention_is_the_finest_map_upsampled_and_cropped(with_detectors, batch_of, prepared):
    model = with_detectors().eval()
    batch = batch_of((40, 60), (64, 50))
    with torch.no_grad():
        data = prepared(model, batch)
        finest = {}
        for modality in ('visible', 'infrared'):
            detector = model.detector(modality)
            features = detector.neck[0](detector.backbone(data['inputs'][modality]))
            finest[modality] = detector.neck[1].attention[0](features[0])
        results = model.test_step(batch)
    assert finest['visible'].shape == (2, 1, 16, 16)
    for row, (height, width) in enumerate([(40, 60), (64, 50)]):
        for channel, modality in ((1, 'visible'), (2, 'infrared')):
            expected = F.interpolate(finest[modality], (64, 64), mode='bilinear')
            torch.testing.assert_close(
                results[row].attention.data[channel], expected[row, 0, :height, :width]
            )
    assert not torch.equal(results[0].attention.data[1], results[0].attention.data[2])


def test_attending_leaves_every_part_in_its_mode(with_detectors):
    """Among them parts that rest in the middle of a training."""
    model = with_detectors().train()
    model.visible_detector.neck[1].attention[0][1].eval()
    modes = [module.training for module in model.modules()]
    statistics = model.visible_detector.neck[1].attention[1][0].bn.running_mean.clone()
    model.attend('visible', torch.rand(2, 3, 64, 64))
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(model.visible_detector.neck[1].attention[1][0].bn.running_mean, statistics)


def test_attention_guides_the_fusion(with_detectors, batch_of):
    model = with_detectors().eval()
    batch = batch_of((32, 32))
    with torch.no_grad():
        before = model.test_step(dict(batch))[0].fused.data
        model.visible_detector.neck[1].attention[0][1].bn.bias += 3
        assert not torch.equal(before, model.test_step(dict(batch))[0].fused.data)


def test_each_part_learns_from_its_own_loss(with_detectors, batch_of, prepared):
    """The three groups of parameters against the three groups of losses."""
    model = with_detectors()
    losses = model(**prepared(model, batch_of((64, 64), (64, 64)), True), mode='loss')
    groups = {
        group: sum(
            sum(part.mean() for part in value) if isinstance(value, list) else value
            for name, value in losses.items()
            if name.split('.')[0] in names and 'loss' in name.split('.')[1]
        )
        for group, names in dict(
            fusion=('fusion', 'load'),
            visible_detector=('visible',),
            infrared_detector=('infrared',),
        ).items()
    }
    for group, loss in groups.items():
        model.zero_grad()
        loss.backward(retain_graph=True)
        reached = {
            name.split('.')[0]
            for name, p in model.named_parameters()
            if p.grad is not None and p.grad.abs().sum() > 0
        }
        assert reached == {group}


BOXES = [[8.0, 16.0, 40.0, 48.0]], [[0.0, 0.0, 16.0, 12.0]], [[32.0, 4.0, 64.0, 24.0]]


def cross_entropy(attention):
    """Of the maps of three images 64 x 64 with the masks of BOXES at stride 4, by NumPy."""
    masks = np.zeros((3, 16, 16))
    masks[0, 4:12, 2:10] = masks[1, :3, :4] = masks[2, 1:6, 8:16] = 1
    share = attention[:, 0].detach().float().numpy().astype(float)
    return -(masks * np.log(share) + (1 - masks) * np.log(1 - share)).mean()


def test_attention_loss_is_the_cross_entropy_with_each_samples_boxes(
    with_detectors, make_pair, prepared
):
    model = with_detectors(attention_loss=True)
    learnt = {}
    for modality in MODALITIES:
        model.detector(modality).neck[1].attention[0].register_forward_hook(
            lambda module, _, output, name=modality: (
                learnt.setdefault(name, output) if output.requires_grad else None
            )
        )
    pairs, samples = zip(*(make_pair(64, 64, boxes=boxes) for boxes in BOXES))
    batch = dict(inputs=list(pairs), data_samples=list(samples))
    losses = model(**prepared(model, batch, True), mode='loss')
    for modality in MODALITIES:
        loss = losses[f'{modality}.loss_attention']
        assert loss.item() == pytest.approx(cross_entropy(learnt[modality]), rel=1e-4)
        loss.backward(retain_graph=True)
        assert model.detector(modality).neck[1].attention[0][1].conv.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.fusion.parameters())


def test_attention_loss_under_autocast(make_pair, monkeypatch):
    """On CUDA autocast refuses binary_cross_entropy: it must be off, and all in float32."""
    seen = []

    def watched(values, targets, run=F.binary_cross_entropy):
        seen.append((torch.is_autocast_enabled('cpu'), values.dtype, targets.dtype))
        return run(values, targets)

    monkeypatch.setattr(F, 'binary_cross_entropy', watched)
    samples = [make_pair(64, 64, boxes=boxes)[1] for boxes in BOXES]
    attention = torch.rand(3, 1, 16, 16).clamp(0.05, 0.95).bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        loss = _attention_loss(attention, samples, torch.zeros(3, 3, 64, 64))
    assert seen == [(False, torch.float32, torch.float32)]
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(cross_entropy(attention), rel=1e-4)


def test_every_parameter_takes_part(with_detectors, batch_of, prepared):
    """Also where there is nothing to detect: distributed training needs each gradient."""
    model = with_detectors()
    losses = model(**prepared(model, batch_of((64, 64), boxes=[]), True), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert [
        name for name, p in model.named_parameters() if p.requires_grad and p.grad is None
    ] == []


def test_loss_names(with_detectors, batch_of, prepared):
    model = with_detectors()
    _, log = model.parse_losses(model(**prepared(model, batch_of((32, 64)), True), mode='loss'))
    assert {
        f'{modality}.{term}'
        for modality in ('visible', 'infrared')
        for term in ('loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'acc')
    } <= set(log)
    assert 'visible.loss_attention' not in log  # an option
    assert log['loss'].item() == pytest.approx(
        sum(log[f'loss_{group}'].item() for group in ('fusion', 'load', 'visible', 'infrared'))
    )


def test_heads_rest_at_test(with_detectors, batch_of):
    model = with_detectors().eval()
    calls = count_calls(heads(model.visible_detector) + heads(model.infrared_detector))
    backbones = count_calls([model.visible_detector.backbone, model.infrared_detector.backbone])
    with torch.no_grad():
        (result,) = model.test_step(batch_of((64, 64)))
    assert len(backbones) == 2
    assert not calls
    assert 'pred_instances' not in result


def unlabel(sample):
    """As a pipeline without LoadAnnotations packs it."""
    sample.gt_instances = InstanceData()
    return sample


@pytest.mark.parametrize('labelled', [(1, 3), (0, 1, 2, 3), ()])
def test_each_row_is_fused_with_its_own_attention(with_detectors, labelled, batch_of, prepared):
    """In training as at test: labelled rows, others, and sizes that differ, each by itself."""
    model = with_detectors()
    find = {name: model.detector(name).neck[1].attention[0] for name in MODALITIES}
    with torch.no_grad():  # maps that differ between images, statistics that stay
        for attention in find.values():
            attention[1].bn.weight *= 5
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0
    sizes = (64, 64), (40, 60), (64, 64), (50, 64)
    batch = batch_of(*sizes)
    for row, sample in enumerate(batch['data_samples']):
        if row not in labelled:
            unlabel(sample)
    data = prepared(model, batch, True)
    seen = {}
    model.fusion.register_forward_pre_hook(
        lambda module, inputs: seen.update({tuple(inputs[0].shape[-2:]): inputs})
    )
    model(**data, mode='loss')
    model.eval()
    rows = {}
    for row, size in enumerate(sizes):
        rows.setdefault(size, []).append(row)
    for (height, width), members in rows.items():
        inputs = seen[height, width]
        for place, row in enumerate(members):
            for number, modality in enumerate(MODALITIES):
                image = data['inputs'][f'{modality}_gray'][row, :, :height, :width]
                assert torch.equal(inputs[number][place], image)
                alone = model.attend(modality, data['inputs'][modality][row : row + 1])
                expected = alone[0, :, :height, :width]
                torch.testing.assert_close(inputs[2 + number][place], expected, atol=1e-4, rtol=0)
                assert expected.std() > 0.01
