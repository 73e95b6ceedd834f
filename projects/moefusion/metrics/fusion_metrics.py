"""All eight metrics of a fused image in one call, and those that one source alone can have."""

from torch import Tensor

from moefusion.metrics.average_gradient import average_gradient
from moefusion.metrics.entropy import entropy
from moefusion.metrics.images import Image, Mask, prepare
from moefusion.metrics.inputs import check_protocol
from moefusion.metrics.mutual_information import mutual_information
from moefusion.metrics.qabf import qabf
from moefusion.metrics.scd import sum_of_correlations_of_differences
from moefusion.metrics.spatial_frequency import spatial_frequency
from moefusion.metrics.standard_deviation import standard_deviation
from moefusion.metrics.visual_information_fidelity import visual_information_fidelity

METRIC_NAMES = ('EN', 'SF', 'SD', 'MI', 'VIF', 'AG', 'SCD', 'Qabf')
ONE_SIDED_NAMES = tuple(
    f'{name} {source}' for name in ('MI', 'VIF', 'Qabf') for source in ('visible', 'infrared')
)


def fusion_metrics(
    visible: Image, infrared: Image, fused: Image, protocol: str = 'literature', mask: Mask = None
) -> dict[str, float | Tensor]:
    """Score a fused image against its two sources; higher is better in all eight.

    ==== ============================================== ====================================
    key  function                                       measures
    ==== ============================================== ====================================
    EN   :func:`entropy`                                levels in use, bits
    SF   :func:`spatial_frequency`                      differences between neighbours
    SD   :func:`standard_deviation`                     contrast
    MI   :func:`mutual_information`                     bits shared with the sources
    VIF  :func:`visual_information_fidelity`            visual information kept
    AG   :func:`average_gradient`                       steepness, levels per pixel
    SCD  :func:`sum_of_correlations_of_differences`     complementary content
    Qabf :func:`qabf`                                   edges kept
    ==== ============================================== ====================================

    Args:
        visible (ndarray | Tensor | GrayImages): B, ``uint8``, at least 41 x 41 (VIF). Arrays
            ``H x W`` (gray) or ``H x W x 3`` (RGB); tensors ``H x W`` or batches ``N x 1 x H x W``
            (gray) or ``N x 3 x H x W`` (RGB). Colour becomes gray as in MATLAB's ``rgb2gray``.
        infrared (ndarray | Tensor | GrayImages): A, of the same size, on the same device.
        fused (ndarray | Tensor | GrayImages): F likewise.
        protocol (str): ``'literature'``, the values of the shared MATLAB evaluation that papers
            print, ``uint8`` saturation included, or ``'standard'``, the textbook definitions.
            SD, MI, VIF and Qabf differ; see ``docs/metrics.md``.
        mask (ndarray | Tensor, optional): ``bool``, ``H x W`` or one for each image of the batch;
            all three images become 0 outside it (paper, section D).

    Returns:
        dict: The keys above in that order. Floats for one image, ``float64`` tensors of N values
        on the images' device for a batch. ``nan`` marks an undefined value: SCD where a source or
        its difference to F is constant, VIF where a source is constant, Qabf where both sources
        are 0 everywhere.

    Raises:
        TypeError: If an image is not a ``uint8`` array or tensor.
        ValueError: If shapes or devices differ, or an image is too small.

    Example:
        >>> import torch
        >>> visible = torch.randint(256, (64, 64), dtype=torch.uint8)
        >>> scores = fusion_metrics(visible, infrared=visible.flip(0), fused=visible)
        >>> list(scores)
        ['EN', 'SF', 'SD', 'MI', 'VIF', 'AG', 'SCD', 'Qabf']
    """
    check_protocol(protocol)
    triple = prepare(visible, infrared, fused, mask)
    *_, fused = triple
    return dict(
        EN=entropy(fused),
        SF=spatial_frequency(fused),
        SD=standard_deviation(fused, protocol),
        MI=mutual_information(*triple, protocol),
        VIF=visual_information_fidelity(*triple, protocol),
        AG=average_gradient(fused),
        SCD=sum_of_correlations_of_differences(*triple),
        Qabf=qabf(*triple, protocol),
    )


def one_sided_metrics(
    visible: Image, infrared: Image, fused: Image, protocol: str = 'literature', mask: Mask = None
) -> dict[str, float | Tensor]:
    """Score a fused image against each source alone: a sum of both hides a copy of one.

    Arguments and errors as in :func:`moefusion.metrics.fusion_metrics`.

    Returns:
        dict: the keys of ``ONE_SIDED_NAMES``. ``MI`` and ``VIF`` of both sources add up to
        those of ``fusion_metrics``; ``Qabf`` is their mean, weighed by the sources' edges.
    """
    check_protocol(protocol)
    *sources, fused = prepare(visible, infrared, fused, mask)
    scores = [
        metric(source, source, fused, protocol) / shared
        for metric, shared in ((mutual_information, 2), (visual_information_fidelity, 2), (qabf, 1))
        for source in sources
    ]
    return dict(zip(ONE_SIDED_NAMES, scores))
