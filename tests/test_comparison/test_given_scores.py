"""Scores of other methods from a CSV file beside measured ones."""

import csv
import json
import math

import pandas as pd
import pytest

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.given_scores import read_given_scores
from moefusion.comparison.report import fusion_table
from moefusion.comparison.scoring import Scores, as_frame
from moefusion.metrics import METRIC_NAMES


def flat(value):
    return dict.fromkeys(METRIC_NAMES, value)


def measured():
    return as_frame(
        [
            Scores('a', dict(whole=dict(mine=flat(1.0)))),
            Scores('x.y', dict(whole=dict(mine=flat(3.0)))),
            Scores('broken', problem='unreadable'),
        ]
    )


def write(path, *rows, columns=('method', 'image', *METRIC_NAMES)):
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            (method, image, *[value] * 8, *more) for method, image, value, *more in rows
        )
    return path


def test_methods_are_averaged_over_the_scored_images_and_ranked_together(tmp_path):
    scores = measured()
    path = write(
        tmp_path / 'others.csv',
        ('A', 'a.png', 2),
        ('A', 'x.y', 5),
        ('A', 'more.png', 99),
        ('B', 'a.png', 0),
        ('B', 'x.y.png', 1),
    )
    given = read_given_scores(path, scores)
    assert list(given['method']) == ['A', 'A', 'B', 'B']
    table = fusion_table(pd.concat([scores, given]), 'whole', 'literature')
    assert table.scores['EN'].droplevel('values').to_dict() == dict(mine=2, A=3.5, B=0.5)
    assert table.ranks()['EN'].tolist() == [2, 1, 3]


def test_regions(tmp_path):
    regions = dict(whole=dict(mine=flat(1.0)), foreground=dict(mine=flat(2.0)))
    path = write(
        tmp_path / 'o.csv',
        ('A', 'a', 5, 'foreground'),
        ('B', 'a', 6, 'whole'),
        columns=('method', 'image', *METRIC_NAMES, 'region'),
    )
    given = read_given_scores(path, as_frame([Scores('a', regions)]))
    assert given[['region', 'method', 'EN']].to_numpy().tolist() == [
        ['foreground', 'A', 5],
        ['whole', 'B', 6],
    ]


def test_undefined_values_are_left_out_of_the_mean_and_counted(tmp_path):
    """Empty as per_image.csv has them, or in words; a byte-order mark and an empty line."""
    path = write(tmp_path / 'o.csv', ('00', 'a', ''), ('00', 'x.y', 4), ('B', 'a', 'nan'))
    path.write_text(f'\ufeff{path.read_text()}\nB,x.y{",-" * 8}\n')
    scores = measured()
    table = fusion_table(
        pd.concat([scores, read_given_scores(path, scores)]), 'whole', 'literature'
    )
    means = table.scores['EN'].droplevel('values')
    assert means['00'] == 4 and math.isnan(means['B'])
    assert 'EN of 00 is undefined on 1 of 2 images, left out of its mean.' in table.notes
    assert '| B | measured | - |' in table.to_markdown()
    assert table.to_dict()['rows'][2]['scores']['EN'] is None


@pytest.mark.parametrize(
    'rows, message',
    [
        ([('A', 'a', 1)], 'A has no scores of image x.y'),
        ([('mine', 'a', 1), ('mine', 'x.y', 1)], 'mine is also a method of --fused'),
        ([('A', 'a', 1), ('A', 'a.png', 1)], 'line 3: A has image a.png twice'),
        ([('A', 'a', 'high')], "line 2: EN is no number: 'high'"),
    ],
)
def test_a_faulty_file(tmp_path, rows, message):
    with pytest.raises(EvaluationError, match=message):
        read_given_scores(write(tmp_path / 'o.csv', *rows), measured())


def test_a_column_or_the_file_is_missing(tmp_path):
    path = write(tmp_path / 'o.csv', columns=('method', 'image', *METRIC_NAMES[1:]))
    with pytest.raises(EvaluationError, match='o.csv: no column EN'):
        read_given_scores(path, measured())
    with pytest.raises(FileNotFoundError, match='none.csv'):
        read_given_scores(tmp_path / 'none.csv', measured())


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_a_byte_order_mark_does_not_hide_the_region(tmp_path, encoding):
    text = ','.join(['region', 'method', 'image', *METRIC_NAMES]) + '\r\nforeground,Peer,vi/a.png'
    path = tmp_path / 'o.csv'
    path.write_bytes((text + ',1.5' * 8 + '\r\n').encode(encoding))
    whole = measured()
    frame = pd.concat([whole, whole.assign(region='foreground')])
    given = read_given_scores(path, frame[frame['image'] == 'a'])
    assert set(given['region']) == {'foreground'}
    assert (given[list(METRIC_NAMES)] == 1.5).all(axis=None)


@pytest.mark.parametrize(
    ('region', 'words'),
    [('Whole', "line 2: region 'Whole' is none of"), ('foreground', 'A has scores of foreground')],
)
def test_a_region_that_is_not_scored_does_not_vanish(tmp_path, region, words):
    columns = ('method', 'image', *METRIC_NAMES, 'region')
    path = write(tmp_path / 'o.csv', ('A', 'a', 2, region), columns=columns)
    with pytest.raises(EvaluationError, match=words):
        read_given_scores(path, measured())


@pytest.mark.parametrize(
    ('rows', 'words'),
    [
        ([], 'no row under its header'),
        ([('A', 'a', *['1,5'] * 8)], 'line 2: 18 values under 10 columns. Write decimal points'),
        ([('A', 'a', *[1] * 9)], 'line 2: 11 values under 10 columns'),
    ],
)
def test_values_without_a_column_do_not_vanish(tmp_path, rows, words):
    header = ('method', 'image', *METRIC_NAMES)
    lines = [','.join(map(str, row)) for row in (header, *rows)]
    (tmp_path / 'o.csv').write_text('\n'.join(lines) + '\n')
    with pytest.raises(EvaluationError, match=words):
        read_given_scores(tmp_path / 'o.csv', measured())


def test_a_comma_at_the_end_of_each_line_is_no_value(tmp_path):
    lines = [
        ','.join(('method', 'image', *METRIC_NAMES)),
        *('A,a,' + '1,' * 8, 'A,x.y,' + '2,' * 8),
    ]
    (tmp_path / 'o.csv').write_text('\n'.join(lines))
    assert read_given_scores(tmp_path / 'o.csv', measured())['EN'].tolist() == [1, 2]


@pytest.mark.parametrize(
    ('name', 'record', 'refused'),
    [
        ('per_image.csv', dict(settings=dict(protocol='standard')), True),
        ('per_image.csv', dict(settings=dict(protocol='literature')), False),
        ('per_image.csv', [1], False),
        ('mine.csv', dict(settings=dict(protocol='standard')), False),
    ],
)
def test_values_of_another_protocol_are_refused(tmp_path, name, record, refused):
    (tmp_path / 'scores.json').write_text(json.dumps(record))
    path = write(tmp_path / name, ('A', 'a', 1), ('A', 'x.y', 2))
    if not refused:
        assert len(read_given_scores(path, measured(), 'literature')) == 2
        return
    with pytest.raises(EvaluationError, match=r'protocol standard, as .*scores\.json says'):
        read_given_scores(path, measured(), 'literature')
    assert len(read_given_scores(path, measured(), 'standard')) == 2
