"""The pixel loss on foreground and background (paper, equations 6 to 8)."""

from __future__ import annotations

from torch import Tensor

from moefusion.image.blend import background_target, foreground_target, tone_curve


def pixel_loss(
    fused: Tensor,
    visible: Tensor,
    infrared: Tensor,
    mask: Tensor,
    brighter: float = 0.0,
    infrared_share: float = 0.5,
    contrast: float = 1.0,
    middle: float = 0.5,
    foreground: dict | None = None,
) -> tuple[Tensor, Tensor]:
    """Foreground pixels to the brighter source (7), background pixels to the mean (8).

    Args:
        fused (Tensor): I_F, N x 1 x H x W.
        visible (Tensor): I_V in [0, 1], the same shape.
        infrared (Tensor): I_I in [0, 1], the same shape.
        mask (Tensor): I_m, N x 1 x H x W, 1 on the foreground and 0 elsewhere.
        brighter (float), infrared_share (float): see :func:`background_target`; off in the
            paper.
        contrast (float), middle (float): the :func:`tone_curve` of what the background should
            become; off in the paper.
        foreground (dict, optional): the same for the foreground: ``infrared_share`` of
            :func:`foreground_target`, ``contrast``, ``middle``; off in the paper.

    Returns:
        tuple[Tensor, Tensor]: foreground and background loss of each image, N values each. Both
        are sums over their region divided by the whole image's H W, as in the paper.

    Raises:
        ValueError: if ``foreground`` has another key, or as :func:`foreground_target`,
            :func:`background_target` and :func:`tone_curve`.
    """
    options = dict(infrared_share=0.0, contrast=1.0, middle=0.5)
    unknown = set(foreground or {}) - set(options)
    if unknown:
        raise ValueError(
            f'pixel_loss: foreground has no option {sorted(unknown)[0]!r}; it takes '
            + ', '.join(options)
        )
    options.update(foreground or {})
    objects = tone_curve(
        foreground_target(visible, infrared, options['infrared_share']),
        options['contrast'],
        options['middle'],
    )
    scenery = tone_curve(
        background_target(visible, infrared, brighter, infrared_share), contrast, middle
    )
    return (
        (mask * (fused - objects)).abs().mean(dim=(1, 2, 3)),
        ((1 - mask) * (fused - scenery)).abs().mean(dim=(1, 2, 3)),
    )
