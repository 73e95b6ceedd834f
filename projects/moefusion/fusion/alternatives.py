"""Fuses one pair by many decisions of the gates; the work that they share is done once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from moefusion.fusion.attention_local import AttentionLocal
from moefusion.fusion.experts import GlobalExpert
from moefusion.fusion.gate import Gating
from moefusion.fusion.mixture import LocalMixture
from moefusion.fusion.network import FusionNetwork

Weights = tuple[float, ...]


@torch.no_grad()
def fuse_by(
    network: FusionNetwork, sources: Sequence[Tensor], decisions: Sequence[Mapping[str, Gating]]
) -> list[Tensor]:
    """What the network makes of a pair by each decision, but for the last bits of a float.

    Every local expert runs once. A global expert's first convolution, most of its work, is linear:
    it runs once on the features without a choice and once on each local expert's output, and a
    decision adds up what it chose.

    Args:
        network (FusionNetwork): in evaluation mode.
        sources (Sequence[Tensor]): visible and infrared image and their attention maps, each
            1 x 1 x H x W in [0, 1].
        decisions (Sequence[Mapping[str, Gating]]): of every gate, as in ``FusionOutput.gatings``.

    Returns:
        list[Tensor]: I_F for each decision, 1 x 1 x H x W.
    """
    height, width = sources[0].shape[-2:]
    if height * width > network.largest_whole:  # what is shared would not fit into memory
        return [network(*sources, gatings=gatings).fused for gatings in decisions]
    features, local = _features(network, sources)
    fused = [sources[0].new_zeros(())] * len(decisions)
    for number, expert in enumerate(network.decoder.experts):
        users = [
            (place, float(share))
            for place, gatings in enumerate(decisions)
            if (share := gatings['global'].weights[0, number])
        ]
        if not users:
            continue
        decode = _decoder(cast('GlobalExpert', expert), features, [*local.values()])
        for place, weight in users:
            chosen = tuple(tuple(decisions[place][name].weights[0].tolist()) for name in local)
            fused[place] = fused[place] + weight * decode(chosen)
    return [F.pixel_shuffle(image, network.stride)[..., :height, :width] for image in fused]


def _features(
    network: FusionNetwork, sources: Sequence[Tensor]
) -> tuple[Tensor, dict[str, list[Tensor]]]:
    """The part of x_f without a choice, and for each local gate the outputs of its experts."""
    merged = network.attention_merge(*sources[2:])
    visible, infrared, attention = network.to_cells(*sources[:2], merged)
    visible_dense = network.visible_encoder(visible)
    infrared_dense = network.infrared_encoder(infrared)
    fixed, local = [], {}
    for region, part in network.local.items():
        prior = network.prior(region, attention)
        if isinstance(part, AttentionLocal):
            fixed.append(part(visible_dense[-1], infrared_dense[-1], prior))
            continue
        mixture = cast('LocalMixture', part)
        seen = mixture.expert_inputs(visible_dense[-1], infrared_dense[-1], prior)
        local[f'local_{region}'] = [expert(each) for expert, each in zip(mixture.experts, seen)]
    fixed += network.plain_features((infrared, visible), (infrared_dense, visible_dense))
    return torch.cat(fixed, dim=1) if fixed else visible[:, :0], local


def _decoder(
    expert: GlobalExpert, features: Tensor, local: list[list[Tensor]]
) -> Callable[[tuple[Weights, ...]], Tensor]:
    """One global expert as a function of the weights that each local gate gives its experts.

    Args:
        expert (GlobalExpert): its first convolution is shared out.
        features (Tensor): the last channels of x_f, which no gate changes.
        local (list[list[Tensor]]): for each local gate the outputs of its experts.
    """
    first = cast('nn.Conv2d', expert[0])
    parts = [features.shape[1] - expert.skip, expert.skip]
    features, skipped = torch.split(features, parts, dim=1)
    sizes = [outputs[0].shape[1] for outputs in local] + [features.shape[1]]
    *kernels, kernel = torch.split(first.weight, sizes, dim=1)
    fixed = cast('Tensor', first.bias).view(-1, 1, 1).expand(1, -1, *features.shape[-2:])
    if features.shape[1]:
        fixed = F.conv2d(features, kernel, first.bias, padding=1)

    @cache
    def response(group: int, number: int) -> Tensor:
        return F.conv2d(local[group][number], kernels[group], padding=1)

    @cache
    def output(chosen: tuple[Weights, ...]) -> Tensor:
        hidden = fixed.clone()  # the ReLU that follows works in place
        for group, weights in enumerate(chosen):
            for number, weight in enumerate(weights):
                if weight:
                    hidden.add_(response(group, number), alpha=weight)
        return expert.after_first(hidden, skipped)

    return output
