"""What the readers refuse, with file and cure: files, splits, annotations, classes."""

import json

import numpy as np
import pytest

from moefusion.datasets.coco import PairedCocoDataset
from moefusion.datasets.paired import PairedXMLDataset
from moefusion.datasets.published import M3FDDataset
from moefusion.files import AnnotationError, PairError, write_image

CAR = ('Car', 5, 6, 25, 20)


def test_two_files_for_one_image_are_refused_and_hidden_files_skipped(m3fd):
    m3fd.pair('a')
    (m3fd.root / 'Vis' / '._a.png').touch()
    (m3fd.root / 'Vis' / 'Thumbs.db').touch()
    assert len(M3FDDataset(data_root=str(m3fd.root))) == 1
    (m3fd.root / 'Vis' / 'a.jpg').touch()
    with pytest.raises(PairError, match=r'a\.jpg and .*a\.png are of one pair'):
        M3FDDataset(data_root=str(m3fd.root))


@pytest.mark.parametrize(('folder', 'name'), [('Vis', 'visible'), ('Ir', 'infrared')])
def test_without_a_split_either_partner_may_be_missed(m3fd, folder, name):
    m3fd.pair('a').pair('b')
    (m3fd.root / folder / 'b.png').unlink()
    with pytest.raises(PairError, match=f'no {name} file for pair b'):
        M3FDDataset(data_root=str(m3fd.root))


def test_broken_annotation_is_refused(m3fd):
    m3fd.pair('a', CAR).pair('b', CAR)
    m3fd.xml('b', '<annotation>')
    with pytest.raises(AnnotationError, match=r'b\.xml: broken'):
        M3FDDataset(data_root=str(m3fd.root))


@pytest.mark.parametrize('folder', ['Vis', 'Ir', 'Annotation'])
def test_missing_files_are_named(m3fd, folder):
    m3fd.pair('a', CAR).pair('b', CAR)
    m3fd.split('train', 'a', 'b')
    next((m3fd.root / folder).glob('b.*')).unlink()
    with pytest.raises(PairError, match=rf'1 files are missing.*{folder}/b\.\*.*check_dataset'):
        M3FDDataset(data_root=str(m3fd.root), ann_file='train.txt')


def test_missing_split_folder_or_pairs(m3fd):
    root = str(m3fd.root)
    with pytest.raises(PairError, match=r'train\.txt: cannot read the split file.*--make-split'):
        M3FDDataset(data_root=root, ann_file='train.txt')
    with pytest.raises(PairError, match=r'nowhere/Vis: cannot read the folder.*data_root'):
        M3FDDataset(data_root=f'{root}/nowhere')
    with pytest.raises(PairError, match='no pairs'):
        M3FDDataset(data_root=root)
    with pytest.raises(ValueError, match='metainfo'):
        PairedXMLDataset(data_root=root)


def test_coco_errors_name_the_file(coco, m3fd):
    with pytest.raises(AnnotationError, match=r"train\.json.*no categories \['Dog'\].*People"):
        coco(classes=('Car', 'Dog'))
    with pytest.raises(PairError, match='no pairs after'):
        coco(filter_cfg=dict(min_size=99))
    for text, words in (('{', 'train.json'), ('{"images": [{"id": 1}]}', "no key 'categories'")):
        (m3fd.root / 'train.json').write_text(text)
        with pytest.raises(AnnotationError, match=words):
            PairedCocoDataset(
                data_root=str(m3fd.root), ann_file='train.json', metainfo=dict(classes=('Car',))
            )
    with pytest.raises(AnnotationError, match=r'none\.json: cannot be read'):
        PairedCocoDataset(data_root=str(m3fd.root), ann_file='none.json')


@pytest.mark.parametrize('classes', ['People', ('Car', 'Car'), ('Car', 7)])
def test_classes_that_are_no_tuple_of_different_names_are_refused_at_once(m3fd, classes):
    for reader in (M3FDDataset, PairedCocoDataset):
        with pytest.raises(ValueError, match=r'metainfo\.classes'):
            reader(data_root=str(m3fd.root), metainfo=dict(classes=classes), lazy_init=True)


