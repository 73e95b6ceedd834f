"""What tools/install_mmcv.py does and says."""

import os
import shutil
import time
from pathlib import Path

import pytest


@pytest.fixture
def script(load_tool):
    return load_tool('install_mmcv')


def test_pin_of_each_stack(script, repo_root, tmp_path):
    assert script.read_pin(repo_root / 'requirements/onedl.in')[0] == 'onedl-mmcv'
    assert script.read_pin(repo_root / 'requirements/original.in') == ('mmcv', '2.1.0')
    with pytest.raises(SystemExit, match='does not pin mmcv'):
        script.read_pin(repo_root / 'requirements/common.in')


def test_no_compiler(script, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SystemExit, match=r'g\+\+.*PIP_FIND_LINKS'):
        script.find_compiler()


def test_compiler_of_the_environment_variables_comes_first(script, monkeypatch, tmp_path):
    for name in ('my-cc', 'my-cxx', 'gcc', 'g++'):
        (tmp_path / name).write_text('#!/bin/sh\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(script.sysconfig, 'get_config_var', lambda name: None)
    assert script.find_compiler() == ('gcc', 'g++')
    monkeypatch.setenv('CC', 'my-cc')
    monkeypatch.setenv('CXX', 'my-cxx')
    assert script.find_compiler() == ('my-cc', 'my-cxx')


@pytest.mark.skipif(not shutil.which('g++'), reason='no g++')
def test_no_python_headers(script, monkeypatch, tmp_path):
    monkeypatch.delenv('CPLUS_INCLUDE_PATH', raising=False)
    (tmp_path / 'Python.h').write_text('')
    monkeypatch.setattr(script.sysconfig, 'get_paths', lambda: {'include': str(tmp_path)})
    script.check_compiler('g++')
    (tmp_path / 'Python.h').unlink()
    with pytest.raises(SystemExit, match=r'Python.h(.|\n)*-dev'):
        script.check_compiler('g++')


def test_gpu_without_nvcc(script, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setenv('CUDA_HOME', str(tmp_path))
    with pytest.raises(SystemExit, match='CUDA_HOME.*CUDA_VISIBLE_DEVICES='):
        script.check_cuda()


@pytest.mark.parametrize('free_gb, jobs', [(1, 1), (5, 2), (64, 4)])
def test_jobs_fit_the_cores_and_the_memory(script, monkeypatch, free_gb, jobs):
    monkeypatch.setattr(script.os, 'sched_getaffinity', lambda pid: range(4))
    text = f'MemTotal: 1 kB\nMemAvailable:   {free_gb * 2**20} kB\n'
    monkeypatch.setattr(script.Path, 'read_text', lambda path: text)
    assert script.default_jobs() == jobs


def test_progress_tells_how_far_ninja_is(script):
    assert script.progress('Collecting mmcv', 30) == 'still at work, 0.5 min spent'
    log = '  [1/4] c++ a.cpp\n  [2/4] c++ b.cpp\nwarning: [9/9] \n'
    assert script.progress(log, 60) == '2 of 4 files compiled, 1.0 min spent, about 1.0 min left'


def test_a_long_command_gives_signs_of_life(script, tmp_path, monkeypatch):
    """It ends when it has given two, however long that takes."""
    log, end, said = tmp_path / 'log', tmp_path / 'end', []

    def say(text):
        said.append('3 of 9 files compiled' in text)
        if sum(said) == 2:
            end.touch()

    monkeypatch.setattr(script, 'HEARTBEAT_S', 0.1)
    monkeypatch.setattr(script, 'say', say)
    command = f'echo "[3/9] c++"; for _ in $(seq 1200); do [ -e {end} ] && exit; sleep 0.05; done'
    script.run_logged(['sh', '-c', f'{command}; exit 1'], log, os.environ)
    assert log.read_text() == '[3/9] c++\n'


def test_a_failed_build_shows_the_end_and_the_log(script, tmp_path, capsys):
    with pytest.raises(SystemExit, match='log.*MAX_JOBS=1'):
        script.run_logged(['sh', '-c', 'echo the reason; exit 3'], tmp_path / 'log', os.environ)
    assert '| the reason' in capsys.readouterr().out


def test_an_interrupt_ends_what_the_command_started(script, tmp_path, monkeypatch):
    pid_file = tmp_path / 'pid'

    def interrupt(text):
        if pid_file.exists() and pid_file.read_text().strip():
            raise KeyboardInterrupt

    monkeypatch.setattr(script, 'HEARTBEAT_S', 0.05)
    monkeypatch.setattr(script, 'say', interrupt)
    command = ['sh', '-c', f'sleep 300 & echo $! > {pid_file}; wait']
    with pytest.raises(KeyboardInterrupt):
        script.run_logged(command, tmp_path / 'log', os.environ)
    pid = int(pid_file.read_text())
    for _ in range(100):
        if not running(pid):
            break
        time.sleep(0.05)
    assert not running(pid)


def running(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().split(')')[-1].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):  # it may end between open and read
        return False


def test_ops_that_do_not_run_are_found(script, monkeypatch, tmp_path, capsys):
    """The probe meets an nms that keeps every box, then one that cannot be loaded."""
    monkeypatch.setattr(script, 'PIP', ['true'])
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('')
    ops = tmp_path / 'mmcv' / 'ops.py'
    ops.write_text('import torch\ndef nms(boxes, scores, iou):\n    return 0, torch.arange(3)\n')
    assert not script.works('a/mmcv-1.whl')
    assert 'mmcv-1.whl does not work here (AssertionError' in capsys.readouterr().out
    ops.write_text(
        'import torch\ndef nms(boxes, scores, iou):\n    return 0, torch.tensor([0, 2])\n'
    )
    assert script.works('a/mmcv-1.whl')
    monkeypatch.setattr(script, 'PIP', ['false'])
    assert not script.works('a/mmcv-1.whl')


@pytest.mark.parametrize(
    'good, forced, tried',
    [
        ('kept', '0', ['kept']),
        ('index', '0', ['kept', 'index']),
        ('built', '0', ['kept', 'index', 'build', 'built']),
        ('built', '1', ['kept', 'build', 'built']),
        ('none', '0', ['kept', 'index', 'build', 'built']),
    ],
)
def test_wheels_are_tried_in_turn(script, monkeypatch, tmp_path, good, forced, tried):
    import torch

    stack = tmp_path / 'stack.in'
    stack.write_text('mmengine==1.0\nmmcv==2.1.0\n')
    monkeypatch.setenv('FORCE_CUDA', forced)
    kind = 'cuda' if forced == '1' or torch.cuda.is_available() else 'cpu'
    seen = []

    def works(what):
        name = {'mmcv==2.1.0': 'index', 'built.whl': 'built'}.get(what, 'kept')
        seen.append(name)
        return name == good

    def build(name, version, cache, cuda):
        assert (name, version, cuda) == ('mmcv', '2.1.0', kind == 'cuda')
        seen.append('build')
        return 'built.whl'

    monkeypatch.setattr(script, 'works', works)
    monkeypatch.setattr(script, 'build', build)
    python = 'cp{}{}'.format(*script.sys.version_info[:2])
    kept = tmp_path / 'wheels' / f'{python}-torch{torch.__version__}-{kind}'
    kept.mkdir(parents=True)
    (kept / 'mmcv-2.1.0-cp3-linux.whl').write_text('')
    (kept / 'mmcv-2.0.0-cp3-linux.whl').write_text('')
    if good == 'none':
        with pytest.raises(SystemExit, match='does not work'):
            script.main(stack, tmp_path / 'wheels')
    else:
        script.main(stack, tmp_path / 'wheels')
    assert seen == tried
    assert (kept / 'mmcv-2.1.0-cp3-linux.whl').exists() == (good == 'kept')
    assert (kept / 'mmcv-2.0.0-cp3-linux.whl').exists()
