"""The lite network on the RoadScene pairs with FLIR's boxes, trained from scratch on a CPU."""
_base_ = [
    './_base_/models/moefusion_lite.py', './_base_/datasets/roadscene.py',
    './_base_/schedules/schedule_lite.py', './_base_/default_runtime.py'
]

num_classes = 3
model = dict(
    visible_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    infrared_detector=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes))),
    evaluation_detector=dict(
        config=dict(roi_head=dict(bbox_head=dict(num_classes=num_classes)))))
