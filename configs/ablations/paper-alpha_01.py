"""Fig. 8, alpha = 1: the weight of the gradient loss."""

_base_ = '../moefusion_m3fd.py'

default_hooks = dict(joint_loss=dict(weights=dict(fusion=dict(loss_gradient=1.0))))
