"""`moefusion fuse` on pictures that the test paints, with a tiny network of random weights."""

import resource

import numpy as np
import pytest

import moefusion.plugin  # noqa: F401
from moefusion.commands import fuse
from test_commands.painting import paint, paint_pairs, read


def test_two_files(run, folders):
    vis, ir, out = folders
    color = paint(vis / 'a.png', 23, 17)
    paint(ir / 'other.png', 23, 17, 1)
    assert run(vis / 'a.png', ir / 'other.png', '--out-dir', out) == 0
    assert [path.name for path in out.iterdir()] == ['a.png']
    fused = read(out / 'a.png')
    assert fused.shape == color.shape and fused.dtype == np.uint8
    # A colour output keeps the differences between channels wherever nothing is clipped.
    inside = ((fused > 0) & (fused < 255)).all(axis=2)
    assert inside.any()
    difference = (np.diff(fused.astype(int)) - np.diff(color.astype(int)))[inside]
    assert np.abs(difference).max() <= 1


def test_folder_of_mixed_sizes_and_extensions(run, folders, capsys):
    vis, ir, out = folders
    sizes = {'a': (40, 33), 'b.c': (23, 17), 'd': (65, 31), 'one': (1, 1)}
    for stem, (width, height) in sizes.items():
        paint(vis / f'{stem}.bmp', width, height)
        paint(ir / f'{stem}.PNG', width, height, 1)
    (vis / 'notes.txt').write_text('not an image')
    (vis / '._a.jpg').write_text('left by another system')
    assert run(vis, ir, '--out-dir', out, '--gray') == 0
    found = {path.name: read(path).shape for path in out.iterdir()}
    assert found == {f'{stem}.png': (height, width) for stem, (width, height) in sizes.items()}
    assert '4 fused, 0 skipped, 0 failed' in capsys.readouterr().out


def test_named_images_alone(run, folders, tmp_path, capsys):
    visible, infrared, out = folders
    paint_pairs(folders, 'a', 'b c', 'd', size=(20, 16))
    (tmp_path / 'test.txt').write_text('b c.png\n\nx\n')
    assert run(visible, infrared, '--out-dir', out, '--list', tmp_path / 'test.txt') == 1
    assert [path.name for path in out.iterdir()] == ['b c.png']
    printed = capsys.readouterr()
    assert '1 fused, 0 skipped, 1 failed' in printed.out and 'no image x.*' in printed.err
    assert run(visible, infrared, '--out-dir', out, '--list', tmp_path / 'none.txt') == 1
    assert 'none.txt' in capsys.readouterr().err


def test_second_run_skips_what_is_done(run, folders, capsys):
    vis, ir, out = folders
    paint_pairs(folders, *'ab')
    assert run(vis, ir, '--out-dir', out) == 0
    first = (out / 'a.png').read_bytes()
    (out / 'b.png').unlink()
    times = (out / 'a.png').stat().st_mtime_ns
    assert run(vis, ir, '--out-dir', out) == 0
    assert '1 fused, 1 skipped' in capsys.readouterr().out
    assert (out / 'a.png').stat().st_mtime_ns == times and (out / 'b.png').is_file()
    assert run(vis, ir, '--out-dir', out, '--overwrite') == 0
    assert '2 fused, 0 skipped' in capsys.readouterr().out
    assert (out / 'a.png').stat().st_mtime_ns != times
    assert (out / 'a.png').read_bytes() == first  # the same pair fuses to the same image


