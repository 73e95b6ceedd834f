"""As faster-rcnn-lite_roadscene.py, but trained on the source images alone, as in the paper."""
_base_ = './faster-rcnn-lite_roadscene.py'

train_pipeline = [
    dict(step, blend=0.) if step['type'] == 'BlendPair' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(dataset=dict(dataset=dict(pipeline=train_pipeline))))
