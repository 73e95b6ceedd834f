"""Published layouts, made small: fused, checked, trained one step and scored by one naming rule."""

import json

import numpy as np
import pytest
from PIL import Image

from moefusion.files import LAYOUTS, find_pairs, write_image

# layout: visible file, infrared file, annotation, the folders of each, ids
FILES = dict(
    flir=('J/{}_RGB.jpg', 'J/{}_PreviewData.jpeg', 'A/{}_PreviewData.xml', ['F1', 'F2']),
    c2former=('J/{}.jpg', 'J/{}_tir.jpg', 'A/{}_tir.xml', ['00001', '00002']),
    kaist=(
        'J/{}/visible/{}.jpg',
        'J/{}/lwir/{}.jpg',
        'A/{}/{}.xml',
        ['set00/V000/I1', 'set01/V000/I1'],
    ),
    llvip=('V/{}.jpg', 'I/{}.jpg', 'A/{}.xml', ['test/190001', 'train/010001']),
    dronevehicle=('V/{}.jpg', 'I/{}.jpg', 'A/{}.xml', ['00001', '00002']),
)
BOX = '<bndbox><xmin>{0}</xmin><ymin>5</ymin><xmax>40</xmax><ymax>44</ymax></bndbox>'
POLYGON = '<polygon>{}</polygon>'


def place(pattern, pair_id):
    return (
        pattern.format(*pair_id.rsplit('/', 1))
        if pattern.count('{}') > 1
        else pattern.format(pair_id)
    )


@pytest.fixture(params=FILES)
def data_set(request, tmp_path):
    """Layout, root, ids, visible and infrared folder; the boxes begin at x = 3 and x = 4."""
    visible, infrared, annotation, ids = FILES[request.param]
    rng = np.random.default_rng(0)
    for number, pair_id in enumerate(ids):
        image = rng.integers(0, 256, (48, 64, 3), np.uint8)
        write_image(tmp_path / place(visible, pair_id), image)
        write_image(tmp_path / place(infrared, pair_id), np.ascontiguousarray(image[..., 1]) // 2)
        path = tmp_path / place(annotation, pair_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        corners = BOX.format(4 + number)
        if request.param == 'dronevehicle':
            points = zip('1234', (4 + number, 40, 40, 4 + number), (5, 5, 44, 44))
            corners = POLYGON.format(
                ''.join(f'<x{i}>{x}</x{i}><y{i}>{y}</y{i}>' for i, x, y in points)
            )
        path.write_text(f'<annotation><object><name>car</name>{corners}</object></annotation>')
    return request.param, tmp_path, ids, visible[0], infrared[0]


def test_pairs_and_boxes_are_those_of_the_id(data_set):
    layout, root, ids, visible, infrared = data_set
    pairs, problems = find_pairs(root / visible, root / infrared, ids, LAYOUTS[layout])
    assert list(pairs) == ids and not problems
    for pair in pairs.values():
        seen, heat = (np.asarray(Image.open(path).convert('L'), float) for path in pair)
        assert seen.mean() > 1.5 * heat.mean()  # visible first


def test_layout_is_checked_and_trained_on(data_set):
    import torch
    from mmdet.registry import DATASETS, MODELS
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import init_default_scope

    import moefusion.plugin  # noqa: F401
    from moefusion.datasets.layout import check_layout

    init_default_scope('mmdet')
    layout, root, ids, visible, infrared = data_set
    (root / 'list.txt').write_text('\n'.join(ids))
    keys = ('img_id', 'img_path', 'infrared_path', 'ori_shape', 'img_shape', 'scale_factor')
    pipeline = [
        dict(type='LoadPairedImage'),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(type='PackDetInputs', meta_keys=keys),
    ]
    config = dict(
        data_root=str(root),
        layout=layout,
        data_prefix=dict(visible=visible, infrared=infrared, annotation='A'),
        metainfo=dict(classes=('car',)),
        pipeline=pipeline,
    )
    images = [
        dict(id=i, file_name=f'{name}.jpg', width=64, height=48) for i, name in enumerate(ids)
    ]
    boxes = [
        dict(id=i + 1, image_id=i, category_id=1, bbox=[3 + i, 4, 36 - i, 39], area=1)
        for i in range(2)
    ]
    content = dict(images=images, annotations=boxes, categories=[dict(id=1, name='car')])
    (root / 'list.json').write_text(json.dumps(content))
    for reader in (
        dict(type='PairedXMLDataset', ann_file='list.txt'),
        dict(type='PairedCocoDataset', ann_file='list.json'),
    ):
        report = check_layout(DATASETS.build({**config, **reader, 'lazy_init': True}))
        assert (report.pairs, report.boxes, report.problems) == (2, {'car': 2}, [])
        data = DATASETS.build({**config, **reader})
        for index in range(2):
            (box,) = data.get_data_info(index)['instances']
            assert box['bbox'] == [3 + index, 4, 39, 43]
    torch.manual_seed(0)
    fusion = dict(channels=4, local_grid=(2, 2), global_grid=(2, 2), global_widths=(4, 4, 4))
    model = MODELS.build(dict(type='MoEFusion', fusion=fusion))
    batch = model.data_preprocessor(pseudo_collate([data[0], data[1]]), training=True)
    losses = model(**batch, mode='loss')
    assert all(torch.isfinite(value).all() for value in losses.values())


def test_layout_is_fused_and_scored(data_set, load_tool, capsys):
    layout, root, ids, visible, infrared = data_set
    sources = [str(root / visible), str(root / infrared)]
    fused, out = str(root / 'fused'), str(root / 'scores')
    main = load_tool('fuse').main
    assert main([*sources, '--out-dir', fused, '--layout', layout], backend='torch') == 0
    assert (
        sorted(
            path.relative_to(fused).with_suffix('').as_posix()
            for path in root.glob('fused/**/*.png')
        )
        == ids
    )
    command = ['--visible', sources[0], '--infrared', sources[1], '--layout', layout]
    command += ['--fused', f'm={fused}', '--ann', str(root / 'A'), '--out-dir', out]
    assert load_tool('evaluate').main(command) == 0
    assert '2 images scored, 0 left out' in capsys.readouterr().out
