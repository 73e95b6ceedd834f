"""What the paper's configs do to a run: learning rates, decay, clipping and the losses' weights.

The expected values are those of the authors' code. A toy model stands in for the network, so that
24 epochs run in seconds; optimiser, schedules and hooks are built by MMEngine from the config.
"""

from types import SimpleNamespace

import pytest
import torch
from mmdet.registry import HOOKS
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import moefusion.plugin  # noqa: F401
from moefusion.models import MoEFusion

EPOCHS, STEPS, WARM_UP = 24, 25, 500
RATE, DECAY, LONGEST_GRADIENT = 1e-4, 1e-4, 35
NAMES = ('m3fd', 'flir', 'llvip', 'roadscene')
TINY = dict(
    channels=4, local_hidden=2, global_widths=(4, 4, 4), local_grid=(2, 2), global_grid=(2, 2)
)


@pytest.fixture(params=NAMES)
def config(request, repo_root):
    config = Config.fromfile(repo_root / 'configs' / f'moefusion_{request.param}.py')
    init_default_scope(config.default_scope)
    return config


class Toy(BaseModel):
    """One weight of 3 values."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.weight.sum() * 0)


class Rates(Hook):
    """Keeps the learning rate of each iteration."""

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen += runner.optim_wrapper.get_lr()['lr']


def test_learning_rates_over_all_epochs(config, tmp_path):
    rates = Rates()
    Runner(
        Toy(),
        str(tmp_path),
        train_dataloader=dict(
            dataset=[dict(inputs=0)] * STEPS, batch_size=1, num_workers=0, sampler=None
        ),
        train_cfg={**config.train_cfg, 'val_interval': EPOCHS + 1},
        optim_wrapper=config.optim_wrapper,
        param_scheduler=config.param_scheduler,
        default_hooks=dict(logger=None, checkpoint=None),
        custom_hooks=[rates],
        log_level='ERROR',
        experiment_name=f'{tmp_path.name}-rates',
    ).train()
    assert len(rates.seen) == EPOCHS * STEPS
    expected = []
    for step in range(EPOCHS * STEPS):
        epoch = step // STEPS
        warm_up = min(1, 1 / 3 + 2 / 3 * step / (WARM_UP - 1))
        expected.append(RATE * warm_up * 0.1 ** ((epoch >= 16) + (epoch >= 22)))
    assert rates.seen == pytest.approx(expected, rel=1e-3)


def adam(weight, gradients):
    """Adam as its paper has it, with L2 decay and gradients that are clipped to a norm before."""
    mean, square = torch.zeros_like(weight), torch.zeros_like(weight)
    for step, gradient in enumerate(gradients, 1):
        gradient = gradient * min(1, LONGEST_GRADIENT / max(gradient.norm().item(), 1e-9))
        gradient = gradient + DECAY * weight
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        weight = weight - RATE * (mean / (1 - 0.9**step)) / (
            (square / (1 - 0.999**step)).sqrt() + 1e-8
        )
    return weight


def test_gradients_are_clipped_and_weights_decay(config):
    """A long gradient first, so that clipping shows in the steps after; then none: only decay."""
    model = Toy().double()
    start = model.weight.detach().clone()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    gradients = [torch.tensor(g).double() for g in ([300.0, -400, 0], [1.0, 2, 0], [0.0, 0, 0])]
    for gradient in gradients:
        wrapper.update_params((model.weight * gradient).sum())
    expected = adam(start, gradients)
    torch.testing.assert_close(model.weight.detach(), expected, rtol=0, atol=1e-9)
    assert expected[2] < start[2]  # by decay alone: its gradient is zero


def test_the_weights_of_the_losses(config):
    """The hook of the config joins one term at a time with its weight."""
    model = MoEFusion(fusion=TINY)
    hooks = [*config.default_hooks.values(), *config.get('custom_hooks', [])]
    (hook,) = (HOOKS.build(hook) for hook in hooks if hook and hook['type'] == 'JointLossHook')
    hook.before_train(SimpleNamespace(model=model))
    weights = {
        'fusion.loss_pixel_foreground': 1,
        'fusion.loss_pixel_background': 1,
        'fusion.loss_gradient': 10,
        'load.loss_local_foreground': 0.01,
        'load.loss_local_background': 0.01,
        'load.loss_global': 0.02,
        'visible.loss_cls': 1,
        'infrared.loss_rpn_bbox': 1,
    }
    for name, weight in weights.items():
        losses = {other: torch.tensor(float(other == name)) for other in weights}
        total, log = model.parse_losses(losses)
        assert total.item() == pytest.approx(weight)
        assert log[f'loss_{name.partition(".")[0]}'].item() == pytest.approx(weight)
