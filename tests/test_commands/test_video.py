"""`moefusion video`: what is written, and each mistake in one line."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from moefusion.__main__ import main
from moefusion.files import read_visible, write_image
from moefusion.runtime.steady import SteadyFuser

av = pytest.importorskip('av')


@pytest.fixture
def videos(make_video):
    """A pan over noise, visible at 20 and infrared at 10 frames a second."""
    rng = np.random.default_rng(0)
    wide = rng.integers(60, 200, (32, 80, 3), dtype=np.uint8)
    images = [wide[:, step : step + 48] for step in range(8)]
    visible = make_video('v.mp4', images, 20)
    return str(visible), str(make_video('i.mp4', [image[..., 0] for image in images[::2]], 10))


def times(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_two_files_of_different_rates(videos, tmp_path, capsys):
    out = tmp_path / 'out.mp4'
    assert main(['video', *videos, '--out', str(out), '--compare']) == 0
    assert times(out) == pytest.approx(np.arange(8) / 20, abs=1e-3)
    text = capsys.readouterr().out
    assert '8 frames fused' in text and 'frames/s: ' in text
    assert 'flicker' in text and 'without steadying' in text
    with pytest.raises(SystemExit, match='is there already: --overwrite'):
        main(['video', *videos, '--out', str(out)])


def test_folders_and_dumped_frames(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        write_image(tmp_path / 'v' / f'{number}.png', rng.integers(0, 256, (20, 31, 3), np.uint8))
        write_image(tmp_path / 'i' / f'{number}.png', rng.integers(0, 256, (20, 31), np.uint8))
    places = [str(tmp_path / name) for name in ('v', 'i', 'd')]
    assert main(['video', *places[:2], '--dump-frames', places[2], '--rate', '5']) == 0
    names = sorted(path.name for path in (tmp_path / 'd').iterdir())
    assert names == ['000000.png', '000001.png', '000002.png']
    assert read_visible(tmp_path / 'd' / names[0]).shape == (20, 31, 3)
    with pytest.raises(SystemExit, match='is a source'):
        main(['video', *places[:2], '--dump-frames', places[0]])
    with pytest.raises(SystemExit, match='d holds the frames of another video'):
        main(['video', *places[:2], '--dump-frames', places[2], '--overwrite'])
    with pytest.raises(SystemExit, match='v/ would be its own partner'):
        main(['video', places[0], f'{places[0]}/', '--dump-frames', str(tmp_path / 'e')])
    (tmp_path / 'i' / '1.png').unlink()
    with pytest.raises(SystemExit, match='i lacks 1 frames that .*v has, such as 1: '):
        main(['video', *places[:2], '--dump-frames', str(tmp_path / 'e')])
    assert not (tmp_path / 'e').exists()


def test_frames_of_sixteen_bits_take_a_range(tmp_path):
    """What they show is what their 8-bit ones show; the message for them names this option."""
    rng = np.random.default_rng(0)
    for number in range(2):
        write_image(tmp_path / f'v/{number}.png', rng.integers(0, 256, (20, 31, 3), np.uint8))
        heat = rng.integers(0, 256, (20, 31), np.uint8)
        write_image(tmp_path / f'i/{number}.png', heat)
        (tmp_path / 'deep').mkdir(exist_ok=True)
        deep = heat.astype(np.uint16) * 10 + 2000
        cv2.imwrite(str(tmp_path / f'deep/{number}.png'), deep)
    visible, plain, deep = (str(tmp_path / name) for name in ('v', 'i', 'deep'))
    written = []
    levels = '--infrared-range', '2000', '4550'
    for number, words in enumerate(([plain], [deep, *levels], [deep, *levels[:1], 'auto'])):
        out = tmp_path / f'out{number}'
        assert main(['video', visible, *words, '--dump-frames', str(out)]) == 0
        written.append([read_visible(path) for path in sorted(out.glob('*.png'))])
    assert np.array_equal(written[0], written[1]) and len(written[2]) == 2
    assert (tmp_path / 'out2/infrared_range.json').is_file()
    with pytest.raises(SystemExit, match=r'uint16 values.*--infrared-range LOW HIGH, or auto'):
        main(['video', visible, deep, '--dump-frames', str(tmp_path / 'e')])


def test_ctrl_c_leaves_a_playable_file(videos, tmp_path, monkeypatch, capsys):
    fuse = SteadyFuser.__call__

    def stopped(self, visible, infrared, time):
        if time > 0.22:
            raise KeyboardInterrupt
        return fuse(self, visible, infrared, time)

    monkeypatch.setattr(SteadyFuser, '__call__', stopped)
    out = tmp_path / 'out.mp4'
    with pytest.raises(SystemExit) as stop:
        main(['video', *videos, '--out', str(out)])
    assert stop.value.code == 130
    assert len(times(out)) == 5 and '5 frames fused' in capsys.readouterr().out


def test_a_video_that_ends_early(videos, make_video, tmp_path, capsys):
    short = make_video('short.mp4', [np.zeros((32, 48), np.uint8)] * 2, 10)
    out = tmp_path / 'out.mp4'
    assert main(['video', videos[0], str(short), '--out', str(out)]) == 1
    printed = capsys.readouterr()
    assert 'short.mp4 ends early' in printed.err
    assert f'{len(times(out))} frames fused' in printed.out


def test_mistakes_write_nothing(videos, make_video, tmp_path):
    small = str(make_video('small.mp4', [np.zeros((16, 24), np.uint8)] * 4, 10))
    out, before = str(tmp_path / 'out.mp4'), sorted(tmp_path.iterdir())
    for sources, message in (
        ((videos[0], small), 'small.mp4 is 24 x 16 .*--resize'),
        ((videos[0], 'gone.mp4'), 'gone.mp4: there is no such file'),
        (('987', '988'), 'camera 987: there is no such'),
        ((videos[0], '987'), 'give two cameras, or none'),
        ((videos[1], videos[0]), 'v.mp4: an infrared image in colour'),
        ((videos[1], videos[1]), 'i.mp4 would be its own partner'),
        (('987', '987'), '987 would be its own partner'),
    ):
        with pytest.raises(SystemExit, match=f'^error: .*{message}'):
            main(['video', *sources, '--out', out])
    with pytest.raises(SystemExit, match='is a source'):
        main(['video', *videos, '--out', videos[0]])
    with pytest.raises(SystemExit, match='is a folder: name a file'):
        main(['video', *videos, '--out', str(tmp_path), '--overwrite'])
    assert sorted(tmp_path.iterdir()) == before
    assert main(['video', videos[0], small, '--out', out, '--resize', '--gray']) == 0


def test_no_display(videos, tmp_path):
    command = [sys.executable, '-m', 'moefusion', 'video', *videos, '--preview']
    blind = {name: value for name, value in os.environ.items() if name != 'DISPLAY'}
    done = subprocess.run(command, env=blind, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith('error: ')
    assert '--preview' in done.stderr and '--dump-frames' in done.stderr


@pytest.mark.parametrize(
    'options, message', [((), 'give --out'), (('--out', 'x.mp4', '--rate', '0'), 'must be above 0')]
)
def test_arguments(capsys, options, message):
    with pytest.raises(SystemExit) as stop:
        main(['video', 'v', 'i', *options])
    assert stop.value.code == 2 and message in capsys.readouterr().err
