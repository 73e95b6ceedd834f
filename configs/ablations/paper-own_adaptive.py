"""Targets that depend on the sample (docs/paper-to-code.md), not the paper's."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion_loss=dict(type='FusionLoss', adaptive=dict()))
