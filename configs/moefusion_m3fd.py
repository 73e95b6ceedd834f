"""MoE-Fusion on M3FD, as in the paper: six classes, 640 x 480, 24 epochs."""

_base_ = [
    './_base_/models/moefusion_r50.py',
    './_base_/datasets/m3fd.py',
    './_base_/schedules/schedule_24e.py',
    './_base_/default_runtime.py',
]
