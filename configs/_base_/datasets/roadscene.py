"""RoadScene with FLIR's boxes, in the layout of M3FD: 150 pairs and 54, of many sizes."""

_base_ = './m3fd.py'

train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(type='RandomResize', scale=(520, 320), ratio_range=(0.8, 1.25), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(320, 256), allow_negative_crop=True),
    *_base_.train_pipeline[-2:],
]
native = dict(type='Resize', scale_factor=1.0)  # no change; detection heads ask for the factor
test_pipeline = [_base_.test_pipeline[0], native, *_base_.test_pipeline[2:]]
detector_train_pipeline = [*_base_.detector_train_pipeline[:2], *train_pipeline[1:]]
detector_test_pipeline = [*_base_.detector_test_pipeline[:3], *test_pipeline[1:]]

source = dict(
    data_root='data/roadscene/',
    metainfo=dict(
        classes=('person', 'bicycle', 'car'), palette=[(220, 20, 60), (0, 180, 120), (30, 110, 240)]
    ),
)
train_dataloader = dict(dataset=dict(dataset=dict(source, pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(source, pipeline=test_pipeline))
test_dataloader = val_dataloader
