"""Several processes share the pairs of `fuse` and `evaluate`, and write what one does."""

import os
import socket
import subprocess
import sys
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

from moefusion.__main__ import main
from moefusion.apis import ranks as module
from moefusion.apis.ranks import join_ranks
from moefusion.ranks import Ranks

# The range of the infrared images is found by the first process alone
BOTH = """
import os
import sys
from moefusion.__main__ import main
from moefusion.files import set_range
if '1' in (os.environ.get('RANK'), os.environ.get('SLURM_PROCID')):
    set_range.find_range = None
for command in ('fuse', 'evaluate'):
    start = sys.argv.index(command) + 1
    stop = sys.argv.index('end', start)
    print(command, main([command, *sys.argv[start:stop]]))
"""
JOINS = """
import os
from moefusion.apis.ranks import join_ranks
ranks = join_ranks('pytorch')
"""


def start(code, *arguments, launcher='pytorch'):
    """Starts two processes of this code, as torchrun or srun would."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = str(sock.getsockname()[1])
    names = dict(
        pytorch=('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
        slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    )[launcher]
    meeting = dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=port, CUDA_VISIBLE_DEVICES='')
    return [
        subprocess.Popen(
            [sys.executable, '-c', code, *map(str, arguments)],
            env={**os.environ, **meeting, **dict(zip(names, (str(rank), '2', str(rank))))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


@pytest.fixture
def folders(tmp_path):
    """Five pairs in vi and ir, of 16 bits, of which one has a truncated infrared image."""
    rng = np.random.default_rng(0)
    for name in ('vi', 'ir'):
        (tmp_path / name).mkdir()
        for number in range(5):
            image = cv2.blur(rng.integers(0, 256, (48, 60, 3), dtype=np.uint8), (3, 3))
            if name == 'ir':
                image = image[..., 0].astype(np.uint16) * 50 + 20000
            cv2.imwrite(str(tmp_path / name / f'{number}.png'), image)
    broken = tmp_path / 'ir' / '3.png'
    broken.write_bytes(broken.read_bytes()[:-50])
    return tmp_path


def arguments(folder, out):
    fuse = [folder / 'vi', folder / 'ir', '--out-dir', out / 'fused']
    sources = ['--visible', folder / 'vi', '--infrared', folder / 'ir']
    score = [*sources, '--fused', f'mine={folder / "vi"}', '--out-dir', out / 'scores']
    levels = '--infrared-range', 'auto'
    return [str(value) for value in (*fuse, *levels)], [str(value) for value in (*score, *levels)]


def written(folder):
    """Bytes of every file but the scores as they came, whose order is not fixed."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and path.suffix != '.jsonl'
    }


@pytest.mark.parametrize('launcher', ['pytorch', pytest.param('slurm', marks=pytest.mark.slow)])
def test_two_processes_write_what_one_does(folders, launcher):
    one, two = folders / 'one', folders / 'two'
    fuse, score = arguments(folders, one)
    assert main(['fuse', *fuse]) == 1 and main(['evaluate', *score]) == 0
    fuse, score = ([*some, '--launcher', launcher, 'end'] for some in arguments(folders, two))
    tasks = start(BOTH, 'fuse', *fuse, 'evaluate', *score, launcher=launcher)
    (first, told), (second, complained) = [task.communicate(timeout=900) for task in tasks]
    assert [task.returncode for task in tasks] == [0, 0], told + complained
    assert '4 fused, 0 skipped, 1 failed' in first and '4 images scored, 1 left out' in first
    assert 'fuse 1' in first and 'evaluate 0' in first
    assert first.count('infrared range 2') == 2
    assert second.splitlines() == ['fuse 0', 'evaluate 0']
    assert 'not fused: 3:' in complained and len(list((two / 'fused').glob('*.png'))) == 4
    assert written(two) == written(one)
    lines = [
        len((two / 'scores' / name).read_text().splitlines())
        for name in ('scored.jsonl', 'scored.1.jsonl')
    ]
    assert lines == [3, 1]


@pytest.mark.parametrize(
    'ending', ['os.kill(os.getpid(), 9)', 'raise SystemExit("error: of the second")']
)
def test_the_others_end_when_one_does(ending):
    first, second = start(f'{JOINS}if ranks.number: {ending}\nranks.gather(None)')
    _, told = first.communicate(timeout=900)
    assert second.wait(timeout=900) != 0
    assert first.returncode == 1 and 'rank 0 of 2 stops, as another has ended' in told


def test_one_that_ends_while_they_join_is_explained(monkeypatch):
    """The first to be joined may end before the last one is."""
    for name, value in zip(('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR'), '020x'):
        monkeypatch.setenv(name, value)
    for text, words in (
        ('gloo/transport/tcp/pair.cc: closed', 'rank 0 of 2 stops, as another has ended'),
        ('no such host', '^no such host$'),
    ):
        refuse = Mock(side_effect=RuntimeError(text))
        monkeypatch.setattr('torch.distributed.init_process_group', refuse)
        with pytest.raises(RuntimeError, match=words):
            join_ranks('pytorch')


def test_shares_are_whole_and_apart():
    shares = [Ranks(number, 3).share('abcdefgh') for number in range(3)]
    assert [''.join(share) for share in shares] == ['adg', 'beh', 'cf']
    assert Ranks().share('abc') == ['a', 'b', 'c'] and Ranks().gather(1) == [1]


@pytest.mark.parametrize(
    'launcher, names',
    [('pytorch', ('RANK', 'WORLD_SIZE')), ('slurm', ('SLURM_PROCID', 'SLURM_NTASKS'))],
)
def test_without_torch_each_process_takes_its_share_for_itself(monkeypatch, launcher, names):
    monkeypatch.setattr(module, 'find_spec', lambda name: None)
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match=' and '.join(names)):
        join_ranks(launcher)
    for name, value in zip(names, '24'):
        monkeypatch.setenv(name, value)
    ranks = join_ranks(launcher)
    assert ranks == Ranks(2, 4) and ranks.leads and ranks.gather(7) == [7]


def test_no_launcher_is_one_process():
    assert join_ranks('none') == Ranks()
