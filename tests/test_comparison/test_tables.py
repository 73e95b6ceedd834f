"""Ranks and formats of the tables."""

import csv
import json
import math

import pandas as pd

from moefusion.comparison.tables import Table, score_rows

SCORES = pd.concat(
    [
        score_rows(
            {
                'a': dict(EN=6.00004, SF=0.5),
                'b': dict(EN=7.0, SF=math.nan),
                'c_d': dict(EN=6.0, SF=0.7),
                'e': dict(EN=5.0, SF=0.1),
                'f': dict(EN=4.0, SF=0.05),
                'source': dict(EN=9.0, SF=0.9),
            }
        ),
        score_rows({'a': dict(EN=8.0, SF=0.2), 'b': dict(EN=7.5)}, 'published, Table 1'),
    ]
)


def ranks(table, column):
    return [None if place is pd.NA else place for place in table.ranks()[column]]


def make_table():
    return Table('Title & more', SCORES, ['source'], notes=['a note'])


def test_ranks_are_within_an_origin_and_of_printed_values():
    table = make_table()
    assert ranks(table, 'EN') == [2, 1, 2, 3, None, None, 1, 2]
    assert ranks(table, 'SF') == [2, None, 1, 3, None, None, 1, None]


def test_one_method_is_no_competition():
    assert ranks(Table('t', score_rows(dict(only=dict(EN=1.0)))), 'EN') == [None]


def test_markdown():
    lines = make_table().to_markdown().splitlines()
    assert lines[0] == '### Title & more'
    assert '| b | measured | **7.0000** | - |' in lines
    assert '| c_d | measured | <u>6.0000</u> | **0.7000** |' in lines
    assert '| e | measured | *5.0000* | *0.1000* |' in lines
    assert '| source | measured | 9.0000 | 0.9000 |' in lines
    assert '| a | published, Table 1 | **8.0000** | **0.2000** |' in lines
    assert '- a note' in lines


def test_latex():
    text = make_table().to_latex()
    assert r'\caption{Title \& more}' in text
    assert r'c\_d & \textbf{\textcolor{blue}{6.0000}} & \textbf{\textcolor{red}{0.7000}} \\' in text
    assert r'e & \textbf{\textcolor{cyan}{5.0000}}' in text
    assert r'b (published, Table 1) & \textbf{\textcolor{blue}{7.5000}} & -- \\' in text
    assert text.count(r'\midrule') == 2 and text.count('{') == text.count('}')


def test_latex_of_names_and_notes_that_would_not_compile():
    scores = score_rows({r'a^2~\b': dict(EN=1.0)})
    text = Table('title', scores, notes=['left out x: a reason\nof two lines']).to_latex()
    assert r'a\textasciicircum{}2\textasciitilde{}\textbackslash{}b & ' in text
    assert text.endswith('% left out x: a reason of two lines\n')


def test_csv_keeps_all_digits():
    rows = list(csv.DictReader(make_table().to_csv().splitlines()))
    assert [row['method'] for row in rows] == [method for method, _ in SCORES.index]
    assert float(rows[0]['EN']) == 6.00004 and rows[0]['EN_rank'] == '2'
    assert rows[5]['EN_rank'] == '' and rows[1]['SF'] == rows[7]['SF'] == ''


def test_json_has_no_nan():
    record = json.loads(json.dumps(make_table().to_dict(), allow_nan=False))
    assert record['rows'][1]['scores'] == dict(EN=7.0, SF=None)
    assert record['rows'][1]['ranks'] == dict(EN=1, SF=None)
