"""What `moefusion fuse` refuses or leaves out, and says."""

import numpy as np
import pytest

import moefusion.plugin  # noqa: F401
from moefusion.commands import fuse
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


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('nowhere', 'ir'), 'nowhere: there is no such file'),
        (('vis', 'ir/a.png'), 'two files or two folders'),
        (('vis/a.png', 'ir/a.png', 'vis'), 'source image'),
        (('empty', 'empty'), 'no image in them'),
    ],
)
def test_wrong_arguments(run, folders, tmp_path, capsys, arguments, message):
    vis, _ir, out = folders
    paint_pairs(folders, 'a')
    (tmp_path / 'empty').mkdir()
    visible, infrared, out = [tmp_path / name for name in (*arguments, 'out')[:3]]
    source = (vis / 'a.png').read_bytes()
    assert run(visible, infrared, '--out-dir', out, '--overwrite') == 1
    text = capsys.readouterr()
    assert message in text.err and 'Traceback' not in text.err
    assert (vis / 'a.png').read_bytes() == source


@pytest.mark.parametrize('given, lacking', [('config', 'checkpoint'), ('checkpoint', 'config')])
def test_config_and_checkpoint_go_together(capsys, given, lacking):
    with pytest.raises(SystemExit) as stop:
        fuse.main(['a', 'b', '--out-dir', 'c', f'--{given}', 'd'], 'torch')
    assert stop.value.code == 2 and f'--{lacking}' in capsys.readouterr().err


def test_pictures_do_not_replace_fused_images(run, folders, capsys):
    vis, ir, out = folders
    paint_pairs(folders, 'a', size=(23, 17))
    assert run(vis, ir, '--out-dir', out, '--pictures', out) == 1
    assert 'two folders' in capsys.readouterr().err and not out.exists()
