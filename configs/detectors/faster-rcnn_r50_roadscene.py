"""Scores fused images on RoadScene (paper, 4.6 and C): Faster R-CNN trained on both sources."""

_base_ = ['../_base_/faster-rcnn_r50_24e.py', '../_base_/datasets/roadscene.py']

model = dict(roi_head=dict(bbox_head=dict(num_classes=3)))
# Twice: each pair in either modality, on average.
train_dataloader = dict(
    dataset=dict(times=2, dataset=dict(pipeline=_base_.detector_train_pipeline))
)
val_dataloader = dict(dataset=dict(pipeline=_base_.detector_test_pipeline))
test_dataloader = val_dataloader
