"""The lite network with the paper's losses on RoadScene's labelled pairs alone, on a CPU."""

_base_ = [
    './_base_/models/moefusion_lite.py',
    './_base_/datasets/roadscene.py',
    './_base_/schedules/schedule_lite.py',
    './_base_/fusion_runtime.py',
]

num_classes = 3
model = dict(
    visible_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    infrared_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
)

train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        times=1,
        dataset=dict(
            pipeline=[
                *_base_.train_pipeline[:3],
                dict(type='RandomCrop', crop_size=(256, 192), allow_negative_crop=True),
                *_base_.train_pipeline[4:],
            ]
        ),
    ),
)

# Train it first: python tools/train.py configs/detectors/faster-rcnn-lite_roadscene.py
judge = dict(
    config='configs/detectors/faster-rcnn-lite_roadscene.py',
    checkpoint='work_dirs/faster-rcnn-lite_roadscene/epoch_40.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
