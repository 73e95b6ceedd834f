"""Boxes of a test set: what is refused."""

import json

import pytest

from moefusion.files import AnnotationError, bare_stem, read_annotations


@pytest.mark.parametrize(
    'content',
    [
        '{',
        '[]',
        json.dumps(dict(images=[], categories=[])),
        json.dumps(
            dict(
                images=[],
                categories=[],
                annotations=[dict(bbox=[1, 2, 3, 4], image_id=9, category_id=1)],
            )
        ),
    ],
)
def test_broken_json(tmp_path, content):
    file = tmp_path / 'boxes.json'
    file.write_text(content)
    with pytest.raises(AnnotationError, match='boxes.json'):
        read_annotations(file, 'a')


def test_neither_json_nor_folder_of_xml(tmp_path):
    for path in (tmp_path, tmp_path / 'none.json', tmp_path / 'none'):
        with pytest.raises(AnnotationError):
            read_annotations(path, 'a')


def test_ends_that_are_no_part_of_the_name():
    ends = ['_RGB', '_PreviewData']
    assert [bare_stem(f'FLIR_1{end}.jpg', ends) for end in ('_RGB', '_PreviewData', '')] == [
        'FLIR_1'
    ] * 3


def test_xml_files_of_one_folder_for_images_in_several(tmp_path):
    """LLVIP: visible/train/010001.jpg and Annotations/010001.xml."""
    for name in ('010001', '190001'):
        (tmp_path / f'{name}.xml').write_text(
            f'<annotation><size><width>{int(name)}</width><height>9</height></size></annotation>'
        )
    found, problems = read_annotations(tmp_path, ['train/010001', 'test/190001', 'test/2'])
    assert {stem: each.size[0] for stem, each in found.items()} == {
        'train/010001': 10001,
        'test/190001': 190001,
    }
    assert problems == {'test/2': 'no annotation'}
