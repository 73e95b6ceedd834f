"""The detection table against MMDetection's own evaluation of the same detector."""

import numpy as np
import pandas as pd
import pytest
import torch
from mmengine.structures import InstanceData

from moefusion.comparison import detection_table as module
from moefusion.comparison.cache import ResultCache
from moefusion.comparison.detections import detect
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.tables import Table, score_rows
from moefusion.files import Annotation

CONFIG = """
_base_ = []
default_scope = 'mmdet'
model = dict(
    type='RetinaNet',
    data_preprocessor=dict(type='DetDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255],
                           pad_size_divisor=32),
    backbone=dict(type='ResNet', depth=18, num_stages=4, out_indices=(2, 3), base_channels=8),
    neck=dict(type='FPN', in_channels=[32, 64], out_channels=8, num_outs=3),
    bbox_head=dict(
        type='RetinaHead', num_classes=2, in_channels=8, feat_channels=8, stacked_convs=1,
        anchor_generator=dict(type='AnchorGenerator', octave_base_scale=2, scales_per_octave=1,
                              ratios=[1.0], strides=[16, 32, 64]),
        bbox_coder=dict(type='DeltaXYWHBBoxCoder')),
    test_cfg=dict(nms_pre=100, score_thr=0.0, nms=dict(type='nms', iou_threshold=0.5),
                  max_per_img=20))
test_dataloader = dict(dataset=dict(
    type='CocoDataset', metainfo=dict(classes=('car', 'person')), pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(128, 96), keep_ratio=True),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(type='PackDetInputs', meta_keys=('ori_shape', 'img_shape', 'scale_factor'))]))
"""


@pytest.fixture
def detector_files(tmp_path):
    """Config and checkpoint of a small stock detector with random weights."""
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    config, checkpoint = tmp_path / 'detector.py', tmp_path / 'detector.pth'
    config.write_text(CONFIG)
    init_default_scope('mmdet')
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    return config, checkpoint


def find(folder):
    return find_evaluation_set(
        folder / 'vi', folder / 'ir', dict(average=folder / 'average'), folder / 'boxes.json'
    )


def perfect_on(truth, methods):
    """Stands in for inference: finds exactly the boxes, on the images of some rows alone."""
    calls = iter([(name, stem) for name in ('Visible', 'Infrared', 'average') for stem in 'abc'])

    def detect(model, image, pipeline):
        name, stem = next(calls)
        objects = truth[stem] if name in methods else []
        found = InstanceData(
            bboxes=torch.tensor([box for _, box in objects]).reshape(-1, 4).float(),
            scores=torch.full((len(objects),), 0.9),
            labels=torch.tensor([('car', 'person').index(kind) for kind, _ in objects]).long(),
        )
        return type('Sample', (), dict(pred_instances=found))

    return detect


def load(*files):
    return module.stock_detector(module.load_detector(*files))


def make_table(detector, images, paper=None, cache=None):
    found = detect(detector, images, cache=cache)
    return module.detection_table(detector, images, found, paper)


def test_runs_a_stock_detector(test_set, detector_files):
    table = make_table(load(*detector_files), find(test_set), 'flir')
    measured = table.scores.xs('measured', level='values')
    assert list(measured.index) == ['Visible', 'Infrared', 'average']
    assert list(measured) == ['car', 'person', 'bicycle', 'mAP']
    assert measured['mAP'].between(0, 100).all()
    assert measured['mAP'].to_numpy() == pytest.approx(measured[['car', 'person']].mean(axis=1))
    assert table.scores.loc[('MoE-Fusion', 'published, Table 3'), 'mAP'] == 55.8
    places = table.ranks()['mAP'].xs('published, Table 3', level='values')
    assert places['MoE-Fusion'] == 1
    assert places['Infrared'] is pd.NA


def test_a_second_run_takes_the_detections_up(test_set, detector_files, monkeypatch):
    module.check_detector(load(*detector_files), find(test_set))
    first, second = (ResultCache(test_set / 'out', 'detected') for _ in range(2))
    table = make_table(load(*detector_files), find(test_set), cache=first)
    second.read()
    assert len(second.values) == 9
    monkeypatch.setattr(module, 'inference_detector', None)
    again = make_table(load(*detector_files), find(test_set), cache=second)
    assert again.to_dict() == table.to_dict()
    weights = torch.load(detector_files[1])
    torch.save(dict(weights, epoch=2), detector_files[1])
    with pytest.raises(TypeError):  # detects anew by another checkpoint
        detect(load(*detector_files), find(test_set), cache=second)


def test_boxes_come_back_in_pixels_of_the_image(test_set, detector_files):
    """The config doubles the size; boxes must fit the image that was read."""
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    boxes = np.vstack(load(*detector_files).find(image))
    assert len(boxes) and boxes[:, 2].max() <= 64 and boxes[:, 3].max() <= 48


def test_perfect_detections_give_100(test_set, detector_files, monkeypatch):
    truth = {
        stem: list(zip(found.names, found.boxes.tolist()))
        for stem, found in find(test_set).annotations.items()
    }
    monkeypatch.setattr(module, 'inference_detector', perfect_on(truth, ['Infrared', 'average']))
    table = make_table(load(*detector_files), find(test_set))
    assert list(table.scores['mAP']) == pytest.approx([0, 100, 100])


