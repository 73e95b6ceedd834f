"""Scores fused images on RoadScene: a small Faster R-CNN trained on both sources, on a CPU."""
_base_ = [
    '../_base_/models/faster-rcnn_lite.py', '../_base_/datasets/roadscene.py',
    '../_base_/schedules/schedule_lite.py',
    '../_base_/default_runtime.py'
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=3)))

max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_epochs)]

# The pairs' reader hands out one modality's file, which MMDetection's own loader reads.
load = dict(type='LoadImageFromFile')
train_pipeline = [
    load,
    dict(type='LoadAnnotations', with_bbox=True),
    # Half of the boxes are smaller than 28 pixels at native size.
    dict(type='RandomResize', scale=(780, 480), ratio_range=(0.7, 1.3), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(352, 288), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    # Day and night, and images that lie between the two modalities.
    dict(type='PhotoMetricDistortion', brightness_delta=48),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys),
]
test_pipeline = [load, dict(type='Resize', scale_factor=1.5), *_base_.test_pipeline[2:]]
pairs = _base_.train_dataloader.dataset.dataset
both = [dict(pairs, modality=name, pipeline=train_pipeline) for name in ('visible', 'infrared')]
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=both))

# Scored on the visible images; test_dataloader.dataset.modality=infrared scores on the infrared.
val_dataloader = dict(dataset=dict(modality='visible', pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='VOCMetric', metric='mAP')
test_evaluator = val_evaluator

default_hooks = dict(visualization=dict(_delete_=True, type='DetVisualizationHook'))
custom_hooks = []
