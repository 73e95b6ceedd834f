"""The readers: published layouts, splits, classes, filters, boxes."""

import json
import shutil

import pytest

from moefusion.datasets.coco import PairedCocoDataset
from moefusion.datasets.paired import PairedXMLDataset
from moefusion.datasets.published import FLIRAlignedDataset, LLVIPDataset, M3FDDataset
from moefusion.files import AnnotationError, PairError

CAR, MAN = ('Car', 5, 6, 25, 20), ('People', 1, 1, 10, 25)


def boxes(dataset, index=0):
    names = dataset.metainfo['classes']
    instances = dataset.get_data_info(index)['instances']
    return [(names[i['bbox_label']], i['bbox'], i['ignore_flag']) for i in instances]


def test_m3fd_entries(m3fd):
    m3fd.pair('00001', CAR, MAN).pair('00002').pair('00003', (*CAR, 1), size=(17, 23))
    m3fd.split('train', '00003', '00001')
    dataset = M3FDDataset(data_root=str(m3fd.root), ann_file='train.txt')
    assert [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))] == ['00003', '00001']
    info = dataset.get_data_info(1)
    assert info['img_path'] == str(m3fd.root / 'Vis' / '00001.png')
    assert info['infrared_path'] == str(m3fd.root / 'Ir' / '00001.png')
    assert (info['width'], info['height']) == (40, 30)
    assert boxes(dataset, 1) == [('Car', [4, 5, 24, 19], 0), ('People', [0, 0, 9, 24], 0)]
    # clipped to 17 x 23, and difficult
    assert boxes(dataset, 0) == [('Car', [4, 5, 17, 19], 1)]


def test_without_a_split_file_every_pair_counts(m3fd):
    m3fd.pair('b', MAN).pair('a', CAR, xml_size=False)
    dataset = M3FDDataset(data_root=str(m3fd.root))
    assert [dataset.get_data_info(i)['img_id'] for i in range(2)] == ['a', 'b']
    assert dataset.get_data_info(0)['width'] == 40  # from the image, the XML does not say


def test_split_lines_may_carry_a_suffix_and_a_byte_order_mark(m3fd):
    m3fd.pair('a.1').pair('b')
    (m3fd.root / 'train.txt').write_bytes(b'\xef\xbb\xbfa.1\r\n\r\nb.PNG\r\n')
    dataset = M3FDDataset(data_root=str(m3fd.root), ann_file='train.txt')
    assert [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))] == ['a.1', 'b']


def test_unlabelled_pairs_need_no_annotations(m3fd):
    m3fd.pair('a')
    shutil.rmtree(m3fd.root / 'Annotation')
    dataset = PairedXMLDataset(data_root=str(m3fd.root), labelled=False)
    assert dataset.get_data_info(0)['instances'] == []


def test_subset_of_classes_and_filters(m3fd):
    m3fd.pair('a', CAR, MAN).pair('b', CAR).pair('c', size=(8, 8))
    kwargs = dict(data_root=str(m3fd.root), metainfo=dict(classes=('People',)))
    assert boxes(M3FDDataset(**kwargs)) == [('People', [0, 0, 9, 24], 0)]
    assert len(M3FDDataset(**kwargs)) == 3
    assert len(M3FDDataset(**kwargs, filter_cfg=dict(filter_empty_gt=True))) == 1
    assert len(M3FDDataset(**kwargs, filter_cfg=dict(min_size=10))) == 2
    small = M3FDDataset(**kwargs, filter_cfg=dict(bbox_min_size=10))
    assert boxes(small) == [('People', [0, 0, 9, 24], 1)]
    with pytest.raises(PairError, match='no pairs after filter_cfg'):
        M3FDDataset(**kwargs, filter_cfg=dict(min_size=100))


def test_pairs_that_a_filter_leaves_out_are_counted(m3fd, said):
    m3fd.pair('a', CAR).pair('b').pair('c')
    M3FDDataset(data_root=str(m3fd.root), filter_cfg=dict(filter_empty_gt=True))
    assert said == ["M3FDDataset: 2 pairs left out by filter_cfg={'filter_empty_gt': True}"]


def test_unknown_class_is_refused_and_stray_class_counted(m3fd, said):
    m3fd.pair('a', ('Dog', 1, 1, 9, 9), CAR).pair('b', ('Dog', 1, 1, 9, 9))
    with pytest.raises(AnnotationError, match=r"a\.xml: unknown class 'Dog'.*ignore_classes"):
        M3FDDataset(data_root=str(m3fd.root))
    dataset = M3FDDataset(data_root=str(m3fd.root), ignore_classes=['Dog'])
    assert boxes(dataset) == [('Car', [4, 5, 24, 19], 0)]
    assert len(said) == 1 and 'M3FDDataset: 2 x box of the left-out class Dog' in said[0]


