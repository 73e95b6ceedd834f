"""Fig. 7, E4K1: 4 experts in each mixture, of which 1 runs."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(top_k=1))
