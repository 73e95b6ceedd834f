"""What the page shows of a fused pair."""

import re

import numpy as np

from moefusion.expert_kinds import COLORS
from moefusion.runtime.page_view import show_gates


def test_each_bar_names_what_its_expert_sees():
    weights = np.array([0.75, 0, 0.25, 0])
    page = show_gates({'local_foreground': weights, 'global': weights})
    assert re.findall('<b>(.+?)</b>', page) == ['foreground', 'global']
    bars = re.findall(r'<span>(\w+ \d)</span><div style=".+? (#\w+) ([\d.]+%)', page)
    assert bars == [
        ('visible 1', COLORS['visible'], '75.0%'),
        ('visible 2', COLORS['visible'], '0.0%'),
        ('infrared 3', COLORS['infrared'], '25.0%'),
        ('infrared 4', COLORS['infrared'], '0.0%'),
        *((f'global {i}', COLORS['global'], f'{100 * w:.1f}%') for i, w in enumerate(weights, 1)),
    ]
