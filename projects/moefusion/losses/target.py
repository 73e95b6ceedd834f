"""What the fused image should become: the paper's target, and one that depends on the sample."""

from typing import NamedTuple

import torch
from torch import Tensor

from moefusion.image import gaussian_blur, gradient_magnitude, sobel_components, sobel_gradient

# Standard deviations in pixels of the blurs between which bands lie: a network of 3 x 3
# convolutions at half resolution sees that far.
SCALES = (1.0, 2.0, 4.0, 8.0)
SHARPNESS = 4  # how far a band goes to the source with more energy there, by the energy's power
LARGEST_SLOPE = 1.8  # more contrast than that is noise
KNEE = 0.95  # levels above are compressed, none is clipped


class Target(NamedTuple):
    """What one batch of fused images should become."""

    pixels: Tensor  # N x 1 x H x W in [0, 1]
    # Sobel's, to the right and downwards, or its magnitude alone, each N x 1 x H x W
    gradient: tuple[Tensor, ...]
    mask: Tensor  # N x 1 x H x W, 1 on objects, 0 elsewhere


def information_ratio(visible: Tensor, infrared: Tensor) -> Tensor:
    """How much more the infrared image of each pair shows: the ratio of the mean gradients.

    The "amount of effective information" on which dynamic fusion should rest (paper, B.2), as
    the information degrees of U2Fusion [37]. Only the whole image tells it.

    Returns:
        Tensor: N x 1 x 1 x 1, above 0; 1 where both images, N x 1 x H x W in [0, 1], show as much.
    """
    return (_mean(sobel_gradient(infrared)) + 0.01) / (_mean(sobel_gradient(visible)) + 0.01)


def paper_target(visible: Tensor, infrared: Tensor, mask: Tensor) -> Target:
    """The brighter source on objects, the mean elsewhere, the larger gradient (equations 7 to 9).

    Arguments as for :func:`adaptive_target`.
    """
    mean, brighter = 0.5 * (visible + infrared), torch.maximum(visible, infrared)
    larger = torch.maximum(sobel_gradient(visible), sobel_gradient(infrared))
    return Target(torch.where(mask > 0, brighter, mean), (larger,), mask)


def adaptive_target(
    visible: Tensor,
    infrared: Tensor,
    mask: Tensor,
    brighter: float = 0.2,
    balance: float = 1.25,
    contrast: float = 1.1,
    detail: float = 1.3,
) -> Target:
    """A target that depends on the whole sample, so that its gates have something to decide.

    The pair is split into bands of the Laplacian stack (Burt and Adelson, 1983), less their noise.
    In each band and place the source with more local energy prevails; the energies are weighed by
    the sample's :func:`information_ratio`, or the camera with more contrast would always win. In
    what is left below the bands each source counts by how far it is from its own mean, so that a
    bright sky is not averaged away. Averaging takes contrast, of which each sample gets back what
    its sources have.

    Args:
        visible (Tensor): I_V, N x 1 x H x W in [0, 1].
        infrared (Tensor): I_I, the same shape and range.
        mask (Tensor): I_m, the same shape: 1 on objects, whose pixels should become the brighter
            source (paper, equation 7), with the sample's contrast.
        brighter (float): The lowest band's way to the brighter source (1): night keeps its lamps,
            heat stays bright. Defaults to 0.2.
        balance (float): Power of the information ratio; 0 compares plain energies, 1 gives both
            sources the same chance, more favours the one that shows less. Defaults to 1.25.
        contrast (float): Deviation to reach, times the larger source's. Defaults to 1.1.
        detail (float): What the bands and the gradients are multiplied by, as the other source's
            lowest band can weaken what one source shows. Defaults to 1.3.
    """
    visible_bands, visible_lowest = _stack(visible)
    infrared_bands, infrared_lowest = _stack(infrared)
    visible, infrared = sum(visible_bands, visible_lowest), sum(infrared_bands, infrared_lowest)
    ratio = information_ratio(visible, infrared) ** balance
    image = _lowest(visible_lowest, infrared_lowest, brighter)
    for sigma, first, second in zip(SCALES, visible_bands, infrared_bands):
        image = image + detail * _stronger(first, second, ratio, sigma)
    tone = _Tone(image, visible, infrared, contrast)
    pixels = torch.where(mask > 0, tone(torch.maximum(visible, infrared)), tone(image))
    gradients = [sobel_components(source) for source in (visible, infrared)]
    wins = gradient_magnitude(gradients[0]) * ratio > gradient_magnitude(gradients[1])
    across, down = (
        detail * tone.slope * torch.where(wins, first, second) for first, second in zip(*gradients)
    )
    return Target(pixels, (across, down), mask)


