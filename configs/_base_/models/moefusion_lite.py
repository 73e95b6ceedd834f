"""A fusion network and detectors small enough to train on two CPU cores."""

_base_ = './faster-rcnn_lite.py'

detector = dict(_base_.model)
detector.pop('data_preprocessor')  # the pairs have one of their own
# Statistics of few small crops mislead batch normalisation; in the attention neck they are those
# of a hundred batches.
norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
detector['backbone'] = dict(detector['backbone'], norm_cfg=norm_cfg)
detector['neck'] = [
    *(dict(neck, norm_cfg=norm_cfg) for neck in detector['neck']),
    dict(
        type='SpatialAttention',
        in_channels=64,
        num_levels=4,
        norm_cfg=dict(type='BN', momentum=0.01),
    ),
]

model = dict(
    _delete_=True,
    type='MoEFusion',
    data_preprocessor=dict(type='PairedDataPreprocessor', pad_size_divisor=32),
    visible_detector=detector,
    infrared_detector=detector,
    fusion_loss=dict(type='FusionLoss'),
    fusion=dict(
        channels=16,
        local_hidden=16,
        global_widths=(32, 32),
        stride=2,
        dense_features=0,
        source_skip=True,
        noise=0.02,
        num_experts=4,
        top_k=2,
        local_grid=(8, 8),
        global_grid=(4, 4),
        background_mixture=True,
        attention_merge='max',  # one that learns made the map flat (docs/recipe.md)
    ),
)
