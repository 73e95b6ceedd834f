"""RoadScene with FLIR's boxes, in the layout of M3FD: 150 pairs and 54, of many sizes."""

dataset_type = 'M3FDDataset'
data_root = 'data/roadscene/'
metainfo = dict(
    classes=('person', 'bicycle', 'car'),
    palette=[(220, 20, 60), (0, 180, 120), (30, 110, 240)],
)

meta_keys = (
    'img_id',
    'img_path',
    'infrared_path',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'flip',
    'flip_direction',
)
train_pipeline = [
    dict(type='LoadPairedImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomResize', scale=(520, 320), ratio_range=(0.8, 1.25), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(320, 256), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='LoadPairedImage'),
    dict(type='Resize', scale_factor=1.0),  # native size; detection heads ask for the factor
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=3,
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            metainfo=metainfo,
            ann_file='train.txt',
            # Pairs without objects still teach the fusion network.
            filter_cfg=dict(filter_empty_gt=False),
            pipeline=train_pipeline,
        ),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        metainfo=metainfo,
        ann_file='test.txt',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='FusionMetric')
test_evaluator = val_evaluator
