"""VOC files and boxes: what is read, clipped, dropped or refused."""

import pytest

from moefusion.files import AnnotationError, Findings, clean_box, read_voc

BOX = '<bndbox><xmin>{}</xmin><ymin>2</ymin><xmax>5.5</xmax><ymax>6</ymax></bndbox>'


def read(tmp_path, text):
    path = tmp_path / 'a.xml'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_voc(path)


def test_coordinates_become_zero_based_and_stay_fractional(tmp_path):
    size, objects = read(
        tmp_path,
        '<?xml version="1.0" encoding="utf-8"?><annotation><size><width>9</width><height>8</height>'
        f'</size><object><name> car </name><difficult>1</difficult>{BOX.format(1)}</object>'
        f'<object><name>bus</name>{BOX.format(1.25)}</object></annotation>',
    )
    assert size == (9, 8)
    assert objects == [('car', [0, 1, 4.5, 5], True), ('bus', [0.25, 1, 4.5, 5], False)]


@pytest.mark.parametrize('size', ['', '<size><width>0</width><height>0</height></size>', '<size/>'])
def test_missing_or_zero_size_is_none(tmp_path, size):
    assert read(tmp_path, f'<annotation>{size}</annotation>') == (None, [])


BOMB = (
    '<!DOCTYPE a [<!ENTITY x "0123456789">'
    + ''.join(f'<!ENTITY x{i} "{"&x" + str(i - 1 or "") + ";"}{"&x;" * 9}">' for i in range(1, 20))
    + ']><annotation><folder>&x19;</folder></annotation>'
)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('', 'broken'),
        ('<annotation><object>', 'broken'),
        ('<annotation><object/></annotation>', 'without a name'),
        ('<annotation><object><name>car</name></object></annotation>', 'four coordinates'),
        (f'<annotation><object><name>car</name>{BOX.format("x")}</object></annotation>', "'x'"),
        (f'<annotation><object><name>car</name>{BOX.format("nan")}</object></annotation>', 'nan'),
        (f'<annotation><object><name>car</name>{BOX.format("")}</object></annotation>', 'broken'),
        ('<!DOCTYPE annotation SYSTEM "file:///etc/passwd"><annotation/>', 'document type'),
        (BOMB, 'document type'),
        (BOMB.encode('utf-16'), 'document type'),
        (b'<annotation>\xff\xfe</annotation>', 'broken'),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', 'broken'),
        ('<annotation><size><width>inf</width></size></annotation>', 'broken'),
    ],
)
def test_broken_files_are_named(tmp_path, text, words):
    with pytest.raises(AnnotationError, match='a.xml') as caught:
        read(tmp_path, text)
    assert words in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(AnnotationError, match=r'a\.xml: cannot be read.*labelled=False'):
        read_voc(tmp_path / 'a.xml')


@pytest.mark.parametrize(
    ('box', 'expected', 'wrong'),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], None),
        ([0, 0, 40, 30], [0, 0, 40, 30], None),
        ([-1, -1, 41, 31], [0, 0, 40, 30], None),  # a pixel of rounding
        ([-9, 2, 6, 8], [0, 2, 6, 8], 'partly outside the image'),
        ([30, 20, 60, 28], [30, 20, 40, 28], 'partly outside the image'),
        ([-9, 2, 0, 8], None, 'outside the image'),
        ([40, 2, 50, 8], None, 'outside the image'),
        ([2, 30, 9, 35], None, 'outside the image'),
        ([9, 2, 3, 8], None, 'inverted'),
        ([3, 8, 9, 2], None, 'inverted'),
        ([3, 2, 3, 8], None, 'thinner than a pixel'),
        ([39.5, 2, 50, 8], None, 'thinner than a pixel'),
    ],
)
def test_boxes_against_a_40_x_30_image(box, expected, wrong):
    assert clean_box(box, 40, 30) == (expected, wrong)


def test_findings_count_and_keep_the_first_places():
    findings = Findings(keep=2)
    for place in 'abc':
        assert findings.usable([9, 2, 3, 8], 40, 30, place) is None
    assert findings.usable([-9, 2, 6, 8], 40, 30, 'd') == [0, 2, 6, 8]
    assert findings.lines(findings.defects) == ['3 x box inverted, dropped: a, b, ...']
    assert findings.lines(findings.notes) == ['1 x box partly outside the image, clipped: d']
