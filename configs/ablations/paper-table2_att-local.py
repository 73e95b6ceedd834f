"""Table 2, Att-Local: attended features through a 1 x 1 convolution in place of MoLE."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion=dict(local='attention'))
