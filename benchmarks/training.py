"""Times training: the share of waiting for data, and a GPU's images a second."""

from __future__ import annotations

import tempfile
import time

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from benchmarks.timing import synchronize, time_interleaved


def without_pretrained(config: ConfigDict | dict) -> ConfigDict:
    """A copy of a model's config that fetches no weights: speed does not depend on them."""
    config = ConfigDict(config)
    pending = [config]
    while pending:
        part = pending.pop()
        init_cfg = part.get('init_cfg')
        if isinstance(init_cfg, dict) and init_cfg.get('type') == 'Pretrained':
            part['init_cfg'] = None
        pending += [value for value in part.values() if isinstance(value, dict)]
    return config


class WaitingHook(Hook):
    """Notes how long each iteration waits for its batch and how long it takes in all.

    Args:
        skip (int): iterations at the start that do not count.
    """

    def __init__(self, skip: int) -> None:
        self.skip = skip
        self.waits: list[float] = []
        self.totals: list[float] = []

    def before_train(self, runner: Runner) -> None:
        self.last = time.perf_counter()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        self.ready = time.perf_counter()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        synchronize(next(runner.model.parameters()).device)
        now = time.perf_counter()
        if runner.iter >= self.skip:
            self.waits.append(self.ready - self.last)
            self.totals.append(now - self.last)
        self.last = now


def time_data(cfg: Config, iterations: int, skip: int = 3) -> dict[str, float]:
    """Train for a few iterations with the config's own data and measure the waiting for it.

    Args:
        cfg (Config): an experiment's config, its data in place; weights are random.
        iterations (int): how many to measure.
        skip (int): how many to run before. Defaults to 3.

    Returns:
        dict[str, float]: ``share`` of the time that was spent waiting, ``seconds`` of an
        iteration and ``images`` a second.
    """
    cfg = Config(cfg.to_dict())
    cfg.model = without_pretrained(cfg.model)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations + skip)
    for name in ('param_scheduler', 'load_from', 'visualizer'):
        cfg[name] = None
    cfg.experiment_name = f'benchmark_{time.time_ns()}'  # MMEngine keeps what bears a known name
    for name in ('val', 'test'):
        cfg.update({f'{name}_{part}': None for part in ('cfg', 'dataloader', 'evaluator')})
    cfg.default_hooks = dict(checkpoint=None, logger=None, param_scheduler=None)
    cfg.log_processor, cfg.log_level, cfg.resume = dict(by_epoch=False), 'ERROR', False
    hook = WaitingHook(skip)
    with tempfile.TemporaryDirectory() as cfg.work_dir:
        runner = Runner.from_cfg(cfg)
        runner.register_hook(hook, 'VERY_LOW')
        runner.train()
    total = sum(hook.totals)
    return dict(
        share=sum(hook.waits) / total,
        seconds=total / len(hook.totals),
        images=cfg.train_dataloader.batch_size * len(hook.totals) / total,
    )


def random_batch(batch_size: int, size: tuple[int, int], num_classes: int = 1) -> dict:
    """A batch as the dataloader packs it: random pairs with five boxes each."""
    width, height = size
    samples = []
    for _ in range(batch_size):
        corners = torch.rand(5, 2) * torch.tensor([width / 2, height / 2])
        extents = torch.rand(5, 2) * torch.tensor([width / 2 - 8, height / 2 - 8]) + 8
        sample = DetDataSample(
            metainfo=dict(
                img_id=0,
                img_path='',
                img_shape=(height, width),
                ori_shape=(height, width),
                scale_factor=(1.0, 1.0),
                pad_shape=(height, width),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.cat([corners, corners + extents], dim=1),
            labels=torch.randint(num_classes, (5,)),
        )
        samples.append(sample)
    return dict(
        inputs=list(torch.randint(256, (batch_size, 4, height, width), dtype=torch.uint8)),
        data_samples=samples,
    )


def time_training(
    cfg: Config,
    batch_size: int,
    size: tuple[int, int],
    repeats: int,
    device: torch.device,
    bfloat16: bool = False,
) -> dict[str, float]:
    """Train on random pairs that are in memory: the step alone, no data pipeline.

    Args:
        cfg (Config): an experiment's config; its model gets random weights.
        batch_size (int): pairs a step.
        size (tuple[int, int]): width and height in pixels.
        repeats (int): steps to time, after two untimed ones.
        device (torch.device): where to.
        bfloat16 (bool): whether MMEngine's AmpOptimWrapper runs it in bfloat16.

    Returns:
        dict[str, float]: ``seconds`` of a step, ``images`` a second and, on a GPU, ``memory`` in
        MiB that PyTorch allocated at most.
    """
    torch.manual_seed(0)
    model = MODELS.build(without_pretrained(cfg.model)).to(device).train()
    wrapper = ConfigDict(cfg.optim_wrapper)
    if bfloat16:
        wrapper.update(type='AmpOptimWrapper', dtype='bfloat16', loss_scale=1.0)
    optimizer = build_optim_wrapper(model, wrapper)
    batch = random_batch(batch_size, size)
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
    seconds = time_interleaved(
        {'step': lambda: model.train_step(batch, optimizer)}, repeats, device, 2
    ).median('step')
    result = dict(seconds=seconds, images=batch_size / seconds)
    if device.type == 'cuda':
        result['memory'] = torch.cuda.max_memory_allocated(device) / 2**20
    return result
