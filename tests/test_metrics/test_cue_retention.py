"""cue_retention: by hand, its anchors, and the values of the reference script."""

import importlib.util
import json
import math

import cv2
import numpy as np
import pytest

from moefusion.files import read_cues
from moefusion.metrics import Cue, cue_retention

BOX = (30, 24, 16, 12)


def pair():
    """Smooth clutter in both cameras, and a bright sign that the visible one alone shows."""
    rng = np.random.default_rng(0)
    visible, infrared = (
        cv2.GaussianBlur(rng.uniform(60, 190, (64, 96)), (0, 0), 12) for _ in range(2)
    )
    visible[26:34, 33:43] += 60
    visible, infrared = (
        image.clip(0, 255).round().astype(np.uint8) for image in (visible, infrared)
    )
    return cv2.merge([visible] * 3), infrared


def test_anchors():
    """1 for the source, about 0.5 for the mean of both, about 0 for the other camera."""
    visible, infrared = pair()
    cues = [Cue('visible', BOX)]
    mean = np.round((visible[..., 0].astype(float) + infrared) / 2).astype(np.uint8)
    (source,) = cue_retention(visible, infrared, visible, cues)
    (half,) = cue_retention(visible, infrared, mean, cues)
    (other,) = cue_retention(visible, infrared, infrared, cues)
    assert source['gray'] == 1
    assert half['gray'] == pytest.approx(0.5, abs=0.03)
    assert other['gray'] < 0.1


def test_stretching_earns_nothing_and_inversion_loses_all():
    visible, infrared = pair()
    cues = [Cue('visible', BOX)]
    stretched = (128 + 1.5 * (visible[..., 0].astype(float) - 128)).clip(0, 255).astype(np.uint8)
    assert cue_retention(visible, infrared, stretched, cues)[0]['gray'] > 0.98
    assert cue_retention(visible, infrared, 255 - visible, cues)[0]['gray'] == 0


def test_colour_of_lamps_alone():
    visible, infrared = pair()
    visible[26:34, 33:43] = 200, 40, 40  # a red light
    cues = [Cue('visible', BOX, coloured=True), Cue('visible', BOX)]
    gray = cv2.cvtColor(visible, cv2.COLOR_RGB2GRAY)
    kept, plain = cue_retention(visible, infrared, visible, cues)
    assert kept['colour'] == 1 and math.isnan(plain['colour'])
    assert cue_retention(visible, infrared, gray, cues)[0]['colour'] == 0


def test_a_cue_that_its_source_does_not_show_has_no_value():
    visible, infrared = pair()
    infrared[:] = 90
    assert math.isnan(cue_retention(visible, infrared, visible, [Cue('infrared', BOX)])[0]['gray'])


def test_bad_input():
    visible, infrared = pair()
    with pytest.raises(ValueError, match='differ in height and width'):
        cue_retention(visible, infrared[1:], visible, [])
    with pytest.raises(ValueError, match="source must be one of .* got 'thermal'"):
        cue_retention(visible, infrared, visible, [Cue('thermal', BOX)])
    with pytest.raises(TypeError, match='infrared must be uint8, but is float64'):
        cue_retention(visible, infrared / 255, visible, [Cue('visible', BOX)])
    for box in ((96, 0, 5, 5), (-9, 3, 9, 5), (math.nan, 3, 4, 5), (3, 3, 0, 5)):
        with pytest.raises(ValueError, match=r'box .* is not in 96 x 64 pixels'):
            cue_retention(visible, infrared, visible, [Cue('visible', box)])


def reference(shared):
    spec = importlib.util.spec_from_file_location(
        'cue_reference', shared / 'metrics' / 'cue_retention.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_values_of_the_reference_script(shared):
    """On real pairs, boxes at the border among them: sources and their mean, to 1e-6."""
    script, folder = reference(shared), shared / 'data' / 'roadscene'
    path = folder / 'cues_train.json'
    if not path.is_file():
        pytest.skip('no cues there')
    data, compared = json.loads(path.read_text()), 0
    names = {category['id']: category['name'] for category in data['categories']}
    for image in data['images'][::7]:
        stem = image['file_name'].split('.')[0]
        visible, infrared = (script.read(folder / kind, stem) for kind in ('Vis', 'Ir'))
        fused = np.round(0.4 * visible + 0.6 * infrared.astype(np.float32)).astype(np.uint8)
        found = [item for item in data['annotations'] if item['image_id'] == image['id']]
        cues = [
            Cue(**{k: cue[k] for k in ('source', 'box', 'coloured')})
            for cue in read_cues(path).get(stem, [])
        ]
        ours = cue_retention(visible[..., ::-1], infrared[..., 0], fused[..., ::-1], cues)
        planes = {'visible': script.planes(visible), 'infrared': script.planes(infrared)}
        gray, chroma = script.planes(fused)
        for item, values in zip(found, ours, strict=True):
            source = planes[item['source']]
            expected = script.kept(gray, source[0], item['bbox'], script.GRAY_FLOOR)
            assert values['gray'] == pytest.approx(expected, abs=1e-6, nan_ok=True)
            if names[item['category_id']] in script.COLOURED:
                expected = script.kept(chroma, source[1], item['bbox'], script.CHROMA_FLOOR)
                assert values['colour'] == pytest.approx(expected, abs=1e-6, nan_ok=True)
            compared += 1
    assert compared > 30
