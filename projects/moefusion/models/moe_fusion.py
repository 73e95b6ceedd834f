"""MoEFusion: the fusion network and its two auxiliary detectors as one MMEngine model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor
from torch.nn import functional as F

from moefusion.detection import find_attention
from moefusion.fusion import FusionNetwork, FusionOutput, Gating
from moefusion.image import boxes_to_mask, colorize
from moefusion.losses import JointLoss, gradient_loss, load_loss, pixel_loss
from moefusion.models.data_preprocessor import rows_by_size, true_sizes
from moefusion.models.evaluation_detector import EvaluationDetector
from moefusion.models.gate_statistics import GateStatistics

MODALITIES = ('visible', 'infrared')


@MODELS.register_module()
class MoEFusion(BaseModel):
    """MoE-Fusion (ICCV 2023): infrared and visible image fusion with a mixture of experts.

    The detectors are stock MMDetection detectors with a :class:`SpatialAttention` neck. Their
    attention maps guide the fusion and are detached: a detector learns from its own losses
    alone. Images of one batch may differ in size; each is fused at its own, never padded.

    In training, samples whose pipeline loads no annotations (``gt_instances`` without ``bboxes``)
    teach the fusion network only: no detection loss, and the whole image is background to the
    pixel loss.

    Args:
        visible_detector (dict, optional): Config of the detector on the visible image.
        infrared_detector (dict, optional): Config of the one on the infrared image. Without
            detectors the attention is 1 everywhere.
        fusion (dict, optional): Arguments of :class:`FusionNetwork`. Defaults to the paper's.
        evaluation_detector (dict, optional): Arguments of :class:`EvaluationDetector`; with it,
            predictions carry detections on the fused, visible and infrared image.
        auxiliary_detections (bool): Whether predictions carry the auxiliary detectors' own
            detections; without, their heads do not run at test. Defaults to False.
        detect_in_color (bool): Whether the evaluation detector sees the fused image with the
            visible one's colour. Defaults to True.
        pixel_options (dict, optional): Options of :func:`pixel_loss` beyond the paper:
            ``brighter``, ``infrared_share``, ``contrast``, ``middle``, ``foreground``.
        gradient_options (dict, optional): Those of :func:`gradient_loss`: ``signed``, ``gain``.
        attention_loss (bool): Whether each detector gets one more loss, beyond the paper: the
            binary cross-entropy between its attention map and its boxes' mask. Defaults to False.
        bfloat16 (bool): Whether the fusion network trains in bfloat16 under autocast, with its
            weights channels-last: less than half the time on CPUs that have it in hardware. The
            detectors stay in the runner's precision. Defaults to False.
        data_preprocessor (dict, optional): Defaults to a ``PairedDataPreprocessor``.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ValueError: if just one detector is given or one has no spatial attention neck, or as
            :class:`FusionNetwork` does.
    """

    def __init__(
        self,
        visible_detector: dict | None = None,
        infrared_detector: dict | None = None,
        fusion: dict | None = None,
        evaluation_detector: dict | None = None,
        auxiliary_detections: bool = False,
        detect_in_color: bool = True,
        pixel_options: dict | None = None,
        gradient_options: dict | None = None,
        attention_loss: bool = False,
        bfloat16: bool = False,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        # Built here: BaseModel would look for it in MMEngine's registry, not in MMDetection's.
        super().__init__(
            MODELS.build(data_preprocessor or dict(type='PairedDataPreprocessor')), init_cfg
        )
        if (visible_detector is None) != (infrared_detector is None):
            raise ValueError('MoEFusion: give both visible_detector and infrared_detector, or none')
        self.fusion = FusionNetwork(**(fusion or {}))
        self.bfloat16 = bfloat16
        if bfloat16:
            self.fusion.to(memory_format=torch.channels_last)
        self.with_detectors = visible_detector is not None
        if self.with_detectors:
            self.visible_detector = MODELS.build(visible_detector)
            self.infrared_detector = MODELS.build(infrared_detector)
            for modality in MODALITIES:
                find_attention(self.detector(modality))
        self.evaluation_detector = (
            None if evaluation_detector is None else EvaluationDetector(**evaluation_detector)
        )
        self.auxiliary_detections = auxiliary_detections
        self.detect_in_color = detect_in_color
        self.pixel_options = dict(pixel_options or {})
        self.gradient_options = dict(gradient_options or {})
        self.attention_loss = attention_loss
        self.join_losses: Callable = JointLoss()

    def detector(self, modality: str) -> torch.nn.Module:
        """The auxiliary detector on ``'visible'`` or ``'infrared'``."""
        return getattr(self, f'{modality}_detector')

    def forward(
        self,
        inputs: dict[str, Tensor],
        data_samples: list[DetDataSample] | None = None,
        mode: str = 'tensor',
    ):
        """Losses, predictions or plain fused images.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            data_samples (list[DetDataSample], optional): metadata (``img_shape``), and boxes for
                the losses.
            mode (str): ``'loss'``: dict of unweighted terms. ``'predict'``: the data samples with
                ``fused``, ``attention`` (merged,
                visible, infrared), ``gates`` and detections. ``'tensor'``: list of N fused images,
                1 x H x W, not clipped.

        Raises:
            ValueError: for another mode.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            maps = {name: self.attend(name, inputs[name]) for name in MODALITIES}
            return [row.fused[0] for row in self._single(self.fuse(inputs, maps, data_samples))]
        raise ValueError(f"MoEFusion: mode must be 'loss', 'predict' or 'tensor', but is {mode!r}")

    def attend(self, modality: str, images: Tensor) -> Tensor:
        """The attention map of one modality's detector, whose heads do not run.

        Args:
            modality (str): ``'visible'`` or ``'infrared'``.
            images (Tensor): N x 3 x H x W, normalised.

        Returns:
            Tensor: N x 1 x H x W in [0, 1], detached.
        """
        if not self.with_detectors:
            return images.new_ones(len(images), 1, *images.shape[-2:])
        self.detector(modality).extract_feat(images)
        return self._latest_attention(modality, images)

    def _latest_attention(self, modality: str, images: Tensor) -> Tensor:
        finest = find_attention(self.detector(modality)).maps[0]
        return F.interpolate(finest.float(), images.shape[-2:], mode='bilinear')

    def fuse(
        self,
        inputs: dict[str, Tensor],
        maps: dict[str, Tensor],
        samples: list[DetDataSample] | None = None,
    ) -> list[tuple[list[int], FusionOutput]]:
        """Run the fusion network on each size in the batch.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            maps (dict[str, Tensor]): each modality's attention, N x 1 x H' x W'.
            samples (list[DetDataSample], optional): the true sizes.

        Returns:
            list[tuple[list[int], FusionOutput]]: for each size its rows and what became of them.
        """
        rows_of = rows_by_size(true_sizes(inputs['visible_gray'], samples))
        sources = (
            inputs['visible_gray'],
            inputs['infrared_gray'],
            maps['visible'],
            maps['infrared'],
        )
        with (
            torch.autocast(sources[0].device.type, torch.bfloat16)
            if (self.bfloat16 and self.training)
            else nullcontext()
        ):
            return [
                (rows, self.fusion(*(image[rows, :, :height, :width] for image in sources)))
                for (height, width), rows in rows_of.items()
            ]

    def loss(
        self, inputs: dict[str, Tensor], data_samples: list[DetDataSample]
    ) -> dict[str, Tensor | list[Tensor]]:
        """Every loss term, unweighted, under ``<group>.<term>``.

        The groups are ``fusion`` (equations 7 to 9), ``load`` (10), ``visible``, ``infrared`` and
        ``evaluation`` (detection losses). Gate statistics come under ``gates``.
        """
        losses: dict[str, Tensor | list[Tensor]] = {}
        maps = {}
        labelled = [row for row, sample in enumerate(data_samples) if _is_labelled(sample)]
        for modality in MODALITIES:
            terms, maps[modality] = self._detection_loss(
                modality, inputs[modality], data_samples, labelled
            )
            losses.update({f'{modality}.{name}': term for name, term in terms.items()})
        outputs = self.fuse(inputs, maps, data_samples)
        losses.update(self._fusion_loss(inputs, outputs, data_samples))
        statistics = GateStatistics([output.gatings for _, output in outputs])
        for name, (importance, load) in statistics.sums.items():
            losses[f'load.loss_{name}'] = load_loss(importance, load)
        losses.update(statistics.shares())
        if self.evaluation_detector is not None and self.evaluation_detector.trainable:
            images = self._images(inputs, data_samples)
            terms = (
                self.evaluation_detector.loss(
                    [images[modality][row] for modality in MODALITIES for row in labelled],
                    [data_samples[row] for row in labelled] * 2,
                )
                if labelled
                else {}
            )
            losses.update({f'evaluation.{name}': term for name, term in terms.items()})
        return losses

    def _detection_loss(
        self, modality: str, images: Tensor, samples: list[DetDataSample], labelled: list[int]
    ) -> tuple[dict, Tensor]:
        """A detector's losses on the labelled rows, and its attention on all, detached."""
        if not self.with_detectors or not labelled:
            with torch.no_grad():
                return {}, self.attend(modality, images)
        detector, samples = self.detector(modality), [samples[row] for row in labelled]
        terms = detector.loss(images[labelled], samples)
        maps = self._latest_attention(modality, images)
        attention = find_attention(detector).attached_map()
        if self.attention_loss:
            masks = torch.stack(
                [
                    boxes_to_mask(sample.gt_instances.bboxes, *images.shape[-2:])
                    for sample in samples
                ]
            )
            terms['loss_attention'] = F.binary_cross_entropy(
                attention.float(), F.adaptive_avg_pool2d(masks, attention.shape[-2:])
            )
        if len(labelled) < len(images):
            others = [row for row in range(len(images)) if row not in labelled]
            with torch.no_grad():
                other_maps = self.attend(modality, images[others])
            every = maps.new_empty(len(images), *maps.shape[1:])
            every[labelled], every[others] = maps, other_maps
            maps = every
        return terms, maps

    def _fusion_loss(self, inputs: dict, outputs: list, samples: list[DetDataSample]) -> dict:
        """Equations 7 to 9, averaged over the images of the batch."""
        terms: list[Tensor] = []
        for rows, output in outputs:
            fused = output.fused.float()
            height, width = fused.shape[-2:]
            visible, infrared = (
                inputs[f'{modality}_gray'][rows, :, :height, :width] for modality in MODALITIES
            )
            mask = torch.stack(
                [
                    boxes_to_mask(samples[row].gt_instances.bboxes, height, width)
                    if _is_labelled(samples[row])
                    else fused.new_zeros(1, height, width)
                    for row in rows
                ]
            )
            terms.append(
                torch.stack(
                    [
                        *pixel_loss(fused, visible, infrared, mask, **self.pixel_options),
                        gradient_loss(fused, visible, infrared, **self.gradient_options),
                    ]
                )
            )
        foreground, background, gradient = torch.cat(terms, dim=1).mean(dim=1)
        return {
            'fusion.loss_pixel_foreground': foreground,
            'fusion.loss_pixel_background': background,
            'fusion.loss_gradient': gradient,
        }

    def parse_losses(self, losses: dict) -> tuple[Tensor, dict[str, Tensor]]:
        """Join the terms as ``JointLossHook`` was configured (the paper's weights without it)."""
        return self.join_losses(losses)

    def predict(
        self, inputs: dict[str, Tensor], data_samples: list[DetDataSample]
    ) -> list[DetDataSample]:
        """Fuse, and detect where a detector is configured for it."""
        maps = {}
        for modality in MODALITIES:
            if self.auxiliary_detections and self.with_detectors:
                found = self.detector(modality).predict(
                    inputs[modality], [sample.clone() for sample in data_samples]
                )
                maps[modality] = self._latest_attention(modality, inputs[modality])
                for sample, result in zip(data_samples, found):
                    sample.set_data({f'{modality}_auxiliary_instances': result.pred_instances})
            else:
                maps[modality] = self.attend(modality, inputs[modality])
        for sample, row, output in zip(
            data_samples,
            range(len(data_samples)),
            self._single(self.fuse(inputs, maps, data_samples)),
        ):
            height, width = output.fused.shape[-2:]
            sample.fused = PixelData(data=output.fused[0].float().clamp(0, 1))
            sample.attention = PixelData(
                data=torch.cat(
                    [
                        output.attention[0].float(),
                        *(maps[modality][row, :, :height, :width] for modality in MODALITIES),
                    ]
                )
            )
            sample.set_data(
                dict(gates={name: gating.weights[0] for name, gating in output.gatings.items()})
            )
        if self.evaluation_detector is not None:
            images = self._images(inputs, data_samples)
            for modality, field in (
                ('fused', 'pred_instances'),
                *((modality, f'{modality}_pred_instances') for modality in MODALITIES),
            ):
                results = self.evaluation_detector.predict(images[modality], data_samples)
                for sample, instances in zip(data_samples, results):
                    sample.set_data({field: instances})
        return data_samples

    def _images(
        self, inputs: dict[str, Tensor], samples: list[DetDataSample]
    ) -> dict[str, list[Tensor]]:
        """Each image of the batch as if read from a file: 3 x H x W (B, G, R), 0 to 255."""
        images: dict[str, list[Tensor]] = {'visible': [], 'infrared': [], 'fused': []}
        for row, sample in enumerate(samples):
            height, width = sample.img_shape[:2]
            rgb = inputs['visible_rgb'][row, :, :height, :width]
            images['visible'].append(rgb.flip(0))
            images['infrared'].append(
                inputs['infrared_gray'][row, :, :height, :width].expand(3, -1, -1)
            )
            if 'fused' in sample:
                fused = sample.fused.data
                images['fused'].append(
                    colorize(fused[None], rgb[None])[0].flip(0)
                    if self.detect_in_color
                    else fused.expand(3, -1, -1)
                )
        return {name: [(image * 255).round() for image in batch] for name, batch in images.items()}

    @staticmethod
    def _single(outputs: list[tuple[list[int], FusionOutput]]) -> list[FusionOutput]:
        """One output for each image, in the order of the batch."""
        singles = {}
        for rows, output in outputs:
            for i, row in enumerate(rows):
                gatings = {
                    name: Gating(gating.weights[i : i + 1], gating.load, gating.selected[i : i + 1])
                    for name, gating in output.gatings.items()
                }
                singles[row] = FusionOutput(
                    output.fused[i : i + 1], output.attention[i : i + 1], gatings
                )
        return [singles[row] for row in sorted(singles)]


def _is_labelled(sample: DetDataSample) -> bool:
    return 'bboxes' in sample.gt_instances
