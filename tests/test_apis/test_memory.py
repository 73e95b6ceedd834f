"""keep_freed_memory: tensors take the place of freed ones, without new pages."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import torch
from moefusion.apis.memory import keep_freed_memory
if sys.argv[1] == 'keep':
    assert keep_freed_memory()
for _ in range(10):
    torch.ones(25_000_000)  # 100 MB, freed at once
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.ones(25_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='for glibc alone')
def test_the_next_tensor_takes_the_place_of_the_last():
    faults = {
        mode: int(
            subprocess.run(
                [sys.executable, '-c', SCRIPT, mode], check=True, capture_output=True, text=True
            ).stdout
        )
        for mode in ('default', 'keep')
    }
    assert faults['keep'] < 0.3 * faults['default']


def test_another_c_library(monkeypatch):
    import ctypes

    from moefusion.apis.memory import keep_freed_memory

    monkeypatch.setattr(ctypes, 'CDLL', lambda _: object())
    assert keep_freed_memory() is False
