"""MoE-Fusion on LLVIP, as in the paper: one class, ResNet-50 detectors, 24 epochs."""

_base_ = [
    './_base_/models/moefusion_r50.py',
    './_base_/datasets/llvip.py',
    './_base_/schedules/schedule_24e.py',
    './_base_/default_runtime.py',
]

num_classes = 1
model = dict(
    visible_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    infrared_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
)
