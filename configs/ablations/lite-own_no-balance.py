"""Targets without the sample's share: plain energies decide (docs/paper-to-code.md)."""

_base_ = '../moefusion-lite_mixed.py'

model = dict(fusion_loss=dict(adaptive=dict(balance=0.0)))
