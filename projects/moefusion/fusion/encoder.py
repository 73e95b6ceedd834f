"""The densely connected encoder of one modality (paper, section 3.1 and supplement E)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DenseEncoder(nn.Module):
    """C1 and three densely connected 3 x 3 convolutions, each followed by ReLU.

    The structure is DenseFuse's: every convolution sees the outputs of all before it. The two
    modalities have one encoder each; they share no parameters.

    Args:
        channels (int): Channels of every convolution's output. Defaults to 16, as in the paper.
        in_channels (int): Channels of the image, more than 1 for cells of pixels. Defaults to 1.
    """

    def __init__(self, channels: int = 16, in_channels: int = 1) -> None:
        super().__init__()
        self.out_channels = channels
        self.dense_channels = channels * 4
        self.stem = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.dense = nn.ModuleList(
            nn.Conv2d(channels * seen, channels, 3, padding=1) for seen in (1, 2, 3)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encode a batch of gray images, N x ``in_channels`` x H x W in [0, 1], of any H and W.

        A convolution of concatenated features is the sum of convolutions of the single ones. So
        nothing is concatenated here: each feature meets, in one convolution, its share of the
        weights of all convolutions that it feeds. That keeps less for the backward pass, and
        wide convolutions are faster than narrow ones.

        Returns:
            list[Tensor]: the outputs of C1, DC1, DC2 and DC3, each N x 16 x H x W. The last is
            ``x_enc``, all of them in this order are ``x_dense``.
        """
        features = [F.relu(self.stem(image), inplace=True)]
        width = self.out_channels
        sums: Tensor | None = None  # what each convolution yet to come has received so far
        for step in range(len(self.dense)):
            weights, biases = zip(*(conv.parameters() for conv in self.dense[step:]))
            weight = torch.cat([each[:, step * width : (step + 1) * width] for each in weights])
            bias = None if step else torch.cat(biases)
            response = F.conv2d(features[-1], weight, bias, padding=1)
            sums = response if sums is None else response.add_(sums[:, width:])
            features.append(F.relu(sums[:, :width]))
        return features
