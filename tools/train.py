"""Trains a model: `python tools/train.py CONFIG`, with MMDetection's flags."""

from __future__ import annotations

import argparse
import errno
import os
from pathlib import Path

from moefusion.apis.command import command, warn
from moefusion.apis.launch import add_run_options, explaining_lost_ranks, prepare_run

NO_SPACE = errno.ENOSPC, errno.EDQUOT, errno.EFBIG


def parse_args() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--amp', action='store_true', help='mixed precision (needs a GPU)')
    text = 'scale the learning rate with the batch over all ranks'
    parser.add_argument('--auto-scale-lr', action='store_true', help=text)
    text = 'go on from a checkpoint; without a name, the latest in --work-dir'
    parser.add_argument('--resume', nargs='?', const='auto', metavar='CHECKPOINT', help=text)
    add_run_options(parser, 'train_cfg.max_epochs=2')
    return parser.parse_args()


def latest_checkpoint(work_dir: str) -> str | None:
    """Return the last checkpoint in a folder, wherever the folder was when it was written.

    A run that is killed between its first checkpoint and the note of it leaves one without.

    Raises:
        FileNotFoundError: if there are several, but no note says which is the last.
    """
    from mmengine.runner import find_latest_checkpoint

    found = find_latest_checkpoint(work_dir)
    if found is None:
        others = sorted(map(str, Path(work_dir).glob('*.pth')))
        if len(others) > 1:
            raise FileNotFoundError(
                f'{work_dir}: no last_checkpoint in it, but {", ".join(others)}. Name one: '
                '--resume CHECKPOINT'
            )
        return others[0] if others else None
    here = Path(work_dir, found.replace('\\', '/').rpartition('/')[2])
    return str(here) if here.exists() else found


def say_how_it_starts(work_dir: str, resumes: bool, start: str) -> None:
    """Say where there is nothing to go on from, and what a training that starts anew replaces."""
    if resumes:
        warn(f'{work_dir}: no checkpoint to resume in it yet; training starts from {start}')
    elif found := sorted(path.name for path in Path(work_dir).glob('*.pth')):
        warn(
            f'{work_dir}: training starts from {start} and writes over {", ".join(found)} of an '
            'earlier one. --resume goes on from there; another --work-dir keeps them'
        )


@command
def main() -> None:
    """Train, from the start or from a checkpoint."""
    args = parse_args()
    from mmengine.device import get_device
    from mmengine.runner import Runner

    cfg = prepare_run(args)
    if args.amp:
        if get_device() in ('cpu', 'mps', 'dipu'):  # which AmpOptimWrapper does not take
            raise ValueError('--amp needs a GPU, and PyTorch finds none here: leave it out')
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
    elif os.environ.get('RANK', '0') == '0':
        say_how_it_starts(cfg.work_dir, automatic, cfg.get('load_from') or 'the beginning')
    try:
        with explaining_lost_ranks():
            Runner.from_cfg(cfg).train()
    except OSError as error:
        if error.errno in NO_SPACE and error.strerror == os.strerror(error.errno or 0):
            error.filename = cfg.work_dir  # of a log, say, which the system does not name
        raise


if __name__ == '__main__':
    main()
