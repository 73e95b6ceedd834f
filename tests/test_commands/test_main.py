"""The console script."""

import json
import subprocess
import sys

import cv2
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


def test_a_range_for_thermal_images(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for folder in ('v', 'i'):
        (tmp_path / folder).mkdir()
    for name, warmth in (('a', 0), ('b', 3000)):
        write_image(tmp_path / 'v' / f'{name}.png', np.full((20, 30, 3), 80, np.uint8))
        counts = rng.integers(27000, 28000, (20, 30)) + warmth
        cv2.imwrite(str(tmp_path / 'i' / f'{name}.tiff'), counts.astype(np.uint16))
    folders = [str(tmp_path / name) for name in 'vi']
    fuse = ['fuse', *folders, '--gray', '--out-dir', str(tmp_path / 'out')]
    assert main(fuse) == 1
    assert 'a.tiff: uint16 values' in capsys.readouterr().err
    assert main([*fuse, '--infrared-range', 'auto']) == 0
    file = tmp_path / 'out' / 'infrared_range.json'
    low, high = json.loads(file.read_text())['infrared_range']
    assert 27000 <= low < 27100 and 30900 < high < 31000
    assert 'infrared range 27' in capsys.readouterr().out
    # the warm image stays the brighter one, which a stretch of each would undo
    cold, warm = (read_visible(tmp_path / 'out' / f'{name}.png').mean() for name in 'ab')
    assert warm > cold + 20
    made = read_visible(tmp_path / 'out' / 'a.png')
    again = [*fuse[:-1], str(tmp_path / 'other'), '--infrared-range', f'{low}', f'{high}']
    assert main(again) == 0
    np.testing.assert_array_equal(read_visible(tmp_path / 'other' / 'a.png'), made)
    write_image(tmp_path / 'v' / 'c.png', np.full((20, 30, 3), 80, np.uint8))
    write_image(tmp_path / 'i' / 'c.png', np.full((20, 30), 80, np.uint8))
    with pytest.raises(SystemExit, match=r'error: .*1 of 8 bits \(.*c\.png\); 2 of more than 8'):
        main([*fuse[:-1], str(tmp_path / 'mixed'), '--infrared-range', f'{low}', f'{high}'])
    assert not (tmp_path / 'mixed').exists()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('--device', 'cpu'), 'need --backend torch'),
        (('--precision', 'auto'), 'need --backend torch'),
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


def test_export_writes_over_no_checkpoint(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'weights')
    with pytest.raises(SystemExit, match=r'a\.pth is the checkpoint: name another file'):
        main(['export', 'a.py', str(path), '--out', str(tmp_path / '.' / 'a.pth')])
    assert path.read_bytes() == b'weights'


def test_evaluate(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in ('vi', 'ir', 'mine'):
        write_image(tmp_path / name / 'a.png', rng.integers(0, 256, (48, 60), dtype=np.uint8))
    folders = [f'--visible={tmp_path / "vi"}', f'--infrared={tmp_path / "ir"}']
    fused = ['--fused', f'mine={tmp_path / "mine"}', '--out-dir', str(tmp_path / 'out')]
    assert main(['evaluate', *folders, *fused]) == 0
    assert '| mine | measured |' in capsys.readouterr().out
    assert (tmp_path / 'out' / 'mean_whole.tex').is_file()


@pytest.mark.parametrize('missing', ['torch', 'pandas', 'matplotlib'])
def test_evaluate_names_the_extra_that_it_needs(missing):
    code = (
        'import sys\n'
        f'sys.modules[{missing!r}] = None\n'
        'from moefusion.__main__ import main\n'
        'main(["evaluate", "--help"])\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    expected = f"error: moefusion evaluate needs {missing}: pip install 'moefusion[torch]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, '', expected)


def test_demo_without_gradio_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'gradio', None)
    monkeypatch.delitem(sys.modules, 'moefusion.runtime.page', raising=False)
    with pytest.raises(SystemExit, match=r"demo needs gradio: pip install 'moefusion\[demo\]'"):
        main(['demo'])


def test_demo_takes_no_limit_of_nothing(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['demo', '--at-once', '0'])
    assert stop.value.code == 2 and 'must be above 0' in capsys.readouterr().err
