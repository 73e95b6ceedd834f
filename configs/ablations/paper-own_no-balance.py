"""The same targets as own_adaptive without the sample's share: plain energies decide."""

_base_ = '../moefusion_m3fd.py'

model = dict(fusion_loss=dict(type='FusionLoss', adaptive=dict(balance=0.0)))
