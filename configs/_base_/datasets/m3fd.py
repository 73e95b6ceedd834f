"""M3FD (paper 4.1): 3,900 pairs to train, 300 to test, at 640 x 480.

No split is published; `python tools/check_dataset.py configs/_base_/datasets/m3fd.py
--make-split 300` writes train.txt and test.txt."""

scale = (640, 480)  # width, height; the aspect ratio is not kept

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
    dict(type='Resize', scale=scale, keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='LoadPairedImage'),
    dict(type='Resize', scale=scale, keep_ratio=False),
    # After Resize: ground truth stays in the coordinates of the file, as MMDetection scores it.
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]

# Detectors that score fused images see one image of a pair: in training either modality, at test
# the visible one (test_dataloader.dataset.pipeline.2.modality=infrared for the other).
detector_train_pipeline = [
    train_pipeline[0],
    dict(type='SelectModality', modality='random'),
    *train_pipeline[1:],
]
detector_test_pipeline = [
    dict(type='LoadImageFromFile'),  # for single files: MMDetection's inferencer asks for it
    test_pipeline[0],
    dict(type='SelectModality', modality='visible'),
    *test_pipeline[1:],
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,  # so that each epoch has its seed (SeedHook)
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='RepeatDataset',
        times=3,  # as in the authors' code
        dataset=dict(
            type='M3FDDataset',
            data_root='data/m3fd/',
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
        type='M3FDDataset',
        data_root='data/m3fd/',
        ann_file='test.txt',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
