"""What headers and boxes tell before the scoring."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from moefusion.comparison.checks import expected_scores, leave_out_sizes
from moefusion.comparison.cues import check_cues, match_cues
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.scoring import as_frame, make_tasks, score_images
from moefusion.files import Annotation
from moefusion.metrics import REGIONS


def find(folder):
    fused = {name: folder / name for name in ('average', 'brighter')}
    return find_evaluation_set(folder / 'vi', folder / 'ir', fused, folder / 'boxes.json')


def crop(path, width, height):
    cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[:height, :width])


def test_sizes_that_do_not_fit_are_left_out(test_set):
    crop(test_set / 'brighter' / 'a.png', 60, 48)
    for file in ('vi/b.bmp', 'ir/b.png', 'average/b.png', 'brighter/b.png'):
        crop(test_set / file, 64, 40)
    images = find(test_set)
    images.annotations['b'] = Annotation.empty()
    (test_set / 'ir' / 'c.png').write_text('its reader says what is wrong')
    leave_out_sizes(images)
    assert images.stems == ['c']
    assert images.left_out == dict(
        a='visible is 64 x 48 but fused brighter is 60 x 48',
        b='64 x 40 pixels, but VIF needs 41 x 41 or more',
    )


def test_boxes_of_another_size(test_set):
    images = find(test_set)
    images.annotations['a'] = replace(images.annotations['a'], size=(32, 24))
    leave_out_sizes(images)
    assert images.left_out == dict(a='visible is 64 x 48 but annotation is 32 x 24')


def test_a_set_without_an_image_left_is_refused(test_set):
    for stem in 'abc':
        crop(test_set / 'average' / f'{stem}.png', 63, 48)
    with pytest.raises(EvaluationError, match='no image is left'):
        leave_out_sizes(find(test_set))


def test_expected_rows_are_those_of_the_scores(test_set):
    images = find(test_set)
    images.annotations['c'].ignored[:] = [True] * 2
    tasks = make_tasks(images, REGIONS, 'literature')
    keys = ['region', 'method', 'image']
    expected = expected_scores(tasks)[keys].sort_values(keys)
    found = as_frame(score_images(tasks))[keys].sort_values(keys)
    assert np.array_equal(expected, found)


@pytest.mark.parametrize('box', [(64, 0, 5, 5), (0, -5, 5, 5), (float('nan'), 0, 5, 5)])
def test_a_cue_outside_its_image_is_named(test_set, box):
    cues = dict(a=[dict(source='visible', box=(3, 3, 9, 9))], b=[])
    assert check_cues(find(test_set), cues) == ['a']
    cues['b'].append(dict(source='visible', box=box))
    with pytest.raises(EvaluationError, match='of b is outside its image, 64 x 48'):
        check_cues(find(test_set), cues)


def test_cues_go_by_the_ids_of_the_images(test_set):
    images = find(test_set)
    cue = [dict(source='visible', box=(1, 1, 9, 9), coloured=False, category='sign')]
    assert match_cues(images, {'vi/a.bmp': cue, 'b': cue}) == {'a': cue, 'b': cue}
    with pytest.raises(EvaluationError, match='annotations of vi/a and ir/a: which one is it'):
        match_cues(images, {'vi/a': cue, 'ir/a': cue})
