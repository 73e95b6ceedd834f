"""Times whole inference: detectors up to their attention, and the fusion network."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from mmdet.registry import MODELS
from mmengine.config import Config

from benchmarks.timing import Timings, time_interleaved
from benchmarks.training import random_batch, without_pretrained


@torch.inference_mode()
def time_inference(
    cfg: Config, size: tuple[int, int], repeats: int, device: torch.device
) -> Timings:
    """Time ``MoEFusion.test_step`` on one pair in memory, plain and channels-last.

    The case ``detectors, float32 channels-last`` is the part of it in which the detectors find
    their attention.

    Args:
        cfg (Config): an experiment's config; its model gets random weights.
        size (tuple[int, int]): width and height in pixels.
        repeats (int): rounds.
        device (torch.device): where to. On a GPU there are bfloat16 cases (autocast), too.
    """
    config = without_pretrained(cfg.model)
    config.update(auxiliary_detections=False)
    plain = MODELS.build(config).to(device).eval()
    models = {
        'plain': plain,
        'channels-last': copy.deepcopy(plain).to(memory_format=torch.channels_last),
    }
    batch = random_batch(1, size)

    def case(model: torch.nn.Module, bfloat16: bool) -> Callable[[], None]:
        def run() -> None:
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                model.test_step(copy.deepcopy(batch))

        return run

    cases = {f'float32 {name}': case(model, False) for name, model in models.items()}
    if device.type == 'cuda':
        cases |= {f'bfloat16 {name}': case(model, True) for name, model in models.items()}
    if plain.with_detectors:
        inputs = plain.data_preprocessor(copy.deepcopy(batch))['inputs']

        def attend() -> None:
            for modality in ('visible', 'infrared'):
                models['channels-last'].attend(modality, inputs[modality])

        cases['detectors, float32 channels-last'] = attend
    return time_interleaved(cases, repeats, device)
