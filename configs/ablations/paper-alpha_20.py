"""Fig. 8, alpha = 20: the weight of the gradient loss."""

_base_ = '../moefusion_m3fd.py'

default_hooks = dict(joint_loss=dict(weights=dict(fusion=dict(loss_gradient=20.0))))
