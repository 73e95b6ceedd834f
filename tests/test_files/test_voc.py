"""VOC files and boxes: what is read, clipped, dropped or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moefusion.files import AnnotationError, Findings, clean_box, read_voc, read_voc_annotation

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
        (BOMB.encode('utf-32'), 'document type'),
        (b'<annotation>\xff\xfe</annotation>', 'broken'),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', 'broken'),
        ('<annotation><size><width>inf</width></size></annotation>', 'broken'),
    ],
)
def test_broken_files_are_named(tmp_path, text, words):
    with pytest.raises(AnnotationError, match='a.xml') as caught:
        read(tmp_path, text)
    assert words in str(caught.value)


def wrapped(inside, root='annotation'):
    return f'<{root}>{inside}</{root.split()[0]}>'


CAR = f'<object><name>car</name>{BOX.format(1)}</object>'
FLAGGED = '<object><name>car</name><difficult>{}</difficult>' + BOX.format(1) + '</object>'


@pytest.mark.parametrize(
    'text',
    [
        wrapped(f'<objects><list>{CAR}</list></objects>'),
        wrapped(CAR, 'annotation xmlns="http://host/voc"'),
        wrapped(CAR.replace('object', 'Object').replace('xmin', 'XMIN')),
        wrapped(CAR, 'root'),
        '\ufeff' + wrapped(CAR),
        wrapped(CAR).encode('utf-16'),
        '<?xml version="1.0" encoding="utf-16"?>' + wrapped(CAR),
        ('<?xml version="1.0" encoding="gbk"?><!-- 街道 -->' + wrapped(CAR)).encode('gbk'),
        wrapped(CAR.replace('</name>', '</name><part><name>lamp</name></part>')),
    ],
)
def test_other_spellings_of_the_same_object(tmp_path, text):
    assert read(tmp_path, text) == (None, [('car', [0, 1, 4.5, 5], False)])


@pytest.mark.parametrize(
    ('word', 'difficult'),
    [
        ('true', True),
        ('Yes', True),
        ('1.0', True),
        ('Unspecified', False),
        ('', False),
        ('0', False),
    ],
)
def test_flags_in_words(tmp_path, word, difficult):
    assert read(tmp_path, wrapped(FLAGGED.format(word)))[1][0][2] is difficult


def test_a_polygon_gives_the_box_around_it(tmp_path):
    points = zip('1234', (5, 9, 7, 3), (2, 4, 8, 6))
    corners = ''.join(f'<x{i}>{x}</x{i}><y{i}>{y}</y{i}>' for i, x, y in points)
    text = wrapped(f'<object><name>van</name><polygon>{corners}</polygon></object>')
    assert read(tmp_path, text)[1] == [('van', [2, 1, 8, 7], False)]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (wrapped(CAR + FLAGGED.format('maybe')), "object 2, car: <difficult> 'maybe'"),
        (wrapped(CAR + FLAGGED.format('2')), "object 2, car: <difficult> '2'"),
        (wrapped(CAR.replace('5.5', '5,5')), "object 1, car: <xmax> '5,5' is no number"),
        (wrapped(CAR.replace('xmax', 'right')), 'object 1, car: no <xmax>'),
        (wrapped(CAR.replace('</bndbox>', f'</bndbox>{BOX.format(3)}')), 'several <bndbox>'),
        (wrapped('<size><width>wide</width></size>'), "<size>: <width> 'wide' is no number"),
        (wrapped('<size><width>9.5</width><height>8</height></size>'), '9.5 x 8'),
        ('<html><body/></html>', '<html> instead of <annotation>'),
        (wrapped('<object><name>car</name><polygon><x1>1</x1></polygon></object>'), '<polygon>'),
    ],
)
def test_the_element_at_fault_is_named(tmp_path, text, words):
    with pytest.raises(AnnotationError, match=r'a\.xml') as caught:
        read(tmp_path, text)
    assert words in str(caught.value)


leaf = st.text(st.sampled_from('19.-enax &;<>/é'), max_size=4)
tags = st.sampled_from(['object', 'name', 'bndbox', 'xmin', 'xmax', 'difficult', 'size', 'width'])
tree = st.recursive(
    leaf,
    lambda inner: st.builds(
        lambda tag, parts: f'<{tag}>{"".join(parts)}</{tag}>', tags, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(tree, st.sampled_from(['utf-8', 'utf-16', 'latin-1']))
def test_any_xml_is_read_or_refused_by_name(tmp_path_factory, text, encoding):
    """Fuzz: as many objects come back as there are, or the file is refused."""
    path = tmp_path_factory.mktemp('fuzz') / 'a.xml'
    path.write_bytes(wrapped(text).encode(encoding))
    try:
        assert len(read_voc(path)[1]) == text.count('<object>')
    except AnnotationError as error:
        assert str(path) in str(error)


word = st.sampled_from(['1', '7.5', '-3', '0', '', 'x', 'nan', '1e999', 'true', 'no'])
fields = st.tuples(st.sampled_from(['car', ' ', 'man']), word, word, word, word, word)


@given(st.lists(fields, max_size=4))
def test_read_dropped_and_refused_is_what_was_put_in(tmp_path_factory, objects):
    path = tmp_path_factory.mktemp('fuzz') / 'a.xml'
    body = ''.join(
        f'<object><name>{name}</name><difficult>{flag}</difficult><bndbox><xmin>{x1}</xmin>'
        f'<ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>'
        for name, flag, x1, y1, x2, y2 in objects
    )
    path.write_text(wrapped(body))
    findings = Findings()
    try:
        annotation = read_voc_annotation(path)
    except AnnotationError as error:
        assert 'object ' in str(error)
        return
    kept = annotation.usable(40, 30, findings).names
    assert len(annotation.names) == len(objects)
    assert len(kept) + sum(map(len, findings.defects.values())) == len(objects)


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


CAR = '<object><name>car</name>{}</object>'


def test_kaist_says_corner_and_size(tmp_path):
    box = '<bndbox><x>10</x><y>20</y><w>30</w><h>40.5</h></bndbox>'
    _, objects = read(tmp_path, f'<annotation>{CAR.format(box)}</annotation>')
    assert objects == [('car', [9, 19, 39, 59.5], False)]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (f'<objects><item><name>car</name>{BOX.format(1)}</item></objects>', '1 <bndbox> outside'),
        (CAR.format(f'<name>bus</name>{BOX.format(1)}'), 'several <name>, car and bus'),
        (CAR.format(BOX.format('1</xmin><xmin>3')), 'several <xmin>, 1 and 3'),
        (CAR.format(BOX.format('1_0')), "<xmin> '1_0' is no number"),
        (2 * f'<annotation>{CAR.format(BOX.format(1))}</annotation>', '3 <annotation>'),
        (2 * '<filename>a.png</filename>', '2 <filename>, but one file is about one image'),
        (2 * '<size><width>9</width><height>8</height></size>', '2 <size>'),
        (
            CAR.format(f'<difficult>0</difficult><difficult>1</difficult>{BOX.format(1)}'),
            'several <difficult>',
        ),
    ],
)
def test_what_would_be_lost_is_refused(tmp_path, text, words):
    with pytest.raises(AnnotationError, match=rf'a\.xml: .*{words}'):
        read(tmp_path, f'<annotation>{text}</annotation>')


def test_a_part_inside_an_object_is_none(tmp_path):
    part = f'<part><name>head</name>{BOX.format(3)}</part>'
    _, objects = read(tmp_path, f'<annotation>{CAR.format(BOX.format(1) + part)}</annotation>')
    assert objects == [('car', [0, 1, 4.5, 5], False)]
