"""The MMEngine evaluator of the eight fusion metrics."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.registry import METRICS
from mmdet.structures.bbox import get_box_tensor
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from torch import Tensor

from moefusion.image import boxes_to_mask
from moefusion.metrics import METRIC_NAMES, REGIONS, fusion_metrics
from moefusion.metrics.inputs import check_protocol


@METRICS.register_module()
class FusionMetric(BaseMetric):
    """EN, SF, SD, MI, VIF, AG, SCD and Qabf of the fused images, averaged over the data set.

    Takes the sources from ``data_batch['inputs']`` (each ``4 x H x W``, ``uint8``, channels B, G,
    R, infrared, of the fused image's size) and the fused image from ``fused`` of each data sample
    (``PixelData`` with ``data`` ``1 x H x W`` in [0, 1]; it is scored as an 8-bit image, rounded
    and never stretched). Ranks exchange eight floats an image. An image whose value is undefined
    (``nan``, see :func:`moefusion.metrics.fusion_metrics`) is left out of that metric's mean, and
    the log says how many were. An image that cannot be scored, as it is smaller than 41 x 41, is
    left out of all; the log names it, and ``left_out`` counts such images where there are any.

    Args:
        region (str): ``'whole'``; ``'foreground'``, all three images 0 outside the boxes of
            ``gt_instances`` (paper, section D; Table 6); or ``'background'``, 0 inside them
            (Table 7). An image without boxes has no foreground and is skipped there, with its
            count in the log; its background is the whole image.
        protocol (str): ``'literature'`` or ``'standard'``, see
            :func:`moefusion.metrics.fusion_metrics`.
        **kwargs: as for MMEngine's ``BaseMetric``; of several regions each has its own ``prefix``.

    Raises:
        ValueError: if there is no such region or protocol.

    Example:
        >>> # in a config
        >>> test_evaluator = [
        ...     dict(type='FusionMetric'),
        ...     dict(type='FusionMetric', region='foreground', prefix='foreground'),
        ... ]
    """

    default_prefix = 'fusion'
    names = METRIC_NAMES  # for SafeCheckpointHook

    def __init__(self, region: str = 'whole', protocol: str = 'literature', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if region not in REGIONS:
            raise ValueError(f'FusionMetric: region must be one of {REGIONS}, got {region!r}')
        check_protocol(protocol)
        self.region = region
        self.protocol = protocol

    def process(self, data_batch: dict[str, Any], data_samples: Sequence[dict[str, Any]]) -> None:
        """Score each fused image of the batch, against the pairs in ``inputs``.

        Raises:
            KeyError: if a sample has no fused image, or no boxes where the region needs them.
            ValueError: if a fused image has another size than its pair, or is not finite.
        """
        for pair, sample in zip(data_batch['inputs'], data_samples):
            # One entry an image, an empty one if it is skipped, the reason if it cannot be scored:
            # MMEngine tells the padding of the last batch from images by their order, and drops
            # None.
            self.results.append(self._score(pair, sample))

    def _score(self, pair: Tensor, sample: dict[str, Any]) -> list[float] | str:
        if 'fused' not in sample:
            raise KeyError(
                "FusionMetric: the model's data samples have no 'fused' image; "
                'it scores models like MoEFusion, not plain detectors'
            )
        fused = _to_uint8(sample['fused']['data'], sample)
        if pair.shape[1:] != fused.shape[2:]:
            raise ValueError(
                f'FusionMetric: inputs of {tuple(pair.shape[1:])} but a fused image '
                f'of {tuple(fused.shape[2:])} for {_where(sample)}; '
                'the model must return the size that went in'
            )
        mask = self._mask(sample, *fused.shape[2:])
        if self.region == 'foreground' and mask is not None and not mask.any():
            return []
        pair = pair[None].to(fused.device)
        try:
            scores = fusion_metrics(pair[:, [2, 1, 0]], pair[:, 3:], fused, self.protocol, mask)
        except ValueError as error:
            reason = f'{_where(sample)}: {error}'
            self._warn(f'left out {reason}')
            return reason
        return [float(scores[name]) for name in METRIC_NAMES]

    def _mask(self, sample: dict[str, Any], height: int, width: int) -> Tensor | None:
        if self.region == 'whole':
            return None
        if 'gt_instances' not in sample:
            raise KeyError(
                f"FusionMetric: region='{self.region}' needs boxes, but "
                f'{_where(sample)} has no gt_instances; load annotations in the test '
                'pipeline'
            )
        boxes = get_box_tensor(sample['gt_instances']['bboxes']).cpu().float()
        original_height, original_width = sample['ori_shape'][:2]
        scale = boxes.new_tensor([width / original_width, height / original_height] * 2)
        mask = boxes_to_mask(boxes * scale, height, width)[0].bool()
        return mask if self.region == 'foreground' else ~mask

    def compute_metrics(self, results: list[list[float] | str]) -> dict[str, float]:
        """Average the eight values of each image that has them; ``nan`` where none has."""
        scored = [values for values in results if values and not isinstance(values, str)]
        problems = [reason for reason in results if isinstance(reason, str)]
        if skipped := len(results) - len(scored) - len(problems):
            self._warn(
                f'{skipped} of {len(results)} images have no boxes, hence no foreground: skipped'
            )
        if problems:
            self._warn(
                f'{len(problems)} of {len(results)} images cannot be scored: left out, such as '
                f'{problems[0]}'
            )
        means = {}
        for number, name in enumerate(METRIC_NAMES):
            values = [row[number] for row in scored if not math.isnan(row[number])]
            means[name] = math.fsum(values) / len(values) if values else math.nan
            if undefined := len(scored) - len(values):
                self._warn(
                    f'{name} is undefined on {undefined} of {len(scored)} images (constant image '
                    'or difference): left out'
                )
        return means | ({'left_out': len(problems)} if problems else {})

    def _warn(self, text: str) -> None:
        MMLogger.get_current_instance().warning(f'FusionMetric ({self.prefix}): {text}')


def _to_uint8(image: Tensor, sample: dict[str, Any]) -> Tensor:
    """The fused image as ``1 x 1 x H x W`` levels, on a device that has float64."""
    if not math.isfinite(image.sum().item()):
        raise ValueError(
            f'FusionMetric: the fused image of {_where(sample)} has values that are '
            'not finite; the model diverged'
        )
    levels = (image.clamp(0, 1) * 255).round().to(torch.uint8)
    return (levels if levels.is_cuda else levels.cpu())[None]


def _where(sample: dict[str, Any]) -> str:
    return str(sample.get('img_path', sample.get('img_id', 'an image')))
