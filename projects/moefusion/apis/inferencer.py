"""FusionInferencer: fuses pairs of any size with the bundled weights, or config and checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings
from tqdm import tqdm

from moefusion.apis.config import load_config
from moefusion.files import PairError, find_pairs, read_pair
from moefusion.metrics import fusion_metrics
from moefusion.models.data_preprocessor import rows_by_size
from moefusion.visualization import FusionPicture
from moefusion.visualization.prediction import fused_image
from moefusion.weights.bundled import BUNDLED, read_description
from moefusion.weights.checkpoint import load_weights

Source = str | Path | np.ndarray

# What fusing does not need: the detectors' heads.
UNUSED_PARTS = (
    'visible_detector.rpn_head.',
    'visible_detector.roi_head.',
    'infrared_detector.rpn_head.',
    'infrared_detector.roi_head.',
)


@dataclass
class FusionResult:
    """One fused pair.

    Attributes:
        name (str): stem of the visible file, or the pair's place in the call.
        visible (np.ndarray): H x W x 3, uint8, R, G, B: the visible image.
        infrared (np.ndarray): H x W, uint8: the infrared image.
        gray (np.ndarray): H x W, uint8: the fused image I_F.
        color (np.ndarray): H x W x 3, uint8, R, G, B: I_F with the visible image's colour.
        attention (np.ndarray): H x W, float32 in [0, 1]: the merged attention map.
        gates (dict[str, np.ndarray]): each mixture's gate weights, E values that sum to 1.
        metrics (dict[str, float], optional): the eight fusion metrics, where asked for.
    """

    name: str
    visible: np.ndarray
    infrared: np.ndarray
    gray: np.ndarray
    color: np.ndarray
    attention: np.ndarray
    gates: dict[str, np.ndarray]
    metrics: dict[str, float] | None = None

    @property
    def picture(self) -> FusionPicture:
        """FusionPicture: a row for :func:`moefusion.visualization.draw_fusion`."""
        return FusionPicture(
            self.name, self.visible, self.infrared, self.color, self.attention, self.gates
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
        >>> fuse('visible/1.png', 'infrared/1.png').color.shape
        (480, 640, 3)
        >>> results = fuse('visible', 'infrared', metrics=True)  # two folders
        >>> results[0].name, results[0].metrics['Qabf']
    """

    def __init__(
        self,
        config: str | Path | Config | None = None,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        cfg_options: dict | None = None,
    ) -> None:
        self.device = choose_device(device)
        if (config is None) != (checkpoint is None):
            raise ValueError(
                'FusionInferencer: give a config and the checkpoint that was trained '
                'with it, or neither for the bundled weights'
            )
        if config is None:
            config = Config(
                dict(
                    model=read_description(),
                    default_scope='mmdet',
                    custom_imports=dict(imports=['moefusion.plugin']),
                )
            )
            checkpoint = BUNDLED
        else:
            config = deepcopy(config) if isinstance(config, Config) else load_config(config)
        try:
            config.merge_from_dict(cfg_options or {})
            self.model = MODELS.build(model_that_fuses(config))
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
        many = any(_is_many(source) or _is_folder(source) for source in (visible, infrared))
        pairs = _list_pairs(visible, infrared)
        results = self._stream(pairs, batch_size, metrics)
        if not many:
            return next(results)
        return list(
            tqdm(results, total=len(pairs), unit='pair', dynamic_ncols=True, disable=not progress)
        )

    def stream(
        self,
        visible: Source | Sequence[Source],
        infrared: Source | Sequence[Source],
        batch_size: int = 1,
        metrics: bool = False,
    ) -> Iterator[FusionResult]:
        """Fuse pairs as their results are asked for; none is kept, however many there are.

        Args:
            visible, infrared, batch_size, metrics: as in :meth:`__call__`.

        Returns:
            Iterator[FusionResult]: one a pair, in the order of :meth:`__call__`.

        Raises:
            FileNotFoundError, PairError, ValueError: as :meth:`__call__`; what is wrong with the
                arguments at once, what is wrong with a file when it is reached.

        Examples:
            >>> for result in FusionInferencer().stream('visible', 'infrared'):
            ...     print(result.name, result.gates)
        """
        return self._stream(_list_pairs(visible, infrared), batch_size, metrics)

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
            pair, name = _read(visible, infrared, number)
            size = pair.shape[:2]
            inputs.append(torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1))))
            samples.append(
                DetDataSample(
                    metainfo=dict(
                        img_path=name, img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0)
                    )
                )
            )
        results = {}
        for rows in rows_by_size(sample.img_shape for sample in samples).values():
            found = self.model.test_step(
                dict(
                    inputs=[inputs[row] for row in rows],
                    data_samples=[samples[row] for row in rows],
                )
            )
            results.update(
                (row, _result(inputs[row], sample, metrics)) for row, sample in zip(rows, found)
            )
        return [results[row] for row in range(len(pairs))]


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
        raise ValueError(
            f'{cfg.filename or "config"}: model.type must be MoEFusion to fuse, but '
            f'is {model.get("type")!r}'
        )
    model.update(auxiliary_detections=False)
    for modality in ('visible_detector', 'infrared_detector'):
        if model.get(modality):
            model[modality] = {
                **model[modality],
                'rpn_head': None,
                'roi_head': None,
                'train_cfg': None,
                'test_cfg': None,
            }
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
        raise ValueError(
            f'device {name}: PyTorch {torch.__version__} finds {gpus or "no"} GPU '
            'here: use cpu, or install the driver and a CUDA build of PyTorch'
        )
    return device


