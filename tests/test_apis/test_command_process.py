"""What a tool does to its own process: its threads, and its end where nobody reads it."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize('given, found', [(None, 'PASSIVE'), ('ACTIVE', 'ACTIVE')])
def test_waiting_threads_do_not_spin_unless_asked_to(given, found):
    """The tools import this module first: OpenMP reads the variable as torch is loaded."""
    code = (
        'import os, sys, moefusion.apis.command; '
        "print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY'])"
    )
    environment = {name: text for name, text in os.environ.items() if name != 'OMP_WAIT_POLICY'}
    if given:
        environment['OMP_WAIT_POLICY'] = given
    done = subprocess.run(
        [sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ['False', found]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason='one CPU cannot be fewer')
@pytest.mark.parametrize('given, found', [(None, '1'), ('3', '3')])
def test_threads_follow_the_cpus_at_hand_unless_asked_otherwise(given, found):
    code = "import os, moefusion.apis.command; print(os.environ['OMP_NUM_THREADS'])"
    environment = {name: text for name, text in os.environ.items() if name != 'OMP_NUM_THREADS'}
    if given:
        environment['OMP_NUM_THREADS'] = given
    done = subprocess.run(
        [sys.executable, '-c', code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1]),
    )
    assert done.stdout.strip() == found


@pytest.mark.parametrize('unbuffered', ['', '1'])
@pytest.mark.parametrize(
    'ending', ['print("a" * 10**6)', 'sys.exit("error: x")', 'return', 'print(log())']
)
def test_a_closed_pipe_ends_the_tool_without_a_word(ending, unbuffered):
    code = (
        'import logging, sys\n'
        'from moefusion.apis.command import command\n'
        'def log():\n'
        '    logging.basicConfig(stream=sys.stdout)\n'
        '    for epoch in range(3):\n'
        '        logging.warning(epoch)\n'
        '    sys.exit("not stopped")\n'
        '@command\n'
        'def main():\n'
        '    sys.stdin.read()\n'
        '    print("x")\n'
        f'    {ending}\n'
        'main()\n'
    )
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    environment = {**os.environ, 'PYTHONUNBUFFERED': unbuffered}
    process = subprocess.Popen([sys.executable, '-c', code], env=environment, **pipes)
    process.stdout.close(), process.stdin.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    stopped = bool(unbuffered) or 'print' in ending
    assert said == ('error: x\n' if 'exit' in ending and not stopped else '')
    assert process.wait() == (141 if stopped else int('exit' in ending))
