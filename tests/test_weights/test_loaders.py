"""MMEngine's checkpoint loaders as the plugin registers them."""

import urllib.error

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from moefusion.weights import loaders


class Payload:
    """Would write a file if a loader ran it."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), 'w')


def test_log_history_comes_to_life(tmp_path):
    history = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 1])
    torch.save(
        dict(
            state_dict={},
            message_hub=dict(log_scalars=dict(loss=history)),
            meta=dict(epoch=3, iter=np.int64(7)),
        ),
        tmp_path / 'a.pth',
    )
    checkpoint = CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), map_location='cpu')
    assert checkpoint['message_hub']['log_scalars']['loss'].mean() == pytest.approx(3.0)
    assert checkpoint['meta'] == dict(epoch=3, iter=7)


def test_local_files_run_no_code(tmp_path):
    torch.save(dict(state_dict={}, extra=Payload(tmp_path / 'ran')), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='could run code'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'))
    assert not (tmp_path / 'ran').exists()


def test_imagenet_weights_without_torchvision(monkeypatch):
    asked = []
    monkeypatch.setattr(loaders, 'load_from_http', lambda url, map_location: asked.append(url))
    CheckpointLoader.load_checkpoint('torchvision://resnet50')
    assert len(asked) == 1 and asked[0].endswith('/resnet50-0676ba61.pth')
    with pytest.raises(KeyError, match='torchvision://resnet5'):
        CheckpointLoader.load_checkpoint('torchvision://resnet5')


def test_without_a_network_the_error_says_how_to_name_a_file(monkeypatch):
    def offline(url, map_location):
        raise urllib.error.URLError('no route')

    monkeypatch.setattr(loaders, 'load_from_http', offline)
    with pytest.raises(RuntimeError, match='model.visible_detector.backbone.init_cfg.checkpoint='):
        CheckpointLoader.load_checkpoint('torchvision://resnet50')