def _result(pair: torch.Tensor, sample: DetDataSample, metrics: bool) -> FusionResult:
    pixels = pair.numpy()
    result = FusionResult(
        name=Path(sample.img_path).stem,
        visible=pixels[2::-1].transpose(1, 2, 0),
        infrared=pixels[3],
        gray=fused_image(sample, color=False),
        color=fused_image(sample),
        attention=sample.attention.data[0].cpu().numpy(),
        gates={name: weights.cpu().numpy() for name, weights in sample.gates.items()},
    )
    if metrics:
        try:
            result.metrics = fusion_metrics(result.visible, result.infrared, result.gray)
        except ValueError as error:
            raise ValueError(f'{sample.img_path}: {error}') from error
    return result


def _is_many(source) -> bool:
    return isinstance(source, Sequence) and not isinstance(source, str)


def _is_folder(source) -> bool:
    return isinstance(source, (str, Path)) and Path(source).is_dir()


def _list_pairs(
    visible: Source | Sequence[Source], infrared: Source | Sequence[Source]
) -> list[tuple[Source, Source]]:
    """Pairs from two files, arrays, lists or folders."""
    if _is_many(visible) or _is_many(infrared):
        return _zip_pairs(visible, infrared)
    if not (_is_folder(visible) or _is_folder(infrared)):
        return [(visible, infrared)]
    if isinstance(visible, np.ndarray) or isinstance(infrared, np.ndarray):
        raise ValueError('an array has no partner in a folder: give two folders')
    found, problems = find_pairs(visible, infrared)
    if problems:
        raise PairError(
            f'{len(problems)} images cannot be paired, such as '
            f'{next(iter(problems.values()))}. Give lists of files instead, or '
            'use fuse_pairs, which fuses the others'
        )
    return list(found.values())


def _zip_pairs(visible, infrared) -> list[tuple[Source, Source]]:
    """Pairs from two lists, whose files are there."""
    if not (_is_many(visible) and _is_many(infrared)):
        raise ValueError(
            'give two lists, two folders, or one visible and one infrared image, but '
            f'not {type(visible).__name__} and {type(infrared).__name__}'
        )
    if len(visible) != len(infrared):
        raise ValueError(f'there are {len(visible)} visible but {len(infrared)} infrared images')
    for source in (*visible, *infrared):
        if isinstance(source, (str, Path)) and not Path(source).is_file():
            raise FileNotFoundError(f'{source}: there is no such file')
    return list(zip(visible, infrared))


def _read(visible: Source, infrared: Source, number: int) -> tuple[np.ndarray, str]:
    """H x W x 4 (B, G, R, infrared) from two files or arrays, and a name."""
    if not isinstance(visible, np.ndarray) and not isinstance(infrared, np.ndarray):
        return read_pair(visible, infrared), str(visible)
    for name, image, shape in (('visible', visible, 'H x W x 3'), ('infrared', infrared, 'H x W')):
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
            raise ValueError(
                f'pair {number}: {name} must be a uint8 array {shape} if the other is '
                f'an array, but is {getattr(image, "dtype", type(image).__name__)}'
            )
    if visible.ndim != 3 or visible.shape[2] != 3 or infrared.shape != visible.shape[:2]:
        raise ValueError(
            f'pair {number}: visible must be H x W x 3 and infrared H x W of the same '
            f'size, but are {visible.shape} and {infrared.shape}'
        )
    if not infrared.size:
        raise ValueError(
            f'pair {number}: there is nothing to fuse in arrays of shape {visible.shape}'
        )
    return np.dstack([visible[..., ::-1], infrared]), str(number)
