"""Adam at 1e-4 for 24 epochs (paper, 4.1); steps, clipping and decay are the authors' code's."""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=24, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=35, norm_type=2),
    # Decay would hold the gates' weights near their start, zero.
    paramwise_cfg=dict(custom_keys={'.gate.': dict(decay_mult=0.0)}),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', milestones=[16, 22], gamma=0.1, by_epoch=True, begin=0, end=24),
]

# The learning rate is for 4 pairs an iteration; `--auto-scale-lr` scales it with the batch.
auto_scale_lr = dict(enable=False, base_batch_size=4)
