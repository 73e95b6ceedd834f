"""FusionInferencer: fuses pairs of any size with the bundled weights, or config and checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from tqdm import tqdm

from moefusion.apis.config import load_config
from moefusion.apis.device import choose_device
from moefusion.apis.result import FusionResult, make_result
from moefusion.apis.sources import Source, is_folder, is_many, list_pairs, read_source
from moefusion.files import SAME_NAMES, Naming
from moefusion.models.data_preprocessor import rows_by_size
from moefusion.weights.bundled import BUNDLED, read_description
from moefusion.weights.checkpoint import load_weights

# What fusing does not need: the detectors' heads.
UNUSED_PARTS = (
    'visible_detector.rpn_head.',
    'visible_detector.roi_head.',
    'infrared_detector.rpn_head.',
    'infrared_detector.roi_head.',
)


class FusionInferencer:
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

    Raises:
        FileNotFoundError: if config or checkpoint is not there.
        ValueError: if just one of the two is given, the config's model is not ``MoEFusion``, the
            model does not take an option, the checkpoint is damaged or of another architecture, or
            the device is not there.

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
    ) -> None:
        self.device = choose_device(device)
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
            cfg.merge_from_dict(cfg_options or {})
            self.model = MODELS.build(model_that_fuses(cfg))
        except (TypeError, KeyError) as error:
            if not cfg_options:
                raise
            raise ValueError(f'cfg_options {cfg_options}: {error}') from error
        load_weights(self.model, checkpoint, optional=UNUSED_PARTS)
        self.model.to(self.device).eval()
        if self.device.type == 'cpu':  # a fifth faster there
            self.model.to(memory_format=torch.channels_last)

    def __call__(
        self,
        visible: Source | Sequence[Source],
        infrared: Source | Sequence[Source],
        batch_size: int = 1,
        metrics: bool = False,
        progress: bool = True,
        naming: Naming = SAME_NAMES,
    ) -> FusionResult | list[FusionResult]:
        """Fuse one pair or many.

        Args:
            visible (str | Path | np.ndarray | Sequence): file, or H x W x 3 uint8 (R, G, B), or a
                list of them, or a folder.
            infrared (str | Path | np.ndarray | Sequence): file, or H x W uint8, or as many of
                them, or a folder, whose images are paired with the other's by name.
            batch_size (int): how many pairs run at once, for GPUs. Only pairs of one size share a
                forward pass, so that none is padded to another's. Defaults to 1.
            metrics (bool): whether to score each fused gray image by
                :func:`moefusion.metrics.fusion_metrics`, in the literature's protocol.
            progress (bool): whether to show how many pairs of several are done.
            naming (Naming): what tells the names of two folders' images apart, such as
                ``Naming('_RGB', '_PreviewData')``. Defaults to nothing but the folder.

        Returns:
            FusionResult | list[FusionResult]: one for one pair; for lists and folders a list, in
            the order given, or that of the names.

        Raises:
            FileNotFoundError: if a file or folder is not there.
            PairError: if a file cannot be read, the two of a pair differ in size, or an image of
                a folder has no partner.
            ValueError: if arrays are not uint8 of these shapes, two lists differ in length, a
                folder stands beside something else, or an image is too small to be scored.
        """
        pairs = list_pairs(visible, infrared, naming)
        results = self._stream(pairs, batch_size, metrics)
        if not any(is_many(source) or is_folder(source) for source in (visible, infrared)):
            return next(results)
        shown = tqdm(results, 'fuse', len(pairs), unit='pair', disable=not progress)
        return list(shown)

    def stream(
        self,
        visible: Source | Sequence[Source],
        infrared: Source | Sequence[Source],
        batch_size: int = 1,
        metrics: bool = False,
        naming: Naming = SAME_NAMES,
    ) -> Iterator[FusionResult]:
        """Fuse pairs as their results are asked for; none is kept, however many there are.

        It takes and raises what :meth:`__call__` does: what is wrong with the arguments at once,
        what is wrong with a file when it is reached.

        Returns:
            Iterator[FusionResult]: one a pair, in the order of :meth:`__call__`.
        """
        return self._stream(list_pairs(visible, infrared, naming), batch_size, metrics)

    def _stream(
        self, pairs: list[tuple[Source, Source]], batch_size: int, metrics: bool
    ) -> Iterator[FusionResult]:
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, but is {batch_size}')
        return (
            result
            for start in range(0, len(pairs), batch_size)
            for result in self._fuse(pairs[start : start + batch_size], start, metrics)
        )

    @torch.no_grad()
    def _fuse(
        self, pairs: list[tuple[Source, Source]], start: int, metrics: bool
    ) -> list[FusionResult]:
        """Fuse a few pairs, those of one size at once."""
        inputs, samples = [], []
        for number, (visible, infrared) in enumerate(pairs, start):
            pair, name = read_source(visible, infrared, number)
            size = pair.shape[:2]
            meta = dict(img_path=name, img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0))
            inputs.append(torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1))))
            samples.append(DetDataSample(metainfo=meta))
        results: dict[int, FusionResult] = {}
        for rows in rows_by_size(sample.img_shape for sample in samples).values():
            batch = dict(
                inputs=[inputs[row] for row in rows], data_samples=[samples[row] for row in rows]
            )
            for row, sample in zip(rows, self.model.test_step(batch)):
                results[row] = make_result(inputs[row], sample, metrics)
        return [results[row] for row in sorted(results)]


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
    model.update(auxiliary_detections=False)
    for name in ('visible_detector', 'infrared_detector'):
        if model.get(name):
            model[name].update(rpn_head=None, roi_head=None, train_cfg=None, test_cfg=None)
    return model
