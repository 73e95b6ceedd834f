"""Trained without LLVIP's camera; MSRS takes its place in the batch."""

_base_ = '../moefusion-lite_mixed.py'

train_dataloader = dict(
    sampler=dict(source_ratio=[2, 1, 2]),
    dataset=dict(datasets=[_base_.train_dataloader.dataset.datasets[place] for place in (0, 1, 3)]),
)
