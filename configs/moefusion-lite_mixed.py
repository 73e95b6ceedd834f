"""Recipe of the bundled weights: RoadScene with boxes; RoadScene, LLVIP and MSRS without, on a CPU.

Beyond the paper: the options under ``model``, see docs/paper-to-code.md.
"""

_base_ = './moefusion-lite_roadscene.py'

model = dict(
    # A target that depends on the whole sample, so that the gates have something to decide.
    fusion_loss=dict(adaptive=dict()),
    attention_loss=True,
    bfloat16=True,
)

# From whole images, which the gates see at test, to crops at native scale.
crop = dict(type='RandomCrop', crop_size=(160, 128), allow_negative_crop=True)
tail = [dict(type='RandomPairTone'), *_base_.train_pipeline[4:]]
labelled = dict(
    _base_.train_dataloader.dataset.dataset,
    pipeline=[
        *_base_.train_pipeline[:2],
        dict(type='RandomResize', scale=(520, 320), ratio_range=(0.5, 1.25), keep_ratio=True),
        crop,
        *tail,
    ],
)
# No LoadAnnotations: no detection loss, and all is background to the pixel loss.
unlabelled = dict(
    labelled,
    labelled=False,
    pipeline=[
        dict(type='LoadPairedImage'),
        dict(type='RandomResize', scale=(640, 480), ratio_range=(0.27, 1.1), keep_ratio=True),
        crop,
        *tail,
    ],
)
train_dataloader = dict(
    _delete_=True,
    batch_size=5,
    num_workers=1,
    persistent_workers=True,
    # Every batch mixes the data sets, day and night.
    sampler=dict(type='MultiSourceSampler', batch_size=5, source_ratio=[2, 1, 1, 1]),
    dataset=dict(
        type='ConcatDataset',
        datasets=[
            labelled,
            dict(
                type='mmengine.ConcatDataset',
                datasets=[unlabelled, dict(unlabelled, ann_file='unlabelled.txt')],
            ),
            dict(
                type='mmengine.ConcatDataset',
                datasets=[
                    # The last 32 and 20 pairs, scenes of their own, are kept aside for tests.
                    dict(unlabelled, data_root='data/llvip_unlabelled/', ann_file='', indices=256),
                    dict(unlabelled, data_root='data/llvip_unlabelled/full/', ann_file=''),
                ],
            ),
            dict(unlabelled, data_root='data/msrs_unlabelled/', ann_file='', indices=160),
        ],
    ),
)
val_dataloader = dict(num_workers=1)
test_dataloader = val_dataloader

max_iters = 9000
train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters
)
optim_wrapper = dict(
    # Half of it leaves 9 % more loss (docs/recipe.md).
    optimizer=dict(lr=1e-3),
    clip_grad=dict(max_norm=10),
    paramwise_cfg=dict(custom_keys={'.gate.': dict(lr_mult=2.0), '_detector.': dict(lr_mult=2.0)}),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=2e-5, by_epoch=False, begin=200, end=max_iters),
]
default_hooks = dict(
    joint_loss=dict(
        weights=dict(
            fusion=dict(loss_gradient=0.5),
            load=dict(loss_local_foreground=0.003, loss_local_background=0.005, loss_global=0.02),
        )
    ),
    checkpoint=dict(by_epoch=False, interval=300, max_keep_ckpts=2),
    sync_buffers=dict(type='IterSyncBuffersHook', interval=300),
)
log_processor = dict(by_epoch=False)
