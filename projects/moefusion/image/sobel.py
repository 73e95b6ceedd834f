"""Sobel gradients of images, and their magnitude."""

from torch import Tensor
from torch.nn import functional as F


def sobel_components(image: Tensor) -> tuple[Tensor, Tensor]:
    """Signed Sobel gradient of N x 1 x H x W images, with the border pixels repeated outwards.

    Returns:
        tuple[Tensor, Tensor]: to the right and downwards, each N x 1 x H x W; from -4 to 4 for an
        image in [0, 1].
    """
    image = F.pad(image, (1, 1, 1, 1), mode='replicate')
    across = image[..., 2:] - image[..., :-2]
    down = image[..., 2:, :] - image[..., :-2, :]
    return (
        across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :],
        down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:],
    )


def sobel_gradient(image: Tensor) -> Tensor:
    """Absolute Sobel gradient abs(x) + abs(y), N x 1 x H x W, up to 6 for images in [0, 1]."""
    return gradient_magnitude(sobel_components(image))


def gradient_magnitude(components: tuple[Tensor, Tensor]) -> Tensor:
    """The magnitude abs(x) + abs(y) of the two components, each N x 1 x H x W (equation 9)."""
    across, down = components
    return across.abs() + down.abs()
