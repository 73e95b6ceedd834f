"""The MMEngine evaluator: the functions' values, regions, several ranks."""

import math
import os
import socket

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData, PixelData

from moefusion.evaluation.fusion_metric import FusionMetric
from moefusion.metrics import METRIC_NAMES, fusion_metrics

HEIGHT, WIDTH = 48, 60


def make_image(seed, boxes=((10.0, 8.0, 41.0, 30.5),), scale=1):
    """A pair as the loader hands it out, and a data sample as the evaluator gets it."""
    generator = torch.Generator().manual_seed(seed)
    pair = torch.randint(0, 256, (4, HEIGHT, WIDTH), generator=generator, dtype=torch.uint8)
    sample = DetDataSample(
        metainfo=dict(
            img_path=f'{seed}.png',
            img_shape=(HEIGHT, WIDTH),
            ori_shape=(HEIGHT * scale, WIDTH * scale),
        )
    )
    fused = torch.rand(1, HEIGHT, WIDTH, generator=generator) * 1.2 - 0.1
    sample.fused = PixelData(data=fused)
    boxes = torch.tensor(boxes).reshape(-1, 4) * scale
    sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.zeros(len(boxes)).long())
    return pair, sample


def expected_scores(pair, sample, mask=None, protocol='literature'):
    blue, green, red, infrared = pair.numpy()
    fused = np.round(np.clip(sample.fused.data[0].numpy(), 0, 1) * 255).astype(np.uint8)
    return fusion_metrics(np.dstack([red, green, blue]), infrared, fused, protocol, mask)


def run(metric, images):
    for pair, sample in images:
        metric.process(dict(inputs=[pair]), [sample.to_dict()])
    return metric.evaluate(len(images))


@pytest.mark.parametrize('protocol', ['literature', 'standard'])
def test_mean_of_the_functions_values(protocol):
    images = [make_image(seed) for seed in range(3)]
    scores = run(FusionMetric(protocol=protocol), images)
    alone = [expected_scores(*image, protocol=protocol) for image in images]
    assert list(scores) == [f'fusion/{name}' for name in METRIC_NAMES]
    for name in METRIC_NAMES:
        assert scores[f'fusion/{name}'] == pytest.approx(
            sum(one[name] for one in alone) / 3, abs=1e-9
        )


def test_a_batch_as_a_tensor():
    images = [make_image(seed) for seed in range(2)]
    metric = FusionMetric()
    metric.process(
        dict(inputs=torch.stack([pair for pair, _ in images])),
        [sample.to_dict() for _, sample in images],
    )
    assert metric.evaluate(2) == run(FusionMetric(), images)


@pytest.mark.parametrize('scale', [1, 2])
@pytest.mark.parametrize('region', ['foreground', 'background'])
def test_regions_by_boxes_of_the_original_image(region, scale):
    pair, sample = make_image(0, scale=scale)
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[8:31, 10:41] = True  # every pixel that the box touches
    scores = run(FusionMetric(region=region, prefix=region), [(pair, sample)])
    expected = expected_scores(pair, sample, mask if region == 'foreground' else ~mask)
    for name in METRIC_NAMES:
        assert scores[f'{region}/{name}'] == pytest.approx(expected[name], abs=1e-9)


def test_box_types_of_mmdet():
    pair, sample = make_image(0)
    scores = run(FusionMetric(region='foreground'), [(pair, sample)])
    sample.gt_instances.bboxes = HorizontalBoxes(sample.gt_instances.bboxes)
    assert run(FusionMetric(region='foreground'), [(pair, sample)]) == scores


def test_images_without_boxes():
    with_boxes, without = make_image(0), make_image(1, boxes=())
    alone = run(FusionMetric(region='foreground'), [with_boxes])
    assert run(FusionMetric(region='foreground'), [with_boxes, without]) == alone
    background = run(FusionMetric(region='background'), [without])
    assert background == run(FusionMetric(), [without])
    nothing = run(FusionMetric(region='foreground'), [without])
    assert all(math.isnan(value) for value in nothing.values())


