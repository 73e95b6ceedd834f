"""A runner that trains a small MoEFusion on random pairs in memory."""

import pytest


@pytest.fixture
def make_runner(tmp_path, make_pair):
    """``make_runner(model, hooks=[...], **options)``; options go to MMEngine's Runner.

    Six training pairs in batches of 2, five validation pairs in batches of 2.
    """
    from mmengine.runner import Runner
    from torch.utils.data import Dataset

    import moefusion.plugin  # noqa: F401

    class Pairs(Dataset):
        def __init__(self, size):
            self.pairs = [make_pair(32, 40, name=f'scene{i}') for i in range(size)]

        def __len__(self):
            return len(self.pairs)

        def __getitem__(self, index):
            pair, sample = self.pairs[index]
            return dict(inputs=pair, data_samples=sample.clone())

    def loader(size):
        return dict(
            dataset=Pairs(size),
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        )

    count = 0

    def make(model=None, hooks=(), **options):
        nonlocal count
        count += 1
        settings = dict(
            model=model
            or dict(
                type='MoEFusion',
                fusion=dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4)),
            ),
            work_dir=str(tmp_path / 'work'),
            experiment_name=f'{tmp_path.name}-{count}',
            default_scope='mmdet',
            log_level='ERROR',
            randomness=dict(seed=0),
            train_dataloader=loader(6),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            custom_hooks=list(hooks),
        )
        settings.update(options)
        return Runner(**settings)

    make.loader = loader
    return make
