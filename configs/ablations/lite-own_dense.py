"""All dense features in x_f, as in the paper: the decoder can get on without local experts."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(dense_features=4))
