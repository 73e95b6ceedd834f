"""MoE-Fusion on M3FD, as in the paper: six classes, 640 x 480, 24 epochs."""

_base_ = ['./_base_/moefusion_r50_24e.py', './_base_/datasets/m3fd.py']

# Train it first: python tools/train.py configs/detectors/faster-rcnn_r50_m3fd.py
judge = dict(
    config='configs/detectors/faster-rcnn_r50_m3fd.py',
    checkpoint='work_dirs/faster-rcnn_r50_m3fd/epoch_24.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
