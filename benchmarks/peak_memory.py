"""The memory that fusing one pair takes at most."""

from __future__ import annotations

import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from benchmarks.fusion_time import build_fusion, random_inputs
from moefusion.apis.memory import keep_freed_memory


def peak_memory(
    config: dict, size: tuple[int, int], device: torch.device, keep_freed: bool = False
) -> float:
    """Peak memory of the fusion network at inference beyond its weights, in MiB.

    On a CPU it is the growth of a fresh process's resident memory, channels last; on a GPU what
    PyTorch has allocated at most.

    Args:
        config (dict): arguments of :class:`~moefusion.fusion.FusionNetwork`.
        size (tuple[int, int]): width and height in pixels.
        device (torch.device): where to.
        keep_freed (bool): whether freed memory is kept, as ``tools/fuse.py`` does on CPUs.
    """
    if device.type == 'cuda':
        return _peak_on_gpu(config, size, device)
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        return pool.submit(
            _peak_of_process, config, size, keep_freed, torch.get_num_threads()
        ).result()


@torch.inference_mode()
def _peak_on_gpu(config: dict, size: tuple[int, int], device: torch.device) -> float:
    network, inputs = build_fusion(config, device), random_inputs(size, device)
    network(*inputs)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    network(*inputs)
    return (torch.cuda.max_memory_allocated(device) - before) / 2**20


@torch.inference_mode()
def _peak_of_process(config: dict, size: tuple[int, int], keep_freed: bool, threads: int) -> float:
    if keep_freed:
        keep_freed_memory()
    torch.set_num_threads(threads)
    device = torch.device('cpu')
    network = build_fusion(config, device, channels_last=True)
    network(*random_inputs((32, 32), device))  # libraries load what they need
    inputs = random_inputs(size, device)
    Path('/proc/self/clear_refs').write_text('5')  # the peak starts anew from here
    before = _resident('VmRSS')
    for _ in range(3):
        network(*inputs)
    return _resident('VmHWM') - before


def _resident(field: str) -> float:
    status = Path('/proc/self/status').read_text()
    return int(re.search(rf'{field}:\s*(\d+) kB', status).group(1)) / 1024