def test_bad_boxes_are_dropped_with_one_warning(m3fd, said):
    m3fd.pair('a', ('Car', 20, 6, 5, 20), ('Car', 50, 6, 60, 20), CAR)
    m3fd.pair('b', ('Car', 30, 6, 60, 20), ('Car', 20, 6, 5, 20))
    dataset = M3FDDataset(data_root=str(m3fd.root))
    assert boxes(dataset, 0) == [('Car', [4, 5, 24, 19], 0)]
    assert boxes(dataset, 1) == [('Car', [29, 5, 40, 19], 0)]
    path = m3fd.root / 'Annotation'
    assert said == [
        f'M3FDDataset: 2 x box inverted, dropped: {path / "a.xml"}, {path / "b.xml"}',
        f'M3FDDataset: 1 x box outside the image, dropped: {path / "a.xml"}',
        f'M3FDDataset: 1 x box partly outside the image, clipped: {path / "b.xml"}',
    ]


def test_lazy_init_opens_nothing(m3fd):
    M3FDDataset(data_root=str(m3fd.root / 'nowhere'), lazy_init=True)


def test_flir_aligned_layout(m3fd):
    stray = ('dog', 1, 1, 9, 9)
    m3fd.pair('FLIR_00002', ('car', 5, 6, 25, 20), stray).pair('FLIR_00010', ('person', 1, 1, 9, 9))
    root = m3fd.root / 'align'
    (root / 'JPEGImages').mkdir(parents=True)
    (root / 'Annotations').mkdir()
    for name in ('FLIR_00002', 'FLIR_00010'):
        images = root / 'JPEGImages'
        (m3fd.root / 'Vis' / f'{name}.png').rename(images / f'{name}_RGB.jpg')
        (m3fd.root / 'Ir' / f'{name}.png').rename(images / f'{name}_PreviewData.jpeg')
        xml = m3fd.root / 'Annotation' / f'{name}.xml'
        xml.rename(root / 'Annotations' / f'{name}_PreviewData.xml')
    (root / 'align_train.txt').write_text('FLIR_00002_PreviewData\n')
    (root / 'align_validation.txt').write_text('FLIR_00010\n')
    train = FLIRAlignedDataset(data_root=str(root), ann_file='align_train.txt')
    assert len(train) == 1 and boxes(train) == [('car', [4, 5, 24, 19], 0)]
    assert train.get_data_info(0)['infrared_path'].endswith('FLIR_00002_PreviewData.jpeg')
    test = FLIRAlignedDataset(data_root=str(root), ann_file='align_validation.txt')
    assert test.get_data_info(0)['img_path'].endswith('FLIR_00010_RGB.jpg')
    everything = FLIRAlignedDataset(data_root=str(root))
    assert [everything.get_data_info(i)['img_id'] for i in range(2)] == ['FLIR_00002', 'FLIR_00010']


def test_llvip_layout(m3fd):
    m3fd.pair('010001', ('person', 1, 1, 9, 9)).pair('190001', ('person', 2, 2, 9, 9))
    for split, name in (('train', '010001'), ('test', '190001')):
        for old, new in (('Vis', 'visible'), ('Ir', 'infrared')):
            (m3fd.root / new / split).mkdir(parents=True)
            (m3fd.root / old / f'{name}.png').rename(m3fd.root / new / split / f'{name}.jpg')
    (m3fd.root / 'Annotation').rename(m3fd.root / 'Annotations')
    for split, expected in (('train', [0, 0, 8, 8]), ('test', [1, 1, 8, 8])):
        dataset = LLVIPDataset(data_root=str(m3fd.root), split=split)
        assert len(dataset) == 1 and boxes(dataset) == [('person', expected, 0)]
    with pytest.raises(ValueError, match='val'):
        LLVIPDataset(data_root=str(m3fd.root), split='val')


def test_coco_labels_follow_the_order_of_the_classes(coco):
    dataset = coco((5, [4, 5, 20, 14]), (3, [0, 0, 9, 24]), (9, [0, 0, 9, 9]))
    assert boxes(dataset) == [('Car', [4, 5, 24, 19], 0), ('People', [0, 0, 9, 24], 0)]
    info = dataset.get_data_info(0)
    assert info['img_path'].endswith('Vis/a.png') and info['infrared_path'].endswith('Ir/a.png')


def test_coco_clips_and_drops(coco):
    dataset = coco((5, [30, 5, 20, 14]), (5, [50, 5, 9, 9]), (5, [5, 5, -3, 9]))
    assert boxes(dataset) == [('Car', [30, 5, 40, 19], 0)]