def test_full_disk_stops_and_leaves_nothing_half_written(run, folders, capsys):
    vis, ir, out = folders
    for stem in 'abc':
        size = (20, 18) if stem == 'a' else (400, 300)
        paint(vis / f'{stem}.png', *size)
        paint(ir / f'{stem}.png', *size, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # files beyond it fail to be written
    try:
        status = run(vis, ir, '--out-dir', out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    text = capsys.readouterr()
    assert status == 1
    assert 'b.png' in text.err and 'cannot write' in text.err and 'c.png' not in text.err
    assert '1 fused' in text.out
    assert [path.name for path in out.iterdir()] == ['a.png']


def test_pictures(run, folders):
    vis, ir, out = folders
    paint_pairs(folders, 'a', size=(40, 30))
    assert run(vis, ir, '--out-dir', out, '--pictures', out / 'pictures') == 0
    picture = read(out / 'pictures' / 'a.png')
    assert picture.shape[1] > 3 * picture.shape[0] and picture.std() > 10


def test_options_of_the_config(run, folders):
    visible, infrared, out = folders
    paint_pairs(folders, 'a', size=(40, 30))
    assert run(visible, infrared, '--out-dir', out) == 0
    usual = read(out / 'a.png')
    again = visible, infrared, '--out-dir', out, '--overwrite', '--cfg-options'
    assert run(*again, 'model.fusion.background_mixture=False') == 1  # of another architecture
    assert run(*again, 'model.fusion.attention_merge=conv') == 0
    assert (read(out / 'a.png') == usual).all()


def test_bundled_weights_fuse_a_pair_and_a_folder(folders):
    vis, ir, out = folders
    for stem, width, height in (('a', 57, 41), ('b', 64, 48)):
        paint(vis / f'{stem}.png', width, height)
        paint(ir / f'{stem}.png', width, height, 1)
    assert fuse.main([str(vis / 'a.png'), str(ir / 'a.png'), '--out-dir', str(out)]) == 0
    assert fuse.main([str(vis), str(ir), '--out-dir', str(out)]) == 0
    assert [read(out / f'{stem}.png').shape for stem in 'ab'] == [(41, 57, 3), (48, 64, 3)]
    assert read(out / 'a.png').std() > 5


def test_ctrl_c_keeps_what_is_done_and_says_so(run, folders, capsys, monkeypatch):
    vis, ir, out = folders
    paint_pairs(folders, *'ab')

    def interrupted(items, total):
        yield next(iter(items))
        raise KeyboardInterrupt

    monkeypatch.setattr(fuse, 'show_progress', interrupted)
    assert run(vis, ir, '--out-dir', out) == 130
    text = capsys.readouterr()
    assert f'the finished files stay in {out}' in text.err and '1 fused' in text.out
    assert [path.name for path in out.iterdir()] == ['a.png']


def test_a_long_name_stops_no_other_and_an_empty_list_is_refused(run, folders, tmp_path, capsys):
    vis, ir, out = folders
    paint_pairs(folders, 'a', 'x' * 251, 'z', size=(23, 17))
    assert run(vis, ir, '--out-dir', out) == 0 and len(list(out.iterdir())) == 3
    (tmp_path / 'l.txt').touch()
    assert run(vis, ir, '--out-dir', out, '--list', tmp_path / 'l.txt') == 1
    assert 'no name in this list' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('out', 'flags', 'words'),
    [
        ('vis', (), 'is the folder of the source images'),
        ('ir', ('--overwrite',), 'is the folder of the source images'),
        ('vis/new', ('--recursive',), 'is inside the folder of the source images'),
    ],
)
def test_outputs_among_the_sources_are_refused(run, folders, tmp_path, capsys, out, flags, words):
    """A second run would take them for sources: a.jpg and a.png of one name."""
    vis, ir, _ = folders
    paint(vis / 'a.jpg', 20, 18)
    paint(ir / 'a.jpg', 20, 18, 1)
    assert run(vis, ir, '--out-dir', tmp_path / out, *flags) == 1
    assert words in capsys.readouterr().err
    assert [path.name for path in vis.iterdir()] == ['a.jpg']
    assert run(vis / 'a.jpg', ir / 'a.jpg', '--out-dir', vis) == 0


def test_outputs_inside_one_folder_of_both_sides_are_refused(run, tmp_path, capsys):
    """KAIST's layout is found out, and with it that folders inside are searched."""
    for side, channels in (('visible', 3), ('lwir', 1)):
        (tmp_path / 'k' / 'V0' / side).mkdir(parents=True)
        paint(tmp_path / 'k' / 'V0' / side / 'I1.png', 20, 18, channels)
    for out in ('out', 'V0/visible'):
        assert run(tmp_path / 'k', tmp_path / 'k', '--out-dir', tmp_path / 'k' / out) == 1
        assert 'is inside the folder of the source images' in capsys.readouterr().err
