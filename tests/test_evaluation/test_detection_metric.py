"""One detector's AP on fused and source images: by hand, and against the stock detector."""

import math

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from torch import nn

from moefusion.evaluation.detection_metric import FusedDetectionMetric
from moefusion.visualization import fused_image

CLASSES = ('car', 'person', 'bus')


class FindsRectangles(nn.Module):
    """A detector that can be foreseen: each level above 100 is an object, its score the level.

    Even levels are cars, odd ones persons. Boxes reach from the first to the last pixel.
    """

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def test_step(self, data):
        (image,), (sample,) = data['inputs'], data['data_samples']
        assert image.shape[0] == 3 and not self.training and not self.weight.requires_grad
        levels = [level for level in image[1].unique().tolist() if level > 100]
        places = [(image[1] == level).nonzero() for level in levels]
        boxes = [[*p.amin(0).flip(0).tolist(), *p.amax(0).flip(0).tolist()] for p in places]
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor(boxes).reshape(-1, 4).float(),
            scores=torch.tensor(levels) / 255,
            labels=torch.tensor([int(level) % 2 for level in levels]).long(),
        )
        return [sample]


@pytest.fixture
def metric(tmp_path):
    """The metric with that detector."""
    if 'FindsRectangles' not in MODELS:
        MODELS.register_module(module=FindsRectangles)
    path = tmp_path / 'rectangles.pth'
    torch.save(FindsRectangles().state_dict(), path)
    metric = FusedDetectionMetric(dict(config=dict(type='FindsRectangles'), checkpoint=path))
    metric.dataset_meta = dict(classes=CLASSES)
    return metric


def instances(boxes, labels):
    return InstanceData(
        bboxes=torch.tensor(boxes).reshape(-1, 4).float(), labels=torch.tensor(labels).long()
    )


def scene(truth, fused=(), visible=(), infrared=(), difficult=()):
    """A pair and its data sample: objects are (box, level) or, for the truth, (box, label)."""

    def paint(objects):
        image = torch.zeros(64, 80)
        for (x1, y1, x2, y2), level in objects:
            image[y1 : y2 + 1, x1 : x2 + 1] = level
        return image

    pair = torch.stack([*[paint(visible)] * 3, paint(infrared)]).to(torch.uint8)
    size = dict(ori_shape=(64, 80), img_shape=(64, 80), scale_factor=(1.0, 1.0))
    sample = DetDataSample(metainfo=size)
    sample.gt_instances, sample.ignored_instances = (
        instances([box for box, _ in objects], [label for _, label in objects])
        for objects in (truth, difficult)
    )
    sample.fused_color = PixelData(data=paint(fused).expand(3, -1, -1) / 255)
    sample.fused = PixelData(data=paint(fused)[None] / 255)
    return pair, sample


def scores(metric, scenes):
    """What the evaluator reports for scenes that come in one batch."""
    pairs, samples = zip(*scenes)
    metric.process(dict(inputs=list(pairs)), [sample.to_dict() for sample in samples])
    return metric.evaluate(len(scenes))


# 10 x 50 pixels, first to last; of it 25 rows are an IoU of 0.5, 24 rows one of 0.48
WHOLE, HALF, LESS = [5, 0, 14, 49], [5, 0, 14, 24], [5, 0, 14, 23]


def test_ap_by_hand_near_the_threshold(metric):
    """Fused: found, then missed by a row, then found; three objects, and a difficult one.

    Precision is 1, 1/2 and 2/3 at recalls of 1/3, 1/3 and 2/3: AP 1/3 + 2/9. Were the difficult
    object counted, it would be 11/16; at an IoU of 0.05 1; by boxes that end before x2 1/9.
    """
    other = [40, 10, 59, 19]
    found = scores(
        metric,
        [
            scene([(WHOLE, 0)], [(HALF, 250)]),
            scene([(WHOLE, 0)], [(LESS, 200)]),
            scene([(other, 0)], [(WHOLE, 240), (other, 180)], difficult=[(WHOLE, 0)]),
        ],
    )
    assert found['detection/fused/AP50_car'] == pytest.approx(5 / 9)
    assert found['detection/fused/mAP'] == pytest.approx(5 / 9)
    assert math.isnan(found['detection/fused/AP50_bus']) and math.isnan(
        found['detection/fused/AP50_person']
    )
    assert found['detection/visible/mAP'] == found['detection/infrared/mAP'] == 0


def test_without_any_object_there_is_no_score(metric):
    """Undefined is not zero, even where something was found."""
    found = scores(metric, [scene([], [(WHOLE, 250)], difficult=[(WHOLE, 0)])])
    assert len(found) == 3 * (1 + len(CLASSES))
    assert all(math.isnan(score) for score in found.values())


