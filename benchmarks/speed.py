"""Ratios of times, size and memory of MoE-Fusion: `python -m benchmarks.speed [--config CONFIG]`.

Cases that are compared take turns; a ratio is the median of the ratios round by round. Weights are
random: speed does not depend on them. How fast training is, and how long it waits for data, is in
its log (``time`` and ``data_time``).
"""

from __future__ import annotations

import argparse
import copy
import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.convolutions import Convolutions
from benchmarks.timing import time_in_turns
from moefusion.apis import load_config
from moefusion.apis.command import command
from moefusion.apis.device import choose_device
from moefusion.apis.inferencer import model_that_fuses
from moefusion.apis.memory import keep_freed_memory
from moefusion.fusion import FusionNetwork
from moefusion.models import MoEFusion
from moefusion.models.moe_fusion import MODALITIES

Network = TypeVar('Network', bound=nn.Module)

CONFIG = Path(__file__).resolve().parents[1] / 'configs/moefusion_m3fd.py'
# modules by part
PARTS = {
    'attention merge': r'fusion\.attention_merge',
    'local experts': r'fusion\.local\.\w+\.experts\.\d+',
    'global experts': r'fusion\.decoder\.experts\.\d+',
    'gates': r'fusion\.(local\.\w+|decoder)\.gate',
    'detectors: backbones, necks': r'(visible|infrared)_detector\.(backbone|neck)',
}
RATIOS = {
    'network / its convolutions alone': ('float32', 'bare'),
    'with detectors / all convolutions alone': ('with detectors', 'all bare'),
    'K experts / all': ('float32', 'all experts'),
    'channels-last / channels first': ('float32', 'channels first'),
    'bfloat16 / float32': ('bfloat16', 'float32'),
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--config', default=CONFIG, help=f'default: {CONFIG.name}')
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: a GPU if there is one)')
    parser.add_argument('--size', nargs=2, type=int, default=(640, 480), help='640 480 by default')
    parser.add_argument('--repeats', type=int, default=7, help='rounds (default: 7)')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    args = parse_args(argv)
    device = choose_device(args.device)
    print(f'PyTorch {torch.__version__}, {device}, {torch.get_num_threads()} threads')
    model = MODELS.build(model_that_fuses(load_config(args.config))).eval().requires_grad_(False)
    config = dict(load_config(args.config).model.get('fusion') or {})
    peak = peak_memory(config, args.size, device)
    print(f'peak memory of the fusion network beyond weights: {peak:.0f} MiB')
    keep_freed_memory()  # as tools/fuse.py does
    parts = count_parts(model, args.size)
    print('\nmillion parameters, billion multiply-accumulates of one pair')
    print(pd.concat([parts, parts.sum().to_frame('together').T]).round(3).to_string())
    times = time_in_turns(fusion_cases(config, args.size, device), args.repeats)
    times = times.join(time_in_turns(whole_cases(model, args.size, device), args.repeats))
    print(f'\nmilliseconds\n{(times.median() * 1000).round(1).to_string()}\n\nratios')
    for name, (case, reference) in RATIOS.items():
        print(f'{name}: {(times[case] / times[reference]).median():.3f}')


def random_inputs(size: tuple[int, int], device: torch.device) -> tuple[Tensor, ...]:
    """Visible, infrared and their attention maps: 1 x 1 x H x W in [0, 1], for (W, H)."""
    return tuple(torch.rand(4, 1, 1, size[1], size[0], device=device))


def random_pair(size: tuple[int, int]) -> dict[str, Any]:
    """One pair as the dataloader packs it."""
    shape = size[1], size[0]
    meta = dict(img_path='', img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0))
    pair = torch.randint(256, (4, *shape), dtype=torch.uint8)
    return dict(inputs=[pair], data_samples=[DetDataSample(metainfo=meta)])


