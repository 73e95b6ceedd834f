"""Scores fused images on RoadScene: a small Faster R-CNN trained on a CPU, on pairs and blends."""

_base_ = [
    '../_base_/models/faster-rcnn_lite.py',
    '../_base_/datasets/roadscene.py',
    '../_base_/schedules/schedule_lite.py',
    '../_base_/detector_runtime.py',
]

model = dict(
    # 150 pairs are too few to learn from scratch what objects look like in both modalities.
    backbone=dict(_delete_=True, type='CSPDarknetTiny', frozen_stages=1),
    data_preprocessor=dict(mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0]),
    neck=[
        dict(
            type='FPN',
            in_channels=[128, 256, 512, 512],
            out_channels=64,
            num_outs=4,
            norm_cfg=dict(type='BN'),
        )
    ],
    roi_head=dict(bbox_head=dict(num_classes=3)),
)

max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_epochs)]
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.5))))

# A tenth of the images each visible and infrared, the others blends, so that the detector knows
# what lies between the modalities.
train_pipeline = [
    _base_.train_pipeline[0],
    dict(type='SelectModality', modality='random', blend=0.8),
    *_base_.train_pipeline[1:3],
    dict(type='RandomCrop', crop_size=(288, 224), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion', hue_delta=9),
    _base_.train_pipeline[-1],
]
# Only 16 of the 150 pairs show bicycles: these come three times as often.
train_dataloader = dict(
    dataset=dict(
        times=2,
        dataset=dict(
            _delete_=True,
            type='ClassBalancedDataset',
            oversample_thr=0.5,
            dataset=dict(_base_.train_dataloader.dataset.dataset, pipeline=train_pipeline),
        ),
    )
)

val_dataloader = dict(dataset=dict(pipeline=_base_.detector_test_pipeline))
test_dataloader = val_dataloader
