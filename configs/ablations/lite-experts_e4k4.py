"""Fig. 7, E4K4: 4 experts in each mixture, of which 4 run."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(top_k=4))
