"""Fuser: the same results and errors as FusionInferencer, and no torch on the way."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from moefusion import FusionInferencer, FusionNetwork
from moefusion.files import PairError, find_pairs, write_image
from moefusion.runtime import BUNDLED_ONNX, Fuser
from moefusion.runtime.strips import LARGEST_SEEN
from moefusion.weights.bundled import BUNDLED

# Refuses every import that the base installation does not bring.
ONLY_BASE = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    names = {'torch', 'mmengine', 'mmcv', 'mmdet', 'scipy', 'matplotlib', 'pandas', 'onnx', 'av'}

    def find_spec(self, fullname, path=None, target=None):
        if fullname.split('.')[0] in self.names:
            raise ModuleNotFoundError(f'{fullname} is not there', name=fullname)

sys.meta_path.insert(0, Refuse())
"""

# Prints by how many MB the resident set grows.
FUSE_THRICE = """
import re
from pathlib import Path
import numpy as np
from moefusion import Fuser

def peak():
    return int(re.findall(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[0]) / 1e3

fuse, pair = Fuser(threads=1), [np.zeros((480, 640, 3), np.uint8), np.zeros((480, 640), np.uint8)]
before = peak()
for _ in range(3):
    fuse(*pair)
print(peak() - before)
"""


@pytest.fixture(scope='module')
def fuser():
    return Fuser(threads=1)


@pytest.fixture(scope='module')
def inferencer():
    return FusionInferencer(device='cpu')


def random_pair(height, width):
    rng = np.random.default_rng(height * width)
    return (
        rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        rng.integers(0, 256, (height, width), dtype=np.uint8),
    )


def assert_alike(result, expected):
    for name in ('gray', 'color'):
        difference = getattr(result, name).astype(int) - getattr(expected, name)
        assert np.abs(difference).max() <= 1, name
    np.testing.assert_allclose(result.attention, expected.attention, atol=1e-3)
    assert list(result.gates) == list(expected.gates)
    for name, weights in result.gates.items():
        np.testing.assert_allclose(weights, expected.gates[name], atol=1e-3)


@pytest.mark.parametrize('size', [(17, 23), (33, 47), (1, 1), (64, 96), (95, 129), (201, 150)])
def test_results_are_the_inferencers(fuser, inferencer, size):
    result = fuser(*random_pair(*size))
    assert result.gray.shape == result.attention.shape == size
    assert_alike(result, inferencer(*random_pair(*size)))


@pytest.mark.slow
def test_real_pairs_agree_within_one_gray_level(fuser, inferencer, shared):
    data = shared / 'data' / 'roadscene'
    for files in list(find_pairs(data / 'Vis', data / 'Ir')[0].values())[::70]:
        result, expected = fuser(*files), inferencer(*files)
        assert result.name == expected.name
        assert_alike(result, expected)


def test_one_range_for_files_and_arrays_of_sixteen_bits(tmp_path):
    visible, infrared = random_pair(20, 30)
    counts = infrared.astype(np.uint16) * 20 + 27000
    write_image(tmp_path / 'v.png', visible[..., ::-1])
    cv2.imwrite(str(tmp_path / 'i.tiff'), counts)
    chosen = 27000, 27000 + 255 * 20
    for fuse in (
        Fuser(threads=1, infrared_range=chosen),
        FusionInferencer(device='cpu', infrared_range=chosen),
    ):
        for sources in ((visible, counts), (tmp_path / 'v.png', tmp_path / 'i.tiff')):
            np.testing.assert_array_equal(fuse(*sources).infrared, infrared)
    with pytest.raises(PairError, match=r'i\.tiff: uint16 values.*infrared_range'):
        Fuser(threads=1)(tmp_path / 'v.png', tmp_path / 'i.tiff')
    with pytest.raises(ValueError, match='infrared_range must be two numbers'):
        Fuser(infrared_range=(2, 1))


def test_a_range_refuses_a_set_of_several_kinds(tmp_path):
    visible, infrared = random_pair(20, 30)
    counts = infrared.astype(np.uint16) * 20 + 27000
    for name, heat in dict(a=infrared, b=counts, c=counts).items():
        write_image(tmp_path / 'v' / f'{name}.png', visible[..., ::-1])
        (tmp_path / 'i').mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / 'i' / f'{name}.tiff'), heat)
    several = r'1 of 8 bits \(.*{}\); 2 of more'
    for fuse in (
        Fuser(threads=1, infrared_range=(27000, 32100)),
        FusionInferencer(device='cpu', infrared_range=(27000, 32100)),
    ):
        with pytest.raises(PairError, match=several.format(r'a\.tiff')):
            fuse(tmp_path / 'v', tmp_path / 'i', progress=False)
        mixed = [counts, Image.fromarray(infrared), torch.from_numpy(counts.astype(np.int32))]
        with pytest.raises(PairError, match=several.format('pair 1')):
            fuse.stream([visible] * 3, mixed)
        assert len(fuse([visible] * 2, [counts] * 2, progress=False)) == 2


