"""As faster-rcnn-lite_roadscene.py, but from ImageNet weights, which know no boxes."""
_base_ = './faster-rcnn-lite_roadscene.py'

model = dict(
    backbone=dict(_delete_=True, type='EfficientNetLite'),
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    neck=[dict(type='FPN', in_channels=[24, 40, 112, 320], out_channels=64, num_outs=4,
               norm_cfg=dict(type='BN'))])
