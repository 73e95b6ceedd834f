"""The three terms of the fusion loss (paper, equations 6 to 9), sample by sample."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from moefusion.image import boxes_to_mask, sobel_components, sobel_gradient
from moefusion.losses.target import Target, adaptive_target, paper_target


class FusionLoss(nn.Module):
    """Pixel loss on foreground and background, and gradient loss.

    As in the paper: foreground pixels to the brighter source (7), background pixels to the mean of
    both (8), gradient magnitudes to the larger one of the sources (9). With ``adaptive`` pixels and
    signed gradients become what :func:`moefusion.losses.target.adaptive_target` makes of the
    whole sample, which gives the gates something to decide.

    Args:
        adaptive (Mapping, optional): options of ``adaptive_target``; ``{}`` for its defaults.
            Defaults to None: the paper's equations.

    Raises:
        TypeError: if ``adaptive`` has an option that ``adaptive_target`` does not take.

    Examples:
        >>> loss = FusionLoss()
        >>> images = [torch.rand(1, 24, 32) for _ in range(3)]
        >>> sorted(loss(*([image] for image in images), [None]))
        ['loss_gradient', 'loss_pixel_background', 'loss_pixel_foreground']

        In a config:

        >>> model = dict(type='MoEFusion', fusion_loss=dict(type='FusionLoss', adaptive=dict()))
    """

    def __init__(self, adaptive: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.adaptive = None if adaptive is None else dict(adaptive)
        if adaptive is not None:  # a misspelt option shall not wait for the first batch
            flat = torch.zeros(1, 1, 8, 8)
            adaptive_target(flat, flat, flat, **adaptive)

    def forward(
        self,
        fused: Sequence[Tensor],
        visible: Sequence[Tensor],
        infrared: Sequence[Tensor],
        boxes: Sequence[Tensor | None],
    ) -> dict[str, Tensor]:
        """Every term, unweighted, averaged over the images, whose sizes may differ.

        Args:
            fused (Sequence[Tensor]): I_F of each image, 1 x H x W.
            visible (Sequence[Tensor]): I_V of each, the same shape, in [0, 1].
            infrared (Sequence[Tensor]): I_I of each, the same shape and range.
            boxes (Sequence[Tensor | None]): objects of each image, M x 4 (x1, y1, x2, y2) in
                pixels; None where there are no annotations: all is background.

        Returns:
            dict[str, Tensor]: ``loss_pixel_foreground``, ``loss_pixel_background`` (sums over their
            region, divided by the whole image's H W, as in the paper) and ``loss_gradient``.
        """
        terms = torch.stack(
            [
                self.distances(image[None], self.target(first[None], second[None], objects))
                for image, first, second, objects in zip(fused, visible, infrared, boxes)
            ]
        ).mean(dim=0)
        names = 'loss_pixel_foreground', 'loss_pixel_background', 'loss_gradient'
        return dict(zip(names, terms))

    def target(self, visible: Tensor, infrared: Tensor, boxes: Tensor | None) -> Target:
        """What one image should become; to compare it with several, work it out once.

        Sources are 1 x 1 x H x W in [0, 1], boxes as in :meth:`forward`.
        """
        mask = torch.zeros_like(visible)
        if boxes is not None:
            mask = boxes_to_mask(boxes, *visible.shape[-2:])[None]
        if self.adaptive is None:
            return paper_target(visible, infrared, mask)
        return adaptive_target(visible, infrared, mask, **self.adaptive)

    @staticmethod
    def distances(fused: Tensor, target: Target) -> Tensor:
        """The three terms of one image, 1 x 1 x H x W, in the order of :meth:`forward`'s names."""
        components: tuple[Tensor, ...] = sobel_components(fused)
        if len(target.gradient) == 1:
            components = (sobel_gradient(fused),)
        differences = [(found - aim).abs() for found, aim in zip(components, target.gradient)]
        gradient = sum(differences, fused.new_zeros(()))
        distance, mask = (fused - target.pixels).abs(), target.mask
        return torch.stack(
            [(mask * distance).mean(), ((1 - mask) * distance).mean(), gradient.mean()]
        )
