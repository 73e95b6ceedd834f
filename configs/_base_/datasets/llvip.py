"""LLVIP (paper 4.1): 12,025 pairs to train, 3,463 to test, at 640 x 480."""

_base_ = './m3fd.py'

source = dict(type='LLVIPDataset', data_root='data/llvip/', ann_file='')
train_dataloader = dict(dataset=dict(dataset=dict(source, split='train')))
val_dataloader = dict(dataset=dict(source, split='test'))
test_dataloader = val_dataloader
