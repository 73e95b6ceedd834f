"""The expert networks, and running just those that a gate selected (paper, 3.2 and 3.3)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from moefusion.fusion.gate import Gating


class LocalExpert(nn.Sequential):
    """Convolution, ReLU, convolution on the local features of one modality.

    Args:
        channels (int): Input and output channels. Defaults to 16.
        hidden (int): Channels between the two 3 x 3 convolutions. Defaults to 8.
    """

    def __init__(self, channels: int = 16, hidden: int = 8) -> None:
        super().__init__(
            nn.Conv2d(channels, hidden, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 3, padding=1),
        )


class GlobalExpert(nn.Sequential):
    """Four 3 x 3 convolutions that decode the fusion features into one gray image.

    ReLU follows each but the last, whose output is linear.

    Args:
        in_channels (int): Channels of the fusion features x_f. Defaults to 160.
        widths (Sequence[int]): Output channels of the first three. Defaults to (64, 32, 16).
        out_channels (int): Channels of the last one's output. Defaults to 1.
        skip (int): How many of x_f's last channels, the sources' pixels, the last convolution alone
            sees: those before it neither carry the picture nor get on without the rest of x_f.
            Defaults to 0, the paper's.
    """

    def __init__(
        self,
        in_channels: int = 160,
        widths: Sequence[int] = (64, 32, 16),
        out_channels: int = 1,
        skip: int = 0,
    ) -> None:
        skip = skip if widths else 0  # a lone convolution sees all of x_f
        in_channels -= skip
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Conv2d(in_channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            in_channels = width
        super().__init__(*layers, nn.Conv2d(in_channels + skip, out_channels, 3, padding=1))
        self.skip = skip

    def forward(self, x_f: Tensor) -> Tensor:
        """Decode x_f, N x C x H x W, into N x ``out_channels`` x H x W."""
        sizes = [x_f.shape[1] - self.skip, self.skip]
        features, skipped = torch.split(x_f, sizes, dim=1)
        return self.after_first(self[0](features), skipped)

    def after_first(self, features: Tensor, skipped: Tensor) -> Tensor:
        """What follows the first convolution's output; ``skipped`` are x_f's ``skip`` channels."""
        for number, layer in enumerate(list(self)[1:], start=2):
            if self.skip and number == len(self):
                features = torch.cat([features, skipped], dim=1)
            features = layer(features)
        return features


def run_experts(experts: nn.ModuleList, inputs: Sequence[Tensor], gating: Gating) -> Tensor:
    """The weighted sum of the selected experts' outputs (paper, equations 2 and 4), N x C' x H x W.

    An expert computes only on the samples that selected it, one after the other: an image keeps
    a machine busy, and samples that chose alike need not be gathered and scattered. Where
    gradients are recorded, the parameters of an expert that none selected still enter the
    result, times zero: their gradient is 0 rather than missing, and distributed training reduces
    them whichever experts its ranks chose.

    Args:
        experts (nn.ModuleList): E networks of equal output shape.
        inputs (Sequence[Tensor]): For each expert its input, N x C x H x W.
        gating (Gating): Weights N x E and selection.
    """
    if torch.compiler.is_compiling():
        return _run_gathered(experts, inputs, gating)
    # Split once: each sample's gradients meet before they are joined to a batch's.
    samples = {id(features): torch.split(features, 1) for features in inputs}
    rows: list[Tensor] = []
    for row, chosen in enumerate(gating.selected):
        for place, number in enumerate(chosen):
            output = experts[number](samples[id(inputs[number])][row])
            # The gate is float32, the experts may run in half precision.
            weight = gating.weights[row, number].to(output.dtype)
            if place:
                rows[-1] = torch.addcmul(rows[-1], output, weight)
            else:
                rows.append(output * weight)
    mixed = torch.cat(rows) if len(rows) > 1 else rows[0]
    used = {number for chosen in gating.selected for number in chosen}
    idle = [expert for number, expert in enumerate(experts) if number not in used]
    if idle and torch.is_grad_enabled():
        mixed = mixed + 0 * sum(part.sum() for expert in idle for part in expert.parameters())
    return mixed


def _run_gathered(experts: nn.ModuleList, inputs: Sequence[Tensor], gating: Gating) -> Tensor:
    """:func:`run_experts` for ``torch.export`` and ``torch.compile``: no choice made in Python.

    One expert's network runs with parameters that are gathered from all experts', so the others
    do no work here either.
    """
    states = [dict(expert.named_parameters()) for expert in experts]
    stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    sources = list({id(features): features for features in inputs}.values())
    choices = torch.stack(sources) if len(sources) > 1 else None
    places = [[source is each for source in sources].index(True) for each in inputs]
    numbers = torch.tensor(places, device=gating.index.device)
    rows = []
    for row, chosen in enumerate(gating.index):
        outputs = []
        for number in chosen.split(1):  # of one entry: a plain number would be read by Python
            features = sources[0] if choices is None else choices[numbers[number]][0]
            parameters = {name: values[number][0] for name, values in stacked.items()}
            output = functional_call(experts[0], parameters, features[row : row + 1])
            outputs.append(output * gating.weights[row, number].to(output.dtype))
        rows.append(torch.stack(outputs).sum(dim=0))
    return torch.cat(rows)
