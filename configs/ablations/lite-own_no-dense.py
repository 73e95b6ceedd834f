"""No dense features in x_f: deep ones reach the decoder through local experts alone."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(dense_features=0))
