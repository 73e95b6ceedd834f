"""FusionInferencer: fuses pairs of any size with the bundled weights, or config and checkpoint."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

from moefusion.apis.config import load_config, merge_options
from moefusion.apis.device import choose_device
from moefusion.apis.large import fuse_large
from moefusion.files import Range, check_range
from moefusion.models.data_preprocessor import rows_by_size
from moefusion.models.precision import fuses_in_bfloat16
from moefusion.runtime.pairs import PairFuser
from moefusion.runtime.result import FusionResult
from moefusion.runtime.sources import Source, read_source
from moefusion.visualization import fused_image, fusion_picture
from moefusion.weights.bundled import BUNDLED, read_description
from moefusion.weights.checkpoint import load_weights

# What fusing does not need: the detectors' heads.
UNUSED_PARTS = (
    'visible_detector.rpn_head.',
    'visible_detector.roi_head.',
    'infrared_detector.rpn_head.',
    'infrared_detector.roi_head.',
)


class FusionInferencer(PairFuser):
    """Fuses aligned pairs; the fused image has exactly the pair's size.

    Args:
        config (str | Path | Config, optional): config of a ``MoEFusion``.
        checkpoint (str | Path, optional): its weights, read as data: no code in the file runs.
            Without config and checkpoint the lite network that comes with the package fuses;
            the SHA-256 of its weights is checked.
        device (str, optional): such as ``'cpu'`` or ``'cuda:0'``. Defaults to a GPU if there is
            one.
        cfg_options (dict, optional): keys of the config to override, the bundled one's too:
            ``{'model.fusion.top_k': 1}``.
        infrared_range (tuple[float, float], optional): what becomes 0 and 255 of infrared images
            of 16 bits or floats, the same for all. Without, these are an error.
        precision (str): ``'float32'``; ``'bfloat16'``, 0.7 of the time where the device computes in
            it itself, gray levels differ by three at most, by more where a gate near a tie takes
            another expert (one of ten pairs, measured); ``'auto'`` takes bfloat16 just there, and
            says so. Defaults to ``'float32'``, as ``Fuser``.

    Raises:
        FileNotFoundError: if config or checkpoint is not there.
        ValueError: if just one of the two is given, the config's model is not ``MoEFusion``, the
            model does not take an option, the checkpoint is damaged or of another architecture,
            the device is not there, or it is another precision.

    Examples:
        >>> fuse = FusionInferencer()
        >>> visible = np.random.randint(0, 256, (48, 64, 3), np.uint8)  # or a file, or a folder
        >>> infrared = np.random.randint(0, 256, (48, 64), np.uint8)
        >>> fuse(visible, infrared).color.shape
        (48, 64, 3)
        >>> results = fuse([visible] * 2, [infrared] * 2, metrics=True, progress=False)
        >>> results[1].name, list(results[1].metrics)[:3], list(results[1].gates)
        ('1', ['EN', 'SF', 'SD'], ['local_foreground', 'local_background', 'global'])
    """

    def __init__(
        self,
        config: str | Path | Config | None = None,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        cfg_options: dict[str, Any] | None = None,
        infrared_range: Range | None = None,
        precision: str = 'float32',
    ) -> None:
        self.infrared_range = check_range(infrared_range)
        self.device = choose_device(device)
        self.bfloat16 = fuses_in_bfloat16(precision, self.device.type)
        if config is None and checkpoint is None:
            imports = dict(imports=['moefusion.plugin'])
            cfg, checkpoint = (
                Config(dict(model=read_description(), custom_imports=imports)),
                BUNDLED,
            )
        elif config is None or checkpoint is None:
            raise ValueError(
                'FusionInferencer: give a config and the checkpoint that was trained '
                'with it, or neither for the bundled weights'
            )
        else:
            cfg = deepcopy(config) if isinstance(config, Config) else load_config(config)
        try:
            merge_options(cfg, cfg_options)
            self.description = model_that_fuses(cfg)
            self.model = MODELS.build(self.description)
        except (TypeError, KeyError) as error:
            if not cfg_options:
                raise
            raise ValueError(f'cfg_options {cfg_options}: {error}') from error
        load_weights(self.model, checkpoint, optional=UNUSED_PARTS)
        self.model.to(self.device).eval()
        if self.device.type == 'cpu':  # a fifth faster there
            self.model.to(memory_format=torch.channels_last)

    @property
    def fingerprint(self) -> str:
        """str: of the weights, the config's model, the precision and the infrared range."""
        settings = self.description, self.bfloat16, self.infrared_range
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
        for tensor in self.model.state_dict().values():
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    @torch.no_grad()
    def _fuse(
        self, pairs: list[tuple[Source, Source]], start: int, metrics: bool
    ) -> list[FusionResult]:
        """Fuse a few pairs, those of one size at once, and large ones one by one."""
        inputs, samples = {}, {}
        results: dict[int, FusionResult] = {}
        for row, (visible, infrared) in enumerate(pairs):
            pair, path = read_source(visible, infrared, start + row, self.infrared_range)
            size = pair.shape[:2]
            if size[0] * size[1] > self.model.fusion.largest_whole:
                arrays = np.ascontiguousarray(pair[..., 2::-1]), np.ascontiguousarray(pair[..., 3])
                del pair  # memory counts here
                with self._precision():
                    results[row] = fuse_large(self.model, *arrays, path, self.device)
                if metrics:
                    results[row].score(path)
                continue
            meta = dict(img_path=path, img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0))
            inputs[row] = torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1)))
            samples[row] = DetDataSample(metainfo=meta)
        small = list(samples)
        by_size = rows_by_size(sample.img_shape for sample in samples.values())
        for places in by_size.values():
            rows = [small[place] for place in places]
            batch = dict(
                inputs=[inputs[row] for row in rows], data_samples=[samples[row] for row in rows]
            )
            with self._precision():
                fused = self.model.test_step(batch)
            for row, sample in zip(rows, fused):
                results[row] = _to_result(inputs[row], sample)
                if metrics:
                    results[row].score(sample.img_path)
        return [results[row] for row in sorted(results)]

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def _to_result(pair: torch.Tensor, sample: DetDataSample) -> FusionResult:
    """What became of one pair, 4 x H x W, uint8, from the model's prediction."""
    shown, gray = fusion_picture(pair, sample), fused_image(sample, color=False)
    images = shown.visible, shown.infrared, gray, shown.fused, shown.attention
    return FusionResult(Path(sample.img_path).stem, *images, dict(shown.gates))


def model_that_fuses(cfg: Config) -> dict[str, Any]:
    """A config's model without the parts that fusing does not need, its modules registered.

    Raises:
        ValueError: if the model is not ``MoEFusion``.
    """
    if cfg.get('custom_imports'):
        import_modules_from_strings(**cfg.custom_imports)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = cfg.model.to_dict()
    if model.get('type') != 'MoEFusion':
        raise ValueError(
            f'{cfg.filename or "config"}: model.type must be MoEFusion to fuse, but '
            f'is {model.get("type")!r}'
        )
    for name in ('visible_detector', 'infrared_detector'):
        if model.get(name):
            model[name].update(rpn_head=None, roi_head=None, train_cfg=None, test_cfg=None)
    return model
