"""FusionInferencer with the lite network's real config, detectors included."""

import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.registry import init_default_scope

import moefusion.plugin  # noqa: F401
from moefusion.apis import FusionInferencer, load_config
from moefusion.files import PairError, write_image
from moefusion.fusion.strips import fuse_in_strips
from moefusion.image import colorize
from moefusion.metrics import fusion_metrics


@pytest.fixture(scope='module')
def config(repo_root):
    return load_config(repo_root / 'configs' / 'moefusion-lite_demo.py')


@pytest.fixture(scope='module')
def checkpoint(config, tmp_path_factory):
    """What the runner would save: all of the model, heads included."""
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for expert in model.fusion.decoder.experts:
        torch.nn.init.constant_(expert[-1].bias, 0.5)
    path = tmp_path_factory.mktemp('weights') / 'full.pth'
    torch.save(dict(meta=dict(epoch=1), state_dict=model.state_dict()), path)
    return path


@pytest.fixture(scope='module')
def inferencer(config, checkpoint):
    return FusionInferencer(config, checkpoint, 'cpu')


def random_pair(height, width):
    rng = np.random.default_rng(height * width)
    return (
        rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        rng.integers(0, 256, (height, width), dtype=np.uint8),
    )


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


def test_an_option_overrides_the_config_and_leaves_it_alone(config, checkpoint):
    """With K = 1 each gate gives all weight to one expert."""
    visible, infrared = random_pair(40, 50)
    single = FusionInferencer(config, checkpoint, 'cpu', {'model.fusion.top_k': 1})
    for weights in single(visible, infrared).gates.values():
        assert sorted(weights) == [0, 0, 0, 1]
    assert config.model.fusion.top_k == 2


def test_an_option_overrides_the_bundled_config():
    assert FusionInferencer().model.fusion.decoder.gate.top_k == 2
    single = FusionInferencer(cfg_options={'model.fusion.top_k': 1})
    assert single.model.fusion.decoder.gate.top_k == 1


@pytest.mark.parametrize(
    'key, message',
    [
        ('model.fusion.chanels', "cfg_options .* unexpected keyword argument 'chanels'"),
        ('model.visible_detector.type', 'cfg_options .* type must be a str'),
        ('model.fusion.channels', 'of another architecture'),
    ],
)
def test_options_that_do_not_fit(key, message):
    with pytest.raises(ValueError, match=message):
        FusionInferencer(cfg_options={key: 8})


def test_only_what_fusing_needs_is_built(inferencer):
    detector = inferencer.model.visible_detector
    assert not hasattr(detector, 'rpn_head') and not hasattr(detector, 'roi_head')
    assert not inferencer.model.training


def test_pretrained_weights_are_not_fetched(config, checkpoint, monkeypatch):
    from mmengine.runner.checkpoint import CheckpointLoader

    config = deepcopy(config)
    for modality in ('visible', 'infrared'):
        config.model[f'{modality}_detector'].backbone.init_cfg = dict(
            type='Pretrained', checkpoint='torchvision://resnet18'
        )

    def fetch(*_, **__):
        raise AssertionError('weights were fetched')

    monkeypatch.setattr(CheckpointLoader, 'load_checkpoint', fetch)
    FusionInferencer(config, checkpoint, 'cpu')


class Code:
    """Unpickling it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_checkpoint_runs_no_code(config, tmp_path):
    torch.save(dict(state_dict={}, code=Code(str(tmp_path / 'ran'))), tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match='evil.pth'):
        FusionInferencer(config, tmp_path / 'evil.pth', 'cpu')
    assert not (tmp_path / 'ran').exists()


def test_another_architecture_is_named(config, checkpoint):
    config = deepcopy(config)
    config.model.fusion.num_experts = 6
    with pytest.raises(ValueError, match='full.pth is of another architecture'):
        FusionInferencer(config, checkpoint, 'cpu')


@pytest.mark.parametrize(
    'device, message', [('cuda', 'use cpu'), ('cuda:3', 'use cpu'), ('gpu', "'gpu'")]
)
def test_a_device_that_is_not_there(config, checkpoint, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match=message):
        FusionInferencer(config, checkpoint, device)


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


def test_a_config_of_another_model(config, checkpoint):
    config = deepcopy(config)
    config.model = dict(type='FasterRCNN')
    with pytest.raises(ValueError, match='model.type must be MoEFusion'):
        FusionInferencer(config, checkpoint, 'cpu')


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


def test_metrics_are_those_of_the_fused_gray_image(inferencer):
    visible, infrared = random_pair(48, 64)
    assert inferencer(visible, infrared).metrics is None
    result = inferencer(visible, infrared, metrics=True)
    assert result.metrics == fusion_metrics(visible, infrared, result.gray)
    with pytest.raises(ValueError, match='^0: .*41'):
        inferencer(*random_pair(40, 64), metrics=True)


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


def test_bfloat16_where_it_is_asked_for(config, checkpoint, inferencer, monkeypatch):
    said = []
    monkeypatch.setattr('moefusion.models.precision.print_log', lambda text, **_: said.append(text))
    for native in (True, False):
        monkeypatch.setattr('moefusion.models.precision.native_bfloat16', lambda _, n=native: n)
        assert FusionInferencer(config, checkpoint, 'cpu', precision='auto').bfloat16 is native
    assert 'bfloat16, which' in said[0] and 'float32, as no' in said[1]
    half = FusionInferencer(config, checkpoint, 'cpu', precision='bfloat16')
    pair = random_pair(40, 50)
    for largest in (1 << 21, 100):  # whole and in strips
        monkeypatch.setattr(half.model.fusion, 'largest_whole', largest)
        result, expected = half(*pair), inferencer(*pair)
        assert result.attention.dtype == np.float32
        difference = np.abs(result.gray.astype(int) - expected.gray)
        assert 0 < difference.mean() < 3 and difference.max() < 20
    assert len(said) == 2 and not inferencer.bfloat16
    with pytest.raises(ValueError, match="auto, float32, bfloat16, but is 'half'"):
        FusionInferencer(precision='half')
