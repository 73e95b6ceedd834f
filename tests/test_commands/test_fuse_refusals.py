"""What `moefusion fuse` refuses or leaves out, and says."""

import numpy as np
import pytest

import moefusion.plugin  # noqa: F401
from test_commands.painting import paint, paint_pairs, read


def test_an_output_of_another_kind_is_not_taken_for_done(run, folders, capsys):
    vis, ir, out = folders
    paint_pairs(folders, 'a')
    assert run(vis, ir, '--out-dir', out) == 0
    before = (out / 'a.png').read_bytes()
    assert run(vis, ir, '--out-dir', out, '--gray') == 1
    assert '--overwrite' in capsys.readouterr().err
    assert (out / 'a.png').read_bytes() == before
    assert run(vis, ir, '--out-dir', out, '--gray', '--overwrite') == 0
    assert read(out / 'a.png').shape == (18, 20)


def test_bad_pairs_are_named_and_the_others_fused(run, folders, capsys):
    vis, ir, out = folders
    paint_pairs(folders, 'good', 'truncated', 'deep', 'sizes', 'alone', 'twice', 'empty')
    whole = (vis / 'truncated.png').read_bytes()
    (vis / 'truncated.png').write_bytes(whole[: len(whole) // 2])
    paint(ir / 'deep.png', 20, 18, 1, np.uint16)
    paint(ir / 'sizes.png', 21, 18, 1)
    (ir / 'alone.png').unlink()
    paint(vis / 'twice.bmp', 20, 18)
    (ir / 'empty.png').write_bytes(b'')
    assert run(vis, ir, '--out-dir', out) == 1
    text = capsys.readouterr()
    assert [path.name for path in out.iterdir()] == ['good.png']
    assert '1 fused, 0 skipped, 6 failed' in text.out
    lines = {
        line.split(':')[1].strip(): line
        for line in text.err.splitlines()
        if line.startswith('not fused')
    }
    assert set(lines) == {'truncated', 'deep', 'sizes', 'alone', 'twice', 'empty'}
    for stem, words in dict(
        truncated=['vis/truncated.png', 'truncated'],
        deep=['ir/deep.png', 'uint16'],
        sizes=['20 x 18', '21 x 18'],
        alone=['vis/alone.png', 'no partner', str(ir)],
        twice=['twice.bmp', 'twice.png'],
        empty=['ir/empty.png', 'empty'],
    ).items():
        assert all(word in lines[stem] for word in words), lines[stem]


def test_pictures_do_not_replace_fused_images(run, folders, capsys):
    vis, ir, out = folders
    paint_pairs(folders, 'a', size=(23, 17))
    assert run(vis, ir, '--out-dir', out, '--pictures', out) == 1
    assert 'two folders' in capsys.readouterr().err and not out.exists()


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
