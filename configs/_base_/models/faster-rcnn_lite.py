"""A small Faster R-CNN that trains from scratch on a CPU: a quarter-width ResNet-18 with FPN."""

_base_ = './faster-rcnn_r50_fpn.py'

model = dict(
    backbone=dict(
        depth=18,
        base_channels=16,
        frozen_stages=-1,
        norm_eval=False,
        stem_channels=16,
        init_cfg=dict(_delete_=True, type='Kaiming', layer='Conv2d'),
    ),
    neck=[dict(type='FPN', in_channels=[16, 32, 64, 128], out_channels=64, num_outs=4)],
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(scales=[3.2, 5], ratios=[0.5, 1.0, 2.2], strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=dict(in_channels=64, fc_out_channels=128),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=250),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=250)),
)