def test_each_image_is_compared_with_its_own_boxes(metric):
    """Every sample's box is elsewhere; a class counts by itself."""
    boxes = [[4, 4, 13, 13], [40, 4, 59, 13], [4, 40, 13, 59]]
    batch = [
        scene([(boxes[0], 0)], [(boxes[0], 250)], [(boxes[0], 240)], [(boxes[1], 250)]),
        scene([(boxes[1], 0)], [(boxes[1], 200)], [(boxes[0], 250)], [(boxes[2], 250)]),
        scene([(boxes[2], 1)], [(boxes[2], 201)], [(boxes[2], 200)], [(boxes[2], 251)]),
    ]
    found = scores(metric, batch)
    expected = {
        'detection/fused/AP50_car': 1,
        'detection/fused/AP50_person': 1,
        'detection/fused/mAP': 1,
        'detection/visible/AP50_car': 0.25,  # second in the ranking, one of two cars
        'detection/visible/AP50_person': 0,  # taken for a car
        'detection/visible/mAP': 0.125,
        'detection/infrared/AP50_car': 0,
        'detection/infrared/AP50_person': 1,
        'detection/infrared/mAP': 0.5,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_gray_fused_image_prefix_and_threshold(metric):
    metric.color, metric.iou_thr, metric.prefix = False, 0.4, 'night'
    pair, sample = scene([(WHOLE, 0)], [(LESS, 200)])
    sample.fused_color.data = sample.fused_color.data * 0
    assert scores(metric, [(pair, sample)])['night/fused/AP40_car'] == 1


@pytest.fixture
def config(repo_root):
    """Config of the lite networks' scoring detector, that answers on anything."""
    import moefusion.plugin  # noqa: F401

    config = Config.fromfile(repo_root / 'configs/_base_/models/faster-rcnn_lite.py').model
    config.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
    config.test_cfg.rcnn.score_thr = 0.0
    return config


@pytest.fixture
def trained(tmp_path, config):
    path = tmp_path / 'detector.pth'
    detector = MODELS.build(config)
    torch.save(dict(state_dict=detector.state_dict(), meta=dict(epoch=1)), path)
    return path, detector.eval()


def predicted(make_pair, height, width, scale):
    pair, sample = make_pair(height, width, scale=scale)
    sample.ignored_instances = instances([], [])
    sample.fused = PixelData(data=torch.rand(1, height, width))
    sample.fused_color = PixelData(data=torch.rand(3, height, width))
    return pair, sample


@pytest.mark.parametrize('color', [True, False])
@pytest.mark.parametrize('scale', [1, 2, 0.5])
def test_detections_equal_those_of_the_detector_on_the_saved_images(
    make_pair, config, trained, color, scale
):
    """As if the fused image had been written to a file and read by the stock detector.

    Boxes come back in pixels of the original image, where the pipeline resized it.
    """
    path, detector = trained
    metric = FusedDetectionMetric(dict(config=config, checkpoint=str(path)), color=color)
    metric.dataset_meta = dict(classes=CLASSES)
    pair, sample = predicted(make_pair, 60, 80, scale)
    metric.process(dict(inputs=[pair]), [sample.to_dict()])
    image = fused_image(sample, color=color)
    fused = torch.from_numpy(image if color else image[..., None].repeat(3, 2))
    images = dict(fused=fused.permute(2, 0, 1).flip(0), visible=pair[:3], infrared=pair[[3, 3, 3]])
    ((truth, found),) = metric.results
    np.testing.assert_array_equal(truth['bboxes'], sample.gt_instances.bboxes)
    for name, picture in images.items():
        blank = DetDataSample(metainfo=sample.metainfo)
        with torch.no_grad():
            (alone,) = detector.test_step(dict(inputs=[picture], data_samples=[blank]))
        expected = alone.pred_instances.numpy()
        assert len(expected) and expected.bboxes.max() > 40 / scale
        for label in range(len(CLASSES)):
            rows = expected.labels == label
            boxes = np.hstack([expected.bboxes[rows], expected.scores[rows, None]])
            np.testing.assert_allclose(found[name][label], boxes, rtol=1e-4, atol=1e-3)


def test_the_detector_is_frozen_and_comes_from_a_config_file(config, trained, tmp_path):
    file = tmp_path / 'detector.py'
    Config(dict(model=config)).dump(file)
    detector = FusedDetectionMetric(dict(config=str(file), checkpoint=str(trained[0]))).detector
    assert not detector.training and not any(p.requires_grad for p in detector.parameters())
    for name, value in trained[1].state_dict().items():
        assert torch.equal(detector.state_dict()[name], value)


def test_errors(config, trained, tmp_path, metric):
    file = tmp_path / 'detector.py'
    Config(dict(model=config)).dump(file)
    with pytest.raises(FileNotFoundError, match='detector.config names missing.py'):
        FusedDetectionMetric(dict(config='missing.py', checkpoint='a.pth'))
    train = rf'detector.checkpoint names missing.pth.*python tools/train.py {file}'
    with pytest.raises(FileNotFoundError, match=train):
        FusedDetectionMetric(dict(config=str(file), checkpoint='missing.pth'))
    with pytest.raises(FileNotFoundError, match='detector.checkpoint names missing.pth'):
        FusedDetectionMetric(dict(config=config, checkpoint='missing.pth'))
    config.roi_head.bbox_head.num_classes = 9
    with pytest.raises(ValueError, match=r'another architecture.*fc_cls'):
        FusedDetectionMetric(dict(config=config, checkpoint=str(trained[0])))
    pair, sample = scene([(WHOLE, 0)])
    unlabelled = sample.clone()
    unlabelled.gt_instances = InstanceData()
    with pytest.raises(KeyError, match='no boxes.*LoadAnnotations'):
        metric.process(dict(inputs=[pair]), [unlabelled.to_dict()])
    del sample.fused
    with pytest.raises(KeyError, match="no 'fused' image"):
        metric.process(dict(inputs=[pair]), [sample.to_dict()])
