"""Gates frozen: all experts run with the same weight, whatever the image."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(gating='equal'))
