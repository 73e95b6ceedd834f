"""Trained without RoadScene's camera, so without a box: LLVIP and MSRS fill the batch."""

_base_ = '../moefusion-lite_mixed.py'

train_dataloader = dict(
    sampler=dict(source_ratio=[3, 2]),
    dataset=dict(datasets=_base_.train_dataloader.dataset.datasets[2:]),
)
