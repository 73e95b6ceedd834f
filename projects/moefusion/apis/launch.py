"""Starts the processes' communication where MMEngine cannot: several processes without a GPU.

MMEngine's launchers call ``torch.cuda.set_device`` and hand the local rank to
``DistributedDataParallel`` as a device, both of which need a GPU. On a machine without one
:func:`prepare_distributed` starts the process group itself, with gloo; the ``Runner`` takes one
that is there as it is. Where there is a GPU it leaves everything to MMEngine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from unittest import mock

import torch
from mmengine.config import Config
from torch import distributed as dist

from moefusion.apis.command import add_config_options
from moefusion.apis.config import load_config
from moefusion.apis.launcher import end_with_torchrun
from moefusion.apis.memory import keep_freed_memory
from moefusion.apis.process_group import init_cpu_process_group

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def add_run_options(parser: argparse.ArgumentParser, example: str) -> None:
    """Add what ``tools/train.py`` and ``tools/test.py`` share, for :func:`prepare_run`."""
    parser.add_argument(
        '--work-dir', help='where logs and files go (default: work_dirs/<name of the config>)'
    )
    add_config_options(parser, example)
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none')
    # which old versions of PyTorch give
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def prepare_run(args: argparse.Namespace) -> Config:
    """The config of a tool's arguments, with memory and processes prepared for its ``Runner``."""
    keep_freed_memory()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    prepare_distributed(cfg, args.launcher)
    return cfg


def prepare_distributed(cfg: Config, launcher: str) -> None:
    """Set up ``cfg`` and, on CPUs, the process group. Call it before ``Runner.from_cfg``.

    The process ends with its torchrun, see :func:`moefusion.apis.launcher.end_with_torchrun`.

    Args:
        cfg (mmengine.Config): changed in place: ``launcher``, and on CPUs
            ``env_cfg.dist_cfg.backend`` (gloo) and ``model_wrapper_cfg`` (no device ids; its
            other keys stay).
        launcher (str): ``'none'``, ``'pytorch'`` (torchrun), ``'slurm'`` or ``'mpi'``.

    Raises:
        ValueError: if ``launcher`` is none of these.
        RuntimeError: if the launcher's environment variables are not there.
    """
    if launcher not in LAUNCHERS:
        raise ValueError(f'launcher must be one of {", ".join(LAUNCHERS)}, but got {launcher!r}')
    cfg.launcher = launcher
    if launcher == 'none':
        return
    end_with_torchrun()
    import_yapf_alone()
    if torch.cuda.is_available():
        return
    dist_cfg = cfg.setdefault('env_cfg', {}).setdefault('dist_cfg', {})
    dist_cfg['backend'] = 'gloo'
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper['device_ids'] = None
    cfg.model_wrapper_cfg = wrapper
    init_cpu_process_group(launcher, dist_cfg.get('timeout') or 1800)


@contextlib.contextmanager
def explaining_lost_ranks() -> Iterator[None]:
    """Say in one sentence that another process has ended, where gloo and NCCL speak of peers.

    Raises:
        RuntimeError: in the place of theirs.
    """
    try:
        yield
    except RuntimeError as error:
        if not dist.is_initialized() or not ('gloo/' in str(error) or 'NCCL' in str(error)):
            raise
        raise RuntimeError(
            f'rank {dist.get_rank()} of {dist.get_world_size()} stops, as another has ended: see '
            f'its own message. In training, --resume goes on from the last checkpoint ({error})'
        ) from error


def import_yapf_alone() -> None:
    """Import yapf, with which MMEngine prints configs, past the cache it shares with others.

    The first import writes yapf's grammar to the user's cache folder, and a process that reads it
    half written stops with an ``EOFError``. Several processes that start at once do so.
    """
    with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, XDG_CACHE_HOME=cache):
        import yapf  # noqa: F401
