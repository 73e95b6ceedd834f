"""The disk is full while tools fuse, score and train: one line, nothing halved or lost.

Once on a disk of a few megabytes, where it can be mounted, and once with a limit of file sizes.
"""

import resource
import subprocess
import sys

import numpy as np
import pytest
import torch

from moefusion.files import write_image
from moefusion.synthetic import make_demo_data

TOO_LARGE, FULL = 'File too large', 'No space left on device'


@pytest.fixture(params=['limit', 'disk'])
def short_of_space(request, tmp_path):
    """A folder, how a child loses the space in it, and the system's words for it."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    if request.param == 'limit':
        limit = 20_000
        yield folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), TOO_LARGE
        return
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip('no right to mount a disk')
    yield folder, lambda: fill(folder), FULL
    subprocess.run(['umount', '-l', str(folder)], check=True)


def fill(folder):
    """Leave 20 kB of the disk."""
    with open(folder / 'filler', 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(file.tell() - 20_000)


@pytest.fixture
def images(tmp_path):
    """Pairs of which the first is small as a file, and the second is not."""
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for name, image in (('a', np.full_like(noise, 128)), ('b', noise)):
        write_image(tmp_path / f'vis/{name}.png', image)
        write_image(tmp_path / f'ir/{name}.png', image[..., 0])
    return tmp_path / 'vis', tmp_path / 'ir'


def content(folder):
    """What stands there, hidden drafts too, but for the filler."""
    found = [path for path in folder.rglob('*') if path.is_file() and path.name != 'filler']
    return {path.name: path.read_bytes() for path in found}


def call(repo_root, *words, **options):
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, cwd=repo_root, capture_output=True, text=True, **options)


@pytest.mark.slow
def test_fusing(repo_root, images, short_of_space):
    folder, shorten, reason = short_of_space
    words = '-m', 'moefusion', 'fuse', *images, '--out-dir', folder / 'out'
    done = call(repo_root, *words, preexec_fn=shorten)
    assert done.returncode == 1
    (error,) = (line for line in done.stderr.splitlines() if line.startswith('error: '))
    assert f'cannot write {folder / "out/b.png"}: {reason}. Free space' in error
    assert 'Traceback' not in done.stderr and '1 fused' in done.stdout
    first = content(folder)
    assert list(first) == ['a.png']
    (folder / 'filler').unlink(missing_ok=True)
    assert '1 fused, 1 skipped' in call(repo_root, *words).stdout
    after = content(folder)
    assert sorted(after) == ['a.png', 'b.png'] and after['a.png'] == first['a.png']


@pytest.mark.slow
@pytest.mark.parametrize('short_of_space', ['limit'], indirect=True)
def test_scoring(repo_root, images, short_of_space):
    folder, shorten, reason = short_of_space
    words = ['tools/evaluate.py', '--visible', images[0], '--infrared', images[1], '--fused']
    words += [f'x={images[0]}', '--out-dir', folder / 'out']
    assert call(repo_root, *words).returncode == 0
    before = content(folder)
    done = call(repo_root, *words, preexec_fn=shorten)
    assert done.returncode == 1 and done.stderr.count('\n') == 1
    assert done.stderr.startswith(f'error: cannot write {folder / "out/distributions_whole.png"}: ')
    assert reason in done.stderr and content(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize('short_of_space', ['disk'], indirect=True)
def test_checkpointing(repo_root, tmp_path, short_of_space):
    """A disk of 8 MB takes one checkpoint of 4.3 MB; the next does not fit beside it."""
    folder, _, reason = short_of_space
    work = folder / 'work'
    make_demo_data(tmp_path / 'data', train=8, test=1, size=(96, 72))
    words = ['tools/train.py', 'configs/moefusion-lite_demo.py', '--work-dir', work]
    words += ['--cfg-options', f'train_dataloader.dataset.dataset.data_root={tmp_path}/data/']
    words += [f'model.{name}_detector=None' for name in ('visible', 'infrared')]
    words += ['val_cfg=None', 'val_dataloader=None', 'val_evaluator=None']
    words += ['model.fusion.dense_features=4']  # two checkpoints of the bundled network would fit
    done = call(repo_root, *words, 'train_cfg.max_epochs=2')
    assert done.returncode == 1, done.stderr[-3000:]
    (error,) = (line for line in done.stderr.splitlines() if line.startswith('error: '))
    assert f'cannot write {work / "epoch_2.pth"}: {reason}. Free space' in error
    assert 'Traceback' not in done.stderr
    assert [path.name for path in work.glob('*.pth')] == ['epoch_1.pth']
    assert not list(folder.rglob('.*.tmp'))
    last = (work / 'last_checkpoint').read_text()
    assert last == str(work / 'epoch_1.pth')
    assert torch.load(last, weights_only=False)['meta']['epoch'] == 1
