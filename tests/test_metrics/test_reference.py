"""The published MATLAB values, where the reference data is."""

import csv

import cv2
import numpy as np
import pytest
import torch

from moefusion.metrics import METRIC_NAMES, fusion_metrics


@pytest.fixture(scope='module')
def reference(shared):
    file = shared / 'metrics' / 'tno_reference.csv'
    if not file.is_file():
        pytest.skip('no reference values')
    with open(file, newline='') as stream:
        return shared / 'metrics' / 'tno', list(csv.DictReader(stream))


def read(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])


def test_every_published_row(reference):
    folder, rows = reference
    assert len(rows) == 20
    worst = dict.fromkeys(METRIC_NAMES, 0.0)
    for row in rows:
        scores = fusion_metrics(
            *(read(folder / name / row['image']) for name in ('vi', 'ir', row['method']))
        )
        for name in METRIC_NAMES:
            worst[name] = max(worst[name], abs(scores[name] - float(row[name])))
    limits = {name: 1e-6 if name == 'VIF' else 1e-9 for name in METRIC_NAMES}
    assert all(worst[name] <= limits[name] for name in METRIC_NAMES), worst


def test_cuda_gives_the_published_values(reference):
    """The GPU must keep MATLAB's order of sums and its roundings, too."""
    if not torch.cuda.is_available():
        pytest.skip('no CUDA device')
    folder, rows = reference
    for row in rows[:4]:
        images = [
            torch.from_numpy(read(folder / name / row['image'])).cuda()
            for name in ('vi', 'ir', row['method'])
        ]
        batch = [
            (image[None] if image.ndim == 2 else image.permute(2, 0, 1))[None] for image in images
        ]
        for name, values in fusion_metrics(*batch).items():
            assert values.item() == pytest.approx(
                float(row[name]), abs=1e-6 if name == 'VIF' else 1e-9
            )
