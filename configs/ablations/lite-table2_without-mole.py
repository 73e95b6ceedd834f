"""Table 2, w/o MoLE: the features of both encoders alone go to MoGE."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(local='none'))
