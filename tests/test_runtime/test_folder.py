"""fuse_pairs where tools/fuse.py's tests do not reach."""

import numpy as np
import pytest
import torch

from moefusion.apis import FusionInferencer, Outcome, find_pairs, fuse_pairs
from moefusion.files import write_image
from moefusion.runtime import Fuser, FusionResult


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        write_image(folder / name, np.zeros((4, 6, 3), np.uint8))
    return folder


class Fake:
    """Stands in for the inferencer: paints a flat image, or raises what it was given."""

    fingerprint = 'weights'

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


def test_an_image_that_something_else_wrote_is_not_taken_for_done(tmp_path):
    """Scores of a second checkpoint were those of the first one's images."""
    pairs, out = pairs_of(tmp_path, 'a.png', 'b.png', 'c.png'), tmp_path / 'out'
    fuser = Fake()
    assert [each.status for each in fuse_pairs(fuser, pairs, out)] == ['fused'] * 3
    write_image(out / 'a.png', np.zeros((4, 6, 3), np.uint8))
    write_image(pairs['b'][1], np.ones((4, 6, 3), np.uint8))
    first, second, third = fuse_pairs(fuser, pairs, out)
    assert (first.status, second.status, third.status) == ('failed', 'failed', 'skipped')
    assert 'does not say what it was fused by' in first.reason and '--overwrite' in first.reason
    assert 'b.png is there already, but was fused from other images' in second.reason
    fuser.fingerprint = 'other weights'
    assert (
        'by other weights, options or another backend' in [*fuse_pairs(fuser, pairs, out)][2].reason
    )
    assert [each.status for each in fuse_pairs(fuser, pairs, out, overwrite=True)] == ['fused'] * 3
    assert [each.status for each in fuse_pairs(fuser, pairs, out)] == ['skipped'] * 3


def test_fingerprints_tell_what_changes_an_image():
    for make in (Fuser, FusionInferencer):
        assert make().fingerprint == make().fingerprint != make(infrared_range=(0, 9)).fingerprint
    usual = FusionInferencer()
    assert usual.fingerprint != FusionInferencer(cfg_options={'model.fusion.top_k': 1}).fingerprint
    before = usual.fingerprint
    with torch.no_grad():
        next(usual.model.fusion.parameters()).add_(1e-3)
    assert usual.fingerprint != before
