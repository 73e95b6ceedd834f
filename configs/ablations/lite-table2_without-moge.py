"""Table 2, w/o MoGE: one decoder of an expert's structure."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(global_mixture=False))
