"""What every detector that scores fused images adds: MMDetection's pictures and mAP."""

_base_ = './default_runtime.py'

default_hooks = dict(visualization=dict(type='DetVisualizationHook'))
val_evaluator = dict(type='VOCMetric', metric='mAP')
test_evaluator = val_evaluator
