"""A detector that scores fused images, as in the paper (4.6, C), but for its data and classes."""

_base_ = ['./models/faster-rcnn_r50_fpn.py', './schedules/schedule_24e.py', './detector_runtime.py']
