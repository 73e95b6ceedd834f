"""What every fusion experiment adds: weights of the losses, pictures, metrics."""

_base_ = './default_runtime.py'

default_hooks = dict(
    # Equation 5 with alpha = 10 (loss_gradient). The paper adds the load loss with weight 1; these
    # are the factors of the authors' code.
    joint_loss=dict(
        type='JointLossHook',
        weights=dict(
            fusion=dict(loss_pixel_foreground=1.0, loss_pixel_background=1.0, loss_gradient=10.0),
            load=dict(loss_local_foreground=0.01, loss_local_background=0.01, loss_global=0.02),
            visible=1.0,
            infrared=1.0,
        ),
    ),
    gate_noise=dict(type='GateNoiseHook'),
    visualization=dict(type='FusionVisualizationHook', num_images=4),
)

val_evaluator = [dict(type='FusionMetric')]
test_evaluator = val_evaluator
