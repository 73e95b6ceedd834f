"""Fig. 8, alpha = 5: the weight of the gradient loss."""

_base_ = '../moefusion-lite_mixed.py'

default_hooks = dict(joint_loss=dict(weights=dict(fusion=dict(loss_gradient=5.0))))
