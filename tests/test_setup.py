"""The set-up's own tools: what they say and do when something is missing or is cut off."""

import importlib
import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import PathDistribution

import pytest


@pytest.fixture(scope='module')
def tools(repo_root):
    """The modules of tools/setup, which are scripts and no package."""
    folder = str(repo_root / 'tools' / 'setup')
    sys.path.insert(0, folder)
    try:
        names = ('console', 'mmcv_wheel', 'sweep', 'install')
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(folder)
        for name in names:
            sys.modules.pop(name, None)


def find_python(repo_root, *args, **env):
    return subprocess.run(
        ['/bin/sh', str(repo_root / 'tools/setup/find_python.sh'), *args],
        capture_output=True,
        text=True,
        env=dict(os.environ, **env),
    )


def fake_python(folder, name, version):
    """An interpreter that claims a version, but reads scripts as this one does."""
    path = folder / name
    path.write_text(
        f'#!/bin/sh\nread -r _ && {{ echo "import sys; sys.version_info = {version}"; cat; }} '
        f'| exec "{sys.executable}" "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


def test_find_python_takes_one_that_fits(repo_root):
    assert find_python(repo_root, sys.executable).stdout.strip() == sys.executable


@pytest.mark.parametrize('version', [(3, 9, 18), (3, 13, 0), (2, 7, 18)])
def test_find_python_names_an_unfit_version_and_the_cure(repo_root, tmp_path, version):
    python = fake_python(tmp_path, 'python3', version)
    done = find_python(repo_root, python)
    assert done.returncode == 1
    assert f'{python} is Python {".".join(map(str, version))}' in done.stderr
    assert '3.10, 3.11 and 3.12' in done.stderr
    assert 'make PYTHON=' in done.stderr


def test_find_python_goes_on_to_the_next_name(repo_root, tmp_path):
    fake_python(tmp_path, 'python3', (3, 13, 0))
    wanted = fake_python(tmp_path, 'python3.11', (3, 11, 9))
    done = find_python(repo_root, PATH=f'{tmp_path}:/usr/bin:/bin')
    assert done.stdout.strip() in (wanted, '/usr/bin/python3.12', '/bin/python3.12')


def test_find_python_says_what_it_looked_for(repo_root, tmp_path):
    done = find_python(repo_root, PATH=str(tmp_path))
    assert done.returncode == 1
    for name in ('python3', 'python3.12', 'python3.11', 'python3.10'):
        assert f'  {name}: not found' in done.stderr


def test_run_shows_how_far_ninja_is_and_keeps_the_output(tools, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tools['console'], 'HEARTBEAT_S', 0)
    log = tmp_path / 'log'
    tools['console'].run(['printf', '[1/4] c++ a.cpp\\n[2/4] c++ b.cpp\\n'], str(log))
    assert '2 of 4 files compiled' in capsys.readouterr().out
    assert '[1/4] c++ a.cpp\n[2/4] c++ b.cpp\n' in log.read_text()


def test_run_shows_a_sign_of_life(tools, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tools['console'], 'HEARTBEAT_S', 0.1)
    tools['console'].run(['sleep', '0.5'], str(tmp_path / 'log'))
    assert capsys.readouterr().out.count('still at work') >= 2


def test_run_fails_with_the_end_of_the_output_and_the_hint(tools, tmp_path, capsys):
    with pytest.raises(tools['console'].SetupError, match='failed: sh -c .*log.*Try this'):
        tools['console'].run(
            ['sh', '-c', 'echo the reason; exit 3'], str(tmp_path / 'log'), hint='Try this'
        )
    assert '| the reason' in capsys.readouterr().out


def test_an_interrupt_ends_what_the_command_started(tools, tmp_path, monkeypatch):
    pid_file = tmp_path / 'pid'

    def interrupt(self, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(tools['console'].Progress, 'line', interrupt)
    with pytest.raises(KeyboardInterrupt):
        tools['console'].run(
            ['sh', '-c', f'sleep 300 & echo $! > {pid_file}; echo go; wait'], str(tmp_path / 'log')
        )
    pid = int(pid_file.read_text())
    for _ in range(100):
        if not running(pid):
            break
        time.sleep(0.05)
    assert not running(pid)


def running(pid):
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().split(')')[-1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_no_compiler(tools, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(tools['console'].SetupError, match='g\\+\\+.*PIP_FIND_LINKS'):
        tools['mmcv_wheel'].find_compiler()


@pytest.mark.skipif(not shutil.which('g++'), reason='no g++')
def test_no_python_headers(tools, monkeypatch, tmp_path):
    wheel = tools['mmcv_wheel']
    monkeypatch.setattr(wheel.sysconfig, 'get_paths', lambda: dict(include=str(tmp_path)))
    monkeypatch.delenv('CPLUS_INCLUDE_PATH', raising=False)
    with pytest.raises(tools['console'].SetupError, match='Python.h(.|\n)*-dev'):
        wheel.check_compiler('g++')


def test_gpu_without_nvcc(tools, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setenv('CUDA_HOME', str(tmp_path))
    with pytest.raises(tools['console'].SetupError, match='CUDA_HOME.*CUDA_VISIBLE_DEVICES='):
        tools['mmcv_wheel'].check_cuda()


def test_gaps_finds_missing_and_short_files(tools, tmp_path):
    info = tmp_path / 'thing-1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n')
    gaps, dist = tools['sweep'].gaps, PathDistribution(info)
    assert gaps(dist) == ['RECORD']
    for name, text in (('whole', '12345'), ('short', '123')):
        (tmp_path / f'{name}.py').write_text(text)
    (info / 'RECORD').write_text(
        ''.join(
            f'{name}.{suffix},,5\n'
            for name, suffix in (('whole', 'py'), ('short', 'py'), ('gone', 'py'), ('cache', 'pyc'))
        )
    )
    assert gaps(PathDistribution(info)) == ['short.py', 'gone.py']


def test_venv_that_works_is_kept_and_a_broken_one_made_anew(tools, tmp_path, capsys):
    install, venv = tools['install'], tmp_path / 'venv'
    venv.mkdir()
    (venv / 'left-over').write_text('')
    python = install.make_venv(venv, replace=False)
    assert 'made anew' in capsys.readouterr().out
    assert not (venv / 'left-over').exists()
    assert subprocess.run([python, '-c', 'import pip']).returncode == 0
    (venv / 'mark').write_text('')
    install.make_venv(venv, replace=True)
    assert (venv / 'mark').exists()


@pytest.mark.skipif(not shutil.which('make'), reason='no make')
def test_make_sets_up_once_a_checkout(repo_root, tmp_path):
    """The stamp holds for this folder only, and no longer than the requirements."""
    home = tmp_path / 'here'
    (home / 'requirements').mkdir(parents=True)
    (home / '.venv').mkdir()
    shutil.copy(repo_root / 'Makefile', home)
    for name in ('setup.py', 'requirements/a.txt'):
        (home / name).write_text('')
        os.utime(home / name, (1, 1))
    stamp = home / '.venv' / '.setup-done'

    def sets_up(folder):
        done = subprocess.run(
            ['make', '-n', 'setup'],
            cwd=folder,
            capture_output=True,
            text=True,
            env={k: v for k, v in os.environ.items() if 'MAKE' not in k},
        )
        assert done.returncode == 0, done.stderr
        return 'install.py' in done.stdout

    assert sets_up(home)
    stamp.write_text(f'{home}\n')
    assert not sets_up(home)
    os.utime(home / 'requirements/a.txt', (time.time() + 60,) * 2)
    assert sets_up(home)
    os.utime(home / 'requirements/a.txt', (1, 1))
    assert sets_up(home.rename(tmp_path / 'there'))
