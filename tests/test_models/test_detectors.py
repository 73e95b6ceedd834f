"""MoEFusion with its detectors: attention, separate learning, heads that rest, detections."""

import pytest
import torch
from mmdet.registry import MODELS
from torch.nn import functional as F


def batch_of(make_pair, *sizes, **options):
    pairs, samples = zip(*(make_pair(*size, **options) for size in sizes))
    return dict(inputs=list(pairs), data_samples=list(samples))


def prepared(model, batch, training=False):
    return model.data_preprocessor(dict(batch), training)


def count_calls(modules):
    calls = []
    for module in modules:
        module.register_forward_hook(lambda *_: calls.append(1))
    return calls


def heads(detector):
    return [detector.rpn_head.rpn_conv, detector.roi_head.bbox_head.fc_cls]


def test_attention_is_the_finest_map_upsampled_and_cropped(with_detectors, make_pair):
    model = with_detectors().eval()
    batch = batch_of(make_pair, (40, 60), (64, 50))
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


def test_attention_guides_the_fusion(with_detectors, make_pair):
    model = with_detectors().eval()
    batch = batch_of(make_pair, (32, 32))
    with torch.no_grad():
        before = model.test_step(dict(batch))[0].fused.data
        model.visible_detector.neck[1].attention[0][1].bn.bias += 3
        assert not torch.equal(before, model.test_step(dict(batch))[0].fused.data)


def test_each_part_learns_from_its_own_loss(with_detectors, make_pair):
    """The three groups of parameters against the three groups of losses."""
    model = with_detectors()
    losses = model(**prepared(model, batch_of(make_pair, (64, 64), (64, 64)), True), mode='loss')
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


def test_attention_loss_is_the_cross_entropy_with_the_boxes(with_detectors, make_pair):
    model = with_detectors(attention_loss=True)
    batch = batch_of(make_pair, (64, 64), boxes=[[8.0, 16.0, 40.0, 48.0]])
    losses = model(**prepared(model, batch, True), mode='loss')
    for modality in ('visible', 'infrared'):
        attention = model.detector(modality).neck[1].maps[0][0, 0].double()
        mask = torch.zeros(16, 16, dtype=torch.float64)
        mask[4:12, 2:10] = 1  # the box at stride 4
        expected = -(mask * attention.log() + (1 - mask) * (1 - attention).log()).mean()
        loss = losses[f'{modality}.loss_attention']
        assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
        loss.backward(retain_graph=True)
        assert model.detector(modality).neck[1].attention[0][1].conv.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.fusion.parameters())


def test_the_attention_loss_is_an_option(with_detectors, make_pair):
    model = with_detectors()
    losses = model(**prepared(model, batch_of(make_pair, (64, 64)), True), mode='loss')
    assert 'visible.loss_attention' not in losses


def test_every_parameter_takes_part(with_detectors, make_pair):
    """Also where there is nothing to detect: distributed training needs each gradient."""
    model = with_detectors()
    losses = model(**prepared(model, batch_of(make_pair, (64, 64), boxes=[]), True), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert [
        name for name, p in model.named_parameters() if p.requires_grad and p.grad is None
    ] == []


def test_loss_names(with_detectors, make_pair):
    model = with_detectors()
    _, log = model.parse_losses(
        model(**prepared(model, batch_of(make_pair, (32, 64)), True), mode='loss')
    )
    assert {
        f'{modality}.{term}'
        for modality in ('visible', 'infrared')
        for term in ('loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'acc')
    } <= set(log)
    assert log['loss'].item() == pytest.approx(
        sum(log[f'loss_{group}'].item() for group in ('fusion', 'load', 'visible', 'infrared'))
    )


@pytest.mark.parametrize('auxiliary', [False, True])
def test_heads_rest_at_test_unless_asked_for(with_detectors, make_pair, auxiliary):
    model = with_detectors(auxiliary_detections=auxiliary).eval()
    calls = count_calls(heads(model.visible_detector) + heads(model.infrared_detector))
    backbones = count_calls([model.visible_detector.backbone, model.infrared_detector.backbone])
    with torch.no_grad():
        (result,) = model.test_step(batch_of(make_pair, (64, 64)))
    assert len(backbones) == 2
    assert bool(calls) == auxiliary
    for modality in ('visible', 'infrared'):
        assert (f'{modality}_auxiliary_instances' in result) == auxiliary
    assert 'pred_instances' not in result


@pytest.fixture
def evaluator(repo_root):
    """Config of the small detector without attention, that answers on anything."""
    from mmengine.config import Config

    config = Config.fromfile(repo_root / 'configs/_base_/models/faster-rcnn_lite.py').model
    config.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
    config.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=20)
    config.test_cfg.rcnn.score_thr = 0.0
    return config


def test_evaluation_detector_that_is_trained_alongside(with_detectors, make_pair, evaluator):
    model = with_detectors(evaluation_detector=dict(config=evaluator))
    names = {name for name, _ in model.named_parameters() if name.startswith('evaluation_detector')}
    assert names and names <= set(model.state_dict())
    losses = model(**prepared(model, batch_of(make_pair, (64, 64)), True), mode='loss')
    total, log = model.parse_losses(losses)
    assert log['loss_evaluation'] > 0
    model.zero_grad()
    log['loss_evaluation'].backward()
    reached = {name.split('.')[0] for name, p in model.named_parameters() if p.grad is not None}
    assert reached == {'evaluation_detector'}


def test_evaluation_detector_trains_on_both_source_images(with_detectors, make_pair, evaluator):
    model = with_detectors(evaluation_detector=dict(config=evaluator))
    seen = []
    model.evaluation_detector.detector.backbone.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0])
    )
    pair, sample = make_pair(64, 64)
    model(**prepared(model, dict(inputs=[pair], data_samples=[sample]), True), mode='loss')
    (images,) = seen
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    torch.testing.assert_close(images[0], (pair[[2, 1, 0]] - mean) / std)
    torch.testing.assert_close(images[1], (pair[[3, 3, 3]] - mean) / std)


