"""The set-up: when make sets up and with what."""

import os
import shutil
import signal
import subprocess
import time

import pytest

MAKE_VARIABLES = {'PYTHON', 'MMSTACK', 'VENV', 'LOCKED', 'SSL_CERT_FILE'}


@pytest.fixture
def checkout(repo_root, tmp_path):
    """A folder with all that the Makefile looks at, its times long ago."""
    home = tmp_path / 'here'
    (home / 'tools').mkdir(parents=True)
    shutil.copytree(repo_root / 'requirements', home / 'requirements')
    for name in ('Makefile', 'setup.py', 'tools/install_mmcv.py'):
        shutil.copy(repo_root / name, home / name)
    for path in (*home.glob('requirements/*'), home / 'setup.py', home / 'tools/install_mmcv.py'):
        os.utime(path, (1, 1))
    return home


def fresh_environment():
    """The environment without what an outer make, pip's or uv's settings would tell make."""
    return {
        name: value
        for name, value in os.environ.items()
        if 'MAKE' not in name
        and not name.startswith(('UV_', 'PIP_'))
        and name not in MAKE_VARIABLES
    }


def make(folder, *args, **env):
    return subprocess.run(
        ['make', *args],
        cwd=folder,
        env={**fresh_environment(), **env},
        capture_output=True,
        text=True,
    )


def sets_up(folder, *args):
    done = make(folder, '-n', 'setup', *args)
    assert done.returncode == 0, done.stderr
    return 'install_mmcv.py' in done.stdout


def test_make_sets_up_once_a_checkout(checkout):
    """The stamp holds for this folder only, when the set-up ended, and no longer than its input."""
    stamp = checkout / '.venv' / '.setup-done'
    assert sets_up(checkout)
    stamp.parent.mkdir()
    stamp.write_text('')  # interrupted
    assert sets_up(checkout)
    stamp.write_text(f'{checkout}\n')
    assert not sets_up(checkout)
    assert sets_up(checkout, 'MMSTACK=original')
    os.utime(checkout / 'requirements/pinned.txt', (time.time() + 60,) * 2)
    assert sets_up(checkout)
    os.utime(checkout / 'requirements/pinned.txt', (1, 1))
    assert sets_up(checkout.rename(checkout.parent / 'there'))


def test_an_interrupted_set_up_goes_on(checkout):
    """With a uv that makes an environment and then takes long to fill it."""
    uv = checkout / '.uv' / 'bin' / 'uv'
    uv.parent.mkdir(parents=True)
    uv.write_text(
        '#!/bin/sh\n[ "$1" = venv ] && mkdir -p .venv && exit\necho filling\nexec sleep 600\n'
    )
    uv.chmod(0o755)
    for _ in range(2):  # the second one has to accept what the first one left
        process = subprocess.Popen(
            ['make', 'setup'],
            cwd=checkout,
            env=fresh_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # a job that a shell put into the background ignores it, and so would its children
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line == 'filling\n':
                break
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
        assert seen[-1] == 'filling\n', seen
    assert sets_up(checkout)


def test_another_python_makes_the_environment_anew(checkout):
    python = checkout / '.venv' / 'bin' / 'python'
    python.parent.mkdir(parents=True)
    for path, number in (
        (python, '3.11.7'),
        (checkout / 'same', '3.11.7'),
        (checkout / 'b', '3.12.1'),
    ):
        path.write_text(f'#!/bin/sh\necho Python {number}\n')
        path.chmod(0o755)
    (checkout / '.venv' / '.setup-done').write_text(f'{checkout}\n')
    assert not sets_up(checkout, 'PYTHON=./same')
    assert sets_up(checkout, 'PYTHON=./b')


def test_a_stack_has_its_environment_and_its_requirements(checkout):
    plain, original = (
        make(checkout, '-n', 'setup', *args).stdout for args in ((), ('MMSTACK=original',))
    )
    assert '-r requirements/onedl.in' in plain and '.venv-original' not in plain
    assert '-r requirements/original.in' in original and '.venv-original/bin/python' in original


def test_an_environment_of_someone_else_is_left_alone(checkout):
    mine = checkout / '.venv' / 'mine'
    mine.parent.mkdir()
    mine.write_text('')
    done = make(checkout, 'setup')
    assert done.returncode != 0
    assert '.venv is not of this set-up: remove it' in done.stdout
    assert mine.exists()


@pytest.mark.parametrize(
    'name, value, uv_name, uv_value',
    [
        (
            'PIP_FIND_LINKS',
            'tools nowhere https://x.org/whl',
            'UV_FIND_LINKS',
            'tools,https://x.org/whl',
        ),
        ('PIP_CERT', '/etc/my.pem', 'SSL_CERT_FILE', '/etc/my.pem'),
        ('PIP_NO_INDEX', '1', 'UV_NO_INDEX', '1'),
        ('PIP_INDEX_URL', 'https://x.org', 'UV_DEFAULT_INDEX', 'https://x.org'),
        ('PIP_EXTRA_INDEX_URL', 'https://x.org', 'UV_INDEX', 'https://x.org'),
    ],
)
def test_settings_of_pip_reach_uv(checkout, name, value, uv_name, uv_value):
    (checkout / 'show.mk').write_text(f'include Makefile\nshow:\n\t@echo "$${uv_name}"\n')
    assert make(checkout, '-f', 'show.mk', 'show', **{name: value}).stdout.strip() == uv_value
    assert make(checkout, '-f', 'show.mk', 'show').stdout.strip() == ''
