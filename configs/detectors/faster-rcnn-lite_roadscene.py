"""Scores fused images on RoadScene: a small Faster R-CNN trained on a CPU, on pairs and blends."""
_base_ = [
    '../_base_/models/faster-rcnn_lite.py', '../_base_/datasets/roadscene.py',
    '../_base_/schedules/schedule_lite.py',
    '../_base_/default_runtime.py'
]

model = dict(
    # Half the width of ResNet-18: it has to know objects in both modalities.
    backbone=dict(base_channels=32, stem_channels=32),
    neck=[dict(type='FPN', in_channels=[32, 64, 128, 256], out_channels=64, num_outs=4)],
    roi_head=dict(bbox_head=dict(num_classes=3)))

max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=20)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_epochs)]

# A third of the images each visible, infrared and blended, so that it knows what lies between.
train_pipeline = [
    *_base_.train_pipeline[:3],
    dict(type='RandomCrop', crop_size=(288, 224), allow_negative_crop=True),
    dict(type='BlendPair', blend=1 / 3),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion', hue_delta=9),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys),
]
train_dataloader = dict(dataset=dict(times=2, dataset=dict(pipeline=train_pipeline)))

# The pairs' reader hands out one modality's file, which MMDetection's own loader reads.
test_pipeline = [dict(type='LoadImageFromFile'), *_base_.test_pipeline[1:]]
# Scored on the visible images; test_dataloader.dataset.modality=infrared scores on the infrared.
val_dataloader = dict(dataset=dict(modality='visible', pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='VOCMetric', metric='mAP')
test_evaluator = val_evaluator

default_hooks = dict(visualization=dict(_delete_=True, type='DetVisualizationHook'))
custom_hooks = []
