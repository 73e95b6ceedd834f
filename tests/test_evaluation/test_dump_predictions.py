"""DumpPredictions: what it keeps, how little that is, and the metrics of the right image."""

import pickle

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData, PixelData

import moefusion.plugin  # noqa: F401
from moefusion.evaluation.dump_predictions import DumpPredictions
from moefusion.evaluation.fusion_metric import FusionMetric
from moefusion.metrics import fusion_metrics

HEIGHT, WIDTH, PAIRS = 240, 320, 4


def found():
    return InstanceData(bboxes=torch.rand(5, 4), scores=torch.rand(5), labels=torch.zeros(5))


def sample(number):
    result = DetDataSample(
        metainfo=dict(img_id=number, img_path=f'{number}.png', ori_shape=(HEIGHT, WIDTH))
    )
    result.fused = PixelData(data=torch.rand(1, HEIGHT, WIDTH))
    result.attention = PixelData(data=torch.rand(3, HEIGHT, WIDTH))
    result.pred_instances, result.visible_pred_instances = found(), found()
    result.gt_instances = InstanceData(bboxes=torch.rand(9, 4))
    result.set_data(dict(gates=dict(foreground=torch.tensor([0.25, 0.75]))))
    return result


@pytest.fixture
def dumped(tmp_path):
    """Two batches of two, scored and written; the batches, the list read, the file's size."""
    path = tmp_path / 'out.pkl'
    scores = FusionMetric()
    evaluator = Evaluator([scores, DumpPredictions(str(path), [scores])])
    batches = []
    for start in range(0, PAIRS, 2):
        inputs = [torch.randint(256, (4, HEIGHT, WIDTH), dtype=torch.uint8) for _ in range(2)]
        samples = [sample(start), sample(start + 1)]
        evaluator.process(samples, dict(inputs=inputs))
        batches += zip(inputs, samples)
    evaluator.evaluate(PAIRS)
    return batches, pickle.loads(path.read_bytes()), path.stat().st_size


def test_the_file_has_no_pixels(dumped):
    _, rows, size = dumped
    assert size < 0.1 * PAIRS * HEIGHT * WIDTH  # bytes a pixel
    assert {name for row in rows for name in row} == {
        'img_id',
        'img_path',
        'ori_shape',
        'gates',
        'pred_instances',
        'visible_pred_instances',
        'metrics',
    }


def test_each_pair_has_its_own_detections_gates_and_metrics(dumped):
    batches, rows, _ = dumped
    assert [row['img_id'] for row in rows] == list(range(PAIRS))
    for (pair, given), row in zip(batches, rows):
        assert torch.equal(row['pred_instances']['bboxes'], given.pred_instances.bboxes)
        assert row['gates']['foreground'].tolist() == [0.25, 0.75]
        fused = (given.fused.data[None] * 255).round().to(torch.uint8)
        expected = fusion_metrics(pair[None, 3:], pair[None, [2, 1, 0]], fused)
        assert row['metrics'] == {
            'fusion': pytest.approx({k: v.item() for k, v in expected.items()})
        }


def test_a_file_that_cannot_be_written_is_an_error_before_the_work(tmp_path):
    (tmp_path / 'folder.pkl').mkdir()
    (tmp_path / 'file').touch()
    for name in ('folder.pkl', 'file/out.pkl'):
        with pytest.raises(OSError, match=f'cannot write .*{name}'):
            DumpPredictions(str(tmp_path / name))
    DumpPredictions(str(tmp_path / 'new' / 'out.pkl'))
    assert not list((tmp_path / 'new').iterdir())
