"""A small version of tools/dev/kill.py: three random kills of each tool, two of training."""

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    'tools, moments', [(['make_demo_data', 'fuse', 'evaluate'], 3), (['train'], 2)]
)
def test_nothing_is_lost(repo_root, tools, moments):
    done = subprocess.run(
        [sys.executable, 'tools/dev/kill.py', f'--moments={moments}', '--tools', *tools],
        cwd=repo_root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[0] in tools]
    assert rows == [[tool, str(moments), '0', '0', '0'] for tool in tools]
