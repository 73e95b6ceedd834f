"""Without the second local mixture, on 1 - Att (paper, 4.6)."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(background_mixture=False))
