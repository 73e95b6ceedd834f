"""Arrays, tensors, batches, colour, masks: what goes in, and errors that say what is wrong."""

import sys

import numpy as np
import pytest
import torch

from moefusion.metrics import (
    METRIC_NAMES,
    PROTOCOLS,
    GrayImages,
    entropy,
    fusion_metrics,
    qabf,
    visual_information_fidelity,
)


def to_batch(images, device='cpu'):
    return torch.stack([torch.from_numpy(image) for image in images])[:, None].to(device)


@pytest.mark.parametrize('pixels', [None, 600])
@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_batch_gives_each_image_its_value(triples, device, protocol, pixels, monkeypatch):
    if pixels:  # several strips
        monkeypatch.setattr(sys.modules['moefusion.metrics.strips'], 'PIXELS', pixels)
        monkeypatch.setattr(sys.modules['moefusion.metrics.gaussian'], 'ROWS', 2)
    batch = fusion_metrics(*(to_batch(images, device) for images in triples), protocol=protocol)
    assert list(batch) == list(METRIC_NAMES)
    for i, triple in enumerate(zip(*triples)):
        alone = fusion_metrics(*triple, protocol=protocol)
        for name, values in batch.items():
            assert values.shape == (3,) and values.dtype == torch.float64
            assert values.device.type == device
            assert values[i].item() == pytest.approx(alone[name], abs=1e-9), name


def test_one_tensor_gives_floats(triple, device):
    tensors = [torch.from_numpy(image).to(device) for image in triple]
    scores = fusion_metrics(*tensors)
    expected = fusion_metrics(*triple)
    assert scores == pytest.approx(expected, abs=1e-9)
    assert all(type(value) is float for value in scores.values())


def test_views_and_read_only_arrays(triple):
    views = [np.ascontiguousarray(image.T[:, ::-1])[:, ::-1].T for image in triple]
    for view in views:
        view.flags.writeable = False
    before = [view.copy() for view in views]
    assert fusion_metrics(*views) == fusion_metrics(*triple)
    assert all((view == copy).all() for view, copy in zip(views, before))


def test_inputs_are_left_as_they_were(triples):
    batches = [to_batch(images) for images in triples]
    copies = [batch.clone() for batch in batches]
    fusion_metrics(*batches, mask=np.eye(44, 53, dtype=bool))
    assert all(torch.equal(batch, copy) for batch, copy in zip(batches, copies))


def test_colour_becomes_gray_as_in_matlab(triple):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (44, 53, 3), dtype=np.uint8)
    weights = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103])
    gray = np.floor(rgb @ weights + 0.5).astype(np.uint8)
    expected = fusion_metrics(triple[0], gray, triple[2])
    assert fusion_metrics(triple[0], rgb, triple[2]) == expected
    batch = torch.from_numpy(rgb).permute(2, 0, 1)[None]
    infrared, fused = (torch.from_numpy(triple[i])[None, None] for i in (0, 2))
    scores = fusion_metrics(batch, infrared, fused)
    assert {name: value.item() for name, value in scores.items()} == expected


def test_gray_saved_as_colour_keeps_its_levels():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    stacked = np.stack([levels] * 3, axis=2)
    assert GrayImages(stacked).levels[0].numpy().tolist() == levels.tolist()
    # order of the channels: R, G, B weigh 76, 150 and 29
    primaries = np.zeros((2, 2, 3), dtype=np.uint8)
    primaries[0, 0, 0] = primaries[0, 1, 1] = primaries[1, 0, 2] = 255
    assert GrayImages(primaries).levels[0].tolist() == [[76, 150], [29, 0]]


def test_prepared_sources_give_the_same_values(triples):
    infrared, visible = triples[0][0], triples[1][0]
    sources = GrayImages(visible), GrayImages(infrared)
    for protocol in PROTOCOLS:
        for fused in triples[2]:
            assert fusion_metrics(*sources, fused, protocol) == fusion_metrics(
                infrared, visible, fused, protocol
            )


