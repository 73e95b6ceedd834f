"""SeedHook: a run that goes on from a checkpoint ends as one that was never stopped."""

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from torch.utils.data import Dataset


class Drawn(Dataset):
    """Each number is drawn when it is asked for, as augmentations are."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return torch.tensor([np.random.rand() + index])


class Noisy(BaseModel):
    """Its step draws, as gates and box samplers do."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode='tensor'):
        drawn = torch.stack(inputs)
        return dict(loss=(self.weight * drawn * torch.rand_like(drawn)).mean())


@pytest.fixture
def train(make_runner, tmp_path):
    """Trains to an epoch or iteration; returns the weight and the last checkpoint."""

    def run(hooks, until, workers, by_epoch=True, resume=None):
        unit = 'epoch' if by_epoch else 'iter'
        runner = make_runner(
            model=Noisy(),
            hooks=hooks,
            train_dataloader=dict(
                dataset=Drawn(),
                batch_size=2,
                num_workers=workers,
                persistent_workers=not by_epoch and workers > 0,
                sampler=dict(type='DefaultSampler' if by_epoch else 'InfiniteSampler'),
                collate_fn=lambda items: dict(inputs=items),
            ),
            train_cfg=dict(by_epoch=by_epoch, **{f'max_{unit}s': until}),
            default_hooks=dict(
                checkpoint=dict(type='SafeCheckpointHook', interval=1, by_epoch=by_epoch)
            ),
            resume=bool(resume),
            load_from=resume,
        )
        runner.train()
        return runner.model.weight.item(), str(tmp_path / f'work/{unit}_{until}.pth')

    return run


@pytest.mark.parametrize('workers', [0, 2])
def test_stopped_after_an_epoch(train, workers):
    for hooks in [dict(type='SeedHook')], []:
        whole, _ = train(hooks, 3, workers)
        again, _ = train(hooks, 3, workers)
        _, checkpoint = train(hooks, 1, workers)
        resumed, _ = train(hooks, 3, workers, resume=checkpoint)
        assert whole == again
        assert (whole == resumed) == bool(hooks)  # MMEngine alone draws others


def test_epochs_draw_different_numbers(train):
    first, checkpoint = train([dict(type='SeedHook')], 1, 1)
    second, _ = train([dict(type='SeedHook')], 2, 1, resume=checkpoint)
    assert second != pytest.approx(2 * first, rel=1e-6)
