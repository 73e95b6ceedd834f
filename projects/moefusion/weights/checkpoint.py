"""Loads checkpoints as data: no code from the file runs, and a wrong file is named."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Location = str | torch.device | None
Checkpoint = dict[str, Any]


class _LogHistory:
    """Stands in for MMEngine's HistoryBuffer: holds the file's values and can do nothing."""


def _name(owner: object, name: str) -> str:
    """Stands in for ``getattr``, by which a HistoryBuffer names its methods."""
    return name


def _safe_globals(history: type, attribute: Callable[..., Any]) -> list[Any]:
    """What a checkpoint of MMEngine's runner holds beside tensors: its log history in arrays."""
    core = (np._core if hasattr(np, '_core') else np.core).multiarray
    kinds = np.float64, np.float32, np.int64, np.uint8
    return [
        np.ndarray,
        np.dtype,
        *(type(np.dtype(kind)) for kind in kinds),
        # A file names the module of the NumPy that wrote it: 2 calls numpy.core numpy._core.
        *(
            (function, f'{module}.multiarray.{function.__name__}')
            for function in (core._reconstruct, core.scalar)
            for module in ('numpy.core', 'numpy._core')
        ),
        (history, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (attribute, 'builtins.getattr'),
    ]


def load_checkpoint_safely(path: str | Path) -> Checkpoint:
    """Read a checkpoint's weights, onto the CPU, without running code from it.

    Args:
        path (str | Path): a file that MMEngine's runner or ``torch.save`` wrote.

    Returns:
        dict: the checkpoint; a bare state dict comes as ``dict(state_dict=...)``. The log history
        in it is not usable: see :func:`load_to_resume`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, holds other objects than tensors, plain data and MMEngine's
            log history, or has no weights.
    """
    return _load(path, 'cpu', _LogHistory, _name)


def load_to_resume(path: str | Path, map_location: Location = 'cpu') -> Checkpoint:
    """As :func:`load_checkpoint_safely`, with the log history that a runner goes on from.

    MMEngine's ``HistoryBuffer`` comes to life, which takes ``getattr`` on what the file holds: for
    training, from files of one's own.

    Args:
        path (str | Path): a file that MMEngine's runner wrote.
        map_location (str | torch.device, optional): where its tensors go, as for ``torch.load``.
    """
    from mmengine.logging import HistoryBuffer  # here: inference with torch alone has no mmengine

    return _load(path, map_location, HistoryBuffer, getattr)


def _load(path: str | Path, map_location: Location, history: type, attribute: Any) -> Checkpoint:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path}: there is no such file')
    try:
        with torch.serialization.safe_globals(_safe_globals(history, attribute)):
            checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # a damaged file fails in every way that a pickle can
        code = re.search(r'GLOBAL (\S+)', str(error))
        if code:
            raise ValueError(
                f'checkpoint {path} holds more than weights and plain data ({code[1]}), and '
                'loading that could run code: save its state_dict alone with a program you trust'
            ) from error
        raise ValueError(
            f'checkpoint {path} is damaged or not a PyTorch file: copy or train it '
            f'again ({type(error).__name__})'
        ) from error
    if isinstance(checkpoint, dict) and 'state_dict' not in checkpoint:
        checkpoint = dict(state_dict=checkpoint)
    weights = checkpoint['state_dict'] if isinstance(checkpoint, dict) else checkpoint
    if not isinstance(weights, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in weights.items()
    ):
        raise ValueError(
            f'checkpoint {path} has no state_dict with weights by name: give the file '
            'that training wrote (epoch_*.pth)'
        )
    return checkpoint


def load_weights(model: nn.Module, path: str | Path, optional: tuple[str, ...] = ()) -> Checkpoint:
    """Load a checkpoint's weights into a model, all of them or none, and return the checkpoint.

    Args:
        model (nn.Module): the model; its device and dtypes stay.
        path (str | Path): the checkpoint.
        optional (tuple[str, ...]): parts (prefixes of parameter names) that the checkpoint may
            have and the model not.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read, or its weights are not those of this model; the model is
            unchanged then.
    """
    checkpoint = load_checkpoint_safely(path)
    weights = weights_by_name(checkpoint)
    if found := mismatch(model, weights, optional):
        raise ValueError(
            f'checkpoint {path} is of another architecture than the config '
            f'({found}): use the config that it was trained with'
        )
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    return checkpoint


def weights_by_name(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The weights of a checkpoint, whether of one process or of several."""
    weights = checkpoint.get('state_dict', checkpoint)
    return {name.removeprefix('module.'): value for name, value in weights.items()}


def trained_classes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The classes that MMEngine's runner noted in a checkpoint, empty where there are none."""
    meta = checkpoint.get('meta', {}).get('dataset_meta') or {}
    return tuple(meta.get('classes') or ())


def mismatch(model: nn.Module, weights: dict[str, Tensor], optional: tuple[str, ...] = ()) -> str:
    """Say which weights are not those of a model, with counts; nothing where all are."""
    expected = model.state_dict()
    wrong = {
        'missing': [name for name in expected if name not in weights],
        'unknown': [
            name for name in weights if not (name in expected or name.startswith(optional))
        ],
        'of another shape': [
            f'{name} ({tuple(weights[name].shape)} in the file, {tuple(value.shape)} in the model)'
            for name, value in expected.items()
            if name in weights and weights[name].shape != value.shape
        ],
    }
    return '; '.join(
        f'{len(names)} {what}, such as {names[0]}' for what, names in wrong.items() if names
    )
