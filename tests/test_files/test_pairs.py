"""find_pairs: files of two folders by name, and those without a partner."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moefusion.files import (
    LAYOUTS,
    Naming,
    PairError,
    bare_stem,
    find_pairs,
    fit_naming,
    write_image,
)
from moefusion.files.naming import choose_naming


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        write_image(folder / name, np.zeros((4, 6, 3), np.uint8))
    return folder


def test_pairs_by_name_without_extension(tmp_path):
    vis = write(tmp_path / 'v', 'b.png', 'a.png', 'A.jpg', 'x.y.bmp')
    ir = write(tmp_path / 'i', 'a.bmp', 'b.png', 'A.png', 'x.y.png')
    (vis / 'c.png').mkdir()  # a folder is no image
    pairs, problems = find_pairs(vis, ir)
    assert not problems
    assert pairs == {
        'A': (vis / 'A.jpg', ir / 'A.png'),
        'a': (vis / 'a.png', ir / 'a.bmp'),
        'b': (vis / 'b.png', ir / 'b.png'),
        'x.y': (vis / 'x.y.bmp', ir / 'x.y.png'),
    }
    assert list(pairs) == ['A', 'a', 'b', 'x.y']


def test_missing_partners_of_both_kinds(tmp_path):
    vis, ir = write(tmp_path / 'v', 'a.png', 'b.png'), write(tmp_path / 'i', 'b.png', 'c.png')
    pairs, problems = find_pairs(vis, ir)
    assert list(pairs) == ['b'] and list(problems) == ['a', 'c']
    assert str(vis / 'a.png') in problems['a'] and str(ir) in problems['a']
    assert str(ir / 'c.png') in problems['c'] and str(vis) in problems['c']


def test_named_pairs_alone(tmp_path):
    vis, ir = (
        write(tmp_path / 'v', 'a.png', 'b.png', 'c.png'),
        write(tmp_path / 'i', 'a.png', 'b.png'),
    )
    pairs, problems = find_pairs(vis, ir, ['d', 'b'])
    assert list(pairs) == ['b'] and list(problems) == ['d']
    assert 'no image d.*' in problems['d']


def names_of(pairs):
    return {key: tuple(path.name for path in pair) for key, pair in pairs.items()}


def test_a_list_does_not_go_with_two_files(tmp_path):
    vis, ir = write(tmp_path / 'v', 'a.png'), write(tmp_path / 'i', 'a.png')
    with pytest.raises(ValueError, match='a list chooses images of folders, but .*a.png is a file'):
        find_pairs(vis / 'a.png', ir / 'a.png', ['b'])


@pytest.mark.parametrize('layout', ['', 'flir'])
def test_one_folder_of_a_published_layout(tmp_path, layout):
    folder = write(tmp_path / 'J', 'F1_RGB.png', 'F1_PreviewData.png', 'F2_RGB.png')
    pairs, problems = find_pairs(folder, folder, naming=LAYOUTS.get(layout, Naming()))
    assert names_of(pairs) == {'F1': ('F1_RGB.png', 'F1_PreviewData.png')}
    assert list(problems) == ['F2'] and 'no partner F2_PreviewData.* in' in problems['F2']
    named = find_pairs(folder, folder, ['F1_PreviewData.jpeg'])[0]
    assert list(named) == ['F1']


def test_a_naming_that_fits_is_not_fitted_again(tmp_path, monkeypatch):
    folder = write(tmp_path / 'J', 'F1_RGB.png', 'F1_PreviewData.png')
    naming = fit_naming(folder, folder)
    assert naming == LAYOUTS['flir']
    monkeypatch.setattr('moefusion.files.pairs.list_folder', pytest.fail)
    assert fit_naming(folder, folder, naming) is naming


def test_what_is_given_goes_before_the_layouts_own():
    assert choose_naming() == Naming()
    assert choose_naming('kaist') == LAYOUTS['kaist']
    assert choose_naming('flir', infrared='') == Naming('_RGB', '')
    assert choose_naming('kaist', 'rgb/', recursive=False) == Naming('rgb/', 'lwir/')
    with pytest.raises(ValueError, match="layout must be one of flir, .*, but is 'FLIR'"):
        choose_naming('FLIR')


def test_one_folder_whose_visible_files_have_no_end(tmp_path):
    folder = write(tmp_path / 'J', '00001.png', '00001_tir.png', '00002.png', '00002_tir.png')
    pairs, problems = find_pairs(folder, folder)
    assert not problems
    assert names_of(pairs)['00002'] == ('00002.png', '00002_tir.png') and len(pairs) == 2


def test_folders_on_the_way(tmp_path):
    for place in ('set00/V000/visible', 'set00/V000/lwir', 'set01/V000/visible', 'set01/V000/lwir'):
        (tmp_path / place).mkdir(parents=True)
        write(tmp_path / place, 'I00001.png')
    pairs, problems = find_pairs(tmp_path, tmp_path)
    assert list(pairs) == ['set00/V000/I00001', 'set01/V000/I00001'] and not problems
    visible, infrared = pairs['set01/V000/I00001']
    assert visible == tmp_path / 'set01/V000/visible/I00001.png'
    assert infrared == tmp_path / 'set01/V000/lwir/I00001.png'
    assert list(find_pairs(tmp_path, tmp_path, ['set00/V000/I00001'])[0]) == ['set00/V000/I00001']


def test_equal_names_in_folders_inside(tmp_path):
    for side in 'vi':
        for split in ('train', 'test'):
            (tmp_path / side / split).mkdir(parents=True)
            write(tmp_path / side / split, '1.png')
    with pytest.raises(FileNotFoundError, match='--recursive'):
        find_pairs(tmp_path / 'v', tmp_path / 'i')
    pairs, problems = find_pairs(tmp_path / 'v', tmp_path / 'i', naming=Naming(recursive=True))
    assert list(pairs) == ['test/1', 'train/1'] and not problems


def test_an_image_is_never_its_own_partner(tmp_path):
    vis = write(tmp_path / 'v', 'a.png', 'b.png')
    with pytest.raises(PairError, match='both images of a pair.*--visible-suffix'):
        find_pairs(vis, vis)
    with pytest.raises(PairError, match=r'a\.png would be its own partner'):
        find_pairs(vis / 'a.png', vis / 'a.png')
    ir = write(tmp_path / 'i', 'a.png')
    (ir / 'b.png').symlink_to(vis / 'b.png')
    pairs, problems = find_pairs(vis, ir)
    assert list(pairs) == ['a'] and 'its own partner' in problems['b']


def test_an_ambiguous_name_and_one_without_the_end_are_refused(tmp_path):
    vis = write(tmp_path / 'v', 'a_RGB.png', 'a_RGB.bmp', 'b.png', 'c_RGB.png')
    ir = write(tmp_path / 'i', 'a.png', 'b.png', 'c.png')
    pairs, problems = find_pairs(vis, ir, naming=Naming('_RGB.png'))
    assert names_of(pairs) == {'c': ('c_RGB.png', 'c.png')}
    assert 'would both become a.png' in problems['a']
    assert 'has no partner b_RGB.* in' in problems['b']
    assert 'none of the ends' in problems[str(vis / 'b.png')]


@given(
    st.sets(
        st.tuples(
            st.sampled_from('vi'),
            st.sampled_from(['a', 'b', 'c_RGB', 'c_IR', 's/a']),
            st.sampled_from(['.png', '.jpg']),
        ),
        min_size=1,
    ),
    st.sampled_from([*LAYOUTS.values(), Naming('_RGB', '_IR', recursive=True)]),
)
def test_every_file_is_in_a_pair_or_named(tmp_path_factory, files, naming):
    """Fuzz: each file that is listed is paired or part of what is named."""
    root = tmp_path_factory.mktemp('fuzz')
    for side in 'vi':
        (root / side / 's').mkdir(parents=True)
    for side, stem, end in files:
        (root / side / f'{stem}{end}').touch()
    try:
        pairs, problems = find_pairs(root / 'v', root / 'i', naming=naming)
    except FileNotFoundError:
        assert not naming.recursive and all('/' in stem for _, stem, _ in files)
        return
    paired = {path for pair in pairs.values() for path in pair}
    ids = {bare_stem(key) for key in problems}
    for side, stem, end in files:
        if naming.recursive or '/' not in stem:
            bare = stem.removesuffix('_RGB').removesuffix('_IR')
            path = root / side / f'{stem}{end}'
            assert path in paired or ids & {stem, bare, bare_stem(path)}
    assert all(len({*pair}) == 2 for pair in pairs.values())


def test_a_link_that_leads_nowhere_stops_no_other(tmp_path):
    vis, ir = write(tmp_path / 'v', 'a.png', 'b.png'), write(tmp_path / 'i', 'a.png', 'b.png')
    for folder in (vis, ir):
        (folder / 'a.png').unlink()
        (folder / 'a.png').symlink_to(tmp_path / 'gone.png')
    pairs, problems = find_pairs(vis, ir)
    assert list(pairs) == ['a', 'b'] and not problems  # who reads a names it


def test_images_of_a_format_that_is_not_read_are_named(tmp_path):
    vis, ir = write(tmp_path / 'v', 'a.png'), write(tmp_path / 'i', 'a.jpg')
    (ir / 'a.jpg').rename(ir / 'a.jfif')
    for folder, name in ((vis, 'b.HEIC'), (ir, 'b.seq'), (ir, 'notes.txt')):
        (folder / name).touch()
    pairs, problems = find_pairs(vis, ir)
    assert list(pairs) == ['a']
    assert set(problems) == {str(vis / 'b.HEIC'), str(ir / 'b.seq')}
    assert all('export it as PNG' in reason for reason in problems.values())
