"""prepare_distributed and the tools/dist_*.sh scripts, on CPUs."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from moefusion.apis.launch import prepare_distributed

SCRIPT = Path(__file__).with_name('launched.py')
LAUNCHER_VARIABLES = 'RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'SLURM_PROCID'
LAUNCHER_VARIABLES += ('OMPI_COMM_WORLD_RANK',)


@pytest.fixture
def no_launcher(monkeypatch):
    for name in LAUNCHER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)


def results(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob('rank*.json'))]


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


def cpu_env(**more):
    """The environment of a machine without a GPU, whose processes do not fight for the cores."""
    env = {k: v for k, v in os.environ.items() if k not in LAUNCHER_VARIABLES}
    return dict(env, CUDA_VISIBLE_DEVICES='', OMP_NUM_THREADS='1', **more)


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
    subprocess.run(command, env=cpu_env(), check=True, timeout=300)
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
    assert [task.wait(timeout=300) for task in tasks] == [0, 0]
    check_two_ranks(tmp_path)


@pytest.mark.skipif(not Path('/proc/self/task').is_dir(), reason='no list of threads')
def test_gloo_is_at_rest_before_the_interpreter_ends(tmp_path):
    trains = f"""
import atexit, pathlib, sys
def print_threads():
    print({{path.read_text().strip() for path in pathlib.Path('/proc/self/task').glob('*/comm')}})
atexit.register(print_threads)
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


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


@pytest.fixture
def fake_tools(tmp_path, repo_root):
    """A copy of the launch scripts beside a ``train.py`` and ``test.py`` that tell their part."""
    tools = tmp_path / 'tools'
    (tools / 'launch').mkdir(parents=True)
    for path in [*(repo_root / 'tools').glob('*.sh'), *(repo_root / 'tools/launch').glob('*.sh')]:
        target = tools / path.relative_to(repo_root / 'tools')
        target.write_text(path.read_text())
        target.chmod(0o755)
    for name in ('train', 'test'):
        (tools / f'{name}.py').write_text(
            'import json, os, sys\n'
            'names = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "GROUP_RANK")\n'
            'found = dict(argv=sys.argv, **{n: os.environ.get(n) for n in names})\n'
            f'rank = os.environ.get("RANK", "0")\n'
            f'open(f"{tmp_path}/rank{{rank}}.json", "w").write(json.dumps(found))\n'
        )
    return tools


def test_dist_train_passes_arguments_on(fake_tools, tmp_path):
    subprocess.run(
        [str(fake_tools / 'dist_train.sh'), 'a config.py', '2', '--work-dir', 'b c'],
        env=cpu_env(PYTHON=sys.executable, PORT=str(free_port())),
        check=True,
        timeout=120,
    )
    ranks = results(tmp_path)
    assert [rank['RANK'] for rank in ranks] == ['0', '1']
    words = ['a config.py', '--launcher', 'pytorch', '--work-dir', 'b c']
    for rank in ranks:
        assert rank['argv'] == [str(fake_tools / 'train.py'), *words]
        assert rank['WORLD_SIZE'] == '2'


def test_dist_test_is_one_node_of_two(fake_tools, tmp_path):
    port = str(free_port())
    nodes = [
        subprocess.Popen(
            [str(fake_tools / 'dist_test.sh'), 'c.py', 'x.pth', '1'],
            env=cpu_env(
                PYTHON=sys.executable,
                NNODES='2',
                NODE_RANK=str(node),
                PORT=port,
                MASTER_ADDR='127.0.0.1',
            ),
        )
        for node in range(2)
    ]
    assert [node.wait(timeout=120) for node in nodes] == [0, 0]
    ranks = results(tmp_path)
    assert [rank['WORLD_SIZE'] for rank in ranks] == ['2', '2']
    assert [rank['GROUP_RANK'] for rank in ranks] == ['0', '1']
    assert ranks[0]['argv'][1:] == ['c.py', 'x.pth', '--launcher', 'pytorch']


@pytest.mark.parametrize('gpus', ['0', 'two', ''])
def test_dist_train_wants_a_number_of_processes(fake_tools, gpus):
    done = subprocess.run(
        [str(fake_tools / 'dist_train.sh'), 'c.py', gpus],
        env=cpu_env(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert 'GPUS must be the number of processes' in done.stderr


@pytest.mark.parametrize(
    'script, per_node, expected',
    [
        ('slurm_train.sh', '8', ['--gres', 'gpu:8', '--ntasks-per-node', '8']),
        ('slurm_train.sh', '0', []),
        ('slurm_test.sh', '4', ['--gres', 'gpu:4', '--ntasks-per-node', '4']),
    ],
)
def test_slurm_scripts_call_srun(fake_tools, tmp_path, script, per_node, expected):
    srun = tmp_path / 'bin' / 'srun'
    srun.parent.mkdir()
    srun.write_text('#!/bin/sh\necho "MASTER_PORT=$MASTER_PORT"\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)
    env = cpu_env(
        PYTHON='python',
        GPUS='16',
        GPUS_PER_NODE=per_node,
        PORT='1234',
        SRUN_ARGS='--quiet --qos=high',
    )
    env['PATH'] = f'{srun.parent}:{env["PATH"]}'
    done = subprocess.run(
        [str(fake_tools / script), 'part', 'job', 'c.py', 'last', '--amp'],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    train = script == 'slurm_train.sh'
    assert done.stdout.splitlines() == [
        *'MASTER_PORT=1234 -p part --job-name job --ntasks 16 --cpus-per-task 5'.split(),
        *expected,
        *'--kill-on-bad-exit=1 --quiet --qos=high python -u'.split(),
        str(fake_tools / ('train.py' if train else 'test.py')),
        'c.py',
        *(['--work-dir'] if train else []),
        *'last --launcher slurm --amp'.split(),
    ]
