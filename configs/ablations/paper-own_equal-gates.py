"""Gates frozen: all experts run with the same weight, whatever the image."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(gating='equal'))
