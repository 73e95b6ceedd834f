"""MoE-Fusion on FLIR-aligned, as in the paper: three classes, ResNet-50 detectors, 24 epochs."""

_base_ = ['./_base_/moefusion_r50_24e.py', './_base_/datasets/flir.py']

head = dict(roi_head=dict(bbox_head=dict(num_classes=3)))
model = dict(visible_detector=head, infrared_detector=head)

# Train it first: python tools/train.py configs/detectors/faster-rcnn_r50_flir.py
judge = dict(
    config='configs/detectors/faster-rcnn_r50_flir.py',
    checkpoint='work_dirs/faster-rcnn_r50_flir/epoch_24.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
