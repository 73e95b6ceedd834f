"""The flag ``--launcher`` of the commands that share their work between processes."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec

from moefusion.apis.launcher import end_with_torchrun
from moefusion.ranks import Ranks

NAMES = dict(pytorch=('RANK', 'WORLD_SIZE'), slurm=('SLURM_PROCID', 'SLURM_NTASKS'))


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher``, for :func:`join_ranks`."""
    parser.add_argument(
        '--launcher',
        choices=('none', *NAMES),
        default='none',
        help='what started this command several times, torchrun or srun: each takes its share',
    )


def join_ranks(launcher: str) -> Ranks:
    """Find this process's number, and join the processes by gloo where torch is installed.

    Args:
        launcher (str): ``'none'``, ``'pytorch'`` (torchrun) or ``'slurm'`` (srun).

    Raises:
        RuntimeError: if the launcher's environment variables are not there.
    """
    if launcher == 'none':
        return Ranks()
    end_with_torchrun()
    if not find_spec('torch'):
        missing = [name for name in NAMES[launcher] if name not in os.environ]
        if missing:
            raise RuntimeError(
                f'--launcher {launcher}: {" and ".join(missing)} is not in the environment. Start '
                'the command with torchrun (pytorch) or srun (slurm), or leave --launcher out'
            )
        number, count = (int(os.environ[name]) for name in NAMES[launcher])
        return Ranks(number, count)
    import torch

    from moefusion.apis.process_group import init_cpu_process_group

    init_cpu_process_group(launcher)
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']) % torch.cuda.device_count())
    return Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size(), joined=True)
