"""Both attention maps are merged by convolutions, as in the paper, and not by their maximum."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(attention_merge='conv'))
