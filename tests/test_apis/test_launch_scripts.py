"""The scripts tools/dist_*.sh and tools/slurm_*.sh."""

import subprocess
import sys

import pytest

from test_apis.launching import cpu_env, free_port, results


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
        timeout=900,
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
    assert [node.wait(timeout=900) for node in nodes] == [0, 0]
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
