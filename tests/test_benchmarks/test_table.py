"""benchmarks/table.py: a cell's process, and the table."""

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import table
from benchmarks.convolutions import Convolutions


def test_the_clock_counts_convolutions_alone():
    image, weight = torch.rand(1, 8, 64, 64), torch.rand(8, 8, 3, 3)
    with Convolutions(keep=False) as clock:
        (image + 1).sum()
    assert clock.seconds == 0
    with clock:
        torch.nn.functional.conv2d(image, weight)
    assert clock.seconds > 0 and not clock.calls


def test_a_row_a_cell_with_torchs_limit_beside_both():
    cells = pd.DataFrame(
        [
            dict(size='64x48', threads=1, backend='torch', seconds=0.5, megabytes=700, limit=0.4),
            dict(size='64x48', threads=1, backend='runtime', seconds=0.2, megabytes=99.6),
            dict(size='64x48', threads=2, backend='runtime', seconds=0.1, megabytes=100),
        ]
    )
    lines = table.draw(cells).splitlines()
    assert lines[2:] == [
        '| 64 x 48 | 1 | torch | 500 | 400 | 1.25 | 700 |',
        '| 64 x 48 | 1 | runtime | 200 | 400 | 0.50 | 100 |',
        '| 64 x 48 | 2 | runtime | 100 |  |  | 100 |',
    ]
    lines = table.draw(cells.drop(columns='limit')).splitlines()
    assert lines[2] == '| 64 x 48 | 1 | torch | 500 |  |  | 700 |'


def test_a_wrong_size_is_named(capsys):
    with pytest.raises(SystemExit):
        table.main(['--sizes', '640'])
    assert "not '640'" in capsys.readouterr().err


@pytest.mark.slow
def test_cells_are_measured_in_processes_of_their_own(capsys):
    ballast = np.ones(200 << 17)  # 210 MB, which no cell may count
    table.main(['--sizes', '48x32', '--threads', '1', '--repeats', '1'])
    rows = [line.split('|') for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[3].strip() for row in rows] == ['torch', 'runtime']
    assert all(float(number) > 0 for row in rows for number in row[4:8])
    assert 30 < float(rows[1][7]) < 300 < float(rows[0][7])  # 175, or 385 with the ballast
    del ballast
    with pytest.raises(SystemExit, match='runtime, 48x32, 1 threads: .*none'):
        table.main(['--sizes', '48x32', '--backends', 'runtime', '--model', 'none.onnx'])
