"""Reads a config for the tools, and prepares distributed runs on machines without a GPU."""
from __future__ import annotations

import os
from pathlib import Path

import torch
from mmengine.config import Config


def load_config(path: str | Path, options: dict | None = None, work_dir: str | None = None,
                launcher: str = 'none') -> Config:
    """Read a config file as MMDetection's tools do.

    Args:
        path (str | Path): the config file.
        options (dict, optional): keys to override (``--cfg-options``).
        work_dir (str, optional): overrides the config's; without either it is
            ``work_dirs/<name of the config>``.
        launcher (str): ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``. Defaults to ``'none'``.

    Returns:
        Config: the config. Where several processes share no GPU, the model's wrapper is that for
        CPUs.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path}: there is no such file')
    cfg = Config.fromfile(path)
    cfg.launcher = launcher
    if options:
        cfg.merge_from_dict(options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    if launcher != 'none' and not torch.cuda.is_available():
        # MMEngine's default wrapper names a GPU.
        wrapper = dict(
            type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
        cfg.model_wrapper_cfg = {**wrapper, **(cfg.get('model_wrapper_cfg') or {})}
    return cfg


def prepare_launch(launcher: str, local_rank: int = 0) -> None:
    """Start the processes' group with gloo where there is no GPU.

    MMEngine chooses a GPU before it starts the group, and cannot without one; a group that is
    there already it takes as it is. With a GPU, or one process, there is nothing to do.

    Args:
        launcher (str): ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        local_rank (int): for launchers that pass it as an argument. Defaults to 0.

    Raises:
        RuntimeError: for ``'slurm'`` and ``'mpi'`` without a GPU.
    """
    os.environ.setdefault('LOCAL_RANK', str(local_rank))
    if launcher == 'none' or torch.cuda.is_available() or torch.distributed.is_initialized():
        return
    if launcher != 'pytorch':
        raise RuntimeError(f'--launcher {launcher} needs a GPU on every node: on CPUs use '
                           'tools/dist_train.sh and tools/dist_test.sh (torchrun)')
    torch.distributed.init_process_group('gloo')
