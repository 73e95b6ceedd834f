"""Gates on pooled features as they are, not standardised."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(gating='plain'))
