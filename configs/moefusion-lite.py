"""First stage of the bundled weights: RoadScene with boxes, RoadScene and LLVIP without, on a CPU.

Beyond the paper: the options under ``model``, see docs/paper-to-code.md.
"""

_base_ = [
    './_base_/models/moefusion_lite.py',
    './_base_/datasets/roadscene.py',
    './_base_/schedules/schedule_lite.py',
    './_base_/default_runtime.py',
]

num_classes = 3
model = dict(
    visible_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    infrared_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    evaluation_detector=None,
    # A background brighter than the mean, and the contrast that averaging takes.
    pixel_options=dict(
        brighter=0.42, contrast=2.2, middle=0.42, foreground=dict(contrast=2.2, middle=0.42)
    ),
    # Edges with their direction, a little steeper than in the sources.
    gradient_options=dict(signed=True, gain=1.2),
    attention_loss=True,
    bfloat16=True,
    fusion=dict(global_widths=(64, 32, 16)),
)

size = (128, 128)
labelled = dict(
    _base_.train_dataloader.dataset.dataset,
    pipeline=[
        *_base_.train_pipeline[:3],
        dict(type='RandomCrop', crop_size=size, allow_negative_crop=True),
        *_base_.train_pipeline[4:],
    ],
)
# No LoadAnnotations: no detection loss, and all is background to the pixel loss.
unlabelled = dict(
    labelled,
    labelled=False,
    pipeline=[
        dict(type='LoadPairedImage'),
        dict(type='RandomCrop', crop_size=size),
        *_base_.train_pipeline[4:],
    ],
)
train_dataloader = dict(
    _delete_=True,
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    # Three labelled crops and one unlabelled in every batch.
    sampler=dict(type='MultiSourceSampler', batch_size=4, source_ratio=[3, 1]),
    dataset=dict(
        type='ConcatDataset',
        datasets=[
            labelled,
            dict(
                type='mmengine.ConcatDataset',
                datasets=[
                    dict(unlabelled, ann_file='unlabelled.txt'),
                    dict(unlabelled, data_root='data/llvip_unlabelled/', ann_file=''),
                ],
            ),
        ],
    ),
)
val_dataloader = dict(num_workers=1)
test_dataloader = val_dataloader

max_iters = 4500
train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters
)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3), clip_grad=dict(max_norm=10))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=False, begin=200, end=max_iters),
]
custom_hooks = [dict(type='JointLossHook', weights=dict(fusion=dict(loss_gradient=0.9)))]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=250, max_keep_ckpts=2))
log_processor = dict(by_epoch=False)
