"""MMEngine's checkpoint loaders: local files as data, ImageNet weights without torchvision."""

from pathlib import Path
from typing import Any

import mmengine
import torch
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_from_http

from moefusion.weights.checkpoint import load_to_resume

PREFIX = 'torchvision://'


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_from_local(
    filename: str, map_location: str | torch.device | None = None
) -> dict[str, Any]:
    """Read a local checkpoint to resume or to start from; ``~`` is the home folder.

    MMEngine 0.10.7 cannot read its own checkpoints with PyTorch 2.6 or newer, and the OneDL
    distribution falls back to running code where a file asks for it; this does neither. Errors
    are those of :func:`moefusion.weights.checkpoint.load_to_resume`.
    """
    return load_to_resume(Path(filename).expanduser(), map_location)


@CheckpointLoader.register_scheme(prefixes=PREFIX, force=True)
def load_from_torchvision(filename: str, map_location: str | None = None) -> dict[str, Any]:
    """Download (once; then from the cache) the weights ``torchvision://<model>``.

    MMEngine knows the addresses, but asks torchvision to be installed before it looks them up.

    Raises:
        KeyError: if MMEngine knows no such model.
        RuntimeError: if the download fails; it says how to give a local file.
    """
    name = filename.removeprefix(PREFIX)
    addresses = mmengine.load(Path(mmengine.__file__).parent / 'hub' / 'torchvision_0.12.json')
    if name not in addresses:
        raise KeyError(f'init_cfg: there are no weights {filename}')
    try:
        return load_from_http(addresses[name], map_location=map_location)
    except OSError as error:  # URLError and HTTPError among them
        raise RuntimeError(
            f'the ImageNet weights {filename} could not be downloaded ({error}). Without a '
            f'network, fetch {addresses[name].rsplit("/", 1)[-1]} elsewhere and name the file:\n'
            '  --cfg-options model.visible_detector.backbone.init_cfg.checkpoint=FILE '
            'model.infrared_detector.backbone.init_cfg.checkpoint=FILE\n'
            '(model.backbone.init_cfg.checkpoint=FILE for a config in configs/detectors), or train '
            'from scratch with ...backbone.init_cfg=None'
        ) from error
