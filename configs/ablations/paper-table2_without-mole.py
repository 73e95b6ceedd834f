"""Table 2, w/o MoLE: the features of both encoders alone go to MoGE."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(local='none'))
