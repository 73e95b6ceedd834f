"""What every experiment shares: registration, hooks, logging."""

custom_imports = dict(imports=['moefusion.plugin'], allow_failed_imports=False)
default_scope = 'mmdet'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # MMEngine's CheckpointHook, but an old checkpoint goes only when the new one is there
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),  # one running mean for all processes
    seed=dict(type='SeedHook'),  # a resumed run draws what one that was not stopped draws
    # MMDetection's NumClassCheckHook, for every data set and before the first step
    num_classes=dict(type='EarlyNumClassCheckHook'),
)

# tools/train.py and tools/test.py take gloo instead where there is no GPU.
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(
    type='DetLocalVisualizer', vis_backends=[dict(type='WholeVisBackend')], name='visualizer'
)
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
