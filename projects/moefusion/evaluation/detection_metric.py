"""One detector on fused, visible and infrared images alike: three mAPs (paper, Tables 3 to 5)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmdet.models import BaseDetector
from mmdet.registry import METRICS, MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from numpy.typing import NDArray
from torch import Tensor

from moefusion.evaluation.average_precision import average_precision, boxes_by_class
from moefusion.weights.checkpoint import load_weights, trained_classes

IMAGES = ('fused', 'visible', 'infrared')


@METRICS.register_module()
class FusedDetectionMetric(BaseMetric):
    """AP of each class and mAP at IoU 0.5 of one detector on fused and source images.

    The detector belongs to the metric, not to the model that it judges: a stock detector with its
    own preprocessing, trained before (``configs/detectors``) and frozen. It takes the sources from
    ``data_batch['inputs']`` (each 4 x H x W, uint8, channels B, G, R, infrared) and the fused
    image from ``fused_color`` (or ``fused``) of each data sample.

    Reports ``detection/fused/mAP``, ``detection/fused/AP50_<class>`` and so on in 0..1, as
    :func:`moefusion.evaluation.average_precision`: ``nan`` where there is no object.

    Args:
        detector (dict): ``config``, a detector's config file or the config of its model, and
            ``checkpoint``, its weights.
        color (bool): Whether it sees the fused image in colour. Defaults to True.
        iou_thr (float): Overlap from which a detection counts. Defaults to 0.5.
        **kwargs: as for MMEngine's ``BaseMetric``.

    Raises:
        FileNotFoundError: if the config or the checkpoint is not there.
        ValueError: if the checkpoint is damaged or of another architecture.

    Example:
        >>> # in a config
        >>> judge = dict(
        ...     config='configs/detectors/faster-rcnn_r50_m3fd.py',
        ...     checkpoint='work_dirs/faster-rcnn_r50_m3fd/epoch_24.pth',
        ... )
        >>> test_evaluator = [dict(type='FusedDetectionMetric', detector=judge)]
    """

    default_prefix = 'detection'

    def __init__(
        self, detector: dict[str, Any], color: bool = True, iou_thr: float = 0.5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.detector = _build(**detector)
        self.color = color
        self.iou_thr = iou_thr

    @torch.no_grad()
    def process(self, data_batch: dict[str, Any], data_samples: Sequence[dict[str, Any]]) -> None:
        """Detect on the three images of each pair, which the loader left in ``inputs``.

        Raises:
            KeyError: if the samples have no fused image or no boxes.
        """
        for pair, sample in zip(data_batch['inputs'], data_samples):
            if 'fused' not in sample:
                raise KeyError(
                    "FusedDetectionMetric: the model's data samples have no 'fused' image; it "
                    'judges models like MoEFusion, not plain detectors'
                )
            key = 'fused_color' if self.color else 'fused'
            # the levels of a file, B, G, R
            fused = (sample[key]['data'] * 255).round().expand(3, -1, -1).flip(0)
            infrared = pair[3:].expand(3, -1, -1)
            images = dict(fused=fused, visible=pair[:3], infrared=infrared)
            found = {name: self._detect(image, sample) for name, image in images.items()}
            self.results.append((_truth(sample), found))

    def _detect(self, image: Tensor, sample: dict[str, Any]) -> list[NDArray[Any]]:
        """For each class the detections in pixels of ``ori_shape``."""
        device = sample['fused']['data'].device
        keys = 'img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'
        blank = DetDataSample(metainfo={key: sample[key] for key in keys if key in sample})
        self.detector.to(device)
        data = dict(inputs=[image.to(device, torch.float32)], data_samples=[blank])
        found = self.detector.test_step(data)[0].pred_instances
        return boxes_by_class(found, len(self.dataset_meta['classes']))

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """The mAP and the AP of each class on each kind of image, by name."""
        truths = [truth for truth, _ in results]
        scores = {}
        for name in IMAGES:
            found = [detections[name] for _, detections in results]
            aps = average_precision(found, truths, self.dataset_meta['classes'], self.iou_thr)
            scores[f'{name}/mAP'] = aps.pop('mAP')
            label = f'{name}/AP{100 * self.iou_thr:.0f}'
            scores.update({f'{label}_{kind}': ap for kind, ap in aps.items()})
        return scores


def _truth(sample: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Boxes and labels that count, and those marked difficult or crowd, which do not."""
    if 'bboxes' not in sample['gt_instances']:
        raise KeyError(
            f'FusedDetectionMetric: {sample.get("img_path", "an image")} has no boxes; put '
            'LoadAnnotations into the test pipeline, or leave this evaluator out'
        )
    return {
        field + suffix: torch.as_tensor(sample[instances][field]).cpu().numpy()
        for instances, suffix in (('gt_instances', ''), ('ignored_instances', '_ignore'))
        for field in ('bboxes', 'labels')
    }


def _build(config: str | Path | dict[str, Any], checkpoint: str | Path) -> BaseDetector:
    """The frozen detector of a config and its weights."""
    source = None if isinstance(config, dict) else config
    if source is not None and not Path(source).is_file():
        raise FileNotFoundError(
            f'FusedDetectionMetric: detector.config names {source}, which is not there'
        )
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(
            f'FusedDetectionMetric: detector.checkpoint names {checkpoint}, which is not there. '
            f'Train it by `python tools/train.py {source or "CONFIG"}`, or leave this evaluator out'
        )
    detector = MODELS.build(config if source is None else Config.fromfile(source).model)
    # for EarlyNumClassCheckHook
    detector.trained_classes = trained_classes(load_weights(detector, checkpoint))
    return detector.requires_grad_(False).eval()
