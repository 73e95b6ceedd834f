"""Splits 4-channel pairs into what the detectors and the fusion network need."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from mmdet.models import DetDataPreprocessor
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from torch import Tensor

from moefusion.image import rgb_to_gray

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@MODELS.register_module()
class PairedDataPreprocessor(DetDataPreprocessor):
    """MMDetection's preprocessor for pairs that travel as one image (B, G, R, infrared).

    Pairs are padded at the right and the bottom to the largest of the batch; each sample's
    ``img_shape`` keeps the true size, which the fusion network is cropped to.

    Args:
        mean (Sequence[float]): R, G, B means of the detectors' inputs, 0 to 255; an infrared image
            is three equal channels. Defaults to ImageNet's, as the backbones' weights are.
        std (Sequence[float]): R, G, B standard deviations of the same.
        pad_size_divisor (int): Padded sizes are multiples of it. Defaults to 32.
        **kwargs: as for ``DetDataPreprocessor``.
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        pad_size_divisor: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(pad_size_divisor=pad_size_divisor, **kwargs)
        for name, values in dict(rgb_mean=mean, rgb_std=std).items():
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def normalize(self, images: Tensor) -> Tensor:
        """Images N x 3 or 1 x H x W, 0 to 255, as the detectors take them, N x 3 x H x W."""
        return (images - self.rgb_mean) / self.rgb_std

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Stack, pad and split a batch.

        Args:
            data (dict): ``inputs``, a list of 4 x H x W uint8 tensors or one N x 4 x H x W
                tensor, and ``data_samples``, a list of ``DetDataSample`` or None.
            training (bool): passed on to ``DetDataPreprocessor``.

        Returns:
            dict: ``data_samples``, and ``inputs`` with

            - ``visible``, ``infrared``: N x 3 x H' x W', normalised (R, G, B), padding 0;
            - ``visible_rgb``: N x 3 x H' x W', and ``visible_gray``, ``infrared_gray``:
              N x 1 x H' x W', all in [0, 1].

        Raises:
            ValueError: if an input has not four channels.
        """
        for pair in data['inputs']:
            if pair.shape[0] != 4:
                raise ValueError(
                    'PairedDataPreprocessor takes 4-channel pairs (B, G, R, '
                    f'infrared), but got a tensor of shape {tuple(pair.shape)}: load '
                    'the images with LoadPairedImage in the pipeline'
                )
        data = super().forward(data, training)
        pairs, samples = data['inputs'].float(), data['data_samples']
        rgb, infrared = pairs[:, [2, 1, 0]], pairs[:, 3:]
        inputs = dict(
            visible=self.normalize(rgb),
            infrared=self.normalize(infrared),
            visible_rgb=rgb / 255,
            visible_gray=rgb_to_gray(rgb) / 255,
            infrared_gray=infrared / 255,
        )
        for row, (height, width) in enumerate(true_sizes(pairs, samples)):
            for name in ('visible', 'infrared'):
                inputs[name][row, :, height:] = 0
                inputs[name][row, :, :, width:] = 0
        return dict(inputs=inputs, data_samples=samples)


def rows_by_size(sizes: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    """The places at which each height and width stands: images of one size run together."""
    rows: dict[tuple[int, int], list[int]] = {}
    for row, size in enumerate(sizes):
        rows.setdefault(size, []).append(row)
    return rows


def true_sizes(batch: Tensor, samples: list[DetDataSample] | None) -> list[tuple[int, int]]:
    """Height and width in pixels of each image of a padded batch N x C x H' x W'.

    They stand in the samples' ``img_shape``; without samples nothing is padding.
    """
    if samples is None:
        height, width = batch.shape[-2:]
        return [(height, width)] * len(batch)
    return [tuple(sample.img_shape[:2]) for sample in samples]
