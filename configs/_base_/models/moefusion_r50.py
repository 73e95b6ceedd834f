"""The paper's network: N = 4, K = 2, two Faster R-CNNs with ResNet-50 and spatial attention."""

_base_ = './faster-rcnn_r50_fpn.py'

detector = dict(_base_.model)
detector.pop('data_preprocessor')  # the pairs have one of their own
detector['neck'] = [*detector['neck'], dict(type='SpatialAttention', in_channels=256, num_levels=5)]

model = dict(
    _delete_=True,
    type='MoEFusion',
    data_preprocessor=dict(type='PairedDataPreprocessor', pad_size_divisor=32),
    visible_detector=detector,
    infrared_detector=detector,
    fusion=dict(
        channels=16,
        local_hidden=8,
        global_widths=(64, 32, 16),
        num_experts=4,
        top_k=2,
        local_grid=(120, 160),  # a quarter of 480 x 640
        global_grid=(60, 80),  # an eighth
        background_mixture=True,
        attention_merge='conv',
    ),
)
