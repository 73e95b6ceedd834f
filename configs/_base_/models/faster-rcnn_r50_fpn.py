"""MMDetection's Faster R-CNN with a ResNet-50 and FPN, from ImageNet weights.

Without a network, name a local file in model.backbone.init_cfg.checkpoint."""

_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

# A list, since the fusion's detectors append the spatial attention.
model = dict(neck=[_base_.model.neck], roi_head=dict(bbox_head=dict(num_classes=6)))
