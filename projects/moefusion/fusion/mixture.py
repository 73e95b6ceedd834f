"""The mixtures of local (MoLE) and of global experts (MoGE) (paper, sections 3.2 and 3.3)."""

from collections.abc import Sequence

from torch import Tensor, nn

from moefusion.fusion.experts import GlobalExpert, LocalExpert, run_experts
from moefusion.fusion.gate import Gating, NoisyTopKGate


class LocalMixture(nn.Module):
    """Mixture of local experts: the first half sees the visible, the second the infrared features.

    Args:
        channels (int): Channels of one modality's features. Defaults to 16.
        hidden (int): Hidden channels of an expert. Defaults to 8.
        num_experts (int): N, even. Defaults to 4.
        top_k (int): K. Defaults to 2.
        grid (tuple[int, int]): Rows and columns that the gate's input is pooled to.
        noise (float): The gate's noise at the start of training, 0 for none.

    Raises:
        ValueError: if ``num_experts`` is odd or less than 2, or not 1 <= ``top_k`` <= it.
    """

    def __init__(
        self,
        channels: int = 16,
        hidden: int = 8,
        num_experts: int = 4,
        top_k: int = 2,
        grid: tuple[int, int] = (120, 160),
        noise: float = 0.2,
    ) -> None:
        super().__init__()
        if num_experts < 2 or num_experts % 2:
            raise ValueError(
                'the local experts are shared out evenly between visible and '
                f'infrared: num_experts must be even, but is {num_experts}'
            )
        self.gate = NoisyTopKGate(2 * channels, grid, num_experts, top_k, noise)
        self.experts = nn.ModuleList(LocalExpert(channels, hidden) for _ in range(num_experts))

    def forward(
        self, visible: Tensor, infrared: Tensor, attention: Tensor, gating: Gating | None = None
    ) -> tuple[Tensor, Gating]:
        """Mix the local features (equations 1 and 2).

        Args:
            visible (Tensor): ``x_enc`` of the visible image, N x C x H x W.
            infrared (Tensor): ``x_enc`` of the infrared image, the same shape.
            attention (Tensor): ``Att`` (or 1 - ``Att`` for the background), N x 1 x H x W.
            gating (Gating, optional): a decision to use in place of the gate's own.

        Returns:
            tuple[Tensor, Gating]: ``y_local`` (N x C x H x W) and the gate's decision.
        """
        inputs = self.expert_inputs(visible, infrared, attention)
        gating = gating or self.gate(inputs[0], inputs[-1])
        return run_experts(self.experts, inputs, gating), gating

    def expert_inputs(self, visible: Tensor, infrared: Tensor, attention: Tensor) -> list[Tensor]:
        """What each expert sees, N x C x H x W: the attended features of its modality."""
        half = len(self.experts) // 2
        return [visible * attention] * half + [infrared * attention] * half


class GlobalMixture(nn.Module):
    """Mixture of global experts: decodes the fusion features x_f into the fused image.

    Args:
        in_channels (int): Channels of x_f. Defaults to 160.
        widths (Sequence[int]): Widths of an expert's hidden convolutions.
        num_experts, top_k, grid, noise: as for :class:`LocalMixture`, but N may be odd.
        out_channels (int): Channels of the image, more than 1 for cells of pixels. Defaults to 1.
        skip (int): x_f's last channels that an expert's last convolution sees. Defaults to 0.
    """

    def __init__(
        self,
        in_channels: int = 160,
        widths: Sequence[int] = (64, 32, 16),
        num_experts: int = 4,
        top_k: int = 2,
        grid: tuple[int, int] = (60, 80),
        noise: float = 0.2,
        out_channels: int = 1,
        skip: int = 0,
    ) -> None:
        super().__init__()
        self.gate = NoisyTopKGate(in_channels, grid, num_experts, top_k, noise)
        self.experts = nn.ModuleList(
            GlobalExpert(in_channels, widths, out_channels, skip) for _ in range(num_experts)
        )

    def forward(self, x_f: Tensor, gating: Gating | None = None) -> tuple[Tensor, Gating]:
        """Decode x_f (N x C x H x W) into ``I_F`` (N x 1 x H x W, not clipped; equations 3 and 4).

        ``gating`` is a decision to use in place of the gate's own, which is returned, too.
        """
        gating = gating or self.gate(x_f)
        return run_experts(self.experts, [x_f] * len(self.experts), gating), gating
