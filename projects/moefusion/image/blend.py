"""Blends of two images: shares of each, the brighter one, a tone curve."""

import math

import torch
from torch import Tensor


def background_target(
    visible: Tensor, infrared: Tensor, brighter: float = 0.0, infrared_share: float = 0.5
) -> Tensor:
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


def tone_curve(image: Tensor, contrast: float = 1.0, middle: float = 0.5) -> Tensor:
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
        raise ValueError(
            'tone_curve: contrast must be above 0 and middle between 0 and 1, but are '
            f'{contrast} and {middle}'
        )
    if contrast == 1:
        return image
    level = math.log(middle / (1 - middle))
    return (level + contrast * (torch.logit(image, 1e-3) - level)).sigmoid()


def foreground_target(visible: Tensor, infrared: Tensor, infrared_share: float = 0.0) -> Tensor:
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


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f'{name} must be from 0 to 1, but is {share}')
