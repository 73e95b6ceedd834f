"""The paper's network, training and losses; an experiment adds its data, classes and judge."""

_base_ = ['./models/moefusion_r50.py', './schedules/schedule_24e.py', './fusion_runtime.py']
