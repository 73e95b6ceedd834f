"""Fig. 7, E4K3: 4 experts in each mixture, of which 3 run."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(top_k=3))
