"""Folders of images, and tools/evaluate.py on them."""

import functools

import cv2
import numpy as np
import pytest


@pytest.fixture
def folders(tmp_path):
    """Folders ir, vi, x and y with images one, two and three."""
    rng = np.random.default_rng(0)
    for name in ('ir', 'vi', 'x', 'y'):
        (tmp_path / name).mkdir()
        for stem in ('one', 'two', 'three'):
            image = cv2.blur(rng.integers(0, 256, (48, 60), dtype=np.uint8), (3, 3))
            cv2.imwrite(str(tmp_path / name / f'{stem}.png'), image)
    return tmp_path


@pytest.fixture
def evaluate(load_tool, folders, capsys):
    """Calls the tool in this process; returns what it printed."""
    main = load_tool('evaluate').main
    sources = ['--visible', str(folders / 'vi'), '--infrared', str(folders / 'ir')]

    def call(*arguments, methods=('x', 'y')):
        fused = [f'{name}={folders / name}' for name in methods]
        out = ['--out-dir', str(folders / 'out')]
        main([*sources, '--fused', *fused, *out, *map(str, arguments)])
        return capsys.readouterr().out

    return call


@pytest.fixture
def scored(monkeypatch):
    """Names of the images that are scored, as they are."""
    from moefusion.comparison import scoring

    names, run = [], scoring.Task.run

    @functools.wraps(run)  # workers find it by its name
    def count(task):
        names.append(task.stem)
        return run(task)

    monkeypatch.setattr(scoring.Task, 'run', count)
    return names
