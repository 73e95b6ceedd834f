"""What every test gets: few threads, no display, a fixed seed, and the optional shared data."""

import os
import random
from pathlib import Path

# Before torch, OpenCV and matplotlib are imported: tests are small, and threads cost more
# than they bring on a machine with few cores.
for _name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(_name, '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import pytest  # noqa: E402

REPO_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def repo_root():
    """Path of the checkout."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def shared():
    """Path of the folder ``shared`` beside the checkout; skips the test where there is none.

    It holds real pairs and reference values. No test may need it to prove that the code works.
    """
    path = REPO_ROOT.parent / 'shared'
    if not path.is_dir():
        pytest.skip('no folder "shared" beside the checkout')
    return path


@pytest.fixture(autouse=True)
def _fixed_seed():
    """Seeds Python, NumPy and PyTorch before each test."""
    import numpy as np
    import torch
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
