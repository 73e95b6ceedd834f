"""FusionInferencer on lists and folders of pairs."""

import weakref

import numpy as np
import pytest

import moefusion.plugin  # noqa: F401
from moefusion.files import PairError, write_image
from test_apis.random_pairs import random_pair

SIZES = (40, 56), (64, 48), (40, 56), (33, 61), (64, 48)


def many(tmp_path, names='cabed'):
    """Five pairs in three sizes: files under two folders, and the arrays in them by name."""
    arrays = {name: random_pair(*size) for name, size in zip(names, SIZES)}
    for name, (visible, infrared) in arrays.items():
        write_image(tmp_path / 'v' / f'{name}.png', visible[..., ::-1])
        write_image(tmp_path / 'i' / f'{name}.png', infrared)
    return arrays


@pytest.mark.parametrize('batch_size', [1, 4, 9])
def test_a_list_of_mixed_sizes_equals_single_calls(inferencer, tmp_path, batch_size):
    visible, infrared = zip(*many(tmp_path).values())
    results = inferencer(list(visible), infrared, batch_size=batch_size, progress=False)
    assert [result.name for result in results] == ['0', '1', '2', '3', '4']
    for result, *pair in zip(results, visible, infrared):
        alone = inferencer(*pair)
        np.testing.assert_allclose(result.attention, alone.attention, atol=1e-5)
        assert np.abs(result.gray.astype(int) - alone.gray).max() <= 1  # rounding
        assert result.color.shape == pair[0].shape


def test_folders_come_in_the_order_of_names(inferencer, tmp_path, capfd):
    arrays = many(tmp_path)
    results = inferencer(tmp_path / 'v', str(tmp_path / 'i'))
    assert [result.name for result in results] == ['a', 'b', 'c', 'd', 'e']
    assert '5/5' in capfd.readouterr().err  # progress
    for result in results:
        np.testing.assert_array_equal(result.gray, inferencer(*arrays[result.name]).gray)
    files = [tmp_path / 'v' / 'b.png', tmp_path / 'v' / 'a.png']
    partners = [tmp_path / 'i' / file.name for file in files]
    chosen = inferencer(files, partners, progress=False)
    assert [result.name for result in chosen] == ['b', 'a']
    assert capfd.readouterr().err == ''


def test_many_that_do_not_pair(inferencer, tmp_path):
    many(tmp_path)
    image = random_pair(20, 30)
    for visible, infrared, kind, message in (
        ([image[0]], [image[1]] * 2, ValueError, '1 visible but 2 infrared'),
        ([image[0]], image[1], ValueError, 'not list and ndarray'),
        (tmp_path / 'v', [image[1]], ValueError, 'two folders'),
        (tmp_path / 'v', image[1], ValueError, 'no partner in a folder'),
        (tmp_path / 'v', tmp_path / 'i' / 'a.png', ValueError, 'two folders'),
        ([tmp_path / 'v' / 'a.png'], [tmp_path / 'gone.png'], FileNotFoundError, 'gone.png'),
    ):
        with pytest.raises(kind, match=message):
            inferencer(visible, infrared)
    (tmp_path / 'i' / 'a.png').unlink()
    with pytest.raises(PairError, match='1 images cannot be paired, such as .*a.png has no part'):
        inferencer(tmp_path / 'v', tmp_path / 'i')
    with pytest.raises(ValueError, match='batch_size must be 1 or more, but is 0'):
        inferencer(*image, batch_size=0)


def test_the_pair_at_fault_is_named(inferencer):
    good, bad = random_pair(20, 30), (np.zeros((4, 5), np.uint8), np.zeros((5, 4), np.uint8))
    with pytest.raises(ValueError, match='^pair 1: '):
        inferencer([good[0], bad[0]], [good[1], bad[1]], progress=False)


def test_empty_lists(inferencer):
    assert inferencer([], []) == []


def test_a_stream_keeps_no_result_and_works_when_asked(inferencer, tmp_path, monkeypatch):
    arrays = many(tmp_path)
    started, fuse = [], inferencer._fuse
    monkeypatch.setattr(
        inferencer, '_fuse', lambda pairs, *args: started.append(pairs) or fuse(pairs, *args)
    )
    stream = inferencer.stream(tmp_path / 'v', tmp_path / 'i')
    assert not started
    earlier = []
    for number, result in enumerate(stream, 1):
        assert len(started) == number
        np.testing.assert_array_equal(result.gray, inferencer(*arrays[result.name]).gray)
        started.pop()  # of the call above
        earlier.append(weakref.ref(result))
        assert sum(reference() is not None for reference in earlier) <= 2
    assert len(earlier) == 5
    with pytest.raises(ValueError, match='1 visible but 2 infrared'):
        inferencer.stream(['a'], ['a', 'b'])
