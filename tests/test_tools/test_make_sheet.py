"""tools/make_sheet.py on painted folders: the three kinds of sheet, and what users get wrong."""

import json

import cv2
import numpy as np
import pytest
import torch


@pytest.fixture
def run(tmp_path, load_tool):
    """Calls the tool on three pairs and two methods; returns the picture."""
    tool = load_tool('make_sheet')
    random = np.random.default_rng(0)
    for folder in ('vi', 'ir', 'one', 'two'):
        (tmp_path / folder).mkdir()
        for name in ('a', 'b', 'c'):
            image = random.integers(60, 90, (64, 96, 3), dtype=np.uint8)
            image = image[..., 0] if folder == 'ir' else image
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), image)

    def make(*flags):
        out = tmp_path / 'sheet.png'
        sources = ['--visible', str(tmp_path / 'vi'), '--infrared', str(tmp_path / 'ir')]
        methods = [f'{name}={tmp_path / name}' for name in ('one', 'two')]
        fixed = ['--out', str(out), '--device', 'cpu', '--names', 'a']
        tool.main([*sources, '--fused', *methods, *fixed, *flags])
        return cv2.imread(str(out))[..., ::-1].astype(int)

    return make


def share(image, color):
    return (np.abs(image - color).max(axis=-1) <= 8).mean()


def test_boxes_of_a_file(run, tmp_path):
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps(dict(a=dict(green=[10, 10, 40, 30]))))
    picture = run('--boxes', str(boxes))
    assert 4 * 320 <= picture.shape[1] < 4 * 335
    assert share(picture, (30, 180, 60)) > 0.01 and share(picture, (225, 30, 30)) == 0


def test_names_and_boxes_may_have_extensions_and_a_byte_order_mark(run, tmp_path):
    """By a name of another form the boxes were passed over, and others found."""
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps({'a.png': dict(green=[10, 10, 40, 30])}), encoding='utf-8-sig')
    picture = run('--boxes', str(boxes), '--names', 'a.png')
    assert share(picture, (30, 180, 60)) > 0.01 and share(picture, (225, 30, 30)) == 0


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (dict(d=dict(red=[0, 0, 9, 9])), 'd: there is no such pair'),
        (dict(a=dict(red=[0, 0, 9])), 'a: a box is not four numbers'),
        (dict(a=dict(red=[0, 0, 9, '9'])), "a, red: '9' is not a number"),
        (dict(a=[0, 0, 9, 9]), 'not boxes of these pairs'),
    ],
)
def test_boxes_of_no_pair_or_of_another_form(run, tmp_path, content, words):
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=rf'boxes\.json: .*{words}'):
        run('--boxes', str(boxes))


def test_boxes_that_the_tool_finds(run):
    picture = run()
    assert share(picture, (30, 180, 60)) > 0.01 and share(picture, (225, 30, 30)) > 0.01


def test_one_method_is_compared_with_its_sources(run, tmp_path):
    """The visible image alone shows a pattern, in its lower right: the red box is there."""
    image = np.full((64, 96, 3), 70, np.uint8)
    for folder in ('ir', 'one'):
        cv2.imwrite(str(tmp_path / folder / 'a.png'), image)
    image[50:60:2, 70:90] = 255
    cv2.imwrite(str(tmp_path / 'vi/a.png'), image)
    picture = run('--fused', f'one={tmp_path / "one"}')
    first = picture[:, 22:344]  # the visible column; the upper part is the image
    red = np.abs(first[:213] - (225, 30, 30)).max(axis=-1) <= 8
    rows, columns = red.nonzero()
    assert rows.min() > 100 and columns.min() > 160


def test_sobel(run):
    picture = run('--sobel')
    inner = picture[40:-40, 40:-40]
    assert np.ptp(inner, axis=-1).max() < 12 and inner.max() > 200 and share(inner, (0, 0, 0)) > 0


def test_detections(run, tmp_path, repo_root):
    """An untrained detector, which is sure of nothing: shown from a low score on alone."""
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    config = repo_root / 'configs/detectors/faster-rcnn-lite_demo.py'
    init_default_scope('mmdet')
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'detector.pth')
    flags = ['--detect', str(config), str(tmp_path / 'detector.pth'), '--score']
    assert np.abs(run(*flags, '0.05') - run(*flags, '0.99')).max() > 50


def test_sixteen_bits_take_the_range_of_the_set(run, tmp_path, capsys):
    """The drawn pair is the set's coldest, and stays dark."""
    for number, name in enumerate('abc'):
        heat = np.linspace(0, 999, 64 * 96).reshape(64, 96) + 20000 + 1000 * number
        cv2.imwrite(str(tmp_path / f'ir/{name}.png'), heat.astype(np.uint16))
    with pytest.raises(SystemExit, match=r'error: .*a\.png: uint16 values.*--infrared-range'):
        run('--sobel')
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps(dict(a=dict(green=[10, 10, 40, 30]))))
    picture = run('--boxes', str(boxes), '--infrared-range', 'auto')
    found = json.loads((tmp_path / 'infrared_range.json').read_text())
    assert found['images'] == 3
    np.testing.assert_allclose(found['infrared_range'], [20003, 22996], atol=3)
    assert 20 < np.median(picture[60:180, 330:630]) < 60  # of its own range it would be 127


def test_a_pair_that_is_not_there(run):
    with pytest.raises(SystemExit, match='error: d: missing in visible'):
        run('--names', 'a', 'd')


def test_images_of_another_size(run, tmp_path):
    cv2.imwrite(str(tmp_path / 'two/a.png'), np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(SystemExit, match='two is 40 x 30, but the visible image 96 x 64'):
        run()
