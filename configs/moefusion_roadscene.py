"""MoE-Fusion on RoadScene with FLIR's boxes: three classes, ResNet-50 detectors, 24 epochs."""

_base_ = ['./_base_/moefusion_r50_24e.py', './_base_/datasets/roadscene.py']

head = dict(roi_head=dict(bbox_head=dict(num_classes=3)))
model = dict(visible_detector=head, infrared_detector=head)

# Train it first: python tools/train.py configs/detectors/faster-rcnn_r50_roadscene.py
judge = dict(
    config='configs/detectors/faster-rcnn_r50_roadscene.py',
    checkpoint='work_dirs/faster-rcnn_r50_roadscene/epoch_24.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
