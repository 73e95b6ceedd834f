"""fuse_pairs where tools/fuse.py's tests do not reach."""

import numpy as np
import pytest
import torch

from moefusion.apis import Outcome, find_pairs, fuse_pairs
from moefusion.files import write_image
from moefusion.runtime import FusionResult


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        write_image(folder / name, np.zeros((4, 6, 3), np.uint8))
    return folder


class Fake:
    """Stands in for the inferencer: paints a flat image, or raises what it was given."""

    def __init__(self, **errors):
        self.errors = errors

    def stream(self, visible, infrared):
        if visible.stem in self.errors:
            raise self.errors[visible.stem]
        flat = np.full((4, 6), 7, np.uint8)
        color = np.dstack([flat, flat + 1, flat + 2])
        yield FusionResult('a', color, flat, flat, color, flat / 255.0, {})


def pairs_of(tmp_path, *names):
    vis, ir = write(tmp_path / 'v', *names), write(tmp_path / 'i', *names)
    return find_pairs(vis, ir)[0]


def test_channels_are_stored_in_the_order_that_files_have(tmp_path):
    import cv2

    target = tmp_path / 'out' / 'a.png'
    outcomes = fuse_pairs(Fake(), pairs_of(tmp_path, 'a.png'), tmp_path / 'out')
    assert list(outcomes) == [Outcome('a', 'fused', target)]
    assert cv2.imread(str(target))[0, 0].tolist() == [9, 8, 7]


@pytest.mark.parametrize(
    'error',
    [
        torch.OutOfMemoryError('CUDA out of memory'),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_pair_too_large_does_not_stop_the_others(tmp_path, error):
    pairs = pairs_of(tmp_path, 'a.png', 'b.png')
    first, second = fuse_pairs(Fake(a=error), pairs, tmp_path / 'out')
    assert (first.stem, first.status, second.status) == ('a', 'failed', 'fused')
    assert 'too large' in first.reason and 'a.png' in first.reason


def test_a_fault_of_the_program_is_not_blamed_on_the_pair(tmp_path):
    outcomes = fuse_pairs(
        Fake(a=RuntimeError('mat1 and mat2')), pairs_of(tmp_path, 'a.png'), tmp_path
    )
    with pytest.raises(RuntimeError, match='mat1 and mat2'):
        next(outcomes)


def test_a_pair_is_fused_when_its_outcome_is_asked_for(tmp_path):
    pairs = pairs_of(tmp_path, 'a.png', 'b.png')
    outcomes = fuse_pairs(Fake(b=KeyboardInterrupt()), pairs, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
    assert next(outcomes).status == 'fused'
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.png']


def test_a_source_is_never_replaced_and_that_is_said_before_any_work(tmp_path):
    pairs = pairs_of(tmp_path, 'a.png', 'b.png')
    with pytest.raises(ValueError, match='is a source image'):
        fuse_pairs(Fake(), pairs, tmp_path / 'v', overwrite=True)
