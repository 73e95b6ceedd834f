"""Gray levels of a colour image, rounded as MATLAB's rgb2gray rounds them."""
from torch import Tensor

RGB_WEIGHTS = (0.298936021293775, 0.587043074451121, 0.114020904255103)


def rgb_to_gray(rgb: Tensor) -> Tensor:
    """Turn ``uint8`` R, G, B into ``uint8`` gray: ``round(0.2989 R + 0.5870 G + 0.1140 B)``.

    Args:
        rgb (Tensor): ``N x 3 x H x W``, ``uint8``, channels in the order R, G, B.

    Returns:
        Tensor: ``N x H x W``, ``uint8``. A pixel with R = G = B keeps its level.
    """
    red, green, blue = (rgb[:, channel].double() for channel in range(3))
    weight_red, weight_green, weight_blue = RGB_WEIGHTS
    gray = red.mul_(weight_red).add_(green.mul_(weight_green)).add_(blue.mul_(weight_blue))
    return gray.add_(0.5).floor_().to(rgb.dtype)