def test_undefined_values_are_left_out_of_the_mean():
    good, flat = make_image(0), make_image(1)
    flat[0][3] = 7  # constant infrared: no VIF, no SCD
    scores, alone = run(FusionMetric(), [good, flat]), run(FusionMetric(), [good])
    for name in ('VIF', 'SCD'):
        assert scores[f'fusion/{name}'] == alone[f'fusion/{name}']
    assert scores['fusion/MI'] != alone['fusion/MI']


def test_an_image_that_cannot_be_scored_is_named_and_counted(caplog):
    good, (pair, sample) = make_image(0), make_image(1)
    small = sample.new()
    small.set_metainfo(dict(sample.metainfo, img_path='small.png', ori_shape=(40, WIDTH)))
    small.fused = PixelData(data=sample.fused.data[:, :40])
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        scores = run(FusionMetric(), [good, (pair[:, :40], small)])
    finally:
        logger.removeHandler(caplog.handler)
    assert scores == {**run(FusionMetric(), [good]), 'fusion/left_out': 1}
    assert 'left out small.png: VIF needs images of at least 41 x 41' in caplog.text
    assert '1 of 2 images cannot be scored' in caplog.text


def test_results_are_eight_floats_an_image():
    metric = FusionMetric()
    pair, sample = make_image(0)
    metric.process(dict(inputs=[pair]), [sample.to_dict()])
    assert len(metric.results) == 1 and len(metric.results[0]) == 8
    assert all(type(value) is float for value in metric.results[0])


def test_errors_say_what_is_wrong():
    pair, sample = make_image(0)
    for options, says in ((dict(region='sky'), 'region'), (dict(protocol='matlab'), 'protocol')):
        with pytest.raises(ValueError, match=says):
            FusionMetric(**options)
    with pytest.raises(ValueError, match='0.png'):
        FusionMetric().process(dict(inputs=[pair[:, 1:]]), [sample.to_dict()])
    without = sample.to_dict()
    del without['gt_instances']
    with pytest.raises(KeyError, match='gt_instances'):
        FusionMetric(region='background').process(dict(inputs=[pair]), [without])
    del without['fused']
    with pytest.raises(KeyError, match='fused'):
        FusionMetric().process(dict(inputs=[pair]), [without])
    sample.fused.data[0, 3, 3] = math.nan
    with pytest.raises(ValueError, match='0.png'):
        FusionMetric().process(dict(inputs=[pair]), [sample.to_dict()])


def _rank(rank, port, folder):
    os.chdir(folder)  # MMEngine exchanges results through a folder here
    os.environ.update(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
        RANK=str(rank),
        WORLD_SIZE='2',
        LOCAL_RANK=str(rank),
    )
    torch.distributed.init_process_group('gloo')
    # the sampler pads three images to two for each rank: 0 and 2, 1 and again 0
    seeds = ((0, 2), (1, 0))[rank]
    metric = FusionMetric(region='foreground')
    for seed in seeds:
        pair, sample = make_image(seed, boxes=() if seed == 1 else ((3.0, 3.0, 50.0, 40.0),))
        metric.process(dict(inputs=[pair]), [sample.to_dict()])
    scores = metric.evaluate(3)
    torch.save(scores, f'{folder}/{rank}.pt')
    torch.distributed.destroy_process_group()


def test_two_ranks_give_what_one_gives(tmp_path):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    # fork: a new interpreter could not import this module by its name
    mp.start_processes(_rank, (port, str(tmp_path)), nprocs=2, start_method='fork')
    box = ((3.0, 3.0, 50.0, 40.0),)
    expected = run(
        FusionMetric(region='foreground'),
        [make_image(0, box), make_image(1, ()), make_image(2, box)],
    )
    for rank in range(2):
        assert torch.load(tmp_path / f'{rank}.pt') == expected
