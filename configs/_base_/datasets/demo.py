"""32 and 12 synthetic street scenes of `python tools/make_demo_data.py --out-dir data/demo`."""

_base_ = './roadscene.py'

source = dict(
    data_root='data/demo/',
    metainfo=dict(
        _delete_=True, classes=('People', 'Car'), palette=[(220, 20, 60), (30, 110, 240)]
    ),
)
# Crops of one scene, so that an iteration costs little.
crop = dict(type='RandomCrop', crop_size=(224, 176), allow_negative_crop=True)
train_pipeline = [*_base_.train_pipeline[:2], crop, *_base_.train_pipeline[-2:]]
detector_train_pipeline = [*_base_.detector_train_pipeline[:2], *train_pipeline[1:]]
train_dataloader = dict(dataset=dict(dataset=dict(source, pipeline=train_pipeline)))
val_dataloader = dict(dataset=source)
test_dataloader = val_dataloader