def test_ap_by_hand_near_the_threshold(test_set, detector_files, monkeypatch):
    """Found at an IoU of 0.5, missed by a row at 0.475, found; and a difficult object.

    Precision is 1, 1/2 and 2/3 at recalls of 1/3, 1/3 and 2/3: AP 1/3 + 2/9. Were the difficult
    object counted, it would be 11/16; at an IoU of 0.05 1; by boxes that end before x2 1/9.
    """
    images = find(test_set)
    whole, half, less, other = (
        [5, 0, 14, 39],  # 10 x 40 pixels, first to last
        [5, 0, 14, 19],
        [5, 0, 14, 18],
        [30, 10, 49, 19],
    )
    for stem, boxes, ignored in (
        ('a', [whole], [False]),
        ('b', [whole], [False]),
        ('c', [other, whole], [False, True]),
    ):
        images.annotations[stem] = Annotation(
            None, ['car'] * len(boxes), np.array(boxes, np.float32), ignored
        )
    found = iter([[(half, 0.9)], [(less, 0.8)], [(whole, 0.85), (other, 0.7)]] + [[]] * 6)

    def detect(model, image, pipeline):
        boxes, scores = zip(*(next(found) or [([0, 0, 1, 1], 0.0)]))
        instances = InstanceData(
            bboxes=torch.tensor(boxes).float(),
            scores=torch.tensor(scores),
            labels=torch.zeros(len(boxes)).long(),
        )
        return type('Sample', (), dict(pred_instances=instances))

    monkeypatch.setattr(module, 'inference_detector', detect)
    table = make_table(load(*detector_files), images)
    assert list(table.scores['car']) == pytest.approx([100 * 5 / 9, 0, 0])


def test_classes_that_the_detector_does_not_know(test_set, detector_files):
    config, checkpoint = detector_files
    config.write_text(config.read_text().replace("'person')", "'dog')"))
    table = make_table(load(config, checkpoint), find(test_set))
    assert any('1 person' in note for note in table.notes)


def test_errors(test_set, detector_files, tmp_path):
    config, checkpoint = detector_files
    with pytest.raises(EvaluationError, match='no such config'):
        module.load_detector(tmp_path / 'none.py', checkpoint)
    with pytest.raises(FileNotFoundError, match='none.pth'):
        module.load_detector(config, tmp_path / 'none.pth')
    (tmp_path / 'part.py').write_text('model = dict()')
    with pytest.raises(
        EvaluationError, match=r'part\.py: no test_dataloader\. Name a whole config'
    ):
        module.load_detector(tmp_path / 'part.py', checkpoint)
    images = find(test_set)
    images.fused['Visible'] = images.fused['average']
    with pytest.raises(EvaluationError, match='Visible'):
        module.check_detector(load(config, checkpoint), images)


def test_a_checkpoint_runs_no_code(detector_files, tmp_path):
    class Payload:
        def __reduce__(self):
            return open, (str(tmp_path / 'ran'), 'w')

    config, checkpoint = detector_files
    torch.save(dict(state_dict={}, meta=Payload()), checkpoint)
    with pytest.raises(ValueError, match='could run code'):
        module.load_detector(config, checkpoint)
    assert not (tmp_path / 'ran').exists()


def test_without_a_single_object_nothing_is_measured(test_set, detector_files):
    """Undefined, not zero: no mark, '-' in the table, null in JSON."""
    images = find(test_set)
    for stem in images.stems:
        images.annotations[stem] = Annotation(None, [], np.zeros((0, 4), np.float32), [])
    images.fused['second'] = images.fused['average']
    table = make_table(load(*detector_files), images)
    assert table.scores.isna().all(axis=None) and table.ranks().isna().all(axis=None)
    assert '| average | measured | - | - | - |' in table.to_markdown()
    assert table.to_dict()['rows'][2]['scores'] == dict(car=None, person=None, mAP=None)


def test_mean_over_seeds():
    def table(visible, fused):
        scores = dict(Visible=dict(car=visible, mAP=visible), mine=dict(car=fused, mAP=fused))
        rows = [score_rows(scores), score_rows(dict(paper=dict(mAP=50.0)), 'published, Table 3')]
        return Table('Detection', pd.concat(rows), ['Visible'], digits=2, notes=['A note.'])

    mean = module.average_detections([table(10.0, 20.0), table(20.0, 50.0), table(30.0, 20.0)])
    columns = ['car', 'mAP', 'lowest mAP', 'highest mAP']
    assert list(mean.scores) == columns
    assert mean.scores.fillna(-1).to_numpy().tolist() == [
        [20, 20, 10, 30],
        [30, 30, 20, 50],
        [-1, 50, -1, -1],
    ]
    assert mean.unranked == ['Visible']
    assert mean.notes == ['A note.', 'Means over 3 trainings of the detector.']
    one = table(10.0, 20.0)
    assert module.average_detections([one]) is one
