"""Has MMEngine write local files whole or not at all: checkpoints, results, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmdet.registry import VISBACKENDS
from mmengine.fileio import LocalBackend, register_backend
from mmengine.visualization import LocalVisBackend
from mmengine.visualization.vis_backend import force_init_env

from moefusion.files import write_file, write_image


@register_backend('local', force=True, prefixes='')
class WholeFileBackend(LocalBackend):
    """MMEngine's backend for local files, which writes in place, by way of :func:`write_file`.

    A process that is killed leaves the file that was there before, and so does a full disk.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes."""
        write_file(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text."""
        write_file(filepath, obj.encode(encoding))


@VISBACKENDS.register_module()
class WholeVisBackend(LocalVisBackend):
    """MMEngine's ``LocalVisBackend``, with pictures written by :func:`write_image`."""

    @force_init_env
    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        """Write an RGB picture."""
        write_image(Path(self._img_save_dir, f'{name}_{step}.png'), image[..., ::-1])
