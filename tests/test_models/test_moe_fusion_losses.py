"""MoEFusion in training: its losses, pairs without labels, bfloat16."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.structures import InstanceData
from scipy import ndimage

import moefusion.plugin  # noqa: F401
from moefusion.losses import FusionLoss
from moefusion.models import moe_fusion
from moefusion.models.moe_fusion import MODALITIES
from moefusion.models.precision import has_bfloat16


def hold_statistics(model):
    """The gates' running statistics stay as they are, so that runs can be compared."""
    for gate in model.fusion.gates().values():
        gate.standard.eval()
    return model


SIZES = (40, 56), (17, 23), (40, 56), (33, 61)


def test_fusion_losses_by_hand(fusion_only, batch_of, prepared):
    """Equations 7 to 9 in NumPy, on the fused image that the model itself gives."""
    model = fusion_only(noise=0)
    boxes = [[2.0, 3.0, 10.0, 9.0], [8.0, 1.0, 15.0, 6.0]]
    batch = batch_of((20, 30), boxes=boxes)
    data = prepared(model, batch, training=True)
    with torch.no_grad():
        losses = model(**data, mode='loss')
        fused = model(**data, mode='tensor')[0][0].numpy()
    pair = batch['inputs'][0].double().numpy()
    visible = (0.298936 * pair[2] + 0.587043 * pair[1] + 0.114021 * pair[0]) / 255
    infrared = pair[3] / 255
    mask = fused * 0
    mask[3:9, 2:10] = mask[1:6, 8:15] = 1
    foreground = abs(mask * (fused - visible.clip(infrared))).mean()
    background = abs((1 - mask) * (fused - (visible + infrared) / 2)).mean()

    def gradient(image):
        return sum(abs(ndimage.sobel(image, axis, mode='nearest')) for axis in (0, 1))

    texture = abs(gradient(fused) - gradient(visible).clip(gradient(infrared))).mean()
    assert losses['fusion.loss_pixel_foreground'].item() == pytest.approx(foreground, rel=1e-4)
    assert losses['fusion.loss_pixel_background'].item() == pytest.approx(background, rel=1e-4)
    assert losses['fusion.loss_gradient'].item() == pytest.approx(texture, rel=1e-4)


def test_losses_of_mixed_sizes_are_the_average_of_single_ones(awake, batch_of, prepared):
    model = awake(noise=0)
    model.statistics.momentum = 1  # the load of this batch alone
    batch = batch_of(*SIZES)
    batch['inputs'][0][:3], batch['inputs'][1][3] = 0, 0  # dark in one modality
    boxes = [[2.0, 3.0, 30.0, 20.0]], [[4.0, 1.0, 9.0, 16.0]], None, [[40.0, 5.0, 60.0, 33.0]]
    for sample, objects in zip(batch['data_samples'], boxes):
        sample.gt_instances = InstanceData()
        if objects:
            sample.gt_instances.bboxes = torch.tensor(objects)
    model(**prepared(model, batch), mode='tensor')  # the gates' statistics meet the images
    hold_statistics(model)
    together = model(**prepared(model, batch, True), mode='loss')
    single = [
        model(**prepared(model, dict(inputs=[pair], data_samples=[sample]), True), mode='loss')
        for pair, sample in zip(*batch.values())
    ]
    assert single[2]['fusion.loss_pixel_foreground'] == 0
    for name in together:
        if name.startswith('fusion'):
            expected = torch.stack([losses[name] for losses in single]).mean()
            torch.testing.assert_close(together[name], expected)
    # The load is that of the whole batch: the mean over images of one would be larger.
    assert together['load.loss_global'] < single[0]['load.loss_global']


def test_load_loss_is_over_the_batch(fusion_only, batch_of, prepared):
    """With zero gates and no noise every image takes the same two experts: CV^2 is 1 twice."""
    model = fusion_only(noise=0)
    model.statistics.momentum = 1
    losses = model(**prepared(model, batch_of(*SIZES), True), mode='loss')
    for name in ('local_foreground', 'local_background', 'global'):
        assert losses[f'load.loss_{name}'].item() == pytest.approx(2)
        assert losses[f'gates.{name}'].item() == pytest.approx(0.5)


def test_loss_leaves_the_ground_truth_alone(with_detectors, batch_of, prepared):
    model = with_detectors()
    boxes = [[4.0, 4.0, 20.0, 30.0], [10.0, 2.0, 40.0, 28.0]]
    data = prepared(model, batch_of((32, 48), boxes=boxes, labels=[1, 2]), True)
    model(**data, mode='loss')
    truth = data['data_samples'][0].gt_instances
    assert truth.bboxes.tolist() == boxes and truth.labels.tolist() == [1, 2]


@pytest.mark.parametrize('boxes', [[], [[4.0, 4.0, 20.0, 30.0]]])
def test_train_step(fusion_only, boxes, batch_of):
    from mmengine.optim import OptimWrapper

    model = fusion_only()
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    log = model.train_step(batch_of(*SIZES, boxes=boxes), wrapper)
    assert log['loss'].isfinite() and {'loss_fusion', 'loss_load'} <= set(log)
    assert (log['fusion.loss_pixel_foreground'] > 0) == bool(boxes)
    changed = {name for name, p in model.named_parameters() if not torch.equal(before[name], p)}
    assert 'fusion.visible_encoder.stem.weight' in changed
    assert 'fusion.decoder.gate.weight' in changed


def test_bfloat16_losses(fusion_only, batch_of, prepared):
    model = fusion_only(noise=0)
    data = prepared(model, batch_of(*SIZES), True)
    full = model(**data, mode='loss')
    with torch.autocast('cpu', torch.bfloat16):
        half = model(**data, mode='loss')
    for name, value in full.items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], value, rtol=0.05, atol=0.02)


