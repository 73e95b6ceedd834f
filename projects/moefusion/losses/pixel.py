"""The pixel loss on foreground and background (paper, equations 6 to 8)."""
from __future__ import annotations

import math

import torch
from torch import Tensor


def boxes_to_mask(boxes: Tensor, height: int, width: int) -> Tensor:
    """The foreground mask I_m of one image: 1 in every pixel that a box touches.

    Args:
        boxes (Tensor): M x 4 (x1, y1, x2, y2) in pixels, x2 and y2 exclusive; parts outside the
            image and boxes without area are ignored.
        height (int): Rows H of the image.
        width (int): Columns W.

    Returns:
        Tensor: 1 x H x W, float32, 0 or 1.
    """
    mask = torch.zeros(1, height, width, device=boxes.device)
    for x1, y1, x2, y2 in boxes.tolist():
        if x2 <= x1 or y2 <= y1:
            continue
        left, top = max(int(x1 // 1), 0), max(int(y1 // 1), 0)
        right, bottom = max(int(-(-x2 // 1)), 0), max(int(-(-y2 // 1)), 0)
        mask[:, top:bottom, left:right] = 1
    return mask


def background_target(visible: Tensor, infrared: Tensor, brighter: float = 0.,
                      infrared_share: float = 0.5) -> Tensor:
    """What background pixels should become: the mean of the sources (paper, equation 8).

    Args:
        visible (Tensor): I_V, N x 1 x H x W in [0, 1].
        infrared (Tensor): I_I, the same shape and range.
        brighter (float): from 0, the mean of the two, to 1, the brighter one; not in the paper.
            Defaults to 0.
        infrared_share (float): weight of the infrared image in the mean, from 0 to 1. Defaults to
            the paper's 0.5.

    Returns:
        Tensor: N x 1 x H x W in [0, 1].

    Raises:
        ValueError: if ``brighter`` or ``infrared_share`` is not in [0, 1].
    """
    _check_share('background_target: brighter', brighter)
    _check_share('background_target: infrared_share', infrared_share)
    mean = torch.lerp(visible, infrared, infrared_share)
    return torch.lerp(mean, torch.maximum(visible, infrared), brighter) if brighter else mean


def tone_curve(image: Tensor, contrast: float = 1., middle: float = 0.5) -> Tensor:
    """A logistic curve through ``middle`` with slope ``contrast`` there; it clips nothing.

    The mean of two unlike images has less contrast than either, which this gives back: straight
    lines in ``logit(image)``. Not in the paper.

    Args:
        image (Tensor): any shape, in [0, 1].
        contrast (float): 1, the default, leaves the image as it is.
        middle (float): the level that stays, in (0, 1). Defaults to 0.5.

    Returns:
        Tensor: the same shape, in [0, 1].

    Raises:
        ValueError: if ``contrast`` is not positive or ``middle`` not between 0 and 1.
    """
    if contrast <= 0 or not 0 < middle < 1:
        raise ValueError('tone_curve: contrast must be above 0 and middle between 0 and 1, but are '
                         f'{contrast} and {middle}')
    if contrast == 1:
        return image
    level = math.log(middle / (1 - middle))
    return (level + contrast * (torch.logit(image, 1e-3) - level)).sigmoid()


def foreground_target(visible: Tensor, infrared: Tensor, infrared_share: float = 0.) -> Tensor:
    """What foreground pixels should become: the brighter source (paper, equation 7).

    Args:
        visible (Tensor): I_V, N x 1 x H x W in [0, 1].
        infrared (Tensor): I_I, the same shape and range.
        infrared_share (float): from 0, the brighter one, to 1, the infrared image, which glare does
            not blind; not in the paper. Defaults to 0.

    Returns:
        Tensor: N x 1 x H x W in [0, 1].

    Raises:
        ValueError: if ``infrared_share`` is not in [0, 1].
    """
    _check_share('foreground_target: infrared_share', infrared_share)
    return torch.lerp(torch.maximum(visible, infrared), infrared, infrared_share)


def pixel_loss(fused: Tensor, visible: Tensor, infrared: Tensor, mask: Tensor,
               brighter: float = 0., infrared_share: float = 0.5, contrast: float = 1.,
               middle: float = 0.5, foreground: dict | None = None) -> tuple[Tensor, Tensor]:
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
    options = dict(infrared_share=0., contrast=1., middle=0.5)
    unknown = set(foreground or {}) - set(options)
    if unknown:
        raise ValueError(f'pixel_loss: foreground has no option {sorted(unknown)[0]!r}; it takes '
                         + ', '.join(options))
    options.update(foreground or {})
    objects = tone_curve(foreground_target(visible, infrared, options['infrared_share']),
                         options['contrast'], options['middle'])
    scenery = tone_curve(background_target(visible, infrared, brighter, infrared_share),
                         contrast, middle)
    return ((mask * (fused - objects)).abs().mean(dim=(1, 2, 3)),
            ((1 - mask) * (fused - scenery)).abs().mean(dim=(1, 2, 3)))


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f'{name} must be from 0 to 1, but is {share}')
