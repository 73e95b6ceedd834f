"""VOC metric of one modality: the right instances, AP of each class, MMDetection's mAP."""

import math

import pytest
import torch
from mmdet.evaluation import VOCMetric

from moefusion.evaluation.modality_voc_metric import INSTANCES, ModalityVOCMetric

CLASSES = ('car', 'person', 'bus')


def instances(boxes, labels, scores=None):
    found = dict(
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.tensor(labels, dtype=torch.long),
    )
    return found if scores is None else dict(found, scores=torch.tensor(scores))


def make_samples():
    """Two images; fused finds all, visible half, infrared nothing right."""
    truth = [([[10, 10, 50, 50], [60, 60, 90, 90]], [0, 1]), ([[5, 5, 30, 40]], [0])]
    samples = []
    for boxes, labels in truth:
        samples.append(
            dict(
                gt_instances=instances(boxes, labels),
                ignored_instances=instances([], []),
                pred_instances=instances(boxes, labels, [0.9] * len(boxes)),
                visible_pred_instances=instances(boxes[:1], labels[:1], [0.8]),
                infrared_pred_instances=instances([[0, 0, 5, 5]], [1], [0.5]),
                fused=object(),
            )
        )  # what VOCMetric must not copy
    return samples


def run(metric):
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, make_samples())
    return metric.evaluate(2)


@pytest.mark.parametrize(
    'modality, car, person', [('fused', 1.0, 1.0), ('visible', 1.0, 0.0), ('infrared', 0.0, 0.0)]
)
def test_ap_of_each_modality_and_class(modality, car, person):
    scores = run(ModalityVOCMetric(modality=modality))
    assert scores[f'{modality}/AP50_car'] == pytest.approx(car)
    assert scores[f'{modality}/AP50_person'] == pytest.approx(person)
    assert math.isnan(scores[f'{modality}/AP50_bus'])  # no bus in the data
    assert scores[f'{modality}/mAP'] == pytest.approx((car + person) / 2)


@pytest.mark.parametrize('mode', ['area', '11points'])
@pytest.mark.parametrize('modality', INSTANCES)
def test_mean_is_that_of_voc_metric(modality, mode):
    metric = VOCMetric(iou_thrs=[0.5, 0.75], eval_mode=mode)
    metric.dataset_meta = dict(classes=CLASSES)
    for sample in make_samples():
        sample.pop('fused')
        sample['pred_instances'] = sample[INSTANCES[modality]]
        metric.process({}, [sample])
    expected = metric.evaluate(2)
    scores = run(ModalityVOCMetric(modality=modality, iou_thrs=[0.5, 0.75], eval_mode=mode))
    for name in ('mAP', 'AP50', 'AP75'):
        assert scores[f'{modality}/{name}'] == pytest.approx(
            expected[f'pascal_voc/{name}'], abs=5e-4
        )  # VOCMetric rounds to three decimals


def test_prefix_and_errors():
    assert 'night/mAP' in run(ModalityVOCMetric(prefix='night'))
    with pytest.raises(ValueError, match='modality'):
        ModalityVOCMetric(modality='thermal')
    metric = ModalityVOCMetric(modality='visible')
    sample = make_samples()[0]
    del sample['visible_pred_instances']
    with pytest.raises(KeyError, match='evaluation_detector'):
        metric.process({}, [sample])


def test_optional_without_an_evaluation_detector():
    metric = ModalityVOCMetric(modality='visible', optional=True)
    metric.dataset_meta = dict(classes=CLASSES)
    samples = make_samples()
    for sample in samples:
        del sample['visible_pred_instances']
    metric.process({}, samples)
    assert metric.evaluate(2) == {}
    assert run(ModalityVOCMetric(optional=True)) == pytest.approx(
        run(ModalityVOCMetric()), nan_ok=True
    )
