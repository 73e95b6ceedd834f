"""FusionInferencer: fuses pairs of any size with a config and a checkpoint."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

from ..bundled import BUNDLED, read_description
from ..checkpoint import load_weights
from ..io import read_pair
from ..prediction import fused_image, fusion_picture
from ..visualization import FusionPicture
from .config import load_config

# What fusing does not need: the detectors' heads and the detector that scores.
UNUSED_PARTS = (
    'visible_detector.rpn_head.', 'visible_detector.roi_head.', 'infrared_detector.rpn_head.',
    'infrared_detector.roi_head.', 'evaluation_detector.')


@dataclass
class FusionResult:
    """One fused pair.

    Attributes:
        gray (np.ndarray): H x W, uint8: the fused image I_F.
        color (np.ndarray): H x W x 3, uint8, R, G, B: I_F with the visible image's colour.
        attention (np.ndarray): H x W, float32 in [0, 1]: the merged attention map.
        gates (dict[str, np.ndarray]): each mixture's gate weights, E values that sum to 1.
        picture (FusionPicture): a row for :func:`moefusion.visualization.draw_fusion`.
    """

    gray: np.ndarray
    color: np.ndarray
    attention: np.ndarray
    gates: dict[str, np.ndarray]
    picture: FusionPicture


class FusionInferencer:
    """Fuses aligned pairs; the fused image has exactly the pair's size.

    Args:
        config (str | Path | Config, optional): config of a ``MoEFusion``.
        checkpoint (str | Path, optional): its weights, read as data: no code in the file runs.
            Without config and checkpoint the lite network that comes with the package fuses;
            the SHA-256 of its weights is checked.
        device (str, optional): such as ``'cpu'`` or ``'cuda:0'``. Defaults to a GPU if there is
            one.

    Raises:
        FileNotFoundError: if config or checkpoint is not there.
        ValueError: if just one of the two is given, the config's model is not ``MoEFusion``, the
            checkpoint is damaged or of another architecture, or the device is not there.

    Examples:
        >>> fuse = FusionInferencer()
        >>> fuse('visible/1.png', 'infrared/1.png').color.shape
        (480, 640, 3)
    """

    def __init__(self, config: str | Path | Config | None = None,
                 checkpoint: str | Path | None = None, device: str | None = None) -> None:
        self.device = choose_device(device)
        if (config is None) != (checkpoint is None):
            raise ValueError('FusionInferencer: give a config and the checkpoint that was trained '
                             'with it, or neither for the bundled weights')
        if config is None:
            import_modules_from_strings('moefusion.plugin')
            init_default_scope('mmdet')
            model, checkpoint = read_description(), BUNDLED
        else:
            model = model_that_fuses(config if isinstance(config, Config) else load_config(config))
        self.model = MODELS.build(model)
        load_weights(self.model, checkpoint, optional=UNUSED_PARTS)
        self.model.to(self.device).eval()
        if self.device.type == 'cpu':  # a fifth faster there
            self.model.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, visible: str | Path | np.ndarray, infrared: str | Path | np.ndarray
                 ) -> FusionResult:
        """Fuse one pair.

        Args:
            visible (str | Path | np.ndarray): file, or H x W x 3 uint8 (R, G, B).
            infrared (str | Path | np.ndarray): file, or H x W uint8.

        Returns:
            FusionResult: the fused image, gray and in colour, and how it came about.

        Raises:
            PairError: if a file cannot be read, or the two differ in size.
            ValueError: if arrays are not uint8 of these shapes.
        """
        if isinstance(visible, np.ndarray) or isinstance(infrared, np.ndarray):
            pair, name = _as_pair(visible, infrared), 'pair'
        else:
            pair, name = read_pair(visible, infrared), str(visible)
        inputs = torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1)))
        size = pair.shape[:2]
        sample = DetDataSample(metainfo=dict(
            img_path=name, img_shape=size, ori_shape=size, scale_factor=(1., 1.)))
        sample, = self.model.test_step(dict(inputs=[inputs], data_samples=[sample]))
        picture = fusion_picture(inputs, sample)
        return FusionResult(
            gray=fused_image(inputs, sample, color=False), color=picture.fused,
            attention=picture.attention, gates=dict(picture.gates), picture=picture)


def model_that_fuses(cfg: Config) -> dict:
    """A config's model without the parts that fusing does not need, its modules registered.

    Raises:
        ValueError: if the model is not ``MoEFusion``.
    """
    if cfg.get('custom_imports'):
        import_modules_from_strings(**cfg.custom_imports)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = cfg.model.to_dict()
    if model.get('type') != 'MoEFusion':
        raise ValueError(f'{cfg.filename}: model.type must be MoEFusion to fuse, but is '
                         f'{model.get("type")!r}')
    model.update(evaluation_detector=None, auxiliary_detections=False)
    for modality in ('visible_detector', 'infrared_detector'):
        if model.get(modality):
            model[modality] = {**model[modality], 'rpn_head': None, 'roi_head': None,
                               'train_cfg': None, 'test_cfg': None}
    return model


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
        raise ValueError(f'device {name!r} is none: use cpu, cuda or cuda:<number>') from error
    if device.type == 'cuda' and (device.index or 0) >= gpus:
        raise ValueError(f'device {name}: PyTorch {torch.__version__} finds {gpus or "no"} GPU '
                         'here: use cpu, or install the driver and a CUDA build of PyTorch')
    return device


def _as_pair(visible, infrared) -> np.ndarray:
    """H x W x 4 (B, G, R, infrared) from two arrays."""
    for name, image, shape in (('visible', visible, 'H x W x 3'), ('infrared', infrared, 'H x W')):
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
            raise ValueError(f'{name} must be a uint8 array {shape} if the other is an array, but '
                             f'is {getattr(image, "dtype", type(image).__name__)}')
    if visible.ndim != 3 or visible.shape[2] != 3 or infrared.shape != visible.shape[:2]:
        raise ValueError('visible must be H x W x 3 and infrared H x W of the same size, but are '
                         f'{visible.shape} and {infrared.shape}')
    if not infrared.size:
        raise ValueError(f'there is nothing to fuse in arrays of shape {visible.shape}')
    return np.dstack([visible[..., ::-1], infrared])
