"""One of two gloo ranks fails: all end with an error in a minute, and no process is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moefusion.synthetic import make_demo_data

IN_TIME = 60  # seconds
WAYS = {
    'not finite': 'error: at iteration 1 the loss is not finite: fusion.loss_',
    'raises': 'error: this rank cannot go on',
    'killed': 'error: rank {other} of 2 stops, as another has ended',
}


def processes(mark):
    """Those that were started with a variable in their environment, and what they started."""
    found = []
    for path in Path('/proc').glob('[0-9]*/environ'):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(path.parent.name)
        except OSError:  # ended, or another user's
            continue
    return found


def wait_for_none(mark, end):
    """Return the processes that are left at the end of a time."""
    while (found := processes(mark)) and time.time() < end:
        time.sleep(0.2)
    return found


@pytest.fixture
def failing(repo_root, tmp_path):
    """``failing(rank, way)`` writes a config of a training in which that rank fails."""
    make_demo_data(tmp_path / 'data', train=8, test=1, size=(96, 72))

    def write(rank, way):
        config = tmp_path / 'failing.py'
        hook = dict(type='FailingHook', rank=rank, way=way, note=str(tmp_path / 'note'))
        config.write_text(
            f'_base_ = {str(repo_root / "configs/moefusion-lite_demo.py")!r}\n'
            "custom_imports = dict(imports=['moefusion.plugin', 'failing_hook'])\n"
            f'custom_hooks = [{hook}]\n'
            'model = dict(visible_detector=None, infrared_detector=None)\n'
            'train_dataloader = dict(\n'
            f'    dataset=dict(dataset=dict(data_root={str(tmp_path / "data")!r})))\n'
            'val_cfg = val_dataloader = val_evaluator = None\n'
            'test_cfg = test_dataloader = test_evaluator = None\n'
        )
        return [str(config), '--work-dir', str(tmp_path / 'work')]

    return write


@pytest.fixture
def start(repo_root, tmp_path):
    """``start(command, **variables)`` starts it with a mark by which what it left is found."""
    names = 'RANK', 'WORLD_SIZE', 'LOCAL_RANK'
    kept = {name: text for name, text in os.environ.items() if name not in names}
    kept.update(
        MARK=str(tmp_path),
        PYTHON=sys.executable,
        PYTHONPATH=os.pathsep.join([str(Path(__file__).parent), os.environ.get('PYTHONPATH', '')]),
        OMP_NUM_THREADS='1',
        CUDA_VISIBLE_DEVICES='',
    )

    def run(command, **variables):
        return subprocess.Popen(
            command, cwd=repo_root, env=kept | variables, stderr=subprocess.PIPE, text=True
        )

    return run


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path('/proc/self/environ').is_file(), reason='no list of processes'),
]


@pytest.mark.parametrize('way', WAYS)
def test_one_rank_of_torchrun_fails(tmp_path, failing, start, way):
    script, *words = 'tools/dist_train.sh', *failing(1, way)
    task = start([script, words[0], '2', *words[1:]])
    said = task.communicate(timeout=900)[1]
    failed = float((tmp_path / 'note').read_text())
    took, left = time.time() - failed, wait_for_none(f'MARK={tmp_path}', failed + IN_TIME)
    print(f'{way}: over after {took:.1f} s, none left after {time.time() - failed:.1f} s')
    assert took < IN_TIME and not left
    assert task.returncode
    assert 'Signal 9 (SIGKILL)' in said if way == 'killed' else WAYS[way] in said, said[-3000:]


def test_torchrun_is_killed(tmp_path, failing, start):
    script, *words = 'tools/dist_train.sh', *failing(0, 'torchrun killed')
    task = start([script, words[0], '2', *words[1:]])
    said = task.communicate(timeout=900)[1]
    killed = float((tmp_path / 'note').read_text())
    left = wait_for_none(f'MARK={tmp_path}', killed + IN_TIME)
    print(f'none left after {time.time() - killed:.1f} s')
    assert task.returncode == -signal.SIGKILL and not left
    assert 'error: rank 0 of 2 stops, as torchrun' in said, said[-3000:]
    assert 'error: rank 1 of 2 stops, as ' in said, said[-3000:]


@pytest.mark.parametrize('rank, way', [(0, 'killed'), (1, 'killed'), (1, 'raises')])
def test_one_rank_fails_and_nobody_ends_the_other(tmp_path, failing, start, rank, way):
    words = [sys.executable, 'tools/train.py', *failing(rank, way), '--launcher', 'pytorch']
    shared = dict(WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=free_port())
    tasks = [start(words, RANK=str(i), LOCAL_RANK=str(i), **shared) for i in range(2)]
    said = [task.communicate(timeout=900)[1] for task in tasks]
    failed = float((tmp_path / 'note').read_text())
    took, left = time.time() - failed, wait_for_none(f'MARK={tmp_path}', failed + IN_TIME)
    print(f'{way}: over after {took:.1f} s, none left after {time.time() - failed:.1f} s')
    assert took < IN_TIME and not left
    assert all(task.returncode for task in tasks)
    other = 1 - rank
    assert WAYS['killed'].format(other=other) in said[other], said[other][-3000:]
    if way == 'raises':
        assert WAYS[way] in said[rank], said[rank][-3000:]
