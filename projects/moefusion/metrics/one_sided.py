"""MI, VIF and Qabf of a fused image with one source alone."""

from torch import Tensor

from moefusion.metrics.images import Image, Mask, prepare
from moefusion.metrics.inputs import check_protocol
from moefusion.metrics.mutual_information import mutual_information
from moefusion.metrics.qabf import qabf
from moefusion.metrics.visual_information_fidelity import visual_information_fidelity

ONE_SIDED_NAMES = tuple(
    f'{name} {source}' for name in ('MI', 'VIF', 'Qabf') for source in ('visible', 'infrared')
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
