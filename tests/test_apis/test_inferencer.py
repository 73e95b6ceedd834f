"""FusionInferencer on one pair: sizes, gates, colour, metrics, threads, large images."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import moefusion.plugin  # noqa: F401
from moefusion.fusion.strips import fuse_in_strips
from moefusion.image import colorize
from moefusion.metrics import fusion_metrics
from test_apis.random_pairs import random_pair


@pytest.mark.parametrize('size', [(17, 23), (33, 47), (1, 1), (64, 96), (95, 129)])
def test_output_has_the_size_of_the_input(inferencer, size):
    result = inferencer(*random_pair(*size))
    assert result.gray.shape == result.attention.shape == size
    assert result.color.shape == (*size, 3)
    assert result.gray.dtype == result.color.dtype == np.uint8
    assert 0 <= result.attention.min() <= result.attention.max() <= 1


def test_gates_have_k_of_n_experts(inferencer):
    gates = inferencer(*random_pair(40, 50)).gates
    assert set(gates) == {'local_foreground', 'local_background', 'global'}
    for weights in gates.values():
        assert (weights > 0).sum() == 2 and weights.sum() == pytest.approx(1)


def test_color_is_the_fused_gray_with_the_chroma_of_the_visible_image(inferencer):
    visible, infrared = random_pair(30, 40)
    result = inferencer(visible, infrared)
    rgb = torch.from_numpy(visible).permute(2, 0, 1)[None] / 255
    gray = torch.from_numpy(result.gray)[None, None] / 255
    expected = (colorize(gray, rgb)[0] * 255).permute(1, 2, 0).numpy()
    # The network's own value was rounded once for the gray image.
    assert np.abs(result.color - expected).max() <= 1.01


def test_the_same_pair_from_files_and_arrays(inferencer, tmp_path):
    import cv2

    visible, infrared = random_pair(30, 40)
    cv2.imwrite(str(tmp_path / 'v.png'), visible[..., ::-1])
    cv2.imwrite(str(tmp_path / 'i.png'), infrared)
    from_files = inferencer(tmp_path / 'v.png', tmp_path / 'i.png')
    np.testing.assert_array_equal(from_files.color, inferencer(visible, infrared).color)


@pytest.mark.parametrize(
    'visible, infrared',
    [
        (np.zeros((4, 5, 3), np.uint16), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), np.uint8)),
        (np.zeros((0, 5, 3), np.uint8), np.zeros((0, 5), np.uint8)),
        (np.zeros((4, 5, 3), np.uint8), 'file.png'),
    ],
)
def test_wrong_arrays(inferencer, visible, infrared):
    with pytest.raises(ValueError, match='uint8|differ in size|not empty|beside'):
        inferencer(visible, infrared)


def test_metrics_are_those_of_the_fused_gray_image(inferencer):
    visible, infrared = random_pair(48, 64)
    assert inferencer(visible, infrared).metrics is None
    result = inferencer(visible, infrared, metrics=True)
    assert result.metrics == fusion_metrics(visible, infrared, result.gray)
    with pytest.raises(ValueError, match='^0: .*41'):
        inferencer(*random_pair(40, 64), metrics=True)


def test_calls_from_several_threads_equal_single_calls(inferencer):
    """The attention of one call must not guide another's: pairs of one size and of several."""
    rng = np.random.default_rng(0)
    sizes = (64, 64), (64, 64), (48, 80), (80, 48)
    pairs = [
        (
            rng.integers(0, 256, (*size, 3), dtype=np.uint8),
            rng.integers(0, 256, size, dtype=np.uint8),
        )
        for size in sizes
    ]
    alone = [inferencer(*pair) for pair in pairs]
    assert not np.array_equal(alone[0].attention, alone[1].attention)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda number: inferencer(*pairs[number % 4]), range(48)))
    for number, result in enumerate(together):
        for name in ('attention', 'gray', 'color'):
            expected = getattr(alone[number % 4], name)
            np.testing.assert_array_equal(getattr(result, name), expected)


def test_large_pairs_in_strips_are_as_the_model_has_them(inferencer, monkeypatch):
    pairs = [random_pair(61, 83), random_pair(20, 30), random_pair(83, 61)]
    visible, infrared = zip(*pairs)
    call = dict(batch_size=3, progress=False)
    whole = inferencer(list(visible), list(infrared), **call)
    monkeypatch.setattr(inferencer.model.fusion, 'largest_whole', 2000)
    cells = []

    def in_strips(*inputs):
        cells.append(inputs[1].shape)
        return fuse_in_strips(*inputs, cells=600)

    monkeypatch.setattr('moefusion.apis.large.fuse_in_strips', in_strips)
    for result, expected in zip(inferencer(list(visible), list(infrared), **call), whole):
        assert result.name == expected.name
        for name in ('visible', 'infrared'):
            np.testing.assert_array_equal(getattr(result, name), getattr(expected, name))
        for name in ('gray', 'color'):
            difference = getattr(result, name).astype(int) - getattr(expected, name)
            assert np.abs(difference).max() <= 1, name
        np.testing.assert_allclose(result.attention, expected.attention, atol=1e-5)
        for name, weights in expected.gates.items():
            np.testing.assert_allclose(result.gates[name], weights, atol=1e-5)
    assert cells == [(1, 1, 61, 83), (1, 1, 83, 61)]
    monkeypatch.setattr('moefusion.runtime.strips.LARGEST_SEEN', 1000)
    seen = []
    attend = inferencer.model.attend
    monkeypatch.setattr(
        inferencer.model, 'attend', lambda name, image: seen.append(image) or attend(name, image)
    )
    assert inferencer(*pairs[0], metrics=True).attention.shape == (61, 83)
    assert [tuple(image.shape) for image in seen] == [(1, 3, 32, 64)] * 2  # of 27 x 36, padded
