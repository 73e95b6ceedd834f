"""Trains a model: `python tools/train.py CONFIG`, with MMDetection's flags."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from moefusion.apis import load_config, prepare_distributed
from moefusion.apis.command import add_config_options, add_launcher, command
from moefusion.apis.memory import keep_freed_memory


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir', help='where logs and checkpoints go (default: work_dirs/<name of the config>)'
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (needs a GPU)')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch over all ranks',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint; without a name, the latest in --work-dir',
    )
    add_config_options(parser)
    add_launcher(parser)
    return parser.parse_args()


def latest_checkpoint(work_dir: str) -> str | None:
    """Return the last checkpoint in a folder, wherever the folder was when it was written.

    Raises:
        FileNotFoundError: if there are checkpoints, but no note says which is the last.
    """
    from mmengine.runner import find_latest_checkpoint

    found = find_latest_checkpoint(work_dir)
    if found is None:
        if others := sorted(map(str, Path(work_dir).glob('*.pth'))):
            raise FileNotFoundError(
                f'{work_dir}: no last_checkpoint in it, but {", ".join(others)}. Name one: '
                '--resume CHECKPOINT'
            )
        return None
    here = Path(work_dir, found.replace('\\', '/').rpartition('/')[2])
    return str(here) if here.exists() else found


@command
def main() -> None:
    args = parse_args()
    from mmengine.runner import Runner

    keep_freed_memory()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    prepare_distributed(cfg, args.launcher)
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(f'{args.config}: --auto-scale-lr needs auto_scale_lr.base_batch_size')
        cfg.auto_scale_lr.enable = True
    automatic = args.resume == 'auto' or (cfg.get('resume') and not cfg.get('load_from'))
    checkpoint = latest_checkpoint(cfg.work_dir) if automatic else args.resume
    if checkpoint:  # without one yet, the run starts as the config says, from its load_from
        cfg.resume, cfg.load_from = True, checkpoint
    Runner.from_cfg(cfg).train()


if __name__ == '__main__':
    main()
