"""MoEFusion: the fusion network and its two auxiliary detectors as one MMEngine model."""

from contextlib import nullcontext
from typing import Any

import torch
from mmdet.models import BaseDetector
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor

from moefusion.detection import find_attention
from moefusion.fusion import FusionNetwork, FusionOutput
from moefusion.image import colorize
from moefusion.losses import FusionLoss, JointLoss
from moefusion.models.auxiliary import attend, detection_loss, is_labelled
from moefusion.models.data_preprocessor import rows_by_size, true_sizes
from moefusion.models.gate_statistics import GateStatistics
from moefusion.models.precision import has_bfloat16

MODALITIES = ('visible', 'infrared')

MODELS.register_module(module=FusionLoss)  # `losses` itself knows nothing of mm*


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
        fusion_loss (dict, optional): Config of a :class:`moefusion.losses.FusionLoss`. Defaults
            to the paper's.
        attention_loss (bool): Whether each detector gets one more loss, beyond the paper: the
            binary cross-entropy between its attention map and its boxes' mask. Defaults to False.
        bfloat16 (bool): Whether the fusion network trains in bfloat16 under autocast, with its
            weights channels-last: less than half the time where the hardware has it; elsewhere
            float32 stays. The detectors keep the runner's precision. Defaults to False.
        data_preprocessor (dict, optional): Defaults to a ``PairedDataPreprocessor``.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ValueError: if just one detector is given or one has no spatial attention neck, or as
            :class:`FusionNetwork` does.
    """

    def __init__(
        self,
        visible_detector: dict[str, Any] | None = None,
        infrared_detector: dict[str, Any] | None = None,
        fusion: dict[str, Any] | None = None,
        fusion_loss: dict[str, Any] | None = None,
        attention_loss: bool = False,
        bfloat16: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        # Built here: BaseModel would look for it in MMEngine's registry, not in MMDetection's.
        super().__init__(
            MODELS.build(data_preprocessor or dict(type='PairedDataPreprocessor')), init_cfg
        )
        if (visible_detector is None) != (infrared_detector is None):
            raise ValueError('MoEFusion: give both visible_detector and infrared_detector, or none')
        self.fusion = FusionNetwork(**(fusion or {}))
        self.fusion_loss = MODELS.build(fusion_loss or dict(type='FusionLoss'))
        self.statistics = GateStatistics(self.fusion.gates())
        self.bfloat16 = bfloat16
        if bfloat16:
            # PyTorch's types leave memory_format out
            self.fusion.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.with_detectors = visible_detector is not None
        if self.with_detectors:
            self.visible_detector = MODELS.build(visible_detector)
            self.infrared_detector = MODELS.build(infrared_detector)
            for modality in MODALITIES:
                find_attention(self.detector(modality))
        self.attention_loss = attention_loss
        self.join_losses = JointLoss()

    def detector(self, modality: str) -> BaseDetector:
        """The auxiliary detector on ``'visible'`` or ``'infrared'``."""
        return getattr(self, f'{modality}_detector')

    def forward(
        self,
        inputs: dict[str, Tensor],
        data_samples: list[DetDataSample] | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """Losses, predictions or plain fused images.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            data_samples (list[DetDataSample], optional): metadata (``img_shape``), and boxes for
                the losses.
            mode (str): ``'loss'``: dict of unweighted terms. ``'predict'``: the data samples, see
                :meth:`predict`. ``'tensor'``: list of N fused images, 1 x H x W, not clipped.

        Raises:
            ValueError: for another mode.
        """
        if mode in ('loss', 'predict'):
            return getattr(self, mode)(inputs, data_samples)
        if mode == 'tensor':
            maps = {name: self.attend(name, inputs[name]) for name in MODALITIES}
            return [output.fused[0] for output in self.fuse(inputs, maps, data_samples)]
        raise ValueError(f"MoEFusion: mode must be 'loss', 'predict' or 'tensor', but is {mode!r}")

    def attend(self, modality: str, images: Tensor) -> Tensor:
        """The attention map of one modality's detector on normalised images, N x 3 x H x W.

        As at test, N x 1 x H x W in [0, 1], detached; 1 everywhere without detectors.
        """
        if not self.with_detectors:
            return images.new_ones(len(images), 1, *images.shape[-2:])
        return attend(self.detector(modality), images)

    def fuse(
        self,
        inputs: dict[str, Tensor],
        maps: dict[str, Tensor],
        samples: list[DetDataSample] | None = None,
    ) -> list[FusionOutput]:
        """Run the fusion network, once on each size in the batch; one output for each image.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            maps (dict[str, Tensor]): each modality's attention, N x 1 x H' x W'.
            samples (list[DetDataSample], optional): the true sizes.
        """
        sources = [inputs[f'{name}_gray'] for name in MODALITIES]
        sources += [maps[name] for name in MODALITIES]
        device = sources[0].device.type
        half = self.bfloat16 and self.training and has_bfloat16(device)
        outputs: dict[int, FusionOutput] = {}
        rows_of = rows_by_size(true_sizes(sources[0], samples))
        with torch.autocast(device, torch.bfloat16) if half else nullcontext():
            for (height, width), rows in rows_of.items():
                output = self.fusion(*(image[rows, :, :height, :width] for image in sources))
                outputs.update((row, output.row(number)) for number, row in enumerate(rows))
        return [outputs[row] for row in sorted(outputs)]

    def loss(
        self, inputs: dict[str, Tensor], data_samples: list[DetDataSample]
    ) -> dict[str, Tensor | list[Tensor]]:
        """Every loss term, unweighted, under ``<group>.<term>``.

        The groups are ``fusion`` (equations 7 to 9), ``load`` (10), ``visible`` and ``infrared``
        (detection losses). Gate statistics come under ``gates``.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            data_samples (list[DetDataSample]): metadata (``img_shape``), and boxes in
                ``gt_instances``, where there are labels.
        """
        losses: dict[str, Tensor | list[Tensor]] = {}
        maps = {}
        for modality in MODALITIES:
            images = inputs[modality]
            if not self.with_detectors:
                maps[modality] = self.attend(modality, images)
                continue
            terms, maps[modality] = detection_loss(
                self.detector(modality), images, data_samples, self.attention_loss
            )
            losses.update({f'{modality}.{name}': term for name, term in terms.items()})
        outputs = self.fuse(inputs, maps, data_samples)
        fused = [output.fused[0].float() for output in outputs]
        sources = (_cropped(inputs[f'{modality}_gray'], fused) for modality in MODALITIES)
        boxes = [
            sample.gt_instances.bboxes if is_labelled(sample) else None for sample in data_samples
        ]
        terms = self.fusion_loss(fused, *sources, boxes)
        losses.update({f'fusion.{name}': term for name, term in terms.items()})
        losses.update(self.statistics([output.gatings for output in outputs]))
        return losses

    def parse_losses(self, losses: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Join the terms as ``JointLossHook`` was configured (the paper's weights without it)."""
        return self.join_losses(losses)

    def predict(
        self, inputs: dict[str, Tensor], data_samples: list[DetDataSample]
    ) -> list[DetDataSample]:
        """Fuse; the detectors' heads do not run.

        Args:
            inputs (dict[str, Tensor]): as :class:`PairedDataPreprocessor` makes them.
            data_samples (list[DetDataSample]): metadata (``img_shape``).

        Returns:
            list[DetDataSample]: the samples with ``fused`` (1 x H x W), ``fused_color`` (3 x H x W;
            R, G, B) and ``attention`` (merged, visible, infrared), all in [0, 1], and ``gates``,
            each mixture's E weights.
        """
        maps = {name: self.attend(name, inputs[name]) for name in MODALITIES}
        outputs = self.fuse(inputs, maps, data_samples)
        sizes = [output.fused[0] for output in outputs]
        parts = [_cropped(image, sizes) for image in (inputs['visible_rgb'], *maps.values())]
        for sample, output, rgb, *attention in zip(data_samples, outputs, *parts):
            fused = output.fused.float().clamp(0, 1)
            sample.fused = PixelData(data=fused[0])
            sample.fused_color = PixelData(data=colorize(fused, rgb[None])[0])
            sample.attention = PixelData(data=torch.cat([output.attention[0].float(), *attention]))
            gates = {name: gating.weights[0] for name, gating in output.gatings.items()}
            sample.set_data(dict(gates=gates))
        return data_samples


def _cropped(batch: Tensor, images: list[Tensor]) -> list[Tensor]:
    """Each row of a padded batch N x C x H' x W' at its image's H x W."""
    return [row[:, : image.shape[-2], : image.shape[-1]] for row, image in zip(batch, images)]
