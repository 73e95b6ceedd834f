"""What the model asks of its detectors: attention maps, and losses on labelled rows."""

import torch
from mmdet.models import BaseDetector
from mmdet.structures import DetDataSample
from torch import Tensor
from torch.nn import functional as F

from moefusion.detection import as_at_test, capture_attention
from moefusion.image import boxes_to_mask


def is_labelled(sample: DetDataSample) -> bool:
    """Whether the sample's pipeline loaded annotations, be they none."""
    return 'bboxes' in sample.gt_instances


def attend(detector: BaseDetector, images: Tensor) -> Tensor:
    """The attention map N x 1 x H x W in [0, 1] of a detector, as at test; its heads do not run.

    The detector has a :class:`SpatialAttention` neck; the images are N x 3 x H x W, normalised.
    """
    # images without labels leave no trace in a detector's statistics
    with as_at_test(detector), capture_attention() as captured:
        detector.extract_feat(images)
    return _resized(captured.map, images)


def detection_loss(
    detector: BaseDetector, images: Tensor, samples: list[DetDataSample], attention_loss: bool
) -> tuple[dict[str, Tensor | list[Tensor]], Tensor]:
    """A detector's losses on the labelled rows, by name, and its attention on all.

    Detector and images are as for :func:`attend`. Samples without annotations give no loss.
    ``attention_loss`` adds ``loss_attention``.
    """
    labelled = [row for row, sample in enumerate(samples) if is_labelled(sample)]
    if not labelled:  # DDP waits for the gradients of every parameter on every rank
        idle = torch.stack([parameter.sum() for parameter in detector.parameters()])
        return {'loss_unlabelled': 0 * idle.sum()}, attend(detector, images)
    objects = [samples[row] for row in labelled]
    with capture_attention() as captured:
        terms = detector.loss(images[labelled], objects)
    if attention_loss:
        terms['loss_attention'] = _attention_loss(captured.learnt, objects, images)
    maps = captured.map.new_empty(len(images), 1, *images.shape[-2:], dtype=torch.float32)
    maps[labelled] = _resized(captured.map, images)
    others = [row for row in range(len(images)) if row not in labelled]
    if others:
        maps[others] = attend(detector, images[others])
    return terms, maps


def _resized(attention: Tensor, images: Tensor) -> Tensor:
    """A map N x 1 x h x w at the images' H x W, bilinearly."""
    return F.interpolate(attention.float(), images.shape[-2:], mode='bilinear')


def _attention_loss(attention: Tensor, samples: list[DetDataSample], images: Tensor) -> Tensor:
    """Binary cross-entropy between the maps and the masks of the samples' boxes, in float32."""
    masks = torch.stack(
        [boxes_to_mask(sample.gt_instances.bboxes, *images.shape[-2:]) for sample in samples]
    )
    height, width = attention.shape[-2:]
    with torch.autocast(attention.device.type, enabled=False):  # CUDA's refuses the cross-entropy
        shares = F.adaptive_avg_pool2d(masks, (height, width))
        return F.binary_cross_entropy(attention.float(), shares)
