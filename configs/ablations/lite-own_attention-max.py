"""The elementwise maximum of both attention maps, as in the authors' code."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion=dict(attention_merge='max'))
