"""Fig. 7, E6K2: 6 experts in each mixture, of which 2 run."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(num_experts=6))
