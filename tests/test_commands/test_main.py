"""The console script."""

import sys

import numpy as np
import pytest

from moefusion.__main__ import main
from moefusion.files import read_visible, write_image


def test_fuse_on_the_runtime(tmp_path, capsys):
    rng = np.random.default_rng(0)
    visible, infrared = tmp_path / 'v.png', tmp_path / 'i.png'
    write_image(visible, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    write_image(infrared, rng.integers(0, 256, (20, 30), dtype=np.uint8))
    fuse = ['fuse', str(visible), str(infrared), '--out-dir']
    assert main([*fuse, str(tmp_path / 'onnx')]) == 0
    assert '1 fused' in capsys.readouterr().out
    assert main([*fuse, str(tmp_path / 'torch'), '--backend', 'torch']) == 0
    images = [read_visible(tmp_path / name / 'v.png').astype(int) for name in ('onnx', 'torch')]
    assert np.abs(images[0] - images[1]).max() <= 1


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('--device', 'cpu'), 'need --backend torch'),
        (('--backend', 'torch', '--model', 'x.onnx'), '--model needs --backend onnx'),
    ],
)
def test_options_of_the_other_backend(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(['fuse', 'a', 'b', '--out-dir', 'c', *arguments])
    assert stop.value.code == 2 and message in capsys.readouterr().err


def test_a_model_that_is_not_there(tmp_path):
    images = tmp_path / 'v.png', tmp_path / 'i.png'
    for image in images:
        write_image(image, np.zeros((4, 6), np.uint8))
    out = ['--out-dir', str(tmp_path / 'o'), '--model', 'gone.onnx']
    with pytest.raises(SystemExit, match='error: model gone.onnx: there is no such file'):
        main(['fuse', *map(str, images), *out])


def test_info(capsys):
    assert main(['info']) == 0
    text = capsys.readouterr().out
    assert 'onnxruntime' in text and 'sha256: ' in text and 'local_foreground' in text


def test_export_takes_all_or_nothing(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['export', 'a.py'])
    assert stop.value.code == 2 and 'go together' in capsys.readouterr().err


def test_demo_without_gradio_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'gradio', None)
    monkeypatch.delitem(sys.modules, 'moefusion.runtime.page', raising=False)
    with pytest.raises(SystemExit, match=r"demo needs gradio: pip install 'moefusion\[demo\]'"):
        main(['demo'])


def test_demo_takes_no_limit_of_nothing(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['demo', '--at-once', '0'])
    assert stop.value.code == 2 and 'must be above 0' in capsys.readouterr().err