def test_boxes_of_another_size_are_refused_at_the_start(m3fd):
    m3fd.pair('a', CAR)
    size = '<size><width>80</width><height>60</height></size>'
    m3fd.xml('a', f'<annotation>{size}</annotation>')
    with pytest.raises(
        AnnotationError, match=r'a\.png is 40 x 30, but its annotation says 80 x 60'
    ):
        M3FDDataset(data_root=str(m3fd.root))
    coco = dict(
        images=[dict(id=0, file_name='a.png', width=30, height=40)],
        annotations=[],
        categories=[dict(id=1, name='Car')],
    )
    (m3fd.root / 'a.json').write_text(json.dumps(coco))
    with pytest.raises(AnnotationError, match=r'a\.png is 40 x 30, but .* says 30 x 40'):
        PairedCocoDataset(data_root=str(m3fd.root), ann_file='a.json')


def test_images_of_two_sizes_are_refused_at_the_start(m3fd):
    m3fd.pair('a', CAR)
    (m3fd.root / 'Ir' / 'a.png').unlink()
    write_image(m3fd.root / 'Ir' / 'a.bmp', np.zeros((30, 41), np.uint8))
    with pytest.raises(PairError, match=r'a\.png is 40 x 30 but .*a\.bmp is 41 x 30'):
        M3FDDataset(data_root=str(m3fd.root))


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(metainfo=dict(CLASSES=('Car',))), r'metainfo\.CLASSES is not read\. Write classes'),
        (dict(metainfo=dict(classes={'Car', 'People'})), 'must be a tuple, since .* is a set'),
        (dict(metainfo=dict(classes=[['Car', 'People']])), 'must be different names'),
        (dict(metainfo=('Car',)), 'metainfo must be a dict'),
        (dict(ignore_classes='Lamp'), "ignore_classes is the string 'Lamp'"),
        (dict(ignore_classes=['Lamp']), r'Lamp is in ignore_classes and in metainfo\.classes'),
    ],
)
def test_classes_that_would_be_read_as_others_are_refused(m3fd, change, words):
    m3fd.pair('a', CAR)
    with pytest.raises(ValueError, match=words):
        M3FDDataset(data_root=str(m3fd.root), lazy_init=True, **change)


def test_every_class_has_a_colour(m3fd):
    """MMDetection's visualiser stops at the first box without."""
    m3fd.pair('a', CAR)
    many = tuple(f'class {number}' for number in range(7)) + CAR[:1]
    options = dict(data_root=str(m3fd.root), lazy_init=True)
    assert M3FDDataset(metainfo=dict(classes=many), **options).metainfo['palette'] == 'random'
    assert len(M3FDDataset(metainfo=dict(classes=CAR[:1]), **options).metainfo['palette']) == 6
    few = dict(classes=many, palette=[(0, 0, 0)])
    with pytest.raises(ValueError, match='palette has 1 colours for 8 classes'):
        M3FDDataset(metainfo=few, **options)


def test_classes_that_are_none_are_missing_ones(m3fd):
    m3fd.pair('a', CAR)
    with pytest.raises(ValueError, match=r'needs metainfo=dict\(classes'):
        M3FDDataset(data_root=str(m3fd.root), metainfo=dict(classes=None))


def test_annotations_of_both_images_of_a_pair_are_refused(m3fd):
    m3fd.pair('a', CAR)
    images = [dict(id=i, file_name=name) for i, name in enumerate(('a_RGB.png', 'a_IR.png'))]
    for folder, end in (('Vis', 'RGB'), ('Ir', 'IR')):
        (m3fd.root / folder / 'a.png').rename(m3fd.root / folder / f'a_{end}.png')
    content = dict(images=images, annotations=[], categories=[dict(id=1, name='Car')])
    (m3fd.root / 'a.json').write_text(json.dumps(content))
    kwargs = dict(data_root=str(m3fd.root), ann_file='a.json')
    kwargs |= dict(visible_suffix='_RGB', infrared_suffix='_IR')
    with pytest.raises(PairError, match=r'a: annotations of a_RGB\.png and a_IR\.png: which one'):
        PairedCocoDataset(**kwargs)
    assert len(PairedCocoDataset(labelled=False, **kwargs)) == 1


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(data_prefix=dict(vis='rgb', ir='thermal')), 'the folders vis, ir are not read'),
        (dict(data_prefix=dict(img='Vis', ann='xml')), 'the folders ann are not read'),
        (dict(data_prefix='Vis'), "data_prefix is 'Vis', which names no folders"),
        (dict(ann_subdir='xml'), 'the folders ann_subdir are not read'),
    ],
)
def test_folders_that_would_not_be_read_are_refused(m3fd, arguments, words):
    m3fd.pair('a', CAR)
    with pytest.raises(ValueError, match=words + '.*visible, infrared, annotation'):
        M3FDDataset(data_root=str(m3fd.root), **arguments)
