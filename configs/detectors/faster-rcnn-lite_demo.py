"""Scores fused images of the demo pairs: a small Faster R-CNN trained on both source images."""

_base_ = [
    '../_base_/models/faster-rcnn_lite.py',
    '../_base_/datasets/demo.py',
    '../_base_/schedules/schedule_lite.py',
    '../_base_/default_runtime.py',
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=2)))

# The pairs' reader hands out one modality's file, which MMDetection's own loader reads.
load = dict(type='LoadImageFromFile')
train_pipeline = [load, *_base_.train_pipeline[1:]]
test_pipeline = [load, *_base_.test_pipeline[1:]]
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
