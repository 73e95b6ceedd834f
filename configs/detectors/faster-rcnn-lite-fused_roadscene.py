"""Learns on fused images alone, in data/roadscene/Fused, where tools/fuse.py has put them."""

_base_ = './faster-rcnn-lite_roadscene.py'

fused = dict(data_prefix=dict(visible='Fused'))
train_pipeline = [
    _base_.train_pipeline[0],
    dict(type='SelectModality', modality='visible'),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(dataset=dict(dataset=dict(dataset=dict(fused, pipeline=train_pipeline))))
val_dataloader = dict(dataset=fused)
test_dataloader = val_dataloader
