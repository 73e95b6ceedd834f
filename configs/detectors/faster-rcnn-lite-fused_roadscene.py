"""As faster-rcnn-lite_roadscene.py, but trained on visible, infrared and fused images alike.

Fuse the training pairs first: `python tools/fuse.py data/roadscene/Vis data/roadscene/Ir
--list data/roadscene/train.txt --out-dir outputs/roadscene_train`.
"""
_base_ = './faster-rcnn-lite_roadscene.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    *[step for step in _base_.train_pipeline[1:] if step['type'] != 'BlendPair'],
]
balanced = _base_.train_dataloader.dataset.dataset
visible = dict(balanced.dataset, pipeline=train_pipeline)
infrared = dict(visible, modality='infrared')
fused = dict(visible, data_root='', ann_file='data/roadscene/train.txt', data_prefix=dict(
    visible='outputs/roadscene_train', infrared='data/roadscene/Ir',
    annotation='data/roadscene/Annotation'))
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=[
    dict(balanced, dataset=images) for images in (visible, infrared, fused)]))

# Half as many images again in an epoch: as many iterations in all.
max_epochs = 27
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_epochs)]
