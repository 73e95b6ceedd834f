"""A rank ends with its torchrun, whenever that is killed, and with nothing else."""

import os
import subprocess
import sys
import time

import pytest

PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
RANK = """
import os, time
from moefusion.apis import launcher
launcher.SECONDS = 0.05
early, parent = {early}, os.getppid()
if early:
    launcher.end_with_torchrun()
    launcher.end_with_torchrun()
print('ready', flush=True)
while os.getppid() == parent:
    time.sleep(0.05)
if not early:
    launcher.end_with_torchrun()
time.sleep({seconds})
print('goes on', flush=True)
"""


def outlive(early, seconds, **variables):
    """Standard output and error of a rank whose parent is killed so many seconds before its end."""
    parent = subprocess.Popen(
        [sys.executable, '-c', PARENT, RANK.format(early=early, seconds=seconds)],
        env={name: text for name, text in os.environ.items() if name != 'TORCHELASTIC_RUN_ID'}
        | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while parent.stdout.readline() != 'ready\n':
        assert parent.poll() is None
        time.sleep(0.01)
    parent.kill()
    return parent.communicate(timeout=90)  # until the rank has closed its ends, too


@pytest.mark.parametrize('early', [True, False])
def test_a_rank_of_torchrun_ends(early):
    told, said = outlive(early, 60, TORCHELASTIC_RUN_ID='none', RANK='1', WORLD_SIZE='2')
    assert told == '' and said.count('error: rank 1 of 2 stops, as torchrun') == 1


def test_other_processes_go_on():
    assert outlive(True, 2, RANK='1', WORLD_SIZE='2') == ('goes on\n', '')