def test_evaluation_detector_is_initialised_as_its_config_says(with_detectors, evaluator):
    """RPNHead draws its weights with a standard deviation of 0.01, PyTorch with another."""
    model = with_detectors(evaluation_detector=dict(config=evaluator))
    weight = model.evaluation_detector.detector.rpn_head.rpn_conv.weight
    assert weight.std() > 0.02
    model.init_weights()
    assert weight.std().item() == pytest.approx(0.01, rel=0.05)


@pytest.fixture
def trained(tmp_path, evaluator):
    path = tmp_path / 'detector.pth'
    detector = MODELS.build(evaluator)
    torch.save(dict(state_dict=detector.state_dict(), meta=dict(epoch=1)), path)
    return path, detector


def test_frozen_evaluation_detector(with_detectors, make_pair, evaluator, trained):
    path, detector = trained
    model = with_detectors(evaluation_detector=dict(config=evaluator, checkpoint=str(path)))
    model.init_weights()
    inner = model.evaluation_detector.detector
    assert all(
        torch.equal(value, inner.state_dict()[name])
        for name, value in detector.state_dict().items()
    )
    assert not any(p.requires_grad for p in inner.parameters())
    assert not any(name.startswith('evaluation_detector') for name in model.state_dict())
    assert not any(name.startswith('evaluation_detector') for name, _ in model.named_parameters())
    model.train()
    assert not inner.training
    losses = model(**prepared(model, batch_of(make_pair, (64, 64)), True), mode='loss')
    assert not any(name.startswith('evaluation') for name in losses)
    with torch.no_grad():
        (result,) = model.eval().test_step(batch_of(make_pair, (32, 32)))
    assert len(result.pred_instances) > 0


@pytest.mark.parametrize('in_color', [True, False])
def test_detections_equal_those_of_the_detector_on_the_saved_images(
    with_detectors, make_pair, evaluator, trained, in_color
):
    """As if the fused image had been written to a file and read by the stock detector."""
    from moefusion.visualization.prediction import fused_image

    path, detector = trained
    model = with_detectors(
        detect_in_color=in_color, evaluation_detector=dict(config=evaluator, checkpoint=str(path))
    ).eval()
    (pair, sample), (other, other_sample) = make_pair(60, 80, scale=2), make_pair(48, 64)
    with torch.no_grad():
        result, _ = model.test_step(dict(inputs=[pair, other], data_samples=[sample, other_sample]))
        image = fused_image(pair, result, color=in_color)
        fused = torch.from_numpy(image if in_color else image[..., None].repeat(3, 2))
        images = dict(
            pred_instances=fused.permute(2, 0, 1).flip(0),
            visible_pred_instances=pair[:3],
            infrared_pred_instances=pair[[3, 3, 3]],
        )
        for field, picture in images.items():
            # in a batch with the other image, since padding reaches the features at the border
            blank = torch.zeros_like(other[:3])
            alone, _ = detector.eval().test_step(
                dict(
                    inputs=[picture, blank],
                    data_samples=[make_pair(60, 80, scale=2)[1], make_pair(48, 64)[1]],
                )
            )
            found, expected = result.get(field), alone.pred_instances
            assert len(found) == len(expected) > 0
            torch.testing.assert_close(found.bboxes, expected.bboxes, atol=1e-3, rtol=1e-4)
            torch.testing.assert_close(found.scores, expected.scores)
            assert torch.equal(found.labels, expected.labels)


def test_boxes_are_in_pixels_of_the_original_image(with_detectors, make_pair, evaluator, trained):
    path, _ = trained
    model = with_detectors(evaluation_detector=dict(config=evaluator, checkpoint=str(path))).eval()
    pair, sample = make_pair(60, 80, scale=0.5)
    as_it_is = sample.clone()
    as_it_is.set_metainfo(dict(ori_shape=(60, 80), scale_factor=(1.0, 1.0)))
    with torch.no_grad():
        (scaled,) = model.test_step(dict(inputs=[pair], data_samples=[sample]))
        (plain,) = model.test_step(dict(inputs=[pair], data_samples=[as_it_is]))
    for field in ('pred_instances', 'visible_pred_instances', 'infrared_pred_instances'):
        torch.testing.assert_close(scaled.get(field).bboxes, 2 * plain.get(field).bboxes)
    assert 80 < scaled.pred_instances.bboxes[:, 2].max() <= 160


def test_evaluation_detector_from_a_config_file(with_detectors, evaluator, trained, tmp_path):
    from mmengine.config import Config

    file = tmp_path / 'detector.py'
    Config(dict(model=evaluator)).dump(file)
    model = with_detectors(evaluation_detector=dict(config=str(file), checkpoint=str(trained[0])))
    assert torch.equal(
        model.evaluation_detector.detector.rpn_head.rpn_conv.weight,
        trained[1].rpn_head.rpn_conv.weight,
    )


def test_evaluation_detector_errors(with_detectors, evaluator, trained, tmp_path):
    with pytest.raises(FileNotFoundError, match='evaluation_detector.config: there is no file'):
        with_detectors(evaluation_detector=dict(config='missing.py'))
    with pytest.raises(FileNotFoundError, match='missing.pth'):
        with_detectors(evaluation_detector=dict(config=evaluator, checkpoint='missing.pth'))
    evaluator.roi_head.bbox_head.num_classes = 9
    with pytest.raises(ValueError, match='another architecture.*fc_cls'):
        with_detectors(evaluation_detector=dict(config=evaluator, checkpoint=str(trained[0])))