def test_masks_of_a_batch(triples):
    masks = np.zeros((3, 44, 53), dtype=bool)
    for i in range(3):
        masks[i, 5 * i : 30, 10 : 40 - i] = True
    batches = [to_batch(images) for images in triples]
    expected = [fusion_metrics(*triple, mask=mask) for triple, mask in zip(zip(*triples), masks)]
    for mask in (masks, masks[:, None], torch.from_numpy(masks).long() * 7):
        scores = fusion_metrics(*batches, mask=mask)
        for name in METRIC_NAMES:
            assert scores[name].tolist() == pytest.approx([one[name] for one in expected], abs=1e-9)


def test_masks_of_any_layout(triple):
    mask = np.arange(44 * 53).reshape(44, 53) % 5 > 1
    expected = fusion_metrics(*triple, mask=mask)
    turned = np.ascontiguousarray(mask[::-1])[::-1]
    for view in (turned, turned.astype('>i4'), np.asfortranarray(mask), mask.astype(np.uint16)):
        assert fusion_metrics(*triple, mask=view) == expected


def test_full_and_empty_masks(triple):
    shape = triple[0].shape
    assert fusion_metrics(*triple, mask=np.ones(shape, bool)) == fusion_metrics(*triple)
    assert entropy(triple[2], mask=np.zeros(shape, bool)) == 0


@pytest.mark.parametrize(
    'change, error, says',
    [
        (lambda x: x.astype(np.uint16) * 257, TypeError, 'uint16'),
        (lambda x: x / 255, TypeError, 'float64'),
        (lambda x: torch.from_numpy(x).float(), TypeError, 'float32'),
        (lambda x: x.tolist(), TypeError, 'list'),
        (lambda x: np.ma.masked_less(x, 50), TypeError, 'masked values'),
        (lambda x: x[None], ValueError, '1 x 44 x 53'),
        (lambda x: x[..., None].repeat(4, 2), ValueError, '44 x 53 x 4'),
        (lambda x: torch.from_numpy(x)[None], ValueError, '1 x 44 x 53'),
        (
            lambda x: torch.from_numpy(x)[None, None].repeat(1, 2, 1, 1),
            ValueError,
            '1 x 2 x 44 x 53',
        ),
        (lambda x: x[:, :-1], ValueError, '52'),
        (lambda x: torch.from_numpy(x)[None, None].repeat(2, 1, 1, 1), ValueError, '2, 44, 53'),
    ],
)
@pytest.mark.parametrize('which', [0, 1, 2])
def test_wrong_images(triple, which, change, error, says):
    images = list(triple)
    images[which] = change(images[which])
    with pytest.raises(error, match='infrared|visible|fused') as raised:
        fusion_metrics(*images)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    'mask, error',
    [
        (np.ones((44, 52), bool), ValueError),
        (np.ones((2, 44, 53), bool), ValueError),
        (np.ones((44, 53)), TypeError),
    ],
)
def test_wrong_masks(triple, mask, error):
    with pytest.raises(error, match='mask'):
        fusion_metrics(*triple, mask=mask)


def test_mask_of_prepared_images_belongs_to_them(triple):
    with pytest.raises(ValueError, match='GrayImages'):
        fusion_metrics(GrayImages(triple[0]), *triple[1:], mask=np.ones((44, 53), bool))


def test_unknown_protocol(triple):
    for metric in (fusion_metrics, qabf, visual_information_fidelity):
        with pytest.raises(ValueError, match="'literature' or 'standard', got 'matlab'"):
            metric(*triple, protocol='matlab')


@pytest.mark.parametrize('protocol', ['literature', 'standard'])
@pytest.mark.parametrize('size', [(44, 53), (700, 900)])
def test_swapped_sources_give_equal_scores(protocol, size):
    rng = np.random.default_rng(7)
    visible, infrared = (rng.integers(0, 256, size, dtype=np.uint8) for _ in range(2))
    fused = ((visible.astype(int) + infrared) // 2).astype(np.uint8)
    scores = fusion_metrics(visible, infrared, fused, protocol)
    assert fusion_metrics(infrared, visible, fused, protocol) == pytest.approx(
        scores, rel=1e-12, abs=1e-12
    )
