"""The lite network on the rendered demo pairs: the main job of `make demo`, minutes on a CPU."""

_base_ = [
    './_base_/models/moefusion_lite.py',
    './_base_/datasets/demo.py',
    './_base_/schedules/schedule_lite.py',
    './_base_/fusion_runtime.py',
]

head = dict(roi_head=dict(bbox_head=dict(num_classes=2)))
model = dict(
    visible_detector=head,
    infrared_detector=head,
    # A target that depends on the whole sample, so that the gates have something to decide.
    fusion_loss=dict(adaptive=dict()),
    attention_loss=True,
)

# A few minutes on two cores: 256 iterations on two crops each.
train_dataloader = dict(batch_size=2, num_workers=1, dataset=dict(times=2))
val_dataloader = dict(num_workers=1)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=8, val_interval=8)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=8)]
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'.gate.': dict(lr_mult=2.0)}))
default_hooks = dict(
    joint_loss=dict(weights=dict(fusion=dict(loss_gradient=0.5))),
    logger=dict(interval=8),
    checkpoint=dict(max_keep_ckpts=1),
)

# Train it first: python tools/train.py configs/detectors/faster-rcnn-lite_demo.py
judge = dict(
    config='configs/detectors/faster-rcnn-lite_demo.py',
    checkpoint='work_dirs/faster-rcnn-lite_demo/epoch_12.pth',
)
test_evaluator = [*_base_.test_evaluator, dict(type='FusedDetectionMetric', detector=judge)]
