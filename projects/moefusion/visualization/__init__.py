"""Pictures of pairs and of what the network made of them."""

from moefusion.visualization.fusion_picture import (
    FusionPicture,
    draw_fusion,
    fused_image,
    fusion_picture,
)

__all__ = ['FusionPicture', 'draw_fusion', 'fused_image', 'fusion_picture']
