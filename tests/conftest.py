"""What every test gets: few threads, no display, fixed seeds, and the optional shared data."""

import os
import random
from importlib import util
from pathlib import Path

# Before torch, OpenCV and matplotlib are imported: tests are small, and threads cost more
# than they bring on a machine with few cores.
for _name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(_name, '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

REPO_ROOT = Path(__file__).resolve().parents[1]

# Each run fuzzes with the same examples, however slow the machine; `--hypothesis-profile=search`
# looks for others.
ALONE = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.register_profile('search', max_examples=2000, **ALONE)
settings.register_profile('same', max_examples=100, derandomize=True, **ALONE)
settings.load_profile('same')


@pytest.fixture(scope='session')
def repo_root():
    """Path of the checkout."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def shared():
    """Path of the folder ``shared`` beside the checkout; skips the test where there is none.

    It holds real pairs and reference values. No test may need it to prove that the code works.
    """
    path = REPO_ROOT.parent / 'shared'
    if not path.is_dir():
        pytest.skip('no folder "shared" beside the checkout')
    return path


@pytest.fixture(scope='session')
def load_tool(repo_root):
    """Loads a script of ``tools`` as a module, anew with each call: ``load_tool('fuse')``."""

    def load(name):
        spec = util.spec_from_file_location(f'{name}_tool', repo_root / f'tools/{name}.py')
        tool = util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        return tool

    return load


@pytest.fixture(autouse=True)
def _fixed_seed():
    """Seeds Python, NumPy and PyTorch before each test."""
    import numpy as np
    import torch

    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def make_pair():
    """Makes a random pair as the pipeline packs it, with metadata and boxes.

    ``make_pair(height, width, boxes=[[4, 4, 20, 30]], labels=None, scale=1, name='pair')`` returns
    the 4 x H x W uint8 tensor and its DetDataSample; ``scale`` is img_shape / ori_shape.
    """
    import torch
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    def make(height, width, boxes=((4.0, 4.0, 20.0, 30.0),), labels=None, scale=1, name='pair'):
        sample = DetDataSample(
            metainfo=dict(
                img_id=name,
                img_path=f'{name}.png',
                infrared_path=f'{name}_ir.png',
                ori_shape=(int(height / scale), int(width / scale)),
                img_shape=(height, width),
                scale_factor=(float(scale), float(scale)),
            )
        )
        bboxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        sample.gt_instances = InstanceData(
            bboxes=bboxes,
            labels=torch.zeros(len(bboxes), dtype=torch.long)
            if labels is None
            else torch.tensor(labels),
        )
        return torch.randint(0, 256, (4, height, width), dtype=torch.uint8), sample

    return make


@pytest.fixture
def lite_config(repo_root):
    """Model config of moefusion-lite with fewer proposals."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import moefusion.plugin  # noqa: F401

    init_default_scope('mmdet')  # MMDetection's own detectors need it

    config = Config.fromfile(repo_root / 'configs/_base_/models/moefusion_lite.py').model
    for name in ('visible_detector', 'infrared_detector'):
        detector = config[name]
        detector.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=20)
        detector.train_cfg.rcnn.sampler.num = 16
        detector.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
    return config


@pytest.fixture
def make_video(tmp_path):
    """Writes images as a video.

    ``make_video('v.mp4', images, rate=25)`` takes uint8 images, H x W x 3 (R, G, B) or H x W, and
    returns the path.
    """
    av = pytest.importorskip('av')

    def make(name, images, rate=25):
        path = tmp_path / name
        with av.open(str(path), 'w') as container:
            stream = container.add_stream('libx264', rate=rate)
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt, stream.options = 'yuv420p', {'crf': '10', 'g': '5'}
            for image in images:
                kind = 'gray' if image.ndim == 2 else 'rgb24'
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, kind)))
            container.mux(stream.encode())
        return path

    return make
