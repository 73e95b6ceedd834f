"""Which of MMDetection's and MMCV's transforms cannot take a pair, and what to use instead."""

from __future__ import annotations

PHOTOMETRIC = (
    'Albu',
    'AutoContrast',
    'Brightness',
    'Color',
    'ColorTransform',
    'Contrast',
    'Equalize',
    'Invert',
    'PhotoMetricDistortion',
    'Posterize',
    'RandomGrayscale',
    'Sharpness',
    'Solarize',
    'SolarizeAdd',
    'YOLOXHSVRandomAug',
)
REFUSED = {
    **{
        name: f"changes one image's light. Use Photometric(visible=[dict(type='{name}', ...)]), "
        'infrared=[...], or RandomPairTone'
        for name in PHOTOMETRIC
    },
    'CenterCrop': "knows no boxes of MMDetection's. Use RandomCrop",
    'InstaBoost': 'needs masks, which pairs have not. Use CopyPaste(paste_by_box=True)',
    'Normalize': "goes into the model: mean and std of data_preprocessor=dict(type='Paired"
    "DataPreprocessor')",
    'RandomCenterCropPad': 'needs float images. Use Expand and MinIoURandomCrop, or RandomCrop',
}
# What else may stand among the transforms of one modality, besides other projects'.
NEUTRAL = (
    'AutoAugment',
    'Compose',
    'CutOut',
    'RandAugment',
    'RandomApply',
    'RandomChoice',
    'RandomOrder',
)
# What moves pixels, and boxes where they are loaded already.
MOVING = (
    *('CachedMixUp', 'CachedMosaic', 'CopyPaste', 'Expand', 'FixScaleResize', 'FixShapeResize'),
    *('MinIoURandomCrop', 'MixUp', 'Mosaic', 'RandomAffine', 'RandomCenterCropPad'),
    *('RandomChoiceResize', 'RandomCrop', 'RandomFlip', 'RandomResize', 'RandomShift', 'Resize'),
    *('ResizeShortestEdge', 'Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY'),
)


def refusal(name: str) -> str:
    """Say why a pair cannot have this transform, and what it can."""
    return f'{name} cannot take the four channels of a pair: it {REFUSED[name]}.'
