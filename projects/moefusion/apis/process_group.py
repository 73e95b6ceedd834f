"""Joins processes by gloo, started by torchrun, Slurm or MPI; needs torch alone."""

from __future__ import annotations

import atexit
import datetime
import gc
import os
import subprocess

from torch import distributed as dist

DEFAULT_PORT = '29500'


def init_cpu_process_group(launcher: str, timeout: float = 1800) -> None:
    """Join the processes by gloo, unless they are joined already, for at most ``timeout`` seconds.

    They part before the interpreter ends, which waits for gloo's threads: one that is found at
    work later than that aborts the process.

    Raises:
        RuntimeError: if the launcher's variables are not there, or another process has ended, be
            it after it had joined this one: the first to be done does not wait for the last.
    """
    if dist.is_initialized():
        return
    if launcher == 'slurm':
        _use_ranks('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID')
    elif launcher == 'mpi':
        _use_ranks('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK')
    if 'MASTER_ADDR' not in os.environ and launcher == 'slurm':
        os.environ['MASTER_ADDR'] = _first_slurm_node()
    os.environ.setdefault('MASTER_PORT', DEFAULT_PORT)
    _require('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR')
    try:
        dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=timeout))
    except RuntimeError as error:
        if 'gloo/' not in str(error):
            raise
        raise RuntimeError(
            f'rank {os.environ["RANK"]} of {os.environ["WORLD_SIZE"]} stops, as another has ended '
            f'while they joined: see its own message ({error})'
        ) from error
    atexit.register(_part)


def _part() -> None:
    """End gloo's threads, which live as long as a model that was wrapped, in a cycle as a rule."""
    if dist.is_initialized():
        dist.destroy_process_group()
    gc.collect()


def _require(*names: str) -> None:
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise RuntimeError(
            f'--launcher was given, but {", ".join(missing)} is not in the environment: start '
            'the run with tools/dist_train.sh, tools/dist_test.sh or torchrun (pytorch), with '
            'tools/slurm_train.sh, tools/slurm_test.sh or srun (slurm), or leave --launcher out'
        )


def _use_ranks(rank: str, size: str, local_rank: str) -> None:
    """Copy a launcher's own variables to the names that PyTorch reads."""
    _require(rank, size, local_rank)
    os.environ.update(
        RANK=os.environ[rank], WORLD_SIZE=os.environ[size], LOCAL_RANK=os.environ[local_rank]
    )


def _first_slurm_node() -> str:
    _require('SLURM_NODELIST')
    command = ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']]
    return subprocess.check_output(command, text=True).split()[0]
