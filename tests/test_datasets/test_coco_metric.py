"""The COCO reader and MMDetection's CocoMetric agree on the classes of a file."""

import pytest
import torch
from mmdet.registry import METRICS


def metric_of(dataset, path):
    """mAP of MMDetection's CocoMetric where the boxes themselves are the detections."""
    metric = METRICS.build(dict(type='mmdet.CocoMetric', ann_file=str(path), metric='bbox'))
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        found = dict(
            bboxes=torch.tensor([item['bbox'] for item in info['instances']]),
            scores=torch.ones(len(info['instances'])),
            labels=torch.tensor([item['bbox_label'] for item in info['instances']]),
        )
        sample = dict(img_id=info['img_id'], ori_shape=(30, 40), pred_instances=found)
        metric.process({}, [sample])
    return metric.evaluate(len(dataset))['coco/bbox_mAP']


@pytest.mark.parametrize(
    'classes', [('Car', 'People'), ('People', 'Car'), ('Bus', 'Car', 'People'), ()]
)
def test_coco_metric_agrees_whatever_the_order_of_the_classes(coco, m3fd, classes):
    kwargs = dict(classes=classes) if classes else dict(classes=None)
    dataset = coco((5, [4, 5, 20, 14]), (3, [0, 0, 9, 24]), (9, [20, 1, 15, 25]), first=1, **kwargs)
    assert metric_of(dataset, m3fd.root / 'train.json') == 1.0
    labels = [item['bbox_label'] for item in dataset.get_data_info(0)['instances']]
    names = {dataset.metainfo['classes'][label] for label in labels}
    assert names == set(classes or ('Car', 'People', 'Bus'))


def test_pycocotools_takes_the_match_of_annotation_0_for_a_miss(coco, m3fd, said):
    dataset = coco((5, [4, 5, 20, 14]), classes=('Car',))
    assert any('annotation id 0' in line for line in said)
    assert metric_of(dataset, m3fd.root / 'train.json') < 1.0
