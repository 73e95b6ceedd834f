"""Chooses the device that a network runs on."""

from __future__ import annotations

import torch


def choose_device(name: str | None = None) -> torch.device:
    """The device of a name such as ``'cpu'`` or ``'cuda:0'``; without one, a GPU if there is one.

    Raises:
        ValueError: if there is no such device, with what there is.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    name = name or ('cuda' if gpus else 'cpu')
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f'device {name!r} is none: use cpu, cuda, cuda:1, mps or xpu') from error
    if device.type == 'cuda' and (device.index or 0) >= gpus:
        raise ValueError(
            f'device {name}: PyTorch {torch.__version__} finds {gpus or "no"} GPU '
            'here: use cpu, or install the driver and a CUDA build of PyTorch'
        )
    if device.type not in ('cpu', 'cuda'):
        try:
            torch.empty(1, device=device)
        except (RuntimeError, NotImplementedError, AssertionError) as error:
            raise ValueError(
                f'device {name}: PyTorch {torch.__version__} finds none here: use cpu'
            ) from error
    return device
