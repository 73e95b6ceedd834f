"""MMDetection's VOC metric on the detections of one modality, with the AP of each class."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mmdet.evaluation import VOCMetric, eval_map
from mmdet.registry import METRICS
from mmengine.logging import MMLogger

INSTANCES = dict(
    fused='pred_instances', visible='visible_pred_instances', infrared='infrared_pred_instances'
)


@METRICS.register_module()
class ModalityVOCMetric(VOCMetric):
    """AP of each class and mAP at IoU 0.5 of the detections on one modality (paper, Tables 3 to 5).

    Args:
        modality (str): ``'fused'``, ``'visible'`` or ``'infrared'``: whether to read
            ``pred_instances``, ``visible_pred_instances`` or ``infrared_pred_instances``.
        eval_mode (str): ``'area'`` under the precision-recall curve, the default here, or
            ``'11points'``, the default of ``VOCMetric`` (the VOC 2007 rule).
        prefix (str, optional): Of the names in the log. Defaults to the modality.
        optional (bool): Whether to report nothing, with one line in the log, where the model has
            no ``evaluation_detector``; otherwise that is an error. Defaults to False.
        **kwargs: Passed to :class:`mmdet.evaluation.VOCMetric`.

    Reports ``mAP``, ``AP50`` and ``AP50_<class>`` in 0..1. A class without an object in the data
    set has no AP (``nan``) and does not enter the mean.
    """

    def __init__(
        self,
        modality: str = 'fused',
        eval_mode: str = 'area',
        prefix: str | None = None,
        optional: bool = False,
        **kwargs,
    ) -> None:
        if modality not in INSTANCES:
            raise ValueError(
                f'ModalityVOCMetric: modality must be one of {tuple(INSTANCES)}, got {modality!r}'
            )
        super().__init__(eval_mode=eval_mode, prefix=prefix or modality, **kwargs)
        self.modality = modality
        self.optional = optional

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the boxes of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): The model's data samples as dicts.
        """
        key = INSTANCES[self.modality]
        for sample in data_samples:
            if key not in sample:
                if self.optional:
                    self.results.append(None)
                    continue
                raise KeyError(
                    f'ModalityVOCMetric: the data samples have no {key}; give MoEFusion '
                    'an evaluation_detector, or leave out this evaluator'
                )
        # VOCMetric copies whole samples: hand it no images.
        super().process(
            data_batch,
            [
                dict(
                    gt_instances=sample['gt_instances'],
                    ignored_instances=sample['ignored_instances'],
                    pred_instances=sample[key],
                )
                for sample in data_samples
                if key in sample
            ],
        )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute mAP and the AP of each class (recalls with ``metric='recall'``).

        Args:
            results (list): Annotations and detections of each image.

        Returns:
            dict[str, float]: The values by name.
        """
        results = [result for result in results if result is not None]
        if not results:
            MMLogger.get_current_instance().info(
                f'ModalityVOCMetric ({self.prefix}): no detections to score, since the model has '
                'no evaluation_detector'
            )
            return {}
        if self.metric != 'mAP':
            return super().compute_metrics(results)
        annotations, detections = zip(*results)
        names = self.dataset_meta['classes']
        scores = dict(mAP=0.0)
        for threshold in self.iou_thrs:
            # the VOC devkit's boxes, as in VOCMetric: x2 - x1 + 1 wide
            mean, classes = eval_map(
                detections,
                annotations,
                scale_ranges=self.scale_ranges,
                iou_thr=threshold,
                dataset=names,
                logger=MMLogger.get_current_instance(),
                eval_mode=self.eval_mode,
                use_legacy_coordinate=True,
            )
            key = f'AP{round(threshold * 100):02d}'
            scores['mAP'] += float(mean) / len(self.iou_thrs)
            scores[key] = float(mean)
            for name, result in zip(names, classes):
                scores[f'{key}_{name}'] = float(result['ap']) if result['num_gts'] else math.nan
        return scores