def test_coco_suffixes(coco, m3fd):
    kwargs = dict(name='a_RGB.jpg', infrared_suffix='_PreviewData.jpeg', lazy_init=True)
    dataset = coco(visible_suffix='_RGB.jpg', **kwargs)
    for folder, name in (('Vis', 'a_RGB.jpg'), ('Ir', 'a_PreviewData.jpeg')):
        (m3fd.root / folder / 'a.png').rename(m3fd.root / folder / name)
    dataset.full_init()
    assert dataset.get_data_info(0)['infrared_path'].endswith('Ir/a_PreviewData.jpeg')
    for folder in ('Vis', 'Ir'):
        (m3fd.root / folder / 'a.png').unlink(missing_ok=True)
    dataset = coco(visible_suffix='_VIS.jpg', **kwargs)
    with pytest.raises(PairError, match=r'Ir/a_RGB_PreviewData\.\*: no infrared file'):
        dataset.full_init()


@pytest.mark.parametrize(
    ('split', 'pairs', 'counts'), [('train', 150, (232, 27, 589)), ('test', 54, (193, 15, 221))]
)
def test_roadscene_counts_both_ways(shared, split, pairs, counts):
    root, classes = str(shared / 'data' / 'roadscene'), ('person', 'bicycle', 'car')
    kwargs = dict(data_root=root, metainfo=dict(classes=classes))
    xml = M3FDDataset(ann_file=f'{split}.txt', **kwargs)
    coco = PairedCocoDataset(ann_file=f'{split}.json', **kwargs)
    for dataset in (xml, coco):
        labels = [label for i in range(len(dataset)) for label in dataset.get_cat_ids(i)]
        assert len(dataset) == pairs and tuple(map(labels.count, range(3))) == counts


def test_coco_palette_moves_with_the_classes(coco):
    palette = [(1, 1, 1), (2, 2, 2)]
    dataset = coco((5, [4, 5, 20, 14]), metainfo=dict(classes=('Car', 'People'), palette=palette))
    assert dataset.metainfo['classes'] == ('People', 'Car')
    assert dataset.metainfo['palette'] == [(2, 2, 2), (1, 1, 1)]


@pytest.mark.parametrize('kind', ['xml', 'coco'])
def test_one_modality_and_pairs_without_labels(m3fd, coco, kind):
    kwargs = dict(data_root=str(m3fd.root))
    coco((5, [4, 5, 20, 14]))
    reader = M3FDDataset if kind == 'xml' else PairedCocoDataset
    kwargs.update(ann_file='train.json' if kind == 'coco' else '')
    heat = reader(modality='infrared', labelled=False, **kwargs).get_data_info(0)
    assert heat['img_path'].endswith('Ir/a.png') and 'infrared_path' not in heat
    assert heat['instances'] == [] and heat['width'] == 40
    with pytest.raises(ValueError, match="modality must be one of .*'both'"):
        reader(modality='both', **kwargs)


def test_equal_base_names_in_folders_keep_their_own_boxes(m3fd):
    for folder in ('Vis/x', 'Vis/y', 'Ir/x', 'Ir/y', 'Annotation/x', 'Annotation/y'):
        (m3fd.root / folder).mkdir()
    m3fd.pair('x/a', CAR).pair('y/a', MAN)
    m3fd.split('train', 'y/a.png', './x/a')
    dataset = M3FDDataset(data_root=str(m3fd.root), ann_file='train.txt', recursive=True)
    assert [boxes(dataset, i)[0][0] for i in range(2)] == ['People', 'Car']


def test_a_pair_listed_twice_is_said(m3fd, said):
    m3fd.pair('a', CAR).pair('b', CAR)
    m3fd.split('train', 'a', 'b', 'a.png')
    assert len(M3FDDataset(data_root=str(m3fd.root), ann_file='train.txt')) == 3
    assert said == ['M3FDDataset: 1 x pair listed more than once, read as often: a']


def test_names_and_annotations_without_the_folder_of_the_images(m3fd):
    """LLVIP in one: ids with a folder, XML files and names in a json without."""
    for folder in ('Vis/train', 'Ir/train', 'Annotation/train'):
        (m3fd.root / folder).mkdir()
    m3fd.pair('train/a', CAR)
    (m3fd.root / 'Annotation' / 'train' / 'a.xml').rename(m3fd.root / 'Annotation' / 'a.xml')
    kwargs = dict(data_root=str(m3fd.root), recursive=True)
    assert boxes(M3FDDataset(**kwargs))[0][0] == 'Car'
    content = dict(
        images=[dict(id=3, file_name='a.png', width=40, height=30)],
        annotations=[dict(id=1, image_id=3, category_id=1, bbox=[4, 5, 20, 14], area=280)],
        categories=[dict(id=1, name='Car')],
    )
    (m3fd.root / 'a.json').write_text(json.dumps(content))
    assert boxes(PairedCocoDataset(ann_file='a.json', **kwargs))[0][0] == 'Car'
