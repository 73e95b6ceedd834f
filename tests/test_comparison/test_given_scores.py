"""Scores of other methods from a CSV file beside measured ones."""

import csv

import pytest

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.given_scores import add_given_scores
from moefusion.comparison.report import fusion_table
from moefusion.comparison.scoring import Scores
from moefusion.metrics import METRIC_NAMES


def flat(value):
    return dict.fromkeys(METRIC_NAMES, value)


def measured():
    return [
        Scores('a', dict(whole=dict(mine=flat(1.0)))),
        Scores('x.y', dict(whole=dict(mine=flat(3.0)))),
        Scores('broken', problem='unreadable'),
    ]


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
    assert add_given_scores(scores, path) == ['A', 'B']
    table = fusion_table(scores, 'whole', 'literature')
    assert {row.name: row.values['EN'] for row in table.rows} == dict(mine=2, A=3.5, B=0.5)
    assert table.ranks()['EN'].tolist() == [2, 1, 3]


def test_regions(tmp_path):
    scores = [Scores('a', dict(whole=dict(mine=flat(1.0)), foreground=dict(mine=flat(2.0))))]
    path = write(
        tmp_path / 'o.csv',
        ('A', 'a', 5, 'foreground'),
        ('B', 'a', 6, 'whole'),
        columns=('method', 'image', *METRIC_NAMES, 'region'),
    )
    add_given_scores(scores, path)
    assert set(scores[0].values['whole']) == {'mine', 'B'}
    assert set(scores[0].values['foreground']) == {'mine', 'A'}


@pytest.mark.parametrize(
    'rows, message',
    [
        ([('A', 'a', 1)], 'A has no scores of image x.y'),
        ([('mine', 'a', 1), ('mine', 'x.y', 1)], 'mine is also a method of --fused'),
        ([('A', 'a', 1), ('A', 'a.png', 1)], 'line 3: A has image a.png twice'),
        ([('A', 'a', 'high')], "line 2: could not convert string to float: 'high'"),
    ],
)
def test_nothing_is_added_from_a_faulty_file(tmp_path, rows, message):
    scores = measured()
    with pytest.raises(EvaluationError, match=message):
        add_given_scores(scores, write(tmp_path / 'o.csv', *rows))
    assert [list(image.values.get('whole', {})) for image in scores] == [['mine'], ['mine'], []]


def test_a_column_or_the_file_is_missing(tmp_path):
    path = write(tmp_path / 'o.csv', columns=('method', 'image', *METRIC_NAMES[1:]))
    with pytest.raises(EvaluationError, match='o.csv: no column EN'):
        add_given_scores(measured(), path)
    with pytest.raises(FileNotFoundError, match='none.csv'):
        add_given_scores(measured(), tmp_path / 'none.csv')


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_a_byte_order_mark_does_not_hide_the_region(tmp_path, encoding):
    text = ','.join(['region', 'method', 'image', *METRIC_NAMES]) + '\r\nforeground,Peer,vi/a.png'
    path = tmp_path / 'o.csv'
    path.write_bytes((text + ',1.5' * 8 + '\r\n').encode(encoding))
    scores = [Scores('a', dict(whole=dict(mine=flat(1.0)), foreground=dict(mine=flat(2.0))))]
    add_given_scores(scores, path)
    assert list(scores[0].values['whole']) == ['mine']
    assert scores[0].values['foreground']['Peer'] == flat(1.5)
