"""FLIR aligned (paper 4.1): 4,129 pairs to train, 1,013 to test, at 640 x 480."""

_base_ = './m3fd.py'

source = dict(type='FLIRAlignedDataset', data_root='data/flir_aligned/')
train_dataloader = dict(dataset=dict(dataset=dict(source, ann_file='align_train.txt')))
val_dataloader = dict(dataset=dict(source, ann_file='align_validation.txt'))
test_dataloader = val_dataloader
