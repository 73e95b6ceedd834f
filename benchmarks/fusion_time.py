"""Times the fusion network against its bare convolutions, other K, memory formats and types."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks.timing import Timings, time_interleaved
from moefusion.fusion import FusionNetwork


def build_fusion(config: dict, device: torch.device, channels_last: bool = False) -> FusionNetwork:
    """A fusion network at inference, of random weights (the same each time)."""
    torch.manual_seed(0)
    network = FusionNetwork(**config).eval().requires_grad_(False).to(device)
    return network.to(memory_format=torch.channels_last) if channels_last else network


def random_inputs(size: tuple[int, int], device: torch.device) -> tuple[Tensor, ...]:
    """Visible, infrared and their attention maps: 1 x 1 x H x W in [0, 1], for (W, H)."""
    return tuple(torch.rand(4, 1, 1, size[1], size[0], device=device))


def convolutions_that_run(
    network: FusionNetwork, inputs: tuple[Tensor, ...]
) -> dict[str, list[nn.Conv2d]]:
    """The convolutions of the experts that the gates select, and those outside the experts.

    Returns:
        dict[str, list[nn.Conv2d]]: ``'experts'`` and ``'others'`` (encoders, attention merge).
    """
    mixtures = {f'local_{name}': mixture for name, mixture in network.local.items()}
    mixtures['global'] = network.decoder
    gatings = network(*inputs).gatings
    chosen = [
        mixtures[name].experts[number]
        for name, gating in gatings.items()
        for number in gating.selected[0]
    ]
    others = (network.visible_encoder, network.infrared_encoder, network.attention_merge)
    return {
        name: [
            module for part in parts for module in part.modules() if isinstance(module, nn.Conv2d)
        ]
        for name, parts in (('experts', chosen), ('others', others))
    }


def bare(
    convolutions: list[nn.Conv2d], size: tuple[int, int], device: torch.device, channels_last: bool
) -> Callable[[], None]:
    """A call of each convolution on an input that is ready in the right memory format.

    ``size`` is that of the network's cells; the attention merge's is left at it, too.
    """
    layout = torch.channels_last if channels_last else torch.contiguous_format
    ready = {
        channels: torch.rand(1, channels, size[1], size[0], device=device).contiguous(
            memory_format=layout
        )
        for channels in {convolution.in_channels for convolution in convolutions}
    }

    def run() -> None:
        for convolution in convolutions:
            convolution(ready[convolution.in_channels])

    return run


def fusion_cases(
    config: dict, size: tuple[int, int], device: torch.device
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The named cases of :func:`time_fusion`."""
    inputs = random_inputs(size, device)
    stride = config.get('stride', 1)
    size = size[0] // stride, size[1] // stride

    def in_bfloat16(network: FusionNetwork) -> Callable[[], object]:
        def run() -> object:
            with torch.autocast(device.type, torch.bfloat16):
                return network(*inputs)

        return run

    for layout, channels_last in (('plain', False), ('channels-last', True)):
        network = build_fusion(config, device, channels_last)
        convolutions = convolutions_that_run(network, inputs)
        yield f'float32 {layout}', lambda network=network: network(*inputs)
        yield (f'bare experts {layout}', bare(convolutions['experts'], size, device, channels_last))
        yield (
            f'bare all {layout}',
            bare(convolutions['experts'] + convolutions['others'], size, device, channels_last),
        )
        yield f'bfloat16 {layout}', in_bfloat16(copy.deepcopy(network))
    dense = build_fusion(dict(config, top_k=config.get('num_experts', 4)), device, True)
    yield 'all experts channels-last', lambda: dense(*inputs)


@torch.inference_mode()
def time_fusion(config: dict, size: tuple[int, int], repeats: int, device: torch.device) -> Timings:
    """Time one pair in the fusion network (no detectors) and what to compare it with.

    For each memory format (``plain``: channels first, and ``channels-last``): ``float32``,
    ``bfloat16`` (autocast), ``bare experts`` (just the convolutions of the experts that run, on
    ready-made inputs) and ``bare all`` (the encoders' and the attention merge's too); and
    ``all experts channels-last``, where K is N.

    Args:
        config (dict): arguments of :class:`~moefusion.fusion.FusionNetwork`.
        size (tuple[int, int]): width and height in pixels.
        repeats (int): rounds.
        device (torch.device): where to.
    """
    return time_interleaved(dict(fusion_cases(config, size, device)), repeats, device)