def _stack(image: Tensor) -> tuple[list[Tensor], Tensor]:
    """The bands of an image without their noise, finest first, and what is left below them.

    Scenes have as much energy in a band as in the next finer one, or more (Field, 1987); noise has
    far less. So the sample's median energy above that of a coarser band is noise, and each place
    keeps the share of its band that is not (Lee, 1980).
    """
    bands, energies = [], []
    for sigma in SCALES:
        blurred = gaussian_blur(image, sigma)
        bands.append(image - blurred)
        energies.append(_around(bands[-1].square(), sigma))
        image = blurred
    medians = torch.stack([energy.flatten(1).median(dim=1).values for energy in energies])
    noise = medians - medians.flip(0).cummin(dim=0).values.flip(0)
    shares = [
        (energy - level.view(-1, 1, 1, 1)).clamp(min=0) / (energy + 1e-8)
        for energy, level in zip(energies, noise)
    ]
    return [band * share for band, share in zip(bands, shares)], image


def _stronger(visible: Tensor, infrared: Tensor, ratio: Tensor, sigma: float) -> Tensor:
    """One band of both sources, each by its local energy."""
    energies = [_around(band.square(), sigma).sqrt() + 1e-4 for band in (visible, infrared)]
    power = (ratio * energies[0] / energies[1]) ** SHARPNESS
    # The winner's band as it is, the other's in proportion: both where both show as much,
    # but once where they show the same.
    shares = power.clamp(max=1), (1 / power).clamp(max=1)
    common = _around(visible * infrared, sigma)
    alike = (common / (energies[0] * energies[1])).clamp(min=0)
    mixed = shares[0] * visible + shares[1] * infrared
    return mixed / (1 + alike * torch.minimum(*shares))


def _lowest(visible: Tensor, infrared: Tensor, brighter: float) -> Tensor:
    """What is left below the bands: the source that is farther from its mean counts more."""
    levels = [_mean(source) for source in (visible, infrared)]
    away = [source - level for source, level in zip((visible, infrared), levels)]
    # Deviations weighed by their size. Where neither deviates, both count alike.
    sizes = [deviation.abs() + 0.02 for deviation in away]
    weighed = (sizes[0] * away[0] + sizes[1] * away[1]) / (sizes[0] + sizes[1])
    return 0.5 * (levels[0] + levels[1] + brighter * (visible - infrared).abs()) + weighed


def _around(product: Tensor, sigma: float) -> Tensor:
    """The mean of a product around each place, as wide as structures of a band are."""
    return gaussian_blur(product, 1.5 * sigma)


class _Tone:
    """A line through each sample's mean that gives back the contrast of its sources.

    The slope is 1 to ``LARGEST_SLOPE``, and no more than leaves all but a hundredth of the pixels
    at either end unclipped.
    """

    def __init__(self, image: Tensor, visible: Tensor, infrared: Tensor, contrast: float) -> None:
        self.mean = _mean(image)
        wanted = contrast * torch.maximum(_deviation(visible), _deviation(infrared))
        low, high = (
            torch.quantile(image.flatten(1), share, dim=1).view(-1, 1, 1, 1)
            for share in (0.01, 0.99)
        )
        above = (1 - self.mean) / (high - self.mean + 1e-3)
        below = 1.5 * (self.mean + 0.02) / (self.mean - low + 1e-3)
        slope = torch.minimum(wanted / (_deviation(image) + 1e-6), torch.minimum(above, below))
        self.slope = slope.clamp(1, LARGEST_SLOPE)

    def __call__(self, image: Tensor) -> Tensor:
        """Map an image N x 1 x H x W of the sample; the result is in [0, 1]."""
        image = self.mean + self.slope * (image - self.mean)
        bent = KNEE + (1 - KNEE) * torch.tanh((image - KNEE) / (1 - KNEE))
        return torch.where(image > KNEE, bent, image).clamp(0, 1)


def _mean(image: Tensor) -> Tensor:
    return image.mean(dim=(1, 2, 3), keepdim=True)


def _deviation(image: Tensor) -> Tensor:
    return image.std(dim=(1, 2, 3), keepdim=True)
