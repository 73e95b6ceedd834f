"""The table of ablations, against means and deviations by hand; the figure by its size."""

import cv2
import numpy as np
import pandas as pd

from moefusion.comparison.ablation import ablation_table, draw_ablation

SCORES = pd.DataFrame(
    [('base', 0, 1.0, 5.0), ('base', 1, 3.0, 5.0), ('less', 0, 1.5, 4.0), ('less', 1, 1.5, 6.0)],
    columns=['name', 'seed', 'EN', 'SF'],
)


def test_mean_spread_and_marks():
    lines = ablation_table(SCORES, 'family').splitlines()
    assert lines[2:6] == [
        '| name | trainings | EN | SF |',
        '| --- | ---: | ---: | ---: |',
        '| base | 2 | **2.0000** ± 1.4142 | **5.0000** ± 0.0000 |',
        '| less | 2 | <u>1.5000</u> ± 0.0000 | **5.0000** ± 1.4142 |',
    ]


def test_one_seed_has_no_spread():
    table = ablation_table(SCORES[SCORES.seed == 0], 'family')
    assert '±' not in table and '| less | 1 | **1.5000** | <u>4.0000</u> |' in table


def test_a_metric_without_value_stays_undefined():
    table = ablation_table(SCORES.assign(SF=float('nan')), 'family')
    assert '| base | 2 | **2.0000** ± 1.4142 | - |' in table and 'nan' not in table
    one = ablation_table(SCORES.drop(SCORES.index[SCORES.name == 'less'][0]), 'family')
    assert '± nan' not in one


def test_the_figure_has_a_panel_for_each_metric():
    one, many = (
        cv2.imdecode(np.frombuffer(draw_ablation(scores, 'family'), np.uint8), cv2.IMREAD_COLOR)
        for scores in (SCORES, SCORES.assign(SD=1.0, MI=2.0, VIF=3.0))
    )
    assert one.shape[1] == many.shape[1] == 1320 and many.shape[0] > 1.7 * one.shape[0]
    left, right = np.array_split(one[60:], [720], axis=1)  # beside two panels there are no more
    assert left.min() < 100 and right.min() == 255
