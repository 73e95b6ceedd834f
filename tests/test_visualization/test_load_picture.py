"""The load over training: what is read from the logs of a run, and that the picture shows it."""

import json

import cv2
import numpy as np
import pytest

from moefusion.visualization.load_picture import draw_load, read_gates


def write_log(folder, rows, rest=''):
    path = folder / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join([*map(json.dumps, rows), rest]))
    return path


def entry(step, first, spread=2.0):
    shares = {'gates.global_0': first, 'gates.global_1': 1 - first, 'gates.global': first}
    return {'loss': 1.0, **shares, 'gates.global_spread': spread, 'step': step}


def test_a_resumed_run_goes_on_from_where_it_started(tmp_path):
    """The first log went further than the checkpoint; a validation and half a line are no entry."""
    write_log(tmp_path / '20260101_01', [entry(50, 0.5), entry(100, 0.6), entry(150, 0.7)])
    rows = [entry(100, 0.55), {'coco/bbox_mAP': 0.1, 'step': 100}]
    path = write_log(tmp_path / '20260101_02', rows, '{"gates.global_0": 0.9, "st')
    log = read_gates(tmp_path)
    assert log.index.tolist() == [50, 100]
    assert log['gates.global_0'].tolist() == [0.5, 0.55]
    assert read_gates(path).index.tolist() == [100]


def test_no_log_and_no_gates_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='which training writes'):
        read_gates(tmp_path)
    write_log(tmp_path / 'run', [dict(loss=1.0, step=50)])
    with pytest.raises(ValueError, match='no gates'):
        read_gates(tmp_path)


def panel(picture):
    """The upper half below the titles, without the legend at its top, right of the axis."""
    high, wide = picture.shape[:2]
    return picture[high // 4 : high // 2, wide // 4 :].min(axis=2) < 110


def draw(folder, rows):
    write_log(folder, rows)
    data = np.frombuffer(draw_load(read_gates(folder.parent), 'a$b$'), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def test_shares_are_drawn(tmp_path):
    """Two experts that are used alike share one line; one that takes over leaves two."""
    even, parted = (
        draw(tmp_path / name / 'run', [entry(step, first) for step in (50, 100, 150)])
        for name, first in (('even', 0.5), ('parted', 0.9))
    )
    lines = [np.count_nonzero(panel(image).mean(axis=1) > 0.3) for image in (even, parted)]
    assert lines[1] > lines[0] > 0


def test_no_gate_is_clipped_by_another_ones_scale(tmp_path):
    """Expert 0 of the second gate has 0.9, above all of the first."""
    even = {'gates.local_a_0': 0.5, 'gates.local_a_1': 0.5, 'gates.local_a_spread': 1.0}
    picture = draw(tmp_path / 'run', [{**even, **entry(step, 0.9)} for step in (50, 100)])
    right = picture[: picture.shape[0] // 2, picture.shape[1] // 2 :]
    blue = np.abs(right.astype(int) - (0x90, 0x75, 0x57)).max(axis=2) < 12
    assert blue.any(axis=0).mean() > 0.7


def test_a_log_with_the_largest_share_alone(tmp_path):
    rows = [{'gates.global': 0.4, 'gates.global_spread': 2.0, 'step': step} for step in (50, 100)]
    assert panel(draw(tmp_path / 'run', rows)).any()
