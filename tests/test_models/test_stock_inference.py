"""MMDetection's own inference on single images, with the configs of detectors trained on pairs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

CONFIG = Path('configs/detectors/faster-rcnn-lite_demo.py')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """The demo's detector with random weights, and two images of different sizes."""
    from mmdet.apis import init_detector

    folder = tmp_path_factory.mktemp('fused')
    config = Path(__file__).resolve().parents[2] / CONFIG
    torch.manual_seed(0)
    model = init_detector(str(config), device='cpu', palette='random')
    model.test_cfg.rcnn.score_thr = 0.0
    checkpoint = folder / 'detector.pth'
    meta = dict(dataset_meta=dict(classes=('People', 'Car'), palette=[(255, 0, 0), (0, 255, 0)]))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    (folder / 'images').mkdir()
    for name, size in (('a', (64, 96, 3)), ('b', (80, 64, 3))):
        image = np.random.default_rng(len(name)).integers(0, 256, size, np.uint8)
        cv2.imwrite(str(folder / 'images' / f'{name}.png'), image)
    return str(config), str(checkpoint), folder / 'images'


def test_files_arrays_and_the_inferencer_agree(files):
    from mmdet.apis import DetInferencer, inference_detector, init_detector

    config, checkpoint, images = files
    model = init_detector(config, checkpoint, device='cpu')
    infer = DetInferencer(config, checkpoint, device='cpu', show_progress=False)
    inferred = infer(str(images), no_save_vis=True, return_datasamples=True)['predictions']
    assert len(inferred) == 2
    paths = {sample.ori_shape: sample for sample in inferred}
    found = {}
    for path in sorted(images.iterdir()):
        found[path] = inference_detector(model, str(path)).pred_instances
    for path, by_file in found.items():  # MMDetection's config reads no files after an array
        array = cv2.imread(str(path))
        by_array = inference_detector(model, array).pred_instances
        by_inferencer = paths[array.shape[:2]].pred_instances
        assert len(by_file)
        for other in (by_array, by_inferencer):
            torch.testing.assert_close(by_file.bboxes, other.bboxes)
            torch.testing.assert_close(by_file.scores, other.scores)