def test_files_folders_and_lists(fuser, tmp_path):
    pairs = {name: random_pair(20, 30 + number) for number, name in enumerate('ba')}
    for name, (visible, infrared) in pairs.items():
        write_image(tmp_path / 'v' / f'{name}.png', visible[..., ::-1])
        write_image(tmp_path / 'i' / f'{name}.png', infrared)
    results = fuser(tmp_path / 'v', tmp_path / 'i', progress=False)
    assert [result.name for result in results] == ['a', 'b']
    for result in results:
        np.testing.assert_array_equal(result.color, fuser(*pairs[result.name]).color)
    listed = fuser([pairs['a'][0]], [pairs['a'][1]], progress=False)
    np.testing.assert_array_equal(listed[0].gray, results[0].gray)


def test_wrong_input_is_named_as_by_the_inferencer(fuser, inferencer, tmp_path):
    (tmp_path / 'empty.png').write_bytes(b'')
    image = random_pair(20, 30)
    for visible, infrared, kind in (
        (tmp_path / 'empty.png', tmp_path / 'gone.png', PairError),
        (image[0], image[1][1:], ValueError),
        ([image[0]], image[1], ValueError),
        (tmp_path, image[1], ValueError),
    ):
        messages = []
        for fuse in (fuser, inferencer):
            with pytest.raises(kind) as caught:
                fuse(visible, infrared)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


def test_metrics_and_picture(fuser, inferencer):
    pair = random_pair(48, 64)
    result = fuser(*pair, metrics=True)
    assert set(result.metrics) == set(inferencer(*pair, metrics=True).metrics)
    assert result.picture.gates is result.gates


@pytest.mark.parametrize('content, message', [(None, 'no such file'), (b'no', 'cannot read it')])
def test_a_model_that_is_none(tmp_path, content, message):
    path = tmp_path / 'x.onnx'
    if content:
        path.write_bytes(content)
    with pytest.raises((FileNotFoundError, ValueError), match=f'x.onnx.*{message}'):
        Fuser(path)


def test_bundled_network_is_the_bundled_weights():
    """`python tools/export.py --half` makes it anew after new weights."""
    description = json.loads(BUNDLED.with_suffix('.json').read_text())
    assert Fuser().metadata['sha256'] == description['sha256']
    assert BUNDLED_ONNX.stat().st_size <= 6e6


def test_fuses_without_torch_and_mm():
    code = (
        'import numpy as np; from moefusion import Fuser; '
        'print(Fuser()(np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), np.uint8)).gray.shape)'
    )
    done = subprocess.run(
        [sys.executable, '-c', ONLY_BASE + code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == '(20, 30)', done.stderr


@pytest.mark.skipif(not Path('/proc/self/status').exists(), reason='for Linux alone')
def test_the_next_pair_takes_the_place_of_the_last():
    """104 MB; where onnxruntime plans the memory of a size ahead, 220 MB from the second on."""
    code = [sys.executable, '-c', FUSE_THRICE]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 150


def test_both_backends_go_over_to_strips_where_detectors_see_less():
    assert Fuser.largest_whole == FusionNetwork.largest_whole == LARGEST_SEEN


def test_pictures_need_no_mm():
    code = ONLY_BASE.replace("{'torch', 'mmengine'", "{'mmengine'").replace("'matplotlib', ", '')
    code += 'import moefusion.visualization'
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize(
    'code, extra',
    [
        ('from moefusion import FusionNetwork', 'torch'),
        ('import moefusion.losses', 'torch'),
        ('from moefusion import FusionInferencer', 'mm'),
        ("from moefusion.__main__ import main; main(['export'])", 'mm,export'),
        ("from moefusion.__main__ import main; main('video a b --preview'.split())", 'video'),
    ],
)
def test_an_import_names_its_extra(code, extra):
    done = subprocess.run(
        [sys.executable, '-c', f'{ONLY_BASE}\n{code}'], capture_output=True, text=True, check=False
    )
    assert f"pip install 'moefusion[{extra}]'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize('threads, expected', [(0, 3), (1, 1)])
def test_threads_follow_the_quota_unless_they_are_given(monkeypatch, threads, expected):
    monkeypatch.setattr('moefusion.runtime.fuser.limited_cpus', lambda: 3)
    options = Fuser(threads=threads).session.get_session_options()
    assert options.intra_op_num_threads == expected
