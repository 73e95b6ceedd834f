"""keep_freed_memory: a tensor freed makes room for the next one without new pages."""

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
def faults():
    torch.ones(25_000_000)  # 100 MB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(25_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='for glibc alone')
def test_the_next_tensor_takes_the_place_of_the_last():
    faults = {mode: int(subprocess.run(
        [sys.executable, '-c', SCRIPT, mode], check=True, capture_output=True, text=True).stdout)
        for mode in ('default', 'keep')}
    assert faults['keep'] < 100 < faults['default']


def test_another_c_library(monkeypatch):
    import ctypes

    from moefusion.apis.memory import keep_freed_memory
    monkeypatch.setattr(ctypes, 'CDLL', lambda _: object())
    assert keep_freed_memory() is False
