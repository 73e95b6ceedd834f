"""Measures time, memory and size of MoE-Fusion: `python -m benchmarks.speed [--data CONFIG]`.

Cases that are compared run in turns within one run; times are medians, and a ratio is the median
of the ratios round by round. Weights are random: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

from benchmarks.complexity import count_parts
from benchmarks.fusion_time import time_fusion
from benchmarks.inference import time_inference
from benchmarks.peak_memory import peak_memory
from benchmarks.training import time_data, time_training
from moefusion.apis import load_config
from moefusion.apis.command import command
from moefusion.apis.device import choose_device
from moefusion.apis.memory import keep_freed_memory

ROOT = Path(__file__).resolve().parents[1]
CONFIG = 'configs/moefusion_m3fd.py'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--config', default=str(ROOT / CONFIG), help=f'default: {CONFIG}')
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: a GPU if there is one)')
    parser.add_argument('--size', type=size, default=(640, 480), help='WxH (default: 640x480)')
    parser.add_argument('--repeats', type=int, default=7, help='rounds (default: 7)')
    parser.add_argument('--threads', type=int, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument(
        '--data',
        nargs='+',
        default=[],
        metavar='CONFIG',
        help='configs to train for a few steps, with their data in place: shows '
        'the share of waiting for data',
    )
    parser.add_argument(
        '--iterations',
        type=int,
        default=20,
        help='training steps to measure with --data (default: 20)',
    )
    parser.add_argument('--json', metavar='FILE', help='also write all figures here')
    return parser.parse_args(argv)


def size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split('x'))
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is not WxH, such as 640x480') from None
    return width, height


@command
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = choose_device(args.device)
    configs = {path: load(path) for path in (args.config, *args.data)}
    if args.threads:
        torch.set_num_threads(args.threads)
    cfg = configs[args.config]
    figures = dict(machine=machine(device), config=Path(args.config).name, size=args.size)
    print(
        f'{figures["machine"]}\n{figures["config"]}, one pair of {args.size[0]} x '
        f'{args.size[1]}, {args.repeats} rounds'
    )

    fusion = dict(cfg.model.get('fusion') or {})
    figures['peak memory, MiB'] = show_memory(fusion, args.size, device)
    keep_freed_memory()  # as tools/fuse.py does
    figures['fusion network, ms'] = show_fusion(fusion, args, device)
    figures['parts'] = show_parts(cfg, args.size)
    figures['inference, s'] = show_inference(cfg, args, device)
    if device.type == 'cuda':
        figures['training'] = show_training(cfg, args, device)
    figures['waiting for data'] = {
        Path(path).name: show_data(path, configs[path], args.iterations) for path in args.data
    }
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=2) + '\n')


def load(path: str) -> Config:
    cfg = load_config(path)
    import_modules_from_strings(**cfg.custom_imports)
    init_default_scope('mmdet')
    if cfg.model.type != 'MoEFusion':
        raise ValueError(f'{path}: model.type must be MoEFusion, but is {cfg.model.type}')
    return cfg


def machine(device: torch.device) -> str:
    if device.type == 'cuda':
        name = torch.cuda.get_device_name(device)
    else:
        info = Path('/proc/cpuinfo')
        names = (
            [
                line.split(': ')[1]
                for line in info.read_text().splitlines()
                if line.startswith('model name')
            ]
            if info.is_file()
            else []
        )
        name = (
            f'{(names or [platform.machine()])[0]}, {torch.get_num_threads()} threads of '
            f'{os.cpu_count()} CPUs'
        )
    return f'PyTorch {torch.__version__} on {name}'


def show_memory(fusion: dict, size: tuple[int, int], device: torch.device) -> dict:
    peaks = {'fusion network': peak_memory(fusion, size, device)}
    if device.type == 'cpu':
        peaks['... freed memory kept, as in tools/fuse.py'] = peak_memory(
            fusion, size, device, keep_freed=True
        )
    table(
        'Peak memory of fusing, beyond weights',
        [(name, f'{peak:,.0f} MiB') for name, peak in peaks.items()],
    )
    return peaks


def show_fusion(fusion: dict, args: argparse.Namespace, device: torch.device) -> dict:
    times = time_fusion(fusion, args.size, args.repeats, device)
    table(
        'Fusion network, without detectors',
        [(case, f'{times.median(case) * 1e3:.1f} ms') for case in times.seconds],
    )
    top_k, number = fusion.get('top_k', 2), fusion.get('num_experts', 4)
    fast, plain = 'float32 channels-last', 'float32 plain'
    ratios = {
        name: times.ratio(*cases)
        for name, cases in {
            'network / convolutions of the experts that run, channels-last (goal: 1.15)': (
                fast,
                'bare experts channels-last',
            ),
            "network / those and the encoders', channels-last": (fast, 'bare all channels-last'),
            'network / convolutions of the experts that run, plain': (plain, 'bare experts plain'),
            "network / those and the encoders', plain": (plain, 'bare all plain'),
            'network channels-last / convolutions of the experts that run, plain': (
                fast,
                'bare experts plain',
            ),
            f'K = {top_k} / K = {number}': (fast, 'all experts channels-last'),
            'channels-last / plain': (fast, plain),
            'bfloat16 / float32, plain': ('bfloat16 plain', plain),
            'bfloat16 channels-last / float32 plain': ('bfloat16 channels-last', plain),
        }.items()
    }
    table('Ratios of these times', [(name, f'{ratio:.3f}') for name, ratio in ratios.items()])
    return dict(medians={case: times.median(case) * 1e3 for case in times.seconds}, ratios=ratios)


def show_parts(cfg: Config, size: tuple[int, int]) -> dict:
    parts = count_parts(MODELS.build(cfg.model).eval(), size)
    total = {key: sum(part[key] for part in parts.values()) for key in ('parameters', 'macs')}
    table(
        'Parameters, and multiply-accumulates of fusing one pair (K experts, no heads)',
        [
            (name, f'{part["parameters"] / 1e6:,.3f} M', f'{part["macs"] / 1e9:,.2f} G')
            for name, part in {**parts, 'total': total}.items()
        ],
    )
    return parts


def show_inference(cfg: Config, args: argparse.Namespace, device: torch.device) -> dict:
    times = time_inference(cfg, args.size, args.repeats, device)
    medians = {case: times.median(case) for case in times.seconds}
    table(
        'Fusing with detectors, pairs in memory',
        [
            (case, f'{seconds * 1e3:.1f} ms', f'{1 / seconds:.2f} pairs/s')
            for case, seconds in medians.items()
        ],
    )
    return medians


def show_training(cfg: Config, args: argparse.Namespace, device: torch.device) -> dict:
    figures = {}
    for batch_size in (4, 16):
        for dtype in ('float32', 'bfloat16 AMP'):
            case = f'batch {batch_size}, {dtype}'
            try:
                figures[case] = time_training(
                    cfg, batch_size, args.size, args.repeats, device, dtype != 'float32'
                )
            except torch.OutOfMemoryError:
                figures[case] = None
            torch.cuda.empty_cache()
    table(
        'Training on random pairs in memory',
        [
            (case, 'out of memory')
            if result is None
            else (case, f'{result["images"]:.2f} pairs/s', f'{result["memory"]:,.0f} MiB')
            for case, result in figures.items()
        ],
    )
    return figures


def show_data(path: str, cfg: Config, iterations: int) -> dict | None:
    try:
        result = time_data(cfg, iterations)
    except (OSError, ValueError) as error:
        table(f'Training with its data: {Path(path).name}', [('not run', str(error))])
        return None
    table(
        f'Training with its data: {Path(path).name} ({iterations} steps)',
        [
            ('waiting for data (goal: under 5 %)', f'{100 * result["share"]:.2f} %'),
            ('step', f'{result["seconds"]:.3f} s'),
            ('rate', f'{result["images"]:.2f} pairs/s'),
        ],
    )
    return result


def table(title: str, rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    print(f'\n{title}')
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:])]
        print('  ', '  '.join([first.ljust(widths[0]), *cells]), sep='', flush=True)


if __name__ == '__main__':
    main()
