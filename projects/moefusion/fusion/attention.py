"""Merges the attention maps of the two detectors into one (paper, section 3.2)."""

import torch
from torch import Tensor, nn


class AttentionMerge(nn.Module):
    """``Att`` from ``Att_V`` and ``Att_I``.

    ``'conv'``: two 3 x 3 convolutions over the two maps, the larger of their responses, a sigmoid.
    It starts near the elementwise maximum (each convolution passes one map on) and is trained
    by the fusion loss. ``'max'``: the elementwise maximum without parameters, as in the authors'
    public code.

    Args:
        mode (str): ``'conv'`` or ``'max'``.

    Raises:
        ValueError: if ``mode`` is neither.
    """

    def __init__(self, mode: str = 'conv') -> None:
        super().__init__()
        if mode not in ('conv', 'max'):
            raise ValueError(f"attention_merge must be 'conv' or 'max', but is {mode!r}")
        self.mode = mode
        if mode == 'conv':
            # Two convolutions of one output channel each are one convolution of two channels.
            self.conv = nn.Conv2d(2, 2, 3, padding=1)
            weight, bias = self.conv.parameters()
            with torch.no_grad():
                weight.mul_(0.1)
                weight[:, :, 1, 1] += 6 * torch.eye(2)
                bias.fill_(-3)

    def forward(self, visible: Tensor, infrared: Tensor) -> Tensor:
        """Merge ``Att_V`` and ``Att_I``, each N x 1 x H x W in [0, 1], to ``Att`` of that shape."""
        if self.mode == 'max':
            return torch.maximum(visible, infrared)
        responses: Tensor = self.conv(torch.cat([visible, infrared], dim=1))
        return responses.amax(dim=1, keepdim=True).sigmoid()
