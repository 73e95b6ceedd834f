"""MoE-Fusion on LLVIP, as in the paper: one class, ResNet-50 detectors, 24 epochs."""

_base_ = ['./_base_/moefusion_r50_24e.py', './_base_/datasets/llvip.py']

head = dict(roi_head=dict(bbox_head=dict(num_classes=1)))
model = dict(visible_detector=head, infrared_detector=head)

# Train it first: python tools/train.py configs/detectors/faster-rcnn_r50_llvip.py
judge = dict(
    config='configs/detectors/faster-rcnn_r50_llvip.py',
    checkpoint='work_dirs/faster-rcnn_r50_llvip/epoch_24.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
