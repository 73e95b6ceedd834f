"""Parameters and multiply-accumulates of a MoEFusion model by part."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.fusion_time import random_inputs
from moefusion.models import MoEFusion


def count_macs(run: Callable[[], object]) -> int:
    """Multiply-accumulates of the convolutions and matrix products in a call."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() // 2


def count_parameters(*modules: nn.Module | None) -> int:
    """Number of parameters."""
    return sum(p.numel() for module in modules if module is not None for p in module.parameters())


@torch.no_grad()
def count_parts(model: MoEFusion, size: tuple[int, int]) -> dict[str, dict[str, int]]:
    """What fusing one pair costs, by part.

    Args:
        model (MoEFusion): at inference.
        size (tuple[int, int]): width and height in pixels.

    Returns:
        dict[str, dict[str, int]]: by part ``parameters`` (all experts) and ``macs`` (of the K
        experts that run). The detectors' heads have none: they do not run when fusing.
    """
    network = model.fusion
    inputs = random_inputs(size, next(model.parameters()).device)
    image, _, attention, _ = inputs
    cells = network.to_cells(image)
    prior = network.to_cells(attention)[:, :1]
    features = network.visible_encoder(cells)
    x_enc, x_dense = features[-1], torch.cat(features, dim=1)
    local, gates = list(network.local.values()), [m.gate for m in network.local.values()]
    x_f = torch.cat([*[x_enc] * len(local), x_dense, x_dense], dim=1)
    local_gates = sum(count_macs(lambda gate=gate: gate(x_enc, x_enc)) for gate in gates)
    global_gate = count_macs(lambda: network.decoder.gate(x_f))
    parts = {
        'encoders': (
            count_parameters(network.visible_encoder, network.infrared_encoder),
            count_macs(lambda: (network.visible_encoder(cells), network.infrared_encoder(cells))),
        ),
        'attention merge': (
            count_parameters(network.attention_merge),
            count_macs(lambda: network.attention_merge(attention, attention)),
        ),
        'local experts': (
            count_parameters(*(mixture.experts for mixture in local)),
            sum(
                count_macs(lambda mixture=mixture: mixture(x_enc, x_enc, prior))
                for mixture in local
            )
            - local_gates,
        ),
        'global experts': (
            count_parameters(network.decoder.experts),
            count_macs(lambda: network.decoder(x_f)) - global_gate,
        ),
        'gates': (count_parameters(*gates, network.decoder.gate), local_gates + global_gate),
    }
    if model.with_detectors:
        detectors = [model.visible_detector, model.infrared_detector]
        heads = [
            getattr(detector, name, None)
            for detector in detectors
            for name in ('rpn_head', 'roi_head')
        ]
        image = image.expand(1, 3, -1, -1)
        parts['detectors: backbone, necks'] = (
            count_parameters(*detectors) - count_parameters(*heads),
            count_macs(
                lambda: [model.attend(modality, image) for modality in ('visible', 'infrared')]
            ),
        )
        parts['detectors: heads'] = (count_parameters(*heads), 0)
    return {
        name: dict(parameters=parameters, macs=macs) for name, (parameters, macs) in parts.items()
    }
