"""Fig. 7, E2K2: 2 experts in each mixture, of which 2 run."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(num_experts=2))