def count_parts(model: MoEFusion, size: tuple[int, int]) -> pd.DataFrame:
    """What fusing one pair of (W, H) costs, by part.

    Returns:
        pd.DataFrame: ``parameters`` (all experts; in millions) and ``macs`` (of the experts that
        run; in billions).
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.test_step(random_pair(size))
    macs = {name: sum(found.values()) / 2e9 for name, found in counter.get_flop_counts().items()}
    numbers = {name: value.numel() / 1e6 for name, value in model.named_parameters()}
    parts = {
        part: dict(
            parameters=sum(n for name, n in numbers.items() if re.match(pattern, name)),
            macs=sum(n for name, n in macs.items() if re.fullmatch(rf'\w+\.{pattern}', name)),
        )
        for part, pattern in PARTS.items()
    }
    table = pd.DataFrame(parts).T
    # the encoders are what is left of the fusion network: they run as functions
    others = table.drop('detectors: backbones, necks').sum()
    fusion = [sum(p.numel() for p in model.fusion.parameters()) / 1e6, macs['MoEFusion.fusion']]
    table.loc['encoders'] = pd.Series(fusion, ['parameters', 'macs']) - others
    return table


def build_fusion(config: dict[str, Any], device: torch.device) -> FusionNetwork:
    """A fusion network at inference, of random weights (the same each time), channels last."""
    torch.manual_seed(0)
    network = FusionNetwork(**config).eval().requires_grad_(False).to(device)
    return in_layout(network, torch.channels_last)


def in_layout(network: Network, layout: torch.memory_format) -> Network:
    """The network in a memory format."""
    return network.to(memory_format=layout)  # type: ignore[call-overload]  # not in PyTorch's types


def fusion_cases(
    config: dict[str, Any], size: tuple[int, int], device: torch.device
) -> dict[str, Callable[[], object]]:
    """The fusion network without detectors, and what to compare it with."""
    inputs = random_inputs(size, device)
    network = build_fusion(config, device)
    first = in_layout(build_fusion(config, device), torch.contiguous_format)
    dense = build_fusion(dict(config, top_k=config.get('num_experts', 4)), device)
    with Convolutions() as bare:
        network(*inputs)

    def half() -> None:
        with torch.autocast(device.type, torch.bfloat16):
            network(*inputs)

    return {
        'float32': lambda: network(*inputs),
        'bare': bare.run_again,
        'all experts': lambda: dense(*inputs),
        'channels first': lambda: first(*inputs),
        'bfloat16': half,
    }


def whole_cases(
    model: MoEFusion, size: tuple[int, int], device: torch.device
) -> dict[str, Callable[[], object]]:
    """Fusing a pair in memory as ``FusionInferencer`` does, and its attention maps alone."""
    model, pair = in_layout(model.to(device), torch.channels_last), random_pair(size)
    inputs = model.data_preprocessor(copy.deepcopy(pair))['inputs']
    with Convolutions() as bare, torch.no_grad():
        model.test_step(copy.deepcopy(pair))
    return {
        'with detectors': lambda: model.test_step(copy.deepcopy(pair)),
        'all bare': bare.run_again,
        'detectors alone': lambda: [model.attend(name, inputs[name]) for name in MODALITIES],
    }


def peak_memory(config: dict[str, Any], size: tuple[int, int], device: torch.device) -> float:
    """MiB that fusing takes beyond the weights: PyTorch's peak on a GPU, else a new process's."""
    if device.type == 'cuda':
        network, inputs = build_fusion(config, device), random_inputs(size, device)
        network(*inputs)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        network(*inputs)
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        return pool.submit(_growth, config, size, torch.get_num_threads()).result()


def _growth(config: dict[str, Any], size: tuple[int, int], threads: int) -> float:
    keep_freed_memory()
    torch.set_num_threads(threads)
    device = torch.device('cpu')
    network, inputs = build_fusion(config, device), random_inputs(size, device)
    network(*random_inputs((32, 32), device))  # libraries load what they need
    status = Path('/proc/self/status')
    Path('/proc/self/clear_refs').write_text('5')  # the peak starts anew from here
    before = status.read_text()
    for _ in range(3):
        network(*inputs)
    peak = re.findall(r'VmHWM:\s*(\d+)', status.read_text())
    return (int(peak[0]) - int(re.findall(r'VmRSS:\s*(\d+)', before)[0])) / 1024


if __name__ == '__main__':
    main()
