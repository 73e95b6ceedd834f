"""prepare_distributed, on CPUs."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from moefusion.apis.launch import prepare_distributed
from test_apis.launching import LAUNCHER_VARIABLES, cpu_env, free_port, results

SCRIPT = Path(__file__).with_name('launched.py')


@pytest.fixture
def no_launcher(monkeypatch):
    for name in LAUNCHER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)


def test_one_process_changes_nothing_but_the_launcher(no_launcher):
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl'))))
    prepare_distributed(cfg, 'none')
    assert cfg.to_dict() == dict(env_cfg=dict(dist_cfg=dict(backend='nccl')), launcher='none')
    assert not torch.distributed.is_initialized()


def test_a_gpu_leaves_all_to_mmengine(no_launcher, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl'))))
    prepare_distributed(cfg, 'pytorch')
    assert cfg.env_cfg.dist_cfg.backend == 'nccl'
    assert 'model_wrapper_cfg' not in cfg
    assert not torch.distributed.is_initialized()


@pytest.mark.parametrize(
    'launcher, missing',
    [
        ('pytorch', 'RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR'),
        ('slurm', 'SLURM_PROCID'),
        ('mpi', 'OMPI_COMM_WORLD_RANK'),
    ],
)
def test_without_the_launcher_the_error_names_what_is_missing(no_launcher, launcher, missing):
    with pytest.raises(RuntimeError, match=missing):
        prepare_distributed(Config(dict()), launcher)


def test_unknown_launcher():
    with pytest.raises(ValueError, match="'torchrun'"):
        prepare_distributed(Config(dict()), 'torchrun')


def check_two_ranks(folder):
    # Weight after plain SGD on the mean of each global batch of four: -(1.5 + 5.5).
    # DefaultSampler deals the samples out in turn.
    first, second = results(folder)
    for result in (first, second):
        assert result['backend'] == 'gloo'
        assert result['wrapped'] == 'MMDistributedDataParallel'
        assert result['weight'] == pytest.approx(-7.0)
    assert first['seen'] == [0, 2, 4, 6]
    assert second['seen'] == [1, 3, 5, 7]


@pytest.mark.slow
def test_two_gloo_processes_train_like_one_with_the_global_batch(tmp_path):
    words = f'--nproc_per_node 2 --master_addr 127.0.0.1 --master_port {free_port()}'.split()
    command = [sys.executable, '-m', 'torch.distributed.run', *words, SCRIPT, 'pytorch', tmp_path]
    subprocess.run(command, env=cpu_env(), check=True, timeout=900)
    check_two_ranks(tmp_path)


def test_a_cache_that_another_process_is_writing_is_not_read(tmp_path):
    env = cpu_env(XDG_CACHE_HOME=str(tmp_path))
    subprocess.run([sys.executable, '-c', 'import yapf'], env=env, check=True)
    pickles = list(tmp_path.rglob('*.pickle'))
    assert pickles
    for path in pickles:
        path.write_bytes(b'')
    prints_a_config = (
        'from mmengine.config import Config\n'
        'from moefusion.apis.launch import import_yapf_alone\n'
        '{}print(Config(dict(answer=42)).pretty_text)'
    )
    plain, alone = [
        subprocess.run(
            [sys.executable, '-c', prints_a_config.format(first)],
            env=env,
            text=True,
            capture_output=True,
        )
        for first in ('', 'import_yapf_alone()\n')
    ]
    assert 'EOFError' in plain.stderr
    assert (alone.returncode, alone.stdout) == (0, 'answer = 42\n\n'), alone.stderr


@pytest.mark.slow
def test_slurm_variables_join_the_processes(tmp_path):
    port = str(free_port())
    tasks = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), 'slurm', str(tmp_path)],
            env=cpu_env(
                SLURM_PROCID=str(rank),
                SLURM_NTASKS='2',
                SLURM_LOCALID=str(rank),
                MASTER_ADDR='127.0.0.1',
                MASTER_PORT=port,
            ),
        )
        for rank in range(2)
    ]
    assert [task.wait(timeout=900) for task in tasks] == [0, 0]
    check_two_ranks(tmp_path)


@pytest.mark.skipif(not Path('/proc/self/task').is_dir(), reason='no list of threads')
def test_gloo_is_at_rest_before_the_interpreter_ends(tmp_path):
    # the system may list a thread a moment longer than one who joins it waits
    trains = f"""
import atexit, contextlib, pathlib, sys, time
def print_threads(patience=0):
    found, end = ['gloo'], time.time() + patience
    while 'gloo' in found:
        found = []
        for path in pathlib.Path('/proc/self/task').glob('*/comm'):
            with contextlib.suppress(OSError):
                found.append(path.read_text().strip())
        if time.time() >= end:
            break
    print(found)
atexit.register(print_threads, 1)
sys.path.insert(0, {str(SCRIPT.parent)!r})
import launched
launched.main('pytorch', {str(tmp_path)!r})
print_threads()
"""
    env = cpu_env(
        RANK='0',
        WORLD_SIZE='1',
        LOCAL_RANK='0',
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(free_port()),
    )
    done = subprocess.run(
        [sys.executable, '-c', trains], env=env, text=True, capture_output=True, check=True
    )
    trained, at_exit = done.stdout.splitlines()[-2:]
    assert 'gloo' in trained and 'gloo' not in at_exit
