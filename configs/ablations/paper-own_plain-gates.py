"""Gates on pooled features as they are, not standardised."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(gating='plain'))
