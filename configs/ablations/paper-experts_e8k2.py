"""Fig. 7, E8K2: 8 experts in each mixture, of which 2 run."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(num_experts=8))