def test_the_losses_are_those_of_the_config(batch_of, prepared):
    """The terms are those of FusionLoss with the config's options and the sample's boxes."""
    model = MODELS.build(
        dict(
            type='MoEFusion',
            fusion=dict(local_grid=(2, 3), global_grid=(2, 2), noise=0),
            fusion_loss=dict(type='FusionLoss', adaptive=dict(brighter=0.8)),
        )
    )
    boxes = [[2.0, 3.0, 10.0, 9.0]]
    data = prepared(model, batch_of((20, 30), boxes=boxes), training=True)
    with torch.no_grad():
        losses = model(**data, mode='loss')
        fused = model(**data, mode='tensor')
    sources = [list(data['inputs'][f'{name}_gray'][..., :20, :30]) for name in MODALITIES]
    expected = FusionLoss(dict(brighter=0.8))(fused, *sources, [torch.tensor(boxes)])
    for name, value in expected.items():
        torch.testing.assert_close(losses[f'fusion.{name}'], value)


def unlabel(sample):
    """As a pipeline without LoadAnnotations packs it."""
    sample.gt_instances = InstanceData()
    return sample


def test_an_unlabelled_pair_is_all_background(fusion_only, batch_of, prepared):
    model = hold_statistics(fusion_only(noise=0))
    model.statistics.momentum = 1
    empty = batch_of((20, 30), boxes=[])
    expected = model(**prepared(model, empty, True), mode='loss')
    sample = unlabel(empty['data_samples'][0].clone())
    losses = model(
        **prepared(model, dict(inputs=empty['inputs'], data_samples=[sample]), True), mode='loss'
    )
    assert losses['fusion.loss_pixel_foreground'] == 0
    assert {name: value.item() for name, value in losses.items()} == {
        name: value.item() for name, value in expected.items()
    }


def test_unlabelled_pairs_teach_no_detector(with_detectors, batch_of, prepared):
    """The detection losses are those of the labelled pair alone; the fusion sees all of them."""
    model = with_detectors(
        fusion=dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4), noise=0)
    )
    for module in model.modules():  # so that a pair's features do not depend on the others
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0
    model.eval()
    batch = batch_of((64, 64), (64, 64), (64, 64))
    samples = batch['data_samples']
    unlabel(samples[0]), unlabel(samples[2])
    data = prepared(model, batch, True)
    torch.manual_seed(1)
    losses = model(**data, mode='loss')
    torch.manual_seed(1)
    alone = model(
        **prepared(model, dict(inputs=batch['inputs'][1:2], data_samples=samples[1:2]), True),
        mode='loss',
    )
    for name, value in alone.items():
        if name.startswith(('visible', 'infrared')):
            torch.testing.assert_close(losses[name], value)
    every = model.test_step(batch)
    fused = torch.stack([sample.fused.data for sample in every])
    sources = [data['inputs'][f'{name}_gray'] for name in ('visible', 'infrared')]
    terms = FusionLoss()(list(fused), *(list(source) for source in sources), [None] * 3)
    texture = terms['loss_gradient']  # needs each pair's own attention map
    torch.testing.assert_close(losses['fusion.loss_gradient'], texture, rtol=1e-3, atol=1e-3)


def test_a_batch_without_labels(with_detectors, batch_of, prepared):
    model = with_detectors()
    batch = batch_of((64, 64))
    unlabel(batch['data_samples'][0])
    losses = model(**prepared(model, batch, True), mode='loss')
    groups = {name.split('.')[0] for name in losses}
    assert groups == {'fusion', 'load', 'gates', 'visible', 'infrared'}
    # DDP wants a gradient, 0, for every parameter of the detectors
    total, _ = model.parse_losses(losses)
    total.backward()
    for modality in ('visible', 'infrared'):
        assert losses[f'{modality}.loss_unlabelled'] == 0
        for parameter in model.detector(modality).parameters():
            assert parameter.grad is None or not parameter.grad.any()
            assert not parameter.requires_grad or parameter.grad is not None


@pytest.mark.parametrize('native', [True, False])
def test_bfloat16_is_for_the_fusion_network_in_training(
    with_detectors, monkeypatch, native, batch_of, prepared
):
    monkeypatch.setattr(moe_fusion, 'has_bfloat16', lambda device: native)
    model = with_detectors(bfloat16=True)
    kinds = {}

    def note(name):
        def hook(module, inputs, output):
            kinds[name] = output.dtype

        return hook

    model.fusion.visible_encoder.stem.register_forward_hook(note('fusion'))
    model.visible_detector.backbone.conv1.register_forward_hook(note('detector'))
    batch = batch_of((64, 64))
    losses = model(**prepared(model, batch, True), mode='loss')
    half = torch.bfloat16 if native else torch.float32
    assert kinds == dict(fusion=half, detector=torch.float32)
    assert losses['fusion.loss_gradient'].dtype == torch.float32
    with torch.no_grad():
        model.eval().test_step(batch)
    assert set(kinds.values()) == {torch.float32}


def test_bfloat16_by_the_processors_word(monkeypatch):
    for capabilities, native in (
        (dict(avx2=True, avx512_bf16=False, amx_bf16=False), False),
        (dict(avx2=True, avx512_bf16=True, amx_bf16=False), True),
        ({}, False),
    ):
        monkeypatch.setattr(torch.cpu, 'get_capabilities', lambda found=capabilities: found)
        assert has_bfloat16.__wrapped__('cpu') is native
