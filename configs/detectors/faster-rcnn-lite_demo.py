"""Scores fused images of the demo pairs: a small Faster R-CNN trained on both source images."""

_base_ = [
    '../_base_/models/faster-rcnn_lite.py',
    '../_base_/datasets/demo.py',
    '../_base_/schedules/schedule_lite.py',
    '../_base_/detector_runtime.py',
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=2)))
train_dataloader = dict(
    dataset=dict(times=2, dataset=dict(pipeline=_base_.detector_train_pipeline))
)
val_dataloader = dict(dataset=dict(pipeline=_base_.detector_test_pipeline))
test_dataloader = val_dataloader
