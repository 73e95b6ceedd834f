"""Second stage of the bundled weights, after moefusion-lite.py: more infrared, most on objects."""

_base_ = './moefusion-lite.py'

load_from = 'work_dirs/moefusion-lite/iter_4500.pth'
model = dict(
    pixel_options=dict(
        brighter=0.345,
        infrared_share=0.64,
        contrast=2.1,
        middle=0.42,
        foreground=dict(infrared_share=1.0, contrast=1.2),
    ),
    gradient_options=dict(gain=1.24),
)

max_iters = 1200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=False, begin=50, end=max_iters),
]
default_hooks = dict(checkpoint=dict(interval=200))
