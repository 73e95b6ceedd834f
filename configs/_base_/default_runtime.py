"""What every experiment shares: registration, hooks, logging."""

custom_imports = dict(imports=['moefusion.plugin'], allow_failed_imports=False)
default_scope = 'mmdet'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='FusionVisualizationHook', num_images=4),
)

# Weights of the loss terms. Equation 5 with alpha = 10 (loss_gradient). The paper adds the load
# loss with weight 1; these are the factors of the authors' code.
custom_hooks = [
    dict(
        type='JointLossHook',
        weights=dict(
            fusion=dict(loss_pixel_foreground=1.0, loss_pixel_background=1.0, loss_gradient=10.0),
            load=dict(loss_local_foreground=0.01, loss_local_background=0.01, loss_global=0.02),
            visible=1.0,
            infrared=1.0,
        ),
    ),
]

# tools/train.py and tools/test.py take gloo instead where there is no GPU.
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(
    type='DetLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')], name='visualizer'
)
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
